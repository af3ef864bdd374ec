"""Which article this is: its URL and keys, whether it is known (`recognise`), what edits do (`revise`)."""
