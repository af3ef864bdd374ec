"""Which addresses may be asked, and how a URL is shown without what is secret in it."""

from __future__ import annotations

import csv
import ipaddress
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address as MailAddress
from email.utils import getaddresses
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, cast
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

import idna

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_SECRET_NAME = re.compile(
    r"(key|token|secret|passw|pwd|auth|sig(nature)?$|session|credential|^sid$|^code$)", re.IGNORECASE
)
_MAIL_ADDRESS = re.compile(r"[^\s<>@,;\"()\\]+@[^\s<>@,;\"()\\]+")
_SHOWN_CHARS = 2000
_USER = re.compile(r"^\s*[^/?#@]*:[^/?#]*@")  # before the host of a URL without a scheme
_ISATAP = 0x00005EFE  # before the IPv4 address of an interface behind ISATAP (RFC 5214 6.1)


@dataclass(frozen=True, slots=True)
class AddressBlock:
    """A row of the registries: whether its addresses are on the public Internet, or hold one that decides."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network
    public: Literal["yes", "no", "inner"]
    inner: str


@cache
def _blocks() -> tuple[AddressBlock, ...]:
    """The registries, the narrowest block first."""
    text = Path(__file__).with_name("special_addresses.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    blocks = [AddressBlock(ipaddress.ip_network(r["block"]), _public(r["public"]), r["inner"]) for r in rows]
    return tuple(sorted(blocks, key=lambda block: -block.network.prefixlen))


def _public(said: str) -> Literal["yes", "no", "inner"]:
    if said not in {"yes", "no", "inner"}:
        raise ValueError(f"special_addresses.csv: {said!r} is none of yes, no and inner")
    return cast("Literal['yes', 'no', 'inner']", said)


def is_public(address: Address | str) -> bool:
    """Whether an address is on the public Internet: the one rule for everything that Wirewatch connects to.

    It reads IANA's registries (`special_addresses.csv`), and looks through every way of writing an IPv4
    address inside an IPv6 one: behind a translator, that is where the connection ends. A scope (`%eth0`)
    stands on link-local addresses only, which are refused anyway.

    >>> is_public("8.8.8.8"), is_public("::ffff:127.0.0.1"), is_public("64:ff9b::a00:1"), is_public("fec0::1")
    (True, False, False, False)

    Raises:
        ValueError: The text is no address.
    """
    if isinstance(address, str):
        address = ipaddress.ip_address(address.partition("%")[0])
    block = next(each for each in _blocks() if address in each.network)
    if block.public == "inner" and isinstance(address, ipaddress.IPv6Address):
        return all(is_public(inner) for inner in _inner(address, block.inner))
    behind = isinstance(address, ipaddress.IPv6Address) and int(address) >> 32 & 0xFDFFFFFF == _ISATAP
    if block.public == "yes" and behind:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return block.public == "yes"


def _inner(address: ipaddress.IPv6Address, where: str) -> tuple[ipaddress.IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address of a translating block leads to."""
    if where == "6to4" and address.sixtofour:
        return (address.sixtofour,)
    if where == "teredo" and address.teredo:
        return address.teredo  # server and client: the server is spoken to first
    return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)


def ascii_domain(domain: str) -> str:
    """A domain as the name system has it, whatever its script.

    >>> ascii_domain("Bücher.example"), ascii_domain("[192.0.2.1]")
    ('xn--bcher-kva.example', '[192.0.2.1]')

    Raises:
        ValueError: It is not a domain.
    """
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(f"{domain!r} is not a domain: {error}") from None


def deliverable(domain: str) -> str:
    """A domain as the name system has it, which could be asked for it.

    >>> deliverable("Bücher.example")
    'xn--bcher-kva.example'

    Raises:
        ValueError: It could not: a label is empty, too long, or stands for no letters.
    """
    found = ascii_domain(domain)
    if found.startswith("["):
        return found
    try:
        idna.encode(found, uts46=True)
    except idna.IDNAError as error:
        raise ValueError(f"{domain!r} is not a domain: {error}") from None
    return found


def mail_address(to: str) -> str:
    """An address as mail servers take it: its domain as the name system has it.

    >>> mail_address("me@Bücher.example"), mail_address("jürgen@example.org")
    ('me@xn--bcher-kva.example', 'jürgen@example.org')

    Raises:
        ValueError: Its domain is none.
    """
    local, at, domain = to.rpartition("@")
    return to if domain.isascii() else f"{local}{at}{ascii_domain(domain)}"


def checked_mail_address(address: str) -> str:
    """An address, if mail servers could take it.

    >>> checked_mail_address("me@Bücher.example")
    'me@Bücher.example'

    Raises:
        ValueError: It is none; says why.
    """
    local, _, domain = address.rpartition("@")
    if _MAIL_ADDRESS.fullmatch(address) and not local.isascii():
        raise ValueError(
            f"{address!r} has letters before the @ that mail servers do not take: use ASCII there"
        )
    try:
        if (
            _MAIL_ADDRESS.fullmatch(address)
            and MailAddress(addr_spec=f"{local}@{deliverable(domain)}").addr_spec
        ):
            return address
    except (ValueError, IndexError, HeaderParseError) as error:
        raise ValueError(f"{address!r} is not a mail address: {error}") from None
    raise ValueError(f"{address!r} is not a mail address")


