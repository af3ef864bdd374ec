"""The weekly mail to the operator: which feeds broke or fell silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP


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
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Message-ID"] = sender, to, message_id
    mail["Date"] = now.strftime("%a, %d %b %Y %H:%M:%S +0000")
    mail["Subject"] = f"Wirewatch: {len(ailments)} feeds need a look"
    mail["Auto-Submitted"] = "auto-generated"
    lines = [f"- {name}: {' '.join(what.split())}" for name, what in ailments]
    closing = "`wirewatch feeds health` shows all feeds. Failing feeds are tried again by themselves."
    mail.set_content("\n".join(["These feeds broke or fell silent:", "", *lines, "", closing]) + "\n")
    return mail.as_bytes()
