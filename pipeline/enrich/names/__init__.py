"""Names in texts: found (`recognize`, `patterns`), gathered (`mentions`), made entities (`resolve`)."""
