"""Ways out: SMTP, webhooks, and a spool folder of .eml files (the default)."""

from pipeline.notify.channels import Channels, open_notifier, smtp_url
from pipeline.retry import next_try

__all__ = ["Channels", "next_try", "open_notifier", "smtp_url"]
