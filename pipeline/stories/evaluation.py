"""How well a grouping agrees with labels: BCubed, pairs, NMI and ARI, without any library."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.errors import UsageError

# A story is mixed when a second event has at least this many of its articles, or this share of them.
MIXED_MEMBERS: Final = 2
MIXED_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """Precision, recall, and their harmonic mean F1; each from 0 to 1."""

    p: float
    r: float
    f1: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Everything `evaluate` says about one grouping.

    Attributes:
        bcubed: How well each article's story agrees with its event, averaged over the articles.
        pairwise: The same over pairs of articles: are those together that should be?
        nmi: Normalized mutual information, 0 to 1.
        ari: Adjusted Rand index; 0 is chance, 1 the same grouping.
    """

    bcubed: PrecisionRecall
    pairwise: PrecisionRecall
    nmi: float
    ari: float


@dataclass(frozen=True, slots=True)
class TopOfPage:
    """What is wrong with the stories on top of a page.

    Attributes:
        mixed: Stories where a second event has at least `MIXED_MEMBERS` articles, or `MIXED_SHARE` of them.
        twice: Events that are the most frequent label of more than one story.
        missing: Wanted events that are the most frequent label of no story.
    """

    mixed: int
    twice: int
    missing: int


def agreement(gold: Sequence[Hashable], found: Sequence[Hashable]) -> Agreement:
    """All metrics at once.

    Args:
        gold: The label of each article.
        found: The story of each article, in the same order.

    Raises:
        UsageError: The two differ in length, or are empty.
    """
    return Agreement(
        bcubed(gold, found),
        pairwise(gold, found),
        normalized_mutual_information(gold, found),
        adjusted_rand_index(gold, found),
    )


def bcubed(gold: Sequence[Hashable], found: Sequence[Hashable]) -> PrecisionRecall:
    """BCubed (Bagga and Baldwin 1998), each article counting alike.

    An article's precision is the share of its story that has its label; its recall, the share of its label
    that is in its story. Both are averaged over the articles, and F1 is made of the averages.

    >>> bcubed([1, 1, 2], ["a", "a", "a"])
    PrecisionRecall(p=0.5555555555555555, r=1.0, f1=0.7142857142857143)

    Raises:
        UsageError: The two differ in length, or are empty.
    """
    both, golds, founds = _counts(gold, found)
    precision = math.fsum(n * n / founds[f] for (_, f), n in both.items()) / len(gold)
    recall = math.fsum(n * n / golds[g] for (g, _), n in both.items()) / len(gold)
    return PrecisionRecall(precision, recall, _harmonic(precision, recall))


def pairwise(gold: Sequence[Hashable], found: Sequence[Hashable]) -> PrecisionRecall:
    """Precision and recall over pairs of articles in one story; 1 where there are no pairs to get wrong.

    Raises:
        UsageError: The two differ in length, or are empty.
    """
    both, golds, founds = _counts(gold, found)
    right = sum(n * (n - 1) for n in both.values())
    claimed = sum(n * (n - 1) for n in founds.values())
    wanted = sum(n * (n - 1) for n in golds.values())
    precision = right / claimed if claimed else 1.0
    recall = right / wanted if wanted else 1.0
    return PrecisionRecall(precision, recall, _harmonic(precision, recall))


def normalized_mutual_information(gold: Sequence[Hashable], found: Sequence[Hashable]) -> float:
    """Mutual information over the arithmetic mean of the two entropies; 1 where both entropies are 0.

    This is NMI_sum in the survey of Vinh, Epps and Bailey (2010).

    Raises:
        UsageError: The two differ in length, or are empty.
    """
    both, golds, founds = _counts(gold, found)
    total = len(gold)
    mutual = math.fsum(n / total * math.log(n * total / (golds[g] * founds[f])) for (g, f), n in both.items())
    mean = (_entropy(golds, total) + _entropy(founds, total)) / 2
    return min(1.0, max(0.0, mutual / mean)) if mean else 1.0


def adjusted_rand_index(gold: Sequence[Hashable], found: Sequence[Hashable]) -> float:
    """Rand index corrected for chance (Hubert and Arabie 1985): 1 is agreement, 0 is chance.

    Raises:
        UsageError: The two differ in length, or are empty.
    """
    both, golds, founds = _counts(gold, found)
    index = sum(math.comb(n, 2) for n in both.values())
    rows = sum(math.comb(n, 2) for n in golds.values())
    columns = sum(math.comb(n, 2) for n in founds.values())
    pairs = math.comb(len(gold), 2)
    expected = rows * columns / pairs if pairs else 0.0
    most = (rows + columns) / 2
    return (index - expected) / (most - expected) if most != expected else 1.0


def top_of_page(shown: Sequence[Sequence[Hashable]], wanted: Sequence[Hashable]) -> TopOfPage:
    """What a reader sees of the stories on top of a page.

    Args:
        shown: The labels of each story's articles.
        wanted: The events that should be there.

    >>> top_of_page([["quake", "quake", "vote"], ["quake"], ["strike"]], ["quake", "fire"])
    TopOfPage(mixed=1, twice=1, missing=1)
    """
    mains: list[Hashable] = []
    mixed = 0
    for labels in shown:
        counts = Counter(labels).most_common(2)
        mains.append(counts[0][0])
        second = counts[1][1] if len(counts) > 1 else 0
        mixed += second >= MIXED_MEMBERS or second >= MIXED_SHARE * len(labels)
    stand = Counter(mains)
    twice = sum(count > 1 for count in stand.values())
    return TopOfPage(mixed, twice, sum(event not in stand for event in wanted))


def _counts(
    gold: Sequence[Hashable], found: Sequence[Hashable]
) -> tuple[Counter[tuple[Hashable, Hashable]], Counter[Hashable], Counter[Hashable]]:
    if len(gold) != len(found):
        raise UsageError(f"{len(gold)} labels for {len(found)} articles")
    if not gold:
        raise UsageError("nothing to compare: no labelled articles")
    return Counter(zip(gold, found, strict=True)), Counter(gold), Counter(found)


def _harmonic(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _entropy(counts: Counter[Hashable], total: int) -> float:
    return -math.fsum(n / total * math.log(n / total) for n in counts.values())
