"""From an enriched article to its features: comparison text, word weights, embedding, MinHash."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from rensa import RMinHash

from pipeline.ports import Embedder
from pipeline.records import (
    ENTITY_PREFIX,
    ArticleKind,
    EnrichedArticle,
    Entity,
    EntityKind,
    Span,
    most_salient_first,
)
from pipeline.stories.features import outlet_boilerplate, years
from pipeline.stories.features.keywords import article_keywords
from pipeline.stories.features.outlet_boilerplate import ComparisonText
from pipeline.stories.features.packed import Dense, Features, Name, Signature, Sparse
from pipeline.stories.features.sentences import sentence_spans
from pipeline.stories.features.statistics import StreamStatistics
from pipeline.stories.features.tokens import pair_id, term_id, tokens

BODY_CHARS: Final = 8000
BODY_TERMS: Final = 256
LEAD_CHARS: Final = 420
LEAD_PAIRS: Final = 96
EMBEDDED_CHARS: Final = 250
NAMES_KEPT: Final = 16
SHOWN_CHARS: Final = 240
SIGNATURE_SIZE: Final = 64
_SIGNATURE_SEED: Final = 42
_SHINGLE: Final = 3
_TITLE_COUNT: Final = 2
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# Articles of these kinds are about many events or none, and would join the stories that they mention.
_APART: Final[frozenset[ArticleKind]] = frozenset({"briefing", "programme", "reference", "service"})
_NO_DENSE: Final[Dense] = np.zeros(0, dtype=np.float16)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An article as it is stored, with keywords and recurring lines, and its features."""

    enriched: EnrichedArticle
    traits: Features


def arrive(
    articles: Sequence[EnrichedArticle], learned: StreamStatistics, embedder: Embedder | None
) -> list[Arrival]:
    """Makes comparison texts of new articles, learns from them, and computes their features.

    The batches do not matter: any division of the same articles gives the same. Title and text of the record
    stay as they are.

    Args:
        articles: New articles in ingest sequence, as normalized and enriched.
        learned: What was learned before the first of them; updated article by article.
        embedder: Makes the dense vectors; without one (None) there are none.
    """
    arrived: list[EnrichedArticle] = []
    texts: list[ComparisonText] = []
    sparse: list[tuple[Sparse, Sparse]] = []
    for enriched in articles:
        article = enriched.article
        lines = outlet_boilerplate.read_lines(article)
        text = outlet_boilerplate.comparison_text(lines, learned)
        recurring = outlet_boilerplate.recurring(lines, article.language, learned)
        outlet_boilerplate.observe(lines, learned)
        counts = _counted(text.title, text.text)
        sparse.append(_weigh(text.title, text.text, counts, article.language, learned))
        words = article_keywords(counts, learned.language(article.language))
        texts.append(text)
        entities = agreed(enriched.entities, learned)
        learned.observe_names(_names(enriched.entities))
        arrived.append(replace(enriched, entities=entities, keywords=words, recurring=recurring))
    dense = _embed([embedded_text(text.title, text.text) for text in texts], embedder)
    made = [
        Arrival(enriched, _features(enriched, text, weighed, vector))
        for enriched, text, weighed, vector in zip(arrived, texts, sparse, dense, strict=True)
    ]
    return [
        replace(each, traits=_apart(each.traits)) if each.enriched.kind in _APART else each for each in made
    ]


def _apart(traits: Features) -> Features:
    """The same features without all that articles are compared by."""
    return replace(
        traits, body=Sparse.unit({}, 0), pairs=Sparse.unit({}, 0), dense=_NO_DENSE, names=(), numbers=()
    )


def read_again(enriched: EnrichedArticle, learned: StreamStatistics) -> EnrichedArticle:
    """A new form of a known article, with keywords, recurring lines and kinds of names.

    These are made by what has been learned so far; nothing is learned from the form itself.
    """
    article = enriched.article
    lines = outlet_boilerplate.read_lines(article)
    text = outlet_boilerplate.comparison_text(lines, learned)
    return replace(
        enriched,
        entities=agreed(enriched.entities, learned),
        keywords=article_keywords(_counted(text.title, text.text), learned.language(article.language)),
        recurring=outlet_boilerplate.recurring(lines, article.language, learned),
    )


def agreed(entities: Sequence[Entity], learned: StreamStatistics) -> tuple[Entity, ...]:
    """The entities of an article, each with the kind that earlier articles agree on.

    A recognizer reads each article by itself, and may take for a person what many articles before took for a
    place. An entity with coordinates stays the place it is, whatever the others say.
    """
    kinds = learned.kinds()
    made: dict[str, Entity] = {}
    changed = False
    for entity in entities:
        name = entity.id.partition(":")[2]
        usual = entity.kind if entity.at or not name else kinds.usual(name, entity.kind)
        meant = entity
        if usual != entity.kind:
            changed = True
            meant = replace(entity, id=f"{ENTITY_PREFIX[usual]}:{name}", kind=usual)
        known = made.get(meant.id)
        made[meant.id] = meant if known is None else _joined(known, meant)
    if not changed:
        return tuple(entities)
    return most_salient_first(made.values())


