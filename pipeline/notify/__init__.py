"""Ways out: SMTP, webhooks, and a spool folder of .eml files (the default)."""

from pipeline.notify.backoff import next_try
from pipeline.notify.choosing import Outlets, open_notifier, smtp_url

__all__ = ["Outlets", "next_try", "open_notifier", "smtp_url"]
