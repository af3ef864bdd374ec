"""Made-up news for benchmarks: words by Zipf's law, stories of a few articles, names, topics and outlets."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pipeline.records import Article, EnrichedArticle, Entity, StoredArticle, Story, Topic

START = datetime(2026, 1, 1, tzinfo=UTC)
VOCABULARY = 200_000
PER_HOUR, PER_STORY = 200, 3
TITLE_WORDS, TEXT_WORDS = 8, 60
TRAITS_BYTES = 200
_WEIGHTS = list(itertools.accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
_SYLLABLES = [a + b for a in "bcdfghjklmnprstvz" for b in "aeiou"]


def word(rank: int) -> str:
    """The word of a rank: rank 0 is the most frequent."""
    text, rest = "", rank + len(_SYLLABLES)
    while rest:
        rest, place = divmod(rest, len(_SYLLABLES))
        text += _SYLLABLES[place]
    return text


def articles(count: int) -> Iterator[StoredArticle]:
    """`count` short articles in the order of their sequence numbers, from 1 on."""
    chance = random.Random(1)
    for seq in range(1, count + 1):
        tokens = [
            word(rank)
            for rank in chance.choices(range(VOCABULARY), cum_weights=_WEIGHTS, k=TITLE_WORDS + TEXT_WORDS)
        ]
        names = [f"Name {int(chance.paretovariate(1)) % 50_000}" for _ in range(4)]
        time = START + timedelta(hours=seq / PER_HOUR)
        article = Article(
            id=f"{seq:016x}",
            keys=(f"url:{seq}", f"text:{seq}"),
            url=f"https://example.org/{seq}",
            title=" ".join(tokens[:TITLE_WORDS]).capitalize(),
            text=" ".join(tokens[TITLE_WORDS:]),
            outlet=f"Outlet {seq % 300}",
            published=time,
            published_from="feed",
            fetched=time,
            language="en",
            digest=str(seq),
        )
        entities = tuple(Entity(f"person:{name}", name, "person", 1) for name in dict.fromkeys(names))
        topics = (Topic(f"medtop:{seq % 17}", f"Topic {seq % 17}", 0.5),)
        yield StoredArticle(
            EnrichedArticle(article, entities, topics),
            seq,
            f"{seq // PER_STORY + (1 << 40):016x}",
            chance.randbytes(TRAITS_BYTES),
        )


def stories(members: list[StoredArticle]) -> Iterator[Story]:
    """The stories of some articles."""
    for name, group in itertools.groupby(members, key=lambda each: each.story):
        each = list(group)
        times = [stored.enriched.article.time for stored in each]
        yield Story(
            name, each[0].enriched.article.title, tuple(stored.enriched.article.id for stored in each), 1,
            each[0].seq, each[-1].seq, min(times), max(times),
        )  # fmt: skip
