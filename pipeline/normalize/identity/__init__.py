"""Which article this is: its URL and keys, whether it known (`recognise`), what edits change (`revise`)."""
