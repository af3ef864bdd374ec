"""Mails to the operator: what broke, fell silent or was given up; and messages that only try a way out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

_MOST_LINES = 50


def feed_mail(
    sender: str, to: str, message_id: str, ailments: Sequence[tuple[str, str]], now: datetime
) -> bytes:
    """Renders the mail as plain text.

    Args:
        sender: From.
        to: The operator's address.
        message_id: With angle brackets.
        ailments: Feed id and what is wrong with it, in one line.
        now: The mail's date (UTC).
    """
    mail = _mail(sender, to, message_id, now)
    mail["Subject"] = f"Wirewatch: {len(ailments)} feeds need a look"
    lines = [f"- {name}: {' '.join(what.split())}" for name, what in ailments]
    closing = "`wirewatch feeds health` shows all feeds. Failing feeds are tried again by themselves."
    mail.set_content("\n".join(["These feeds broke or fell silent:", "", *lines, "", closing]) + "\n")
    return mail.as_bytes()


def watches_mail(sender: str, to: str, message_id: str, broken: Sequence[str], now: datetime) -> bytes:
    """Renders the mail on broken watches as plain text; `broken` is one line for each, the rest as above."""
    mail = _mail(sender, to, message_id, now)
    mail["Subject"] = "Wirewatch: watches.yaml needs a look"
    lines = [f"- {' '.join(line.split())}" for line in broken]
    closing = "`wirewatch watch check` says whether all is well again. All other watches go on."
    mail.set_content(
        "\n".join(["This is set aside until somebody mends it:", "", *lines, "", closing]) + "\n"
    )
    return mail.as_bytes()


def outbox_mail(sender: str, to: str, message_id: str, failed: Sequence[str], now: datetime) -> bytes:
    """Renders the mail on messages that were given up as plain text; `failed` is one line for each."""
    mail = _mail(sender, to, message_id, now)
    mail["Subject"] = f"Wirewatch: {len(failed)} messages were given up"
    lines = [f"- {' '.join(line.split())}" for line in failed[:_MOST_LINES]]
    lines += [f"- and {len(failed) - _MOST_LINES} more"] if len(failed) > _MOST_LINES else []
    closing = (
        "`wirewatch outbox list` shows them; `outbox retry` sends them again, `outbox drop ID` takes one out."
    )
    mail.set_content("\n".join(["These did not arrive:", "", *lines, "", closing]) + "\n")
    return mail.as_bytes()


TRIAL = "This is a test message: Wirewatch can reach you here."


def trial_mail(sender: str, to: str, message_id: str, now: datetime) -> bytes:
    """Renders a test mail as plain text; the arguments are those above."""
    mail = _mail(sender, to, message_id, now)
    mail["Subject"] = "Wirewatch: a test message"
    mail.set_content(f"{TRIAL}\n")
    return mail.as_bytes()


def trial_chat() -> bytes:
    """A test message for a chat or push service, in the form of `chat_text`."""
    said = {"title": "Wirewatch: a test message", "text": TRIAL, "markdown": TRIAL}
    return json.dumps(said).encode()


def _mail(sender: str, to: str, message_id: str, now: datetime) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Message-ID"] = sender, to, message_id
    mail["Date"] = now.strftime("%a, %d %b %Y %H:%M:%S +0000")
    mail["Auto-Submitted"] = "auto-generated"
    return mail
