"""Word lists as they are written: words parted by white space."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of a list.

    >>> sorted(word_set("two words"))
    ['two', 'words']
    """
    return frozenset(text.split())
