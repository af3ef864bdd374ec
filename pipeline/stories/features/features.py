"""From an enriched article to its traits: clean, count, weigh, embed, fingerprint."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from rensa import RMinHash

from pipeline.ports import Embedder
from pipeline.records import Article, EnrichedArticle, Entity, Span
from pipeline.stories.features import outlet_boilerplate, years
from pipeline.stories.features.keywords import article_keywords
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
_NO_DENSE: Final[Dense] = np.zeros(0, dtype=np.float16)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An article as it is stored and grouped: cleaned of its outlet's habits, with its traits."""

    enriched: EnrichedArticle
    traits: Features


def arrive(
    articles: Sequence[EnrichedArticle], learned: StreamStatistics, embedder: Embedder | None
) -> list[Arrival]:
    """Cleans new articles, learns from them, and computes their traits; any cutting into batches is the same.

    Args:
        articles: New articles in ingest sequence, as normalized and enriched.
        learned: What was learned before the first of them; is brought up to date, article by article.
        embedder: Makes the dense vectors; None leaves them out.
    """
    cleaned: list[EnrichedArticle] = []
    sparse: list[tuple[Sparse, Sparse]] = []
    for enriched in articles:
        article = enriched.article
        kept = outlet_boilerplate.clean(article.title, article.text, article.outlet, learned)
        outlet_boilerplate.observe(article.title, article.text, article.outlet, learned)
        counts = _counted(kept.title, kept.text)
        sparse.append(_weigh(kept.title, kept.text, counts, article.language, learned))
        words = article_keywords(counts, learned.language(article.language))
        cleaned.append(replace(_without(enriched, kept), keywords=words))
    dense = _embed(cleaned, embedder)
    return [
        Arrival(enriched, _traits(enriched, body, pairs, vector))
        for enriched, (body, pairs), vector in zip(cleaned, sparse, dense, strict=True)
    ]


def compute_traits(
    article: EnrichedArticle, learned: StreamStatistics, embedder: Embedder | None
) -> Features:
    """The traits of one new article; see `arrive`."""
    return arrive([article], learned, embedder)[0].traits


def compute_traits_batch(
    articles: Sequence[EnrichedArticle], learned: StreamStatistics, embedder: Embedder | None
) -> list[Features]:
    """The traits of new articles in ingest sequence; see `arrive`."""
    return [arrival.traits for arrival in arrive(articles, learned, embedder)]


def cleaned(enriched: EnrichedArticle, learned: StreamStatistics) -> EnrichedArticle:
    """An article without what its outlet repeats; nothing is learned from it. For new forms of known ones."""
    article = enriched.article
    kept = outlet_boilerplate.clean(article.title, article.text, article.outlet, learned)
    words = article_keywords(_counted(kept.title, kept.text), learned.language(article.language))
    return replace(_without(enriched, kept), keywords=words)


def _without(enriched: EnrichedArticle, kept: outlet_boilerplate.Cleaned) -> EnrichedArticle:
    """The article with its cleaned title and text, and the entities that are still mentioned there."""
    if not kept.removed:
        return enriched
    article = replace(
        enriched.article,
        title=kept.title,
        text=kept.text,
        removed=(*enriched.article.removed, *kept.removed),
    )
    entities = (_moved(entity, article, kept) for entity in enriched.entities)
    return replace(enriched, article=article, entities=tuple(e for e in entities if e is not None))


def _moved(entity: Entity, article: Article, kept: outlet_boilerplate.Cleaned) -> Entity | None:
    """The entity with its spans where they are now; None when no mention is left."""
    if not entity.spans:
        return entity
    spans: list[Span] = []
    for span in entity.spans:
        text = article.title if span.field == "title" else article.text
        before = 0
        for start, end in kept.title_kept if span.field == "title" else kept.text_kept:
            if start <= span.start and span.end <= end and before + span.end - start <= len(text):
                spans.append(replace(span, start=before + span.start - start, end=before + span.end - start))
            before += end - start
    if not spans:
        return None
    return replace(entity, spans=tuple(spans), count=max(1, entity.count - len(entity.spans) + len(spans)))


def _counted(title: str, text: str) -> Counter[str]:
    """How often each word occurs, in the title twice."""
    counts = Counter(tokens(text[:BODY_CHARS]))
    for word in tokens(title):
        counts[word] += _TITLE_COUNT
    return counts


def _weigh(
    title: str, text: str, counts: Mapping[str, int], language: str, learned: StreamStatistics
) -> tuple[Sparse, Sparse]:
    """TF-IDF of the words of title and text, and of the pairs of words in title and lead.

    The words' weight is (1 + log tf) idf with the title counted twice; a pair's is its idf alone. The
    article's own words are counted before they are weighed.
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


def embedded_text(article: Article) -> str:
    """What of an article is embedded: its title and the beginning of its text."""
    lead = article.text[:EMBEDDED_CHARS]
    return f"{article.title}. {lead}" if article.title and lead else article.title or lead


def _embed(articles: Sequence[EnrichedArticle], embedder: Embedder | None) -> list[Dense]:
    if embedder is None or not articles:
        return [_NO_DENSE] * len(articles)
    return list(embedder.embed([embedded_text(e.article) for e in articles]).astype(np.float16))


def _traits(enriched: EnrichedArticle, body: Sparse, pairs: Sparse, dense: Dense) -> Features:
    article = enriched.article
    opening = f"{article.title}\n{article.text[:LEAD_CHARS]}"
    sentences = sentence_spans(article.text[: 4 * SHOWN_CHARS])
    ranked = sorted(enriched.entities, key=lambda e: (-e.salience, -e.count, e.id))[:NAMES_KEPT]
    return Features(
        time=article.published.timestamp() if article.published else None,
        fetched=article.fetched.timestamp(),
        language=article.language,
        outlet=article.outlet,
        title=article.title[:SHOWN_CHARS],
        lead=article.text[slice(*sentences[0])][:SHOWN_CHARS] if sentences else "",
        title_form=outlet_boilerplate.line_digest(article.title),
        title_exact=outlet_boilerplate.line_digest(_spelled(article.title)),
        years=_years(article),
        body=body,
        pairs=pairs,
        dense=dense,
        names=tuple(Name(e.id, e.name, e.kind, round(e.salience, 4)) for e in ranked),
        numbers=tuple(dict.fromkeys(_NUMBER.findall(opening))),
        signature=_signature(article.title, article.text),
    )


def _years(article: Article) -> int:
    """The years it belongs to, as far as anything says so."""
    if article.published is not None:
        return years.around(article.published)
    return years.named(f"{article.title}\n{article.text[:BODY_CHARS]}")


def _spelled(title: str) -> str:
    """The title with its figures as letters, which `line_digest` does not fold."""
    return title.translate({ord("0") + figure: chr(0xE000 + figure) for figure in range(10)})


def _signature(title: str, text: str) -> Signature:
    """MinHash (Broder 1997) of the shingles of three words; of the title where there is no text."""
    words = tokens(text[:BODY_CHARS]) or tokens(title)
    shingles = [" ".join(words[i : i + _SHINGLE]) for i in range(max(1, len(words) - _SHINGLE + 1))]
    sketch = RMinHash(num_perm=SIGNATURE_SIZE, seed=_SIGNATURE_SEED)
    sketch.update(shingles)
    return np.array(sketch.digest(), dtype=np.uint32)
