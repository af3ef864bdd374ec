"""Mails by SMTP, one connection a mail.

What the server answers is told apart by where it happens. What would fail for any mail (no connection, no
TLS, a refused login) is `UnavailableError`: the mail waits, and the text says which setting to look at.
What fails for this mail is transient for 4xx and for a line that is cut, and permanent for 5xx. A line cut
after DATA may have taken the mail or not: it is tried again with the same Message-ID. One deadline holds for
a whole conversation, so that a server that drips holds no run, and no run outlives its lease.
"""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.addresses import mail_address, named_mail_address
from pipeline.errors import ConfigError, PermanentError, TransientError, UnavailableError
from pipeline.network import Cutoff
from pipeline.records import Message

PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


@dataclass(frozen=True, slots=True)
class Server:
    """An SMTP server: how it is reached, and who logs in."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


def server_of(url: str) -> Server:
    """Reads `smtp://[user:pass@]host[:port]`, `smtps://…` or `smtp+starttls://…`.

    Raises:
        ConfigError: It is none of these.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError(
            "what stands after the host's colon is no port; in user and password write @ as %40, : as %3A,"
            " / as %2F, # as %23, ? as %3F and % as %25",
            key="mail.smtp",
        ) from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise ConfigError(f"must be {', '.join(f'{each}://host:port' for each in PORTS)}", key="mail.smtp")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(parts.scheme, parts.hostname, port or PORTS[parts.scheme], user, password)


class _Client(smtplib.SMTP):
    """smtplib's client on a connection that is cut off when its time is over.

    Args:
        server: Where to; with "smtps", TLS begins at once.
        timeout_seconds: For each step.
        context: Whom to trust.
        cutoff: When the whole conversation ends.
    """

    def __init__(
        self, server: Server, timeout_seconds: float, context: ssl.SSLContext, cutoff: Cutoff
    ) -> None:
        self._cutoff = cutoff
        self._tls = context if server.scheme == "smtps" else None
        super().__init__(server.host, server.port, timeout=timeout_seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = self._cutoff.connect(host, port, timeout)
        return self._tls.wrap_socket(connection, server_hostname=host) if self._tls else connection


class SmtpNotifier:
    """Sends mails by SMTP.

    Args:
        server: Where to.
        sender: The envelope's sender: an address, with or without a name.
        timeout_seconds: For each step of the conversation.
        ca_file: Certificates to trust, instead of the system's.
        total_seconds: For a whole conversation.
    """

    def __init__(
        self,
        server: Server,
        sender: str,
        timeout_seconds: float = 30.0,
        ca_file: str = "",
        total_seconds: float = 120.0,
    ) -> None:
        self._server = server
        self._sender = named_mail_address(sender)[1]
        self._timeout = timeout_seconds
        self._total = total_seconds
        self._context = _context(ca_file)

    def close(self) -> None:
        """Nothing stays open between two mails."""

    def send(self, message: Message) -> None:
        """Hands one mail to the server.

        Raises:
            UnavailableError: No mail can be sent just now.
            TransientError: This mail not now.
            PermanentError: This mail never.
        """
        if message.channel != "mail":
            raise PermanentError("SMTP takes mails only")
        with self._connected() as client:
            self._hand_over(client, message)

    @contextmanager
    def _connected(self) -> Iterator[_Client]:
        cutoff = Cutoff(self._total)
        client: _Client | None = None
        try:
            try:
                client = _Client(self._server, self._timeout, self._context, cutoff)
                self._secure(client)
                self._login(client)
            except smtplib.SMTPResponseException as error:
                raise UnavailableError(
                    f"{self._server.name} {_said(error.smtp_code, error.smtp_error)}"
                ) from None
            except (OSError, smtplib.SMTPException) as error:
                reason = self._late() if cutoff.over else _reason(error)
                raise UnavailableError(
                    f"{self._server.name} cannot be reached: {reason}{self._advice(error)}"
                ) from None
            try:
                yield client
            except TransientError:
                if cutoff.over:
                    raise UnavailableError(f"{self._server.name} is too slow: {self._late()}") from None
                raise
        finally:
            if client is not None:
                # The mail is handed over or not by now; a rude end of the talk changes nothing.
                with contextlib.suppress(OSError, smtplib.SMTPException):
                    client.quit()
                client.close()
            cutoff.close()

    def _advice(self, error: Exception) -> str:
        """What to write instead where scheme and port do not fit each other, which is the usual slip."""
        tls = self._server.scheme == "smtps"
        if tls and isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
            return "; it does not begin with TLS: write smtp+starttls:// for smtps://"
        if not tls and self._server.port == PORTS["smtps"]:
            return "; on port 465 servers begin with TLS: write smtps://"
        return ""

    def _late(self) -> str:
        return f"the conversation was not over after {self._total:g} seconds (mail.total_seconds)"

    def _secure(self, client: smtplib.SMTP) -> None:
        client.ehlo_or_helo_if_needed()
        if self._server.scheme == "smtps":
            return
        if client.has_extn("starttls"):
            client.starttls(context=self._context)
            client.ehlo()
        elif self._server.scheme == "smtp+starttls":
            raise UnavailableError(f"{self._server.name} offers no STARTTLS, and mail.smtp demands it")
        elif self._server.user and not _local(self._server.host):
            raise UnavailableError(
                f"{self._server.name} offers no STARTTLS: the password is not sent in the clear"
            )

    def _login(self, client: smtplib.SMTP) -> None:
        if not self._server.user:
            return
        try:
            client.login(self._server.user, self._server.password)
        except smtplib.SMTPAuthenticationError as error:
            said = _said(error.smtp_code, error.smtp_error)
            raise UnavailableError(f"{self._server.name} refuses the login of mail.smtp: it {said}") from None
        except UnicodeError:  # smtplib sends user and password in ASCII only
            raise UnavailableError("mail.smtp: user and password must be ASCII to log in") from None

    def _hand_over(self, client: smtplib.SMTP, message: Message) -> None:
        to = mail_address(message.to)
        options = [] if to.isascii() and self._sender.isascii() else ["SMTPUTF8"]
        if options and not client.has_extn("smtputf8"):
            raise PermanentError(f"{self._server.name} takes no address outside ASCII: {message.to}")
        try:
            _accepted(*client.mail(self._sender, options), f"the sender {self._sender}")
            _accepted(*client.rcpt(to), message.to)
            _accepted(*client.data(message.payload), f"the mail to {message.to}")
        except smtplib.SMTPResponseException as error:
            _accepted(error.smtp_code, error.smtp_error, f"the mail to {message.to}")
        except (OSError, smtplib.SMTPException) as error:
            raise TransientError(
                f"{self._server.name} broke off the mail to {message.to}: {_reason(error)}"
            ) from None


def _context(ca_file: str) -> ssl.SSLContext:
    if ca_file and not Path(ca_file).is_file():
        raise ConfigError(f"no such file: {ca_file}", key="mail.ca_file")
    return ssl.create_default_context(cafile=ca_file or None)


def _accepted(code: int, answer: bytes | str, what: str) -> None:
    if 200 <= code < 300:
        return
    said = f"{what}: the server {_said(code, answer)}"
    if code >= 500:
        raise PermanentError(said)
    # 4xx, and -1 or whatever else a confused server says.
    raise TransientError(said)


def _said(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    return f"says {code} {' '.join(text.split())[:200]}".rstrip()


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())[:200] or type(error).__name__
    # smtplib wraps a time-out into "Connection unexpectedly closed: timed out".
    return "it does not answer in time" if isinstance(error, TimeoutError) or "timed out" in text else text


def _local(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
