"""Stored texts that an earlier version cut: brought back, whole, from the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pipeline.errors import RejectedError
from pipeline.normalize.article import normalize
from pipeline.normalize.identity.keys import former_key
from pipeline.ports import Commit, Lease, Store
from pipeline.records import Article, Capture, RawItem, StoredArticle
from pipeline.sources.read.payload import parse_batch
from pipeline.stages.intake.preparer import raw_key
from pipeline.stories.features import outlet_boilerplate
from pipeline.stories.features.sentences import sentence_spans
from pipeline.stories.features.statistics import StreamStatistics

# The rule by which versions before 0.2 took out of the record what its outlet had written before.
_FORMER_RULE: Final = "outlet repeats it"


@dataclass(frozen=True, slots=True)
class RestoreCounts:
    """How many texts came back whole, and how many were cut whose item the archive does not have."""

    restored: int = 0
    not_archived: int = 0


def restore(
    store: Store,
    batches: Iterable[Iterable[Capture]],
    since: datetime | None,
    max_entries: int,
    renew: Callable[[], Lease],
) -> RestoreCounts:
    """Brings back the texts that were cut. Numbers, stories, features, versions and dates stay.

    Args:
        store: Whose lease "stories" the caller holds.
        batches: The archive's captures, batch by batch; read only when a text is cut.
        since: Only articles whose time is not before this; None takes all.
        max_entries: Items read of one capture at most.
        renew: Renews the lease and returns it.
    """
    cut = {
        stored.enriched.article.id
        for stored in store.between(0, store.head())
        if _is_cut(stored) and (since is None or stored.enriched.article.time >= since)
    }
    wanted = len(cut)
    learned = StreamStatistics.load(store.learned)
    for captures in batches if cut else ():
        items, _ = parse_batch(captures, max_entries)
        changed = _restored(store, items, cut, learned)
        if changed:
            store.commit(Commit(articles=tuple(sorted(changed.values(), key=lambda a: a.seq))), renew())
            cut -= set(changed)
        if not cut:
            break
    return RestoreCounts(wanted - len(cut), len(cut))


def _is_cut(stored: StoredArticle) -> bool:
    return any(line.rule == _FORMER_RULE for line in stored.enriched.article.removed)


def _restored(
    store: Store, items: Iterable[RawItem], cut: set[str], learned: StreamStatistics
) -> dict[str, StoredArticle]:
    by_key = {key: item for item in items for key in (raw_key(item), former_key(raw_key(item)))}
    owners = {key: name for key, name in store.find(sorted(by_key)).items() if name in cut}
    stored = store.articles(sorted(set(owners.values())))
    changed: dict[str, StoredArticle] = {}
    for key, name in sorted(owners.items()):
        try:
            form = normalize(by_key[key])
        except RejectedError:
            continue
        found = stored[name]
        if name not in changed and _was_made_of(found.enriched.article, form):
            changed[name] = _whole(found, form, learned)
    return changed


def _was_made_of(cut: Article, form: Article) -> bool:
    """Whether every line that the cut article has left is one of this form."""
    return _lines(cut) <= _lines(form) and bool(form.text or form.title)


def _lines(article: Article) -> set[str]:
    """The sentences and title segments, white space aside."""
    title, text = article.title, article.text
    segments = outlet_boilerplate.title_segments(title)
    found = [title[a:b] for a, b in segments] + [text[a:b] for a, b in sentence_spans(text)]
    return {" ".join(line.split()) for line in found}


def _whole(stored: StoredArticle, form: Article, learned: StreamStatistics) -> StoredArticle:
    """The article with its whole text; the places of its names are to be found again."""
    enriched = stored.enriched
    article = replace(enriched.article, title=form.title, text=form.text, removed=form.removed)
    lines = outlet_boilerplate.read_lines(article)
    entities = tuple(replace(entity, spans=()) for entity in enriched.entities)
    recurring = outlet_boilerplate.recurring(lines, article.language, learned)
    return replace(
        stored, enriched=replace(enriched, article=article, entities=entities, recurring=recurring)
    )
