"""What a mention can be, and the places that nobody has found: `mending` is the table of contents."""
