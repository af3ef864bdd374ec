"""What a commit comes to: the documents to put and to take out, and the new head."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.errors import StoreError
from pipeline.ports import Commit, Version
from pipeline.records import Change, EnrichedArticle, StoredArticle
from pipeline.store.codec import decode
from pipeline.store.copying import Piece
from pipeline.store.elasticsearch import documents
from pipeline.store.elasticsearch.bulk import Write, out, put
from pipeline.store.elasticsearch.documents import binary, hashed
from pipeline.store.elasticsearch.indices import Names, index_kind, month
from pipeline.store.elasticsearch.reading import PAGE, Reads, chunked
from pipeline.store.rules.numbering import Numbers, Placed, numbered
from pipeline.text import well_formed


@dataclass(slots=True)
class KnownIds:
    """What is stored of an article.

    Attributes:
        seq: Its number.
        digest: As in its record.
        story: The one it is in.
        month: The one whose index it is in.
        document: The record as JSON.
        taken_in: When it came.
    """

    seq: int
    digest: str
    story: str
    month: str
    document: str
    taken_in: datetime | None


class Resolver:
    """Turns a commit into writes, by what the store holds now.

    Args:
        reads: The connection.
        names: The names of the store's indices.
    """

    def __init__(self, reads: Reads, names: Names) -> None:
        self._reads = reads
        self._names = names

    def writes(self, commit: Commit, before: Numbers) -> tuple[list[Write], Numbers]:
        """The writes of a commit, and the numbers given out after it. What is taken out goes first.

        Raises:
            StoreError: A new article's `seq` does not follow the head, or a known one's differs.
        """
        articles, numbers = self._articles(commit, before)
        return [
            *self._out(commit),
            *articles,
            *self._stories(commit),
            *self._state(commit),
            *self._told(commit),
        ], numbers

    def restored(self, piece: Piece) -> list[Write]:
        """The writes of a piece of another store: articles keep their numbers, whatever lies between them."""
        writes = [write for stored in piece.commit.articles for write in _restored(stored)]
        for place, version in piece.versions:
            name = hashed(version.article.id, str(place))
            writes.append(put("versions", name, documents.version_source(version, place)))
        writes += [_change(each) for each in piece.changes]
        return [*writes, *self._stories(piece.commit), *self._state(piece.commit), *self._told(piece.commit)]

    # -- articles ----------------------------------------------------------------------------------------

    def _articles(self, commit: Commit, before: Numbers) -> tuple[list[Write], Numbers]:
        articles, head, at = commit.articles, before.article, commit.at
        names = [hashed(each.enriched.article.id) for each in articles]
        known = self._known(names)
        places = self._version_counts(_changed(names, articles, known))
        placed_before = {
            well_formed(stored.enriched.article.id): Placed(former.digest, former.story)
            for name, stored in zip(names, articles, strict=True)
            if (former := known.get(name))
        }
        changes = numbered(commit, placed_before, before)
        writes: list[Write] = []
        for name, stored in zip(names, articles, strict=True):
            former = known.get(name)
            head = _numbered(stored, former, head)
            when = month(stored.enriched.article.time)
            if former:
                writes += _former(stored, former, places)
                if former.month != when:
                    writes += gone(former.month, name)
            taken_in = former.taken_in if former else at
            source = documents.article_source(stored, taken_in)
            writes += placed(when, name, source)
            digest = well_formed(stored.enriched.article.digest)
            known[name] = KnownIds(
                stored.seq, digest, well_formed(stored.story), when, source["document"], taken_in
            )
        writes += [_change(each) for each in changes]
        return writes, Numbers(head, changes[-1].n if changes else before.change)

    def _known(self, names: Sequence[str]) -> dict[str, KnownIds]:
        fields = ("seq", "digest", "story", "document", "taken_in")
        found: dict[str, KnownIds] = {}
        for hit in self._reads.by_ids(self._names.articles, names, fields):
            source = hit["_source"]
            when = index_kind(self._names, hit["_index"]).removeprefix("articles-")
            found[hit["_id"]] = KnownIds(
                source["seq"],
                source.get("digest", ""),
                source.get("story", ""),
                when,
                source["document"],
                documents.taken_in_of(source),
            )
        return found

    def _version_counts(self, names: Sequence[str]) -> dict[str, int]:
        counts: dict[str, int] = {}
        for piece in chunked(names, PAGE):
            answer = self._reads.search(
                index=self._names.alias("versions"),
                query={"terms": {"article": piece}},
                size=0,
                aggs={"count": {"terms": {"field": "article", "size": len(piece)}}},
            )
            counts |= {each["key"]: each["doc_count"] for each in answer["aggregations"]["count"]["buckets"]}
        return counts

    # -- the rest ----------------------------------------------------------------------------------------

    def _out(self, commit: Commit) -> Iterator[Write]:
        found = self._known([hashed(each) for each in commit.retired])
        for name, known in found.items():
            yield from gone(known.month, name)
        ids = [each for each in commit.retired if hashed(each) in found]
        yield from kept_of(self._reads, self._names, list(found), map(well_formed, ids))
        yield from (out("stories", hashed(each)) for each in commit.ended)
        yield from (out("quarantine", hashed(each)) for each in commit.released)
        yield from (out("tellings", hashed(*pair)) for pair in commit.forgotten)
        for key, data in commit.learned.items():
            if not data:
                yield out("learned", hashed(key))

    def _stories(self, commit: Commit) -> Iterator[Write]:
        for story in commit.stories:
            yield put("stories", hashed(story.id), documents.story_source(story))
        for decision in commit.decisions:
            yield put("decisions", hashed(decision.article), documents.decision_source(decision))
        for lineage in commit.lineage:
            at = lineage.at.isoformat()
            name = hashed(lineage.story, lineage.into, lineage.kind, at, lineage.by)
            yield put("corrections", name, documents.lineage_source(lineage))
        there = self._there("corrections", [hashed("correction", each.id) for each in commit.corrections])
        for correction in commit.corrections:
            name = hashed("correction", correction.id)
            if name not in there:
                yield put("corrections", name, documents.correction_source(correction))

    def _state(self, commit: Commit) -> Iterator[Write]:
        for key, data in commit.learned.items():
            if data:
                yield put("learned", hashed(key), {"key": well_formed(key), "data": binary(data)})
        for rejection in commit.rejections:
            yield put("quarantine", hashed(rejection.id), documents.rejection_source(rejection))
        for feed in commit.feeds:
            yield put("feeds", hashed(feed.feed), documents.feed_source(feed))
        for request in commit.requests:
            yield put("state", hashed("request", request.id), documents.request_source(request))
        for name, value in commit.marks.items():
            yield put("state", hashed("mark", name), _named("mark", name, value))

    def _told(self, commit: Commit) -> Iterator[Write]:
        for telling in commit.tellings:
            yield put("tellings", hashed(telling.watch, telling.story), documents.telling_source(telling))
        there = self._there("alerts", [hashed(each.id) for each in commit.alerts])
        for alert in commit.alerts:
            if hashed(alert.id) not in there:
                yield put("alerts", hashed(alert.id), documents.alert_source(alert))
        for message in commit.messages:
            yield put("outbox", hashed(message.id), documents.message_source(message))

    def _there(self, kind: str, names: Sequence[str]) -> set[str]:
        return {hit["_id"] for hit in self._reads.by_ids(self._names.alias(kind), names, ())}


def placed(
    when: str, name: str, article: documents.Source, generation: int | None = None
) -> tuple[Write, Write]:
    """The writes of an article into a month: searchable, and as a member of its story.

    Side by side, so that the second costs next to nothing in a packed intent.
    """
    member = documents.member_source(article)
    return (
        put(f"articles-{when}", name, article, generation),
        put(f"members-{when}", name, member, generation),
    )


def gone(when: str, name: str) -> tuple[Write, Write]:
    """The writes that take an article out of a month."""
    return out(f"articles-{when}", name), out(f"members-{when}", name)


def kept_of(reads: Reads, names: Names, documents: Iterable[str], articles: Iterable[str]) -> Iterator[Write]:
    """The writes that take out what is kept of articles: decisions, versions and changes.

    Args:
        reads: The connection.
        names: The names of the store's indices.
        documents: The names of the articles' documents.
        articles: Their ids.
    """
    yield from (out("decisions", name) for name in documents)
    for piece in chunked(articles):
        query = {"terms": {"article": piece}}
        order = [{"article": "asc"}, {"place": "asc"}]
        for hit in reads.pages(order, PAGE, index=names.alias("versions"), query=query, source=False):
            yield out("versions", hit["_id"])
        for hit in reads.pages([{"n": "asc"}], PAGE, index=names.alias("changes"), query=query, source=False):
            yield out("changes", hit["_id"])


def _restored(stored: StoredArticle) -> tuple[Write, Write]:
    article = stored.enriched.article
    return placed(month(article.time), hashed(article.id), documents.article_source(stored))


def _named(kind: str, name: str, value: str) -> documents.Source:
    return {"kind": kind, "name": well_formed(name), "document": well_formed(value)}


def _changed(
    names: Sequence[str], articles: Sequence[StoredArticle], known: dict[str, KnownIds]
) -> list[str]:
    """The names of the known articles that come with another digest."""
    return [
        name
        for name, stored in zip(names, articles, strict=True)
        if name in known and known[name].digest != well_formed(stored.enriched.article.digest)
    ]


def _numbered(stored: StoredArticle, former: KnownIds | None, head: int) -> int:
    name = well_formed(stored.enriched.article.id)
    if former is not None and former.seq != stored.seq:
        raise StoreError(f"article {name} has sequence number {former.seq}, not {stored.seq}")
    if former is None and stored.seq != head + 1:
        raise StoreError(
            f"article {name} has sequence number {stored.seq}, the store is at {head}: "
            "another writer was here; load again"
        )
    return head if former else stored.seq


def _former(stored: StoredArticle, former: KnownIds, places: dict[str, int]) -> Iterator[Write]:
    """The version that a change of digest leaves behind."""
    if former.digest == well_formed(stored.enriched.article.digest):
        return
    old = decode(EnrichedArticle, former.document)
    replaced = stored.enriched.article.revised or stored.enriched.article.fetched
    yield _version(Version(old.article, replaced, old.entities, old.topics), places)


def _version(version: Version, places: dict[str, int]) -> Write:
    name = well_formed(version.article.id)
    places[name] = place = places.get(name, 0) + 1
    return put("versions", hashed(name, str(place)), documents.version_source(version, place))


def _change(change: Change) -> Write:
    return put("changes", str(change.n), documents.change_source(change))
