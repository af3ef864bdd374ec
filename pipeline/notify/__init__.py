"""Ways out: SMTP, webhooks, and a spool folder of .eml files (the default)."""

from pipeline.notify.channels import Channels, open_notifier, smtp_url

__all__ = ["Channels", "open_notifier", "smtp_url"]
