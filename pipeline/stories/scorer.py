"""How well an article fits a story: the `Scorer` Protocol, and the mix that is shipped.

    base  = f (wᵀ text + wᴸ lead + wⱽ vector) / (wᵀ + wᴸ + wⱽ) + (1 - f) x vector
    score = base(centroid)^α · base(mean)^(1 - α) · time · outlet · figures

`text` and `lead` are cosines of TF-IDF with the story's members in the article's language, f their share of
the story; `vector` is the cosine of embeddings, rescaled because those of e5 crowd between 0.7 and 1.
`centroid` takes the cosine with the sum of the members, `mean` the mean of the cosines with each: the first
is robust, the second keeps chains from growing. `time`, `outlet` and `figures` are means over the members.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np

from pipeline.records import Candidate, Contribution
from pipeline.stories.profile import Profile
from pipeline.stories.traits import Member

Granularity = Literal["strict", "normal", "broad"]

_DAY_SECONDS: Final = 86_400.0


class Scorer(Protocol):
    """Says how well an article fits a story. Pure: the same two give the same bits.

    A member of the story is weighed against the other members.
    """

    name: str
    stay: float

    def threshold(self, member: Member) -> float:
        """The score from which the article may join a story."""

    def score(self, member: Member, profile: Profile) -> float:
        """The score, 0 or more; 0 is "nothing in common"."""

    def explain(self, member: Member, profile: Profile) -> Candidate:
        """The score again, with contributions that sum to it."""


@dataclass(frozen=True, slots=True)
class MixWeights:
    """The numbers of the mix, as `config/scorer.yaml` holds them.

    Attributes:
        text, lead, vector: Weights of the three similarities within one language.
        cross_language: Factor of the vector similarity across languages.
        vector_floor: The cosine of embeddings that counts as nothing in common.
        centroid_share: α, from 0 (mean only) to 1 (centroid only).
        time_loss: What is lost at most with distance in time.
        time_scale_days: After so many days 1 - 1/e of it is lost.
        unknown_gap_days: The distance where a time is unknown.
        outlet_loss: What is lost where all members are of the article's own outlet.
        threshold: To join, with vectors.
        threshold_without_vectors: To join, without.
        stay: What a repair demands beyond the present story's score.
    """

    text: float
    lead: float
    vector: float
    cross_language: float
    vector_floor: float
    centroid_share: float
    time_loss: float
    time_scale_days: float
    unknown_gap_days: float
    outlet_loss: float
    threshold: float
    threshold_without_vectors: float
    stay: float


@dataclass(frozen=True, slots=True)
class _Parts:
    """Cosines of text, lead, vector with a story: with its centroid and as a mean; f; are there vectors."""

    centroid: tuple[float, float, float]
    mean: tuple[float, float, float]
    same_language: float
    vectors: bool


class Mix:
    """The shipped scorer; see the module's formula.

    Args:
        weights: The numbers.
        name: What decision records call it, with the digest of its numbers.
    """

    def __init__(self, weights: MixWeights, name: str = "mix") -> None:
        self.weights = weights
        self.name = name
        self.stay = weights.stay

    def threshold(self, member: Member) -> float:
        """Lower without vectors, because texts in other words then have less in common."""
        w = self.weights
        return w.threshold if len(member.traits.dense) else w.threshold_without_vectors

    def score(self, member: Member, profile: Profile) -> float:
        """See `Scorer.score`."""
        if profile.size == 1 and profile.holds(member.article):
            return 0.0
        base = self._geometric(self._parts(member, profile))[0]
        if base <= 0.0:
            return 0.0
        time, outlet, figures = self._factors(member, profile)
        return base * time * outlet * figures

    def explain(self, member: Member, profile: Profile) -> Candidate:
        """See `Scorer.explain`: the base shared out by the part of each similarity, then loss after loss."""
        parts = self._parts(member, profile)
        base, shares = self._geometric(parts)
        time, outlet, figures = self._factors(member, profile)
        names = ("text", "lead", "vector")
        contributions = [
            Contribution(name, value, base * share)
            for name, value, share in zip(names, parts.centroid, shares, strict=True)
        ]
        contributions += [
            Contribution("time", time, base * (time - 1.0)),
            Contribution("outlet", outlet, base * time * (outlet - 1.0)),
            Contribution("figures", figures, base * time * outlet * (figures - 1.0)),
        ]
        return Candidate(profile.story, base * time * outlet * figures, tuple(contributions))

    def _parts(self, member: Member, profile: Profile) -> _Parts:
        traits = member.traits
        inside = profile.holds(member.article)
        text = lead = same = mean_text = mean_lead = 0.0
        body = profile.body.get(traits.language)
        if body is not None:
            pairs = profile.pairs[traits.language]
            text, mean_text = _cosines(
                body.dot(traits.body), body.squared, body.count, traits.body.squared, inside
            )
            lead, mean_lead = _cosines(
                pairs.dot(traits.pairs), pairs.squared, pairs.count, traits.pairs.squared, inside
            )
            same = (body.count - inside) / (profile.size - inside)
        vector = mean_vector = 0.0
        vectors = profile.dense is not None and len(traits.dense) == len(profile.dense)
        if profile.dense is not None and vectors:
            dense = traits.dense.astype(np.float64)
            inner, own = float(profile.dense @ dense), float(dense @ dense)
            both = _cosines(inner, profile.dense_squared, profile.dense_count, own, inside)
            vector, mean_vector = (self._rescaled(cosine) for cosine in both)
        return _Parts((text, lead, vector), (mean_text, mean_lead, mean_vector), same, vectors)

    def _rescaled(self, cosine: float) -> float:
        floor = self.weights.vector_floor
        return min(1.0, max(0.0, (cosine - floor) / (1.0 - floor)))

    def _geometric(self, parts: _Parts) -> tuple[float, tuple[float, float, float]]:
        """The base, and the share of it that each of text, lead and vector stands for (sum 1, or 0)."""
        alpha = self.weights.centroid_share
        centroid, mean = self._weighed(parts.centroid, parts), self._weighed(parts.mean, parts)
        by_centroid, by_mean = sum(centroid), sum(mean)
        if by_centroid <= 0.0 or by_mean <= 0.0:
            return 0.0, (0.0, 0.0, 0.0)
        base = by_centroid**alpha * by_mean ** (1.0 - alpha)
        text, lead, vector = (
            alpha * c / by_centroid + (1.0 - alpha) * m / by_mean for c, m in zip(centroid, mean, strict=True)
        )
        return base, (text, lead, vector)

    def _weighed(self, cosines: tuple[float, float, float], parts: _Parts) -> tuple[float, float, float]:
        w, f = self.weights, parts.same_language
        vector_weight = w.vector if parts.vectors else 0.0
        total = w.text + w.lead + vector_weight
        within = f / total
        across = (1.0 - f) * w.cross_language if parts.vectors else 0.0
        text, lead, vector = cosines
        return w.text * within * text, w.lead * within * lead, (vector_weight * within + across) * vector

    def _factors(self, member: Member, profile: Profile) -> tuple[float, float, float]:
        """What distance in time, one outlet, and titles alike but for their figures leave of the score."""
        traits = member.traits
        own = int(profile.holds(member.article))
        size = profile.size - own
        outlet = figures = 1.0
        if traits.outlet and profile.outlets[traits.outlet] > own:
            outlet = 1.0 - self.weights.outlet_loss * (profile.outlets[traits.outlet] - own) / size
            titles = profile.forms.get((traits.outlet, traits.title_form))
            if titles:
                figures = 1.0 - (titles.total() - titles[traits.title_exact]) / size
        return self._time(member, profile), outlet, figures

    def _time(self, member: Member, profile: Profile) -> float:
        w = self.weights
        time = member.traits.time
        total, count = 0.0, 0
        for other in profile.members:
            if other.article == member.article:
                continue
            theirs = other.traits.time
            gap = w.unknown_gap_days
            if time is not None and theirs is not None:
                gap = abs(time - theirs) / _DAY_SECONDS
            total += math.exp(-gap / w.time_scale_days)
            count += 1
        return 1.0 - w.time_loss * (1.0 - total / count)


def _cosines(inner: float, squared: float, count: int, own: float, inside: bool) -> tuple[float, float]:
    """The cosine with a sum of vectors, and the mean of the inner products with each.

    Args:
        inner: The inner product with the sum.
        squared: The squared length of the sum.
        count: How many vectors it is made of.
        own: The vector's squared length.
        inside: Whether the vector itself is in the sum; it is then taken out:
            (s - v)·v = s·v - |v|² and |s - v|² = |s|² - 2 s·v + |v|².
    """
    if inside:
        inner, squared, count = inner - own, squared - 2.0 * inner + own, count - 1
    if squared <= 1e-9 or own <= 0.0 or count == 0:
        return 0.0, 0.0
    return inner / math.sqrt(squared * own), inner / count
