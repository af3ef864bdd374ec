"""How well an article fits a story: the `Scorer` Protocol, and the mix that is shipped.

    base  = f (wᵀ text + wᴸ lead + wⱽ vector) / (wᵀ + wᴸ + wⱽ) + (1 - f) x vector
    score = base(centroid)^α · base(mean)^(1 - α) · time · outlet · figures · years · facts

`text` and `lead` are TF-IDF cosines with the story's members in the article's language, and f is the share of
these among the members. `vector` is the cosine of embeddings, rescaled because those of e5 crowd between 0.7
and 1; x is its factor across languages (`cross_language`). `centroid` takes the cosine with the sum of the
members, `mean` the mean of the cosines with each: the first is robust, the second keeps chains from growing.
`text` and `lead` enter with what contrast between the candidate stories leaves of them (see `contrast`); an
explained score shows separately what contrast took. `time`, `outlet`, `figures` and `years` are factors from
0 to 1, made of means over the members.

`facts` is 1 for a story that is too far below the threshold to be joined anyway. It gives back some of what
`time` took if articles share a person and something else, because the trial belongs with the crime of weeks
ago. It takes much if earthquakes differ in strength, and everything if article and story are in different
languages and about different persons: meaning alone joins nothing then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Final, Literal, Protocol

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from typing_extensions import override

from pipeline.records import Candidate, Contribution
from pipeline.stories.facts.in_common import NOTHING, InCommon, in_common, mentioned
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.index.story_profile import StoryProfile
from pipeline.stories.index.sums import Floats
from pipeline.stories.scoring.compare import Asked, Compared, compare

# From below this share of the threshold facts cannot lift a score above it, so they are not read there.
_WITHIN_REACH: Final = 0.6
# Facts are compared with this many of a story's articles, the newest.
_FACTS_OF: Final = 40

Granularity = Literal["strict", "normal", "broad"]


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of an article with some stories, and what they are made of.

    Attributes:
        values: The scores.
        plain: What they would be if none of the stories had a rival.
        explain: Gives, for the position of a story, its score with contributions that sum to it.
    """

    values: list[float]
    plain: list[float]
    explain: Callable[[int], Candidate]


class Scorer(Protocol):
    """Says how well an article fits each of some stories. Pure: the same arguments give the same bits.

    An article that is in a story is compared with the other members.

    Attributes:
        name: What decisions call it, with a digest of its numbers.
        stay: How much better than the present story another must fit before a repair moves an article.
    """

    name: str
    stay: float

    def threshold(self, member: IndexedArticle) -> float:
        """The score from which the article may join a story."""

    def weigh(self, member: IndexedArticle, profiles: Sequence[StoryProfile]) -> Scored:
        """The scores, 0 or more; 0 is "nothing in common". Words that stories share may count less."""

    def weigh_all(self, asked: Asked) -> list[Scored]:
        """The same as `weigh` for each article with its stories, to the bit, but worked out together."""

    def score(self, member: IndexedArticle, profile: StoryProfile) -> float:
        """The score of one story that has no rivals."""

    def explain(self, member: IndexedArticle, profile: StoryProfile) -> Candidate:
        """The score of one story that has no rivals, with contributions that sum to it."""


