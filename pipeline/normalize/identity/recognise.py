"""Whether what came is an article that is already there."""

from __future__ import annotations

from collections.abc import Mapping

from rapidfuzz import fuzz

from pipeline.records import Article
from pipeline.text import fold

# A guid that comes back with another link, or without one, is the same article only when the titles are this
# alike (0 to 100).
# Sources number their items anew, or give each item of a day one guid.
_ALIKE_TITLES = 60.0
# A shorter text under another link and title may be the outlet's own notice, the same for every item.
_WHOLE_ARTICLE_CHARS = 1500
# So alike (0 to 100) are the titles of one short text that came twice.
_SAME_TITLES = 80.0


def _agrees(key: str, old: Article, new: Article) -> bool:
    if old.url and old.url == new.url:
        return True
    if key.startswith("guid:"):
        return fuzz.token_set_ratio(fold(old.title), fold(new.title)) >= _ALIKE_TITLES
    if not old.url or not new.url:
        return True
    if key.startswith("text:") and len(new.text) < _WHOLE_ARTICLE_CHARS:
        return fuzz.ratio(fold(old.title), fold(new.title)) >= _SAME_TITLES
    return True


def known_as(new: Article, owners: Mapping[str, str], stored: Mapping[str, Article]) -> str | None:
    """The id of the article that `new` is a form of; None for an article that was never seen.

    Args:
        new: As it was normalized; its keys are tried strongest first.
        owners: Article id by identity key, for the keys that are known.
        stored: The articles of these ids.
    """
    for key in new.keys:
        owner = owners.get(key)
        if owner is not None and _agrees(key, stored[owner], new):
            return owner
    return None


def own_key(new: Article, owners: Mapping[str, str]) -> str:
    """The strongest key of a new article that no other article has; its id is derived from it."""
    for key in new.keys:
        if key not in owners:
            return key
    return "|".join(new.keys)
