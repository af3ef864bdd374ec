"""Mails to the operator, into the outbox: feeds that broke, watches, messages given up, tasks that failed."""
