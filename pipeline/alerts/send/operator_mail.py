"""Mails to the operator: what broke, fell silent or was given up; and messages that only try a way out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from pipeline.addresses import named_mail_address
from pipeline.records import Message, content_id

_MOST_LINES = 50


@dataclass(frozen=True, slots=True)
class Letter:
    """What an operator is told.

    Attributes:
        subject: Without the name of the program.
        opening: Says what the lines are.
        lines: One for each thing; of many the first are told, and how many more there are.
        closing: What to do.
    """

    subject: str
    opening: str
    lines: Sequence[str]
    closing: str


def to_operators(
    letter: Letter, key: Sequence[str], sender: str, operators: Sequence[str], now: datetime
) -> tuple[Message, ...]:
    """A message for each operator, rendered as plain text and due at once.

    Args:
        letter: What they are told.
        key: What the messages' ids are made of, beside the address: the same again is the same message.
        sender: From.
        operators: Their addresses.
        now: The mail's date (UTC).
    """
    messages = []
    shown, own = named_mail_address(sender)
    for to in operators:
        name = content_id(key[0], to, *key[1:])
        message_id = f"<{name}@{own.rpartition('@')[2]}>"
        called, address = named_mail_address(to)
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"] = Address(shown, addr_spec=own), Address(called, addr_spec=address)
        mail["Message-ID"] = message_id
        mail["Date"] = now.strftime("%a, %d %b %Y %H:%M:%S +0000")
        mail["Auto-Submitted"] = "auto-generated"
        mail["Subject"] = f"Wirewatch: {letter.subject}"
        mail.set_content(_text(letter))
        messages.append(Message(name, "", (), "mail", address, "rendered", now, message_id, mail.as_bytes()))
    return tuple(messages)


TRIAL = Letter("a test message", "This is a test message: Wirewatch can reach you here.", (), "")


def trial_chat() -> bytes:
    """A test message for a chat or push service, in the form of `chat_text`."""
    said = {"title": f"Wirewatch: {TRIAL.subject}", "text": TRIAL.opening, "markdown": TRIAL.opening}
    return json.dumps(said).encode()


def _text(letter: Letter) -> str:
    lines = [f"- {' '.join(line.split())}" for line in letter.lines[:_MOST_LINES]]
    more = len(letter.lines) - _MOST_LINES
    lines += [f"- and {more} more"] if more > 0 else []
    parts = (letter.opening, "\n".join(lines), letter.closing)
    return "\n\n".join(part for part in parts if part) + "\n"
