"""Which way out a message takes, from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from pipeline.errors import PermanentError
from pipeline.notify.chat import ChatNotifier, check_channel
from pipeline.notify.smtp import SmtpNotifier, server_of
from pipeline.notify.spool import SpoolNotifier
from pipeline.notify.webhook import WebhookNotifier
from pipeline.ports import Notifier
from pipeline.records import Message
from pipeline.settings import MailSettings

SPOOL = "spool"
NOTHING: Mapping[str, str] = MappingProxyType({})


class Channels:
    """A notifier that hands each message to the one for its channel.

    Args:
        channels: A notifier for each channel.
    """

    def __init__(self, channels: Mapping[str, Notifier]) -> None:
        self._channels = dict(channels)

    def send(self, message: Message) -> None:
        """Sends a message by its channel.

        Raises:
            PermanentError: There is no way out for its channel.
        """
        if message.channel not in self._channels:
            raise PermanentError(f"nothing here sends to {message.channel}")
        self._channels[message.channel].send(message)

    def close(self) -> None:
        """Closes what is open."""
        for notifier in self._channels.values():
            notifier.close()


def open_notifier(
    mail: MailSettings, home: Path, clock: Callable[[], datetime], channels: Mapping[str, str] = NOTHING
) -> Channels:
    """Chooses the ways out: SMTP where a server is set, else .eml files in `home/spool`; webhooks always.

    Args:
        mail: How mails and webhook calls go out.
        home: Where the spool folder is.
        clock: The present time (UTC), which is signed with each webhook call.
        channels: The addresses of chat and push services, by name.

    Raises:
        ConfigError: `mail.smtp`, `mail.ca_file` or an address of a channel is wrong.
    """
    for name, url in channels.items():
        check_channel(name, url)
    mails: Notifier
    if mail.smtp:
        mails = SmtpNotifier(
            server_of(mail.smtp), mail.sender, mail.timeout_seconds, mail.ca_file, mail.total_seconds
        )
    else:
        mails = SpoolNotifier(home / SPOOL)
    hooks = WebhookNotifier(clock, mail.webhook_secret, mail.timeout_seconds, mail.webhook_private_hosts)
    chats = ChatNotifier(channels, mail.timeout_seconds, mail.webhook_private_hosts)
    return Channels({"mail": mails, "webhook": hooks, "chat": chats})


def smtp_url(host: str, port: int | None, login: str, password: str, extra: Mapping[str, object]) -> str:
    """An Airflow SMTP connection as `mail.smtp`.

    Args:
        host: Of the connection, as the next three.
        port: None is the usual one.
        login: Empty where nobody logs in.
        password: Quoted as a URL needs it.
        extra: Of the connection: `disable_ssl` and `disable_tls`, both false unless given.

    >>> smtp_url("mail.example.org", 587, "me", "p@ss", {"disable_ssl": True})
    'smtp+starttls://me:p%40ss@mail.example.org:587'
    """
    if not _true(extra.get("disable_ssl")):
        scheme = "smtps"
    else:
        scheme = "smtp" if _true(extra.get("disable_tls")) else "smtp+starttls"
    login_part = f"{quote(login, safe='')}:{quote(password, safe='')}@" if login else ""
    return f"{scheme}://{login_part}{host}" + (f":{port}" if port else "")


def _true(value: object) -> bool:
    return value is True or str(value).lower() == "true"
