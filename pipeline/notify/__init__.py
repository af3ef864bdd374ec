"""Ways out: SMTP, webhooks, and a spool folder of .eml files (the default)."""
