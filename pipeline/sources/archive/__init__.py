"""The archive: every capture as it came (`warc`), by day, and the journal (`folder`)."""
