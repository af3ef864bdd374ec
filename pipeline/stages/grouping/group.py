"""Enriched articles → stories: the only writer of articles and decisions. Needs the lease "stories"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from pipeline.normalize.identity.keys import former_key, shared_key
from pipeline.normalize.identity.recognise import Recognised, known_as, lookup_keys, own_key, shares_link
from pipeline.normalize.identity.revise import first_met, revise
from pipeline.ports import Commit, Embedder, Lease, Store
from pipeline.records import Decision, EnrichedArticle, StoredArticle, Tie, content_id
from pipeline.stages.grouping.state import Clustering
from pipeline.stages.intake.known_vectors import KnownVectors
from pipeline.stages.intake.prepare import PreparedBatch
from pipeline.stories.features import features
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.features.statistics import StreamStatistics

# Articles a commit: small enough to lose little work in a crash, large enough to spare the disk.
COMMIT_ARTICLES = 200


@dataclass(slots=True)
class GroupCounts:
    """What became of the items of a batch, and which stories were founded and grown.

    `recognised` of the updated and duplicate ones came under another link or guid than the article had.
    """

    new: int = 0
    updated: int = 0
    duplicate: int = 0
    quarantined: int = 0
    recognised: int = 0
    founded: set[str] = field(default_factory=set)
    grown: set[str] = field(default_factory=set)

    def add(self, other: GroupCounts) -> None:
        """Adds the counts of another batch."""
        self.new += other.new
        self.updated += other.updated
        self.duplicate += other.duplicate
        self.quarantined += other.quarantined
        self.recognised += other.recognised
        self.founded |= other.founded
        self.grown |= other.grown


@dataclass(slots=True)
class _Chunk:
    """What one commit gathers, in order of arrival.

    Attributes:
        owners: Article id by identity key.
        articles: Articles that are stored already or have arrived in this chunk.
        waiting: New articles that have not arrived yet.
        written: What is to be written of the articles, in the order in which it happened: an article that
            came and was edited is there with each of its versions.
        places: Where in `written` the newest version of an article is.
        touched: For each story to be told anew, how many changes it has seen.
        decisions: Of the new articles.
        ties: Of stories that were tied to a situation.
        joined: Stories that are no longer alone in the situation that began with them.
        embedder: Makes the vectors that the batch does not bring.
        apart: For an article's id, those that a person told apart from it.
    """

    owners: dict[str, str]
    articles: dict[str, StoredArticle]
    embedder: Embedder | None = None
    apart: dict[str, set[str]] = field(default_factory=dict)
    waiting: list[EnrichedArticle] = field(default_factory=list)
    written: list[StoredArticle] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    touched: dict[str, int] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    ties: dict[str, Tie] = field(default_factory=dict)
    joined: list[str] = field(default_factory=list)

    def write(self, stored: StoredArticle) -> None:
        """Notes what is to be written of an article."""
        article = stored.enriched.article
        self.articles[article.id] = stored
        place = self.places.get(article.id)
        if place is not None and self.written[place].enriched.article.digest == article.digest:
            self.written[place] = stored
            return
        self.places[article.id] = len(self.written)
        self.written.append(stored)

    def touch(self, story: str) -> None:
        """Notes one more change of a story."""
        self.touched[story] = self.touched.get(story, 0) + 1


class Grouping:
    """Groups batches into stories.

    Args:
        store: Whose lease "stories" the caller holds.
        embedder: Makes vectors that a batch does not bring; None leaves them out.
        clustering: The clustering state; kept between the batches of one run.
        renew: Renews the lease and returns it; called before each commit.
        learned: What the stream has taught, kept likewise; None reads it from the store.
    """

    def __init__(
        self,
        store: Store,
        embedder: Embedder | None,
        clustering: Clustering,
        renew: Callable[[], Lease],
        learned: StreamStatistics | None = None,
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._renew = renew
        self._learned = StreamStatistics.load(store.learned) if learned is None else learned
        self._clustering = clustering

    def run(
        self, batch: PreparedBatch, marks: Mapping[str, str] | None = None, at: datetime | None = None
    ) -> GroupCounts:
        """Takes in one batch, in its order; what is already in the store is left as it is.

        Args:
            batch: Articles and rejections.
            marks: Saved with the last commit, together with the batch's feed states.
            at: When the batch is taken in, as the journal has it; for boards.

        Returns:
            What became of the items.
        """
        counts = GroupCounts(quarantined=len(batch.rejections), duplicate=sum(batch.known.values()))
        closing = Commit(rejections=batch.rejections, feeds=batch.feeds, marks=marks or {})
        pending = iter(batch.articles)
        articles = list(islice(pending, COMMIT_ARTICLES))
        while articles:
            following = list(islice(pending, COMMIT_ARTICLES))
            commit = replace(self._take(articles, batch, counts), at=at)
            self._store.commit(commit if following else _closed(commit, closing), self._renew())
            articles = following
        if not batch.articles:
            self._store.commit(closing, self._renew())
        return counts

    def _take(self, articles: Sequence[EnrichedArticle], batch: PreparedBatch, counts: GroupCounts) -> Commit:
        owners = self._store.find([key for e in articles for key in lookup_keys(e.article)])
        embedder = self._embedder and KnownVectors(batch.vectors, self._embedder)
        apart = self._told_apart()
        names = {each for name in owners.values() for each in (name, *apart.get(name, ()))}
        chunk = _Chunk(owners, self._store.articles(sorted(names)), embedder, apart)
        backfill = batch.backfill
        self._clustering.cover([e.article for e in articles])
        self._learned.read((e.article.language for e in articles), (e.article.outlet for e in articles))
        for enriched in articles:
            self._place(enriched, chunk, backfill, counts)
        self._arrive(chunk, backfill, counts)
        changed = {stored.enriched.article.id: stored for stored in chunk.written}
        return Commit(
            articles=tuple(chunk.written),
            stories=self._clustering.told(chunk.touched, changed, chunk.ties, chunk.joined),
            decisions=tuple(chunk.decisions),
            learned=self._learned.dirty() | self._clustering.situations.dirty(),
        )

    def _told_apart(self) -> dict[str, set[str]]:
        """For the articles that a person told apart, the others of the same link or guid."""
        apart: dict[str, set[str]] = {}
        for name, forms in self._clustering.constraints.told_apart:
            for other in set(self._store.find([*forms, *map(former_key, forms)]).values()) - {name}:
                apart.setdefault(name, set()).add(other)
                apart.setdefault(other, set()).add(name)
        return apart

    def _place(self, enriched: EnrichedArticle, chunk: _Chunk, backfill: bool, counts: GroupCounts) -> None:
        """Tells a new article from a known one; arrivals wait so that their vectors are made together."""
        article = enriched.article
        waiting = {e.article.id for e in chunk.waiting}
        if any(chunk.owners.get(key) in waiting for key in article.keys):
            self._arrive(chunk, backfill, counts)
        owners = {chunk.owners[key] for key in article.keys if key in chunk.owners}
        owners |= {other for name in owners for other in chunk.apart.get(name, ())}
        stored = {name: chunk.articles[name].enriched.article for name in owners if name in chunk.articles}
        known = known_as(article, chunk.owners, stored, chunk.apart)
        if known is not None:
            self._arrive(chunk, backfill, counts)
            self._revise(known, enriched, chunk, counts)
            return
        name = content_id(own_key(article, chunk.owners))
        if shares_link(article, chunk.owners):
            article = replace(article, keys=(*article.keys, shared_key(article.url)))
        chunk.waiting.append(replace(enriched, article=first_met(replace(article, id=name))))
        for key in article.keys:
            chunk.owners.setdefault(key, name)

    def _revise(
        self, known: Recognised, enriched: EnrichedArticle, chunk: _Chunk, counts: GroupCounts
    ) -> None:
        stored = chunk.articles[known.article]
        old = stored.enriched.article
        article = revise(old, enriched.article, known.because)
        counts.recognised += not known.plain
        if article.version == old.version:
            counts.duplicate += 1
            content = replace(stored.enriched, article=article)
        else:
            counts.updated += 1
            found = enriched if article.text != old.text else _retitled(stored.enriched, enriched)
            content = features.read_again(replace(found, article=article), self._learned)
            chunk.touch(stored.story)
        if article != old:
            chunk.write(replace(stored, enriched=content))
        for key in article.keys:
            chunk.owners.setdefault(key, old.id)

    def _arrive(self, chunk: _Chunk, backfill: bool, counts: GroupCounts) -> None:
        """Gives the waiting articles their sequence numbers, traits and stories."""
        arrivals = list(features.arrive(chunk.waiting, self._learned, chunk.embedder))
        assigned = self._clustering.assign([(a.enriched.article.id, a.traits) for a in arrivals])
        for arrival, (member, decision) in zip(arrivals, assigned, strict=True):
            chunk.write(StoredArticle(arrival.enriched, member.seq, decision.story, member.data, backfill))
            chunk.decisions.append(decision)
            chunk.touch(decision.story)
            self._tie(member, decision, chunk)
            counts.new += 1
            (counts.founded if decision.founded else counts.grown).add(decision.story)
        chunk.waiting.clear()

    def _tie(self, member: IndexedArticle, decision: Decision, chunk: _Chunk) -> None:
        """Finds the situation, if any, to which the article ties its story."""
        tied = self._clustering.situations.place(member, decision.story, founded=decision.founded)
        if tied is None:
            return
        chunk.ties[decision.story] = tied.tie
        if tied.joined:
            chunk.joined.append(tied.joined)


def _retitled(stored: EnrichedArticle, new: EnrichedArticle) -> EnrichedArticle:
    """What is known of the stored text, with the names of the new title."""
    named = {entity.id: entity for entity in stored.entities}
    titled = {entity.id: entity for entity in new.entities if any(s.field == "title" for s in entity.spans)}
    entities = []
    for name in dict.fromkeys((*named, *titled)):
        entity = named.get(name, titled.get(name))
        if entity is None:
            continue
        spans = [s for s in titled[name].spans if s.field == "title"] if name in titled else []
        spans += [s for s in named[name].spans if s.field == "text"] if name in named else []
        if spans or not entity.spans:
            entities.append(replace(entity, spans=tuple(spans), count=max(1, len(spans))))
    return replace(stored, entities=tuple(entities), kind=new.kind, kind_because=new.kind_because)


def _closed(commit: Commit, closing: Commit) -> Commit:
    return replace(commit, rejections=closing.rejections, feeds=closing.feeds, marks=closing.marks)
