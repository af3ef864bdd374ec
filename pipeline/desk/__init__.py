"""The desk: pages to read, ask why, and mend; written by the server, complete without JavaScript."""
