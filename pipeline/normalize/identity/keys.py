"""What makes an article the same article, however it comes."""

from __future__ import annotations

import re

from pipeline.normalize.identity.urls import is_front_page
from pipeline.records import content_id
from pipeline.text import fold

# Shorter texts are teasers and notices that an outlet may repeat under other titles.
_DISTINCTIVE_CHARS = 200
_WORD = re.compile(r"\w+")


def _digest(text: str) -> str:
    return content_id(" ".join(_WORD.findall(text.casefold())))


def identity_keys(url: str, guid: str, outlet: str, title: str, text: str) -> tuple[str, ...]:
    """The identity keys of an article, strongest first; never empty.

    Args:
        url: Canonical, or "".
        guid: As the source wrote it, or "".
        outlet: The outlet's name, or "".
        title: Clean.
        text: Clean.

    Returns:
        "url:…" (without "www.", which servers treat alike, and as it stands), "guid:…", "text:…"; the
        text counts only when it is long enough to be distinctive or nothing else is known.
    """
    keys: list[str] = []
    if url and not is_front_page(url):
        keys.append("url:" + url.replace("https://www.", "https://", 1))
        keys.append("url:" + url)
    folded = fold(outlet)
    guid = " ".join(guid.split())
    if len(guid) >= 3 and (folded or len(guid) >= 12):
        keys.append(f"guid:{folded}|{guid}")
    if len(text) >= _DISTINCTIVE_CHARS:
        keys.append(f"text:{folded}|{_digest(text)}")
    if not keys:
        keys.append(f"text:{folded}|{_digest(text if len(text) >= 60 else f'{title} {text}')}")
    return tuple(dict.fromkeys(keys))
