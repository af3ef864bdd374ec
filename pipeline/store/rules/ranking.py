"""Which hits of a search are ranked: the same on both stores.

Relevance is worked out hit by hit, so a word in a hundred thousand articles would take seconds, and most of
these are old. If a query hits more than `RANKED` articles, only the newest are ranked.
"""

from __future__ import annotations

# How many, by ingest sequence.
RANKED = 2000


def candidates(limit: int) -> int:
    """How many of the newest hits are ranked for a search with this limit; -1 for all.

    A search that asks for more than `RANKED` hits ranks all of them.
    """
    return RANKED if limit <= RANKED else -1
