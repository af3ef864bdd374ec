"""Which addresses may be asked, and how a URL is shown without what is secret in it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_SECRET_NAME = re.compile(
    r"(key|token|secret|passw|pwd|auth|sig(nature)?$|session|credential|^sid$|^code$)", re.IGNORECASE
)
_SHOWN_CHARS = 2000
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


def is_public(address: Address) -> bool:
    """Whether an address is on the public Internet, seen through every way of writing IPv4 inside IPv6.

    >>> is_public(ipaddress.ip_address("8.8.8.8")), is_public(ipaddress.ip_address("::ffff:127.0.0.1"))
    (True, False)
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or int(address) < 2**32:  # the second: IPv4-compatible, RFC 4291 2.5.5.1
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


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
    """
    bare = without_credentials(url)
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
