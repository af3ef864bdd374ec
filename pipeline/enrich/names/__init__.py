"""Names in texts: found (`recognize`, `look`), gathered (`mentions`), made entities (`resolve`)."""
