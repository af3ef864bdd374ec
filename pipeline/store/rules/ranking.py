"""Which hits of a search are ranked, the same on both stores.

Relevance is worked out hit by hit, so a word that a tenth of a million articles have would take seconds, and
most of them would be old. Of a query that hits more than `RANKED` articles the newest are ranked.
"""

from __future__ import annotations

# How many, by ingest sequence.
RANKED = 2000


def candidates(limit: int) -> int:
    """How many of the newest hits are ranked for a search with this limit; -1 for all.

    Who asks for more than that many wants all of them.
    """
    return RANKED if limit <= RANKED else -1
