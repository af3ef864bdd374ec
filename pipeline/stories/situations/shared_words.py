"""What ties a story to a situation, as a person would point at it: names first, then words."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from pipeline.records import Evidence
from pipeline.stories.features.packed import IndexedArticle, Name
from pipeline.stories.features.tokens import pair_id, term_id, tokens
from pipeline.stories.situations.situation_profile import pair_term, word_term

SHOWN: Final = 6


def told(member: IndexedArticle, shared: Mapping[int, float]) -> tuple[Evidence, ...]:
    """The names and words that an article shares with a situation, strongest first.

    Args:
        member: The article.
        shared: By term id (`word_term`, `pair_term`), what each shared term added to the score. Only terms in
            the title, the first sentence or a name can be shown, because ids alone tell no word. The weights
            shown are shares of the sum over all shared terms.
    """
    title, lead, names, _ = member.packed.shown
    weights = {term: weight for term, weight in shared.items() if weight > 0}
    total = sum(weights.values()) or 1.0
    found: list[Evidence] = []
    for name in map(Name._make, names):
        terms = [term for term in _terms(name.name) if term in weights]
        if terms:
            weight = sum(weights.pop(term) for term in terms)
            kind = "place" if name.kind == "place" else "name"
            found.append(Evidence(kind, name.name, name.name, round(weight / total, 3)))
    for text in (title, lead):
        spoken = tokens(text)
        for first, second in pairwise(spoken):
            weight = weights.pop(pair_term(pair_id(first, second)), 0.0)
            if weight:
                weight += sum(weights.pop(word_term(term_id(word)), 0.0) for word in (first, second))
                found.append(
                    Evidence("word", f"{first} {second}", f"{first} {second}", round(weight / total, 3))
                )
        for word in spoken:
            weight = weights.pop(word_term(term_id(word)), 0.0)
            if weight:
                found.append(Evidence("word", word, word, round(weight / total, 3)))
    return tuple(sorted(found, key=lambda each: (-each.weight, each.article))[:SHOWN])


def _terms(text: str) -> list[int]:
    words = tokens(text)
    pairs = [pair_term(pair_id(first, second)) for first, second in pairwise(words)]
    return list(dict.fromkeys([*(word_term(term_id(word)) for word in words), *pairs]))