Share = Annotated[float, Ge(0), Le(1)]
Positive = Annotated[float, Gt(0)]
NotNegative = Annotated[float, Ge(0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MixWeights:
    """The numbers of the mix, as `config/scorer.yaml` holds them, and what each may be.

    Attributes:
        text, lead, vector: Weights of the three similarities within one language.
        cross_language: The factor x of the vector similarity across languages.
        vector_floor: The cosine of embeddings that counts as nothing in common.
        centroid_share: α, from 0 (mean only) to 1 (centroid only).
        time_loss: The share of the score that is lost at most with distance in time.
        time_scale_days: The days after which 1 - 1/e of `time_loss` is lost.
        unknown_gap_days: The distance that is assumed where a time is unknown.
        outlet_loss: The share that is lost if all members are of the article's own outlet.
        years_loss: The share that is lost if an undated text names other years than the story's; see `years`.
        acquaintance: The share of what time takes that is given back if all of a story's articles name one of
            the article's persons and something else of it.
        magnitude_loss: The share that is lost if earthquakes differ in strength.
        contrast: β: how much a word loses that other candidate stories share with the article; see
            `contrast`.
        threshold: The score needed to join, for an article with a vector.
        threshold_without_vectors: The same for an article without one.
        stay: How much better than the present story another must fit before a repair moves an article.
    """

    text: Positive
    lead: Positive
    vector: Positive
    cross_language: Share
    vector_floor: Annotated[float, Ge(0), Lt(1)]
    centroid_share: Share
    time_loss: Share
    time_scale_days: Positive
    unknown_gap_days: NotNegative
    outlet_loss: Share
    years_loss: Share
    acquaintance: Share = 0  # missing in files of older versions, which the archive keeps
    magnitude_loss: Share = 0
    contrast: NotNegative
    threshold: Share
    threshold_without_vectors: Share
    stay: Share


@dataclass(frozen=True, slots=True)
class _Factors:
    """The factors of the score: time, own outlet, titles that differ in figures, other years, facts."""

    time: Floats
    outlet: Floats
    figures: Floats
    years: Floats
    facts: Floats

    def told(self, base: float, row: int) -> Iterator[Contribution]:
        """The contribution of each factor in turn, starting from this base; negative where it takes."""
        for name in ("time", "outlet", "figures", "years", "facts"):
            kept = getattr(self, name)[row].item()
            yield Contribution(name, kept, base * (kept - 1.0))
            base *= kept


@dataclass(frozen=True, slots=True)
class _Parts:
    """The weighted similarities of text, lead and vector: with the centroid, and as a mean."""

    centroid: tuple[Floats, Floats, Floats]
    mean: tuple[Floats, Floats, Floats]

    def contrasted(self, shared: Compared) -> _Parts:
        """The similarities after contrast: text and lead shrink, vector stays."""
        text, lead = shared.kept_text, shared.kept_lead
        (a, b, c), (d, e, f) = self.centroid, self.mean
        return _Parts((a * text, b * lead, c), (d * text, e * lead, f))

    def base(self, alpha: float) -> Floats:
        """Centroid and mean combined as in the module's formula; 0 where one of them is 0."""
        centroid, mean = sum(self.centroid), sum(self.mean)
        some = (centroid > 0.0) & (mean > 0.0)
        base: Floats = np.maximum(centroid, 0.0) ** alpha * np.maximum(mean, 0.0) ** (1.0 - alpha) * some
        return base

    def shares(self, alpha: float, row: int) -> tuple[float, float, float]:
        """The shares of text, lead and vector in one base above 0; they sum to 1."""
        centroid, mean = ([part[row].item() for part in parts] for parts in (self.centroid, self.mean))
        by_centroid, by_mean = sum(centroid), sum(mean)
        text, lead, vector = (
            alpha * c / by_centroid + (1.0 - alpha) * m / by_mean for c, m in zip(centroid, mean, strict=True)
        )
        return text, lead, vector


class Mix(Scorer):
    """The shipped scorer; see the module's formula.

    Args:
        weights: The numbers.
        name: What decision records call it, with the digest of its numbers.
    """

    def __init__(self, weights: MixWeights, name: str = "mix") -> None:
        self.weights = weights
        self.name = name
        self.stay = weights.stay

    def threshold(self, member: IndexedArticle) -> float:
        """Lower without vectors, because texts in other words then have less in common."""
        w = self.weights
        return w.threshold if len(member.traits.dense) else w.threshold_without_vectors

    @override
    def weigh(self, member: IndexedArticle, profiles: Sequence[StoryProfile]) -> Scored:
        return self.weigh_all([(member, profiles)])[0]

    @override
    def weigh_all(self, asked: Asked) -> list[Scored]:
        w = self.weights
        shared = compare(asked, w.time_scale_days, w.unknown_gap_days, w.contrast, w.vector_floor)
        parts = self._parts(shared)
        # Without and with contrast: the difference is shown as contrast's contribution.
        whole, base = parts.base(w.centroid_share), parts.contrasted(shared).base(w.centroid_share)
        vectors = self._rescaled(shared.vector)
        losses = self._factors(shared)
        kept = (losses.time, losses.outlet, losses.figures, losses.years)
        values, plain = (math.prod(kept, start=each) for each in (base, whole))
        losses = replace(losses, facts=self._facts(asked, values, losses.time))
        values, plain = values * losses.facts, plain * losses.facts
        stories = [profile.story for _, profiles in asked for profile in profiles]

        # The rows of an article's stories follow one another, from its first on.
        def explain(first: int, place: int) -> Candidate:
            row = first + place
            bases = whole[row].item(), base[row].item()
            told = self._contributions(shared, parts, bases, vectors[row].item(), losses, row)
            return Candidate(stories[row], values[row].item(), told)

        scored: list[Scored] = []
        first = 0
        for _, profiles in asked:
            after = first + len(profiles)
            scored.append(
                Scored(values[first:after].tolist(), plain[first:after].tolist(), partial(explain, first))
            )
            first = after
        return scored

    @override
    def score(self, member: IndexedArticle, profile: StoryProfile) -> float:
        return self.weigh(member, [profile]).values[0]

    @override
    def explain(self, member: IndexedArticle, profile: StoryProfile) -> Candidate:
        return self.weigh(member, [profile]).explain(0)

    def _contributions(
        self,
        shared: Compared,
        parts: _Parts,
        bases: tuple[float, float],
        similarity: float,
        losses: _Factors,
        row: int,
    ) -> tuple[Contribution, ...]:
        """The base before contrast, divided among the similarities; then contrast and factor after factor."""
        whole, base = bases
        text, lead, vector = (
            parts.shares(self.weights.centroid_share, row) if whole > 0.0 else (0.0, 0.0, 0.0)
        )
        return (
            Contribution("text", shared.text[row].item(), whole * text),
            Contribution("lead", shared.lead[row].item(), whole * lead),
            Contribution("vector", similarity, whole * vector),
            Contribution("contrast", base / whole if whole > 0.0 else 1.0, base - whole),
            *losses.told(base, row),
        )

    def _rescaled(self, cosines: Floats) -> Floats:
        floor = self.weights.vector_floor
        return np.clip((cosines - floor) / (1.0 - floor), 0.0, 1.0)

    def _parts(self, shared: Compared) -> _Parts:
        """Text, lead and vector before contrast."""
        w = self.weights
        vector_weight = w.vector * shared.vectors
        within = shared.same / (w.text + w.lead + vector_weight)
        across = (1.0 - shared.same) * w.cross_language * shared.vectors
        text, lead, vector = w.text * within, w.lead * within, vector_weight * within + across
        return _Parts(
            (text * shared.text, lead * shared.lead, vector * self._rescaled(shared.vector)),
            (text * shared.mean_text, lead * shared.mean_lead, vector * self._rescaled(shared.mean_vector)),
        )

    def _factors(self, shared: Compared) -> _Factors:
        w = self.weights
        return _Factors(
            time=1.0 - w.time_loss * (1.0 - shared.near),
            outlet=1.0 - w.outlet_loss * shared.outlet,
            figures=1.0 - shared.figures,
            years=1.0 - w.years_loss * shared.years,
            facts=np.ones_like(shared.years),
        )

    def _facts(self, asked: Asked, values: Floats, time: Floats) -> Floats:
        """The factor of facts for each story; 1 for those that are too far away to be joined."""
        bars = np.repeat(
            [self.threshold(member) * _WITHIN_REACH for member, _ in asked], [len(p) for _, p in asked]
        )
        factors = np.ones_like(values)
        near = np.flatnonzero(values >= bars).tolist()
        if not near:
            return factors
        every = [(member, profile) for member, profiles in asked for profile in profiles]
        for row in near:
            factors[row] = self._fact_factor(_read(*every[row]), 1.0 - time[row].item())
        return factors

    def _fact_factor(self, found: InCommon, lost: float) -> float:
        w = self.weights
        if found.contradicted:
            return 0.0
        left = 1.0 - w.magnitude_loss * found.quakes
        given_back = w.acquaintance * found.acquainted * lost
        return left * (1.0 + given_back / (1.0 - lost)) if lost < 1.0 else left


def _read(member: IndexedArticle, profile: StoryProfile) -> InCommon:
    """Compares the facts of an article with those of a story's newest articles."""
    mine = mentioned(member.data)
    # Without either there is nothing to have in common, whatever the story's articles name.
    if not (mine.people or mine.magnitudes):
        return NOTHING
    newest = profile.members[-_FACTS_OF:]
    return in_common(mine, [mentioned(each.data) for each in newest if each.article != member.article])
