"""Made-up news for the story tests: articles on invented events, and an embedder that costs nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from pipeline.ports import Vectors
from pipeline.records import Article, Decision, EnrichedArticle
from pipeline.stories.features.features import arrive
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.features.statistics import StreamStatistics
from pipeline.stories.features.tokens import tokens
from pipeline.stories.index.story_index import StoryIndex
from pipeline.stories.placing.assign import assign_all
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.scoring.scorer_config import ScorerConfig

SCORER = Path(__file__).parents[2] / "config" / "scorer.yaml"
START = datetime(2031, 5, 4, 6, 0, tzinfo=UTC)

# Each event: sentences that any article on it may use.
EVENTS = (
    (
        "A cable car stopped above the Brenta gorge in Valdoro",
        "Rescue crews lowered thirty skiers from the Valdoro cable car by rope",
        "The gondola above the Brenta gorge stood still for six hours after a gearbox failed",
        "Prosecutors in Valdoro took the maintenance logs of the cable car operator Funibrenta",
    ),
    (
        "The parliament of Kestria rejected the pension bill of Prime Minister Odalys Brandt",
        "Odalys Brandt lost the vote on pensions by three votes in the Kestrian parliament",
        "Kestria's coalition wobbles after deputies refuse to raise the pension age to 68",
        "Unions in Kestria cheered as the pension reform of Brandt fell in the chamber",
    ),
    (
        "Chipmaker Orvane recalls two million batteries after garage fires",
        "Orvane batteries overheated in parked scooters, the safety agency said",
        "Shares of Orvane fell eleven percent as the battery recall widened",
        "The recall covers Orvane cells built in the Tolmen plant last winter",
    ),
    (
        "Striker Ilse Maran scored twice as Harbour Town beat Ostrel United in the cup final",
        "Harbour Town lifted the cup after Maran's late winner against Ostrel United",
        "Ostrel United coach Petro Lind blamed tired legs for the lost cup final",
        "Fans of Harbour Town filled the quay to greet Maran and the trophy",
    ),
    (
        "A magnitude 6.4 quake shook the Sarel islands before dawn",
        "The Sarel quake cut power on four islands and cracked the harbour wall at Quint",
        "Aftershocks kept families outdoors in Quint after the Sarel earthquake",
        "Geologists said the Sarel quake broke a fault that had slept for a century",
    ),
)
OUTLETS = ("Morning Ledger", "Coast Courier", "Valley Post", "")


class HashedEmbedder:
    """Unit vectors around a common centre, nearer the more words two texts share; no model."""

    name = "hashed"

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.full((len(texts), 384), 0.045)
        for row, text in enumerate(texts):
            for word in sorted(set(tokens(text))):
                seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
                rows[row] += 0.008 * np.random.default_rng(seed).standard_normal(384)
        scaled: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return scaled


def article(
    number: int, title: str, text: str = "", outlet: str = "", hours: float | None = 0.0, language: str = "en"
) -> EnrichedArticle:
    """An article; `hours` after the start, None for an unknown time."""
    published = None if hours is None else START + timedelta(hours=hours)
    return EnrichedArticle(
        Article(
            id=f"{number:016x}",
            keys=(f"text:{number}",),
            url="",
            title=title,
            text=text,
            outlet=outlet,
            published=published,
            published_from="feed" if published else "fetched",
            fetched=START + timedelta(days=1),
            language=language,
        )
    )


@dataclass
class Newsroom:
    """Learned state, index and scorer, worked as the group stage works them."""

    artefact: ScorerConfig
    embedder: HashedEmbedder | None = field(default_factory=HashedEmbedder)
    constraints: Constraints = field(default_factory=Constraints)
    window_days: float = 14.0

    def __post_init__(self) -> None:
        self.learned = StreamStatistics.empty()
        self.index = StoryIndex(self.window_days, self.artefact.center)
        self.decisions: list[Decision] = []
        self.members: list[IndexedArticle] = []

    def take(self, articles: Sequence[EnrichedArticle], batch: int = 1000) -> list[Decision]:
        """Groups articles, so many at a time; the index is rebuilt from bytes between two batches."""
        for start in range(0, len(articles), batch):
            arrivals = arrive(articles[start : start + batch], self.learned, self.embedder)
            members = [
                IndexedArticle(arrival.enriched.article.id, seq, arrival.traits)
                for seq, arrival in enumerate(arrivals, len(self.members) + 1)
            ]
            self.decisions += assign_all(members, self.index, self.artefact.scorer, self.constraints)
            self.members += members
        return self.decisions

    def placement(self) -> dict[str, str | None]:
        """Where each article is now."""
        return {m.article: self.index.story_of(m.article) for m in self.members}


def write(number: int, event: int, first: int, outlet: int, hours: float | None) -> EnrichedArticle:
    """An article on an event: one of its sentences as title, the next two as text."""
    lines = EVENTS[event % len(EVENTS)]
    title, *rest = (lines[(first + i) % len(lines)] for i in range(3))
    return article(number, title, ". ".join(rest) + ".", OUTLETS[outlet % len(OUTLETS)], hours)