def _joined(one: Entity, other: Entity) -> Entity:
    """One entity from two of an article that turned out to be the same."""
    spans = sorted({*one.spans, *other.spans}, key=lambda span: span.order)
    salience = max(one.salience, other.salience)
    return replace(one, count=one.count + other.count, salience=salience, spans=tuple(spans))


def _names(entities: Sequence[Entity]) -> list[tuple[str, EntityKind]]:
    """The distinct (name, kind) pairs of an article's entities; the name is the id after its kind."""
    named = ((entity.id.partition(":")[2], entity.kind) for entity in entities)
    return list(dict.fromkeys((name, kind) for name, kind in named if name))


def _named(entities: Sequence[Entity], text: ComparisonText) -> tuple[Entity, ...]:
    """The entities that the comparison text still mentions, most salient first."""
    named: list[Entity] = []
    for entity in entities:
        spans = [span for span in entity.spans if _within(span, text)]
        if spans or not entity.spans:
            count = max(1, entity.count - len(entity.spans) + len(spans))
            named.append(replace(entity, count=count))
    return most_salient_first(named)


def _within(span: Span, text: ComparisonText) -> bool:
    kept = text.title_kept if span.field == "title" else text.text_kept
    return any(start <= span.start and span.end <= end for start, end in kept)


def _counted(title: str, text: str) -> Counter[str]:
    """How often each word occurs; each occurrence in the title counts twice."""
    counts = Counter(tokens(text[:BODY_CHARS]))
    for word in tokens(title):
        counts[word] += _TITLE_COUNT
    return counts


def _weigh(
    title: str, text: str, counts: Mapping[str, int], language: str, learned: StreamStatistics
) -> tuple[Sparse, Sparse]:
    """TF-IDF of the words of title and text, and of the pairs of words in title and lead; learns both.

    A word's weight is (1 + log tf) idf, with the title counted twice; a pair's is its idf alone. Where there
    is no pair the words of the lead stand in, each with weight 1. The article's own words are learned before
    they are weighted.
    """
    lead = tokens(f"{title} . {text}"[:LEAD_CHARS])
    pairs = {pair_id(first, second): (first, second) for first, second in itertools.pairwise(lead)}
    learned.observe_words(language, sorted({term_id(word) for word in counts}), pairs)
    known = learned.language(language)
    body: dict[int, float] = {}
    for word, count in counts.items():
        key = term_id(word)
        body[key] = body.get(key, 0.0) + (1.0 + math.log(count)) * known.idf(word)
    weighed = {key: known.pair_idf(*pair) for key, pair in pairs.items()} or {term_id(w): 1.0 for w in lead}
    return Sparse.unit(body, BODY_TERMS), Sparse.unit(weighed, LEAD_PAIRS)


def embedded_text(title: str, text: str) -> str:
    """The part of an article that is embedded: its title and the beginning of its text."""
    lead = text[:EMBEDDED_CHARS]
    return f"{title}. {lead}" if title and lead else title or lead


def _embed(texts: Sequence[str], embedder: Embedder | None) -> list[Dense]:
    if embedder is None or not texts:
        return [_NO_DENSE] * len(texts)
    return list(embedder.embed(texts).astype(np.float16))


def _features(
    enriched: EnrichedArticle, compared: ComparisonText, weighed: tuple[Sparse, Sparse], dense: Dense
) -> Features:
    article, title, text = enriched.article, compared.title, compared.text
    sentences = sentence_spans(text[: 4 * SHOWN_CHARS])
    body, pairs = weighed
    return Features(
        time=article.published.timestamp() if article.published else None,
        fetched=article.fetched.timestamp(),
        language=article.language,
        outlet=article.outlet,
        title=title[:SHOWN_CHARS],
        lead=text[slice(*sentences[0])][:SHOWN_CHARS] if sentences else "",
        title_form=outlet_boilerplate.line_digest(title),
        title_exact=outlet_boilerplate.line_digest(_spelled(title)),
        years=_years(article.published, compared),
        body=body,
        pairs=pairs,
        dense=dense,
        names=tuple(
            Name(e.id, e.name, e.kind, round(e.salience, 4))
            for e in _named(enriched.entities, compared)[:NAMES_KEPT]
        ),
        numbers=tuple(dict.fromkeys(_NUMBER.findall(f"{title}\n{text[:LEAD_CHARS]}"))),
        signature=_signature(title, text),
    )


def _years(published: datetime | None, compared: ComparisonText) -> int:
    """The years that an article belongs to; 0 where neither date nor text tells one."""
    if published is not None:
        return years.around(published)
    return years.named(f"{compared.title}\n{compared.text[:BODY_CHARS]}")


def _spelled(title: str) -> str:
    """The title with its figures as letters, which `line_digest` does not fold."""
    return title.translate({ord("0") + figure: chr(0xE000 + figure) for figure in range(10)})


def _signature(title: str, text: str) -> Signature:
    """MinHash (Broder 1997) of the three-word shingles of the text, or of the title where there is none."""
    words = tokens(text[:BODY_CHARS]) or tokens(title)
    shingles = [" ".join(words[i : i + _SHINGLE]) for i in range(max(1, len(words) - _SHINGLE + 1))]
    sketch = RMinHash(num_perm=SIGNATURE_SIZE, seed=_SIGNATURE_SEED)
    sketch.update(shingles)
    return np.array(sketch.digest(), dtype=np.uint32)
