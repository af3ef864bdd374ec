"""The keys by which an article may be found again. A key finds candidates; `recognise` weighs them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from pipeline.domains import registrable_domain
from pipeline.normalize.identity.urls import host_of, is_front_page
from pipeline.records import content_id
from pipeline.text import fold

# Shorter texts are teasers and notices that an outlet may repeat under other titles.
_DISTINCTIVE_CHARS: Final = 200
# The key of an item exactly as it was sent; once its feed has replaced that form, `FORMER`.
CURRENT: Final = "raw:"
FORMER: Final = "was:"
_WORD = re.compile(r"\w+")
# The article's number in the last part of a link, beside words; a day written as eight digits is not one.
_NUMBER = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d(?!\d))(\d{5,14})(?!\d)")


def _digest(text: str) -> str:
    return content_id(" ".join(_WORD.findall(text.casefold())))


def identity_keys(url: str, guid: str, outlet: str, title: str, text: str, link: str = "") -> tuple[str, ...]:
    """The identity keys of an article, strongest first; never empty.

    Args:
        url: Canonical, or "".
        guid: As the source wrote it, or "".
        outlet: The outlet's name, or "".
        title: Clean.
        text: Clean.
        link: The canonical form of the link that the source gave, which may lead to `url`.

    Returns:
        "url:…" (without "www.", as servers treat both alike, and as it is), "guid:…", "text:…", "number:…".
        There is a text key only where the text is distinctive by its length, or no other key is known.
    """
    keys: list[str] = []
    for each in dict.fromkeys((url, link)):
        if each and not is_front_page(each):
            keys += [link_key(each), "url:" + each]
    folded = fold(outlet)
    guid = " ".join(guid.split())
    if len(guid) >= 3 and (folded or len(guid) >= 12):
        keys.append(f"guid:{folded}|{guid}")
    if len(text) >= _DISTINCTIVE_CHARS:
        keys.append(f"text:{folded}|{_digest(text)}")
    if not keys:
        keys.append(f"text:{folded}|{_digest(text if len(text) >= 60 else f'{title} {text}')}")
    number = link_number(url)
    if number:
        keys.append(f"number:{registrable_domain(host_of(url))}|{number}")
    return tuple(dict.fromkeys(keys))


def link_key(url: str) -> str:
    """The key of a canonical link."""
    return "url:" + url.replace("https://www.", "https://", 1)


def former_key(key: str) -> str:
    """The key of a raw form once its feed has replaced it."""
    return FORMER + key.removeprefix(CURRENT)


def shared_key(url: str) -> str:
    """The key that marks a link as one that several articles have."""
    return "shared:" + link_key(url)


def link_number(url: str) -> str:
    """The article's number in a link with a slug, or "".

    >>> link_number("https://paper.example/news/fire-at-works-88123456")
    '88123456'
    """
    tail = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    found = _NUMBER.findall(tail)
    return found[-1] if found and any(char.isalpha() for char in tail) else ""
