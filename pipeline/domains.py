"""The registrable domain of a host, by the public suffix list: the one place that knows it."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from tld import get_fld


@lru_cache(maxsize=4096)
def registrable_domain(host: str) -> str:
    """The part of a host that its owner registered, private suffixes such as blogspot.com included.

    A host under no known suffix keeps its last two labels; an address or a single label stays as it is.

    >>> [registrable_domain(host) for host in ("feeds.bbci.co.uk", "www.news.gv.at", "127.0.0.1")]
    ['bbci.co.uk', 'news.gv.at', '127.0.0.1']
    """
    name = host.strip().rstrip(".").lower()
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        pass
    else:
        return name
    found: str | None = get_fld(f"https://{name}", fail_silently=True, search_private=True) if name else ""
    return found or ".".join(name.split(".")[-2:])


def is_public_suffix(host: str) -> bool:
    """Whether nobody owns a host itself: "co.uk"."""
    return registrable_domain(f"x.{host}") == f"x.{host}"