def named_mail_address(text: str) -> tuple[str, str]:
    """The name and the address of "News <news@example.org>", the domain as the name system has it.

    >>> named_mail_address("Bücher <me@Bücher.example>"), named_mail_address("me@example.org")
    (('Bücher', 'me@xn--bcher-kva.example'), ('', 'me@example.org'))

    Raises:
        ValueError: Its domain is none.
    """
    found = getaddresses([text]) if "<" in text else []  # without one, no word of it is an address
    name, address = found[0] if len(found) == 1 else ("", text)
    return name, mail_address(address or text)


@lru_cache(maxsize=16_384)
def destination_key(to: str) -> str:
    """By what one destination is known, however it is spelled: a mail address, a URL, or a channel's name.

    Mail servers that tell capitals in an address apart exist in theory only, and two mails to one person
    are worse.

    >>> destination_key("Me@Example.ORG"), destination_key("HTTPS://Example.org:443/Hook#x")
    ('me@example.org', 'https://example.org/Hook')
    """
    if re.match(r"https?://", to, re.IGNORECASE):
        return _url_key(to)
    local, at, domain = unicodedata.normalize("NFKC", to).casefold().rpartition("@")
    try:
        return f"{local}{at}{ascii_domain(domain.rstrip('.'))}" if at else domain
    except ValueError:
        return to


def _url_key(url: str) -> str:
    try:
        parts = urlsplit(url)
        scheme, port = parts.scheme.lower(), parts.port
        host = ascii_domain((parts.hostname or "").rstrip("."))
    except ValueError:
        return url
    user, at, _ = parts.netloc.rpartition("@")
    usual = {"http": 80, "https": 443}.get(scheme)
    place = f"[{host}]" if ":" in host else host
    place += f":{port}" if port and port != usual else ""
    return urlunsplit((scheme, f"{user}{at}{place}", parts.path or "/", parts.query, ""))


def absolute(base: str, link: str) -> str:
    """A link as seen from a page; the link itself where that makes no sense.

    >>> absolute("https://example.com/feed/rss", "../a"), absolute("news/feed.xml", "/a")
    ('https://example.com/a', '/a')
    """
    if not link or not base.startswith(("http://", "https://")):
        return link
    try:
        return urljoin(base, link)
    except ValueError:
        return link


def host_of(url: str) -> str:
    """The host of a URL, lower case, "" where there is none."""
    try:
        return (urlsplit(url.strip()).hostname or "").rstrip(".")
    except ValueError:
        return ""


def without_credentials(url: str) -> str:
    """A URL without user and password.

    >>> without_credentials("https://me:pw@example.com/feed?a=1")
    'https://example.com/feed?a=1'
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return re.sub(r"//[^/?#]*@", "//", url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else url


def redact(url: str) -> str:
    """A URL to show: without user and password, and with the values of keys and tokens replaced by "…".

    >>> redact("https://me:pw@example.com/feed?api_key=abc&page=2")
    'https://example.com/feed?api_key=…&page=2'
    >>> redact("me:pw@example.com/feed")
    'example.com/feed'
    """
    bare = without_credentials(url if "//" in url else _USER.sub("", url))
    head, mark, query = bare.partition("?")
    if not mark:
        return _one_line(bare)
    pairs = [pair.partition("=") for pair in query.split("&")]
    shown = [
        f"{name}=…" if value and _SECRET_NAME.search(name) else name + equals + value
        for name, equals, value in pairs
    ]
    return _one_line(head + mark + "&".join(shown))


def hidden(text: str, secrets: Sequence[str]) -> str:
    """A text without secrets, however a URL writes them; "…" stands in their place.

    >>> hidden("https://example.com/k%2F3y/rss: not found", ["k/3y"])
    'https://example.com/…/rss: not found'
    """
    forms = {
        form
        for secret in secrets
        for whole in (secret, secret.rpartition(":")[2])  # the password of user:password may stand alone
        for plain in (whole, unquote(whole))
        for form in (plain, quote(plain), quote(plain, safe=""))
        if form
    }
    for form in sorted(forms, key=len, reverse=True):
        # Only as a whole word: a short value such as "en" is in every text.
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(form)}(?![A-Za-z0-9])", "…", text)
    return text


def shown(url: str, secrets: Sequence[str]) -> str:
    """A feed's URL to show: without what `redact` leaves out, and without the feed's own secrets.

    >>> shown("https://me:pw@example.com/a1b2/rss?token=abc", ["a1b2"])
    'https://example.com/…/rss?token=…'
    """
    return hidden(redact(url), secrets)


def web_fault(url: str) -> str:
    """What keeps a URL from being asked for, and what to write instead; "" where its scheme is right.

    >>> web_fault("news.example.org/rss"), web_fault("HTTPS://example.org/rss")
    ('only http and https are fetched: write https://news.example.org/rss', '')
    >>> web_fault("ftp://example.org/rss")
    'only http and https are fetched: ftp://example.org/rss'
    """
    if re.match(r"\s*https?://", url, re.IGNORECASE):
        return ""
    host = url.strip().partition("/")[0]
    instead = f"write https://{redact(url.strip())}" if "." in host and "//" not in url else redact(url)
    return f"only http and https are fetched: {instead}"


def with_credentials(url: str, like: str) -> str:
    """Gives `url` the user and password of `like`, when both are on the same host.

    >>> with_credentials("https://example.com/new", "https://me:pw@example.com/old")
    'https://me:pw@example.com/new'
    """
    userinfo = urlsplit(like.strip()).netloc.rpartition("@")[0]
    if not userinfo or host_of(url) != host_of(like):
        return url
    parts = urlsplit(without_credentials(url))
    return urlunsplit(parts._replace(netloc=f"{userinfo}@{parts.netloc}"))


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:_SHOWN_CHARS])
