"""Which feeds there are and how they do: when to poll (`poll_rules`), `health`, and lists as OPML."""
