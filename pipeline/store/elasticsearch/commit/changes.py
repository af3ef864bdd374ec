"""Works out the writes of a commit: the documents to put and to delete, and the new numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.errors import StoreError
from pipeline.ports import Commit, Version
from pipeline.records import Change, EnrichedArticle, StoredArticle, Story
from pipeline.store.codec import decode
from pipeline.store.copying import Piece
from pipeline.store.elasticsearch import documents
from pipeline.store.elasticsearch.commit.bulk import Write, out, put
from pipeline.store.elasticsearch.documents import binary, hashed
from pipeline.store.elasticsearch.indices import Names, index_kind, month, split_part
from pipeline.store.elasticsearch.reading import ARTICLE, PAGE, Reads, chunked
from pipeline.store.rules.numbering import Numbers, Placed, numbered
from pipeline.text import well_formed


@dataclass(slots=True)
class KnownIds:
    """What is known of an article that is stored, or that this commit has written so far.

    Attributes:
        seq: Its sequence number.
        digest: The digest of its content.
        story: The id of its story.
        place: The part of a month that it is in ("2026.03-p1"); the month alone if this commit brings it.
        document: The record as JSON.
        taken_in: When it came into the store.
        watches: The watches that have found it.
    """

    seq: int
    digest: str
    story: str
    place: str
    document: str
    taken_in: datetime | None
    watches: frozenset[str] = frozenset()


class Resolver:
    """Turns a commit into writes, given what the store holds now.

    Args:
        reads: The connection.
        names: The names of the store's indices.
    """

    def __init__(self, reads: Reads, names: Names) -> None:
        self._reads = reads
        self._names = names

    def writes(self, commit: Commit, before: Numbers) -> tuple[list[Write], Numbers]:
        """The writes of a commit, deletions first, and the numbers given out after it.

        Raises:
            StoreError: A new article's `seq` does not follow the head, or a known one's differs.
        """
        found = self._found(commit)
        articles, numbers = self._articles(commit, before, found)
        return [
            *self._out(commit),
            *articles,
            *self._marked(commit, found),
            *self._stories(commit, self._watches(commit)),
            *self._state(commit),
            *self._told(commit),
        ], numbers

    def restored(self, piece: Piece) -> list[Write]:
        """The writes of a piece of another store; articles keep their numbers, gaps included."""
        # Tellings came with the first piece, so the watches of articles can be looked up.
        tellings = self._names.alias("tellings")
        ids = [each.enriched.article.id for each in piece.commit.articles]
        finders = found_by(self._reads, tellings, "articles", ids)
        stories = found_by(self._reads, tellings, "story", [each.id for each in piece.commit.stories])
        writes = [
            write
            for stored in piece.commit.articles
            for write in _restored(stored, finders.get(well_formed(stored.enriched.article.id), ()))
        ]
        for place, version in piece.versions:
            name = hashed(version.article.id, str(place))
            writes.append(put("versions", name, documents.version_source(version, place)))
        writes += [_change(each) for each in piece.changes]
        named = {hashed(name): watches for name, watches in stories.items()}
        rest = (self._stories(piece.commit, named), self._state(piece.commit), self._told(piece.commit))
        return [*writes, *(write for writes_of in rest for write in writes_of)]

    # -- articles ----------------------------------------------------------------------------------------

    def _articles(
        self, commit: Commit, before: Numbers, found: Mapping[str, set[str]]
    ) -> tuple[list[Write], Numbers]:
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
                if split_part(former.place)[0] == when:
                    when = former.place
                else:
                    writes += gone(former.place, name)
            taken_in = former.taken_in if former else at
            watches = (former.watches if former else frozenset()) | found.get(name, set())
            source = documents.article_source(stored, taken_in, watches)
            writes += placed(when, name, source, stored.traits)
            digest = well_formed(stored.enriched.article.digest)
            known[name] = KnownIds(
                stored.seq, digest, well_formed(stored.story), when, source["document"], taken_in, watches
            )
        writes += [_change(each) for each in changes]
        return writes, Numbers(head, changes[-1].n if changes else before.change)

    def _known(self, names: Sequence[str]) -> dict[str, KnownIds]:
        fields = ("seq", "digest", "story", "document", "taken_in", "watch")
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
                frozenset(source.get("watch", ())),
            )
        return found

    # -- watches, for Kibana -----------------------------------------------------------------------------

    def _found(self, commit: Commit) -> dict[str, set[str]]:
        """The watches that find an article with this commit, by the id of its document."""
        tellings = {hashed(each.watch, each.story): each for each in commit.tellings}
        former = {
            hit["_id"]: set(hit["_source"].get("articles", ()))
            for hit in self._reads.by_ids(self._names.alias("tellings"), tellings, ("articles",))
        }
        found: dict[str, set[str]] = {}
        for name, telling in tellings.items():
            for article in set(map(well_formed, telling.matched)) - former.get(name, set()):
                found.setdefault(hashed(article), set()).add(well_formed(telling.watch))
        return found

    def _marked(self, commit: Commit, found: Mapping[str, set[str]]) -> Iterator[Write]:
        """Rewrites stored articles that a watch found and that are not in this commit, with their watches."""
        brought = {hashed(each.enriched.article.id) for each in commit.articles}
        brought |= set(map(hashed, commit.retired))
        names = [name for name in found if name not in brought]
        for hit in self._reads.by_ids(self._names.articles, names, (*ARTICLE, "taken_in", "watch")):
            source, name = hit["_source"], hit["_id"]
            watches = {*source.get("watch", ()), *found[name]}
            if watches != set(source.get("watch", ())):
                stored = documents.article_from(source, "")
                fresh = documents.article_source(stored, documents.taken_in_of(source), watches)
                yield put(index_kind(self._names, hit["_index"]), name, fresh)

    def _watches(self, commit: Commit) -> dict[str, set[str]]:
        """The watches of stories that this commit writes or tells of, by the ids of their documents."""
        changed = {hashed(each.story) for each in commit.tellings}
        changed |= {hashed(story) for _, story in commit.forgotten}
        names = {hashed(each.id) for each in commit.stories} | changed - set(map(hashed, commit.ended))
        index = self._names.alias("stories")
        watches = {name: set[str]() for name in names}
        for hit in self._reads.by_ids(index, sorted(names), ("watch",)):
            watches[hit["_id"]] |= set(hit["_source"].get("watch", ()))
        for watch, story in commit.forgotten:
            watches.get(hashed(story), set()).discard(well_formed(watch))
        for telling in commit.tellings:
            watches.get(hashed(telling.story), set()).add(well_formed(telling.watch))
        return watches

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
            yield from gone(known.place, name)
        ids = [each for each in commit.retired if hashed(each) in found]
        yield from kept_of(self._reads, self._names, list(found), map(well_formed, ids))
        yield from (out("stories", hashed(each)) for each in commit.ended)
        yield from (out("quarantine", hashed(each)) for each in commit.released)
        yield from (out("tellings", hashed(*pair)) for pair in commit.forgotten)
        for key, data in commit.learned.items():
            if not data:
                yield out("learned", hashed(key))

    def _stories(self, commit: Commit, watches: Mapping[str, Collection[str]]) -> Iterator[Write]:
        written = {hashed(story.id) for story in commit.stories}
        for story in commit.stories:
            name = hashed(story.id)
            yield put("stories", name, documents.story_source(story, watches.get(name, ())))
        others = [name for name in watches if name not in written]
        for hit in self._reads.by_ids(self._names.alias("stories"), others, ("document", "watch")):
            source, theirs = hit["_source"], watches[hit["_id"]]
            if set(theirs) != set(source.get("watch", ())):
                told = decode(Story, source["document"])
                yield put("stories", hit["_id"], documents.story_source(told, theirs))
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
    when: str, name: str, article: documents.Source, traits: bytes, generation: int | None = None
) -> tuple[Write, Write]:
    """The writes of an article into a month or a part of it: as an article, and as a member of its story.

    Args:
        when: The month or the part.
        name: The id of both documents.
        article: The fields of the article.
        traits: Its traits, which go into the member.
        generation: The documents' own generation, if that is not the commit's.
    """
    member = documents.member_source(article, traits)
    return (
        put(f"articles-{when}", name, article, generation),
        put(f"members-{when}", name, member, generation),
    )


def gone(when: str, name: str) -> tuple[Write, Write]:
    """The writes that delete an article from a month or a part of it."""
    return out(f"articles-{when}", name), out(f"members-{when}", name)


def kept_of(reads: Reads, names: Names, documents: Iterable[str], articles: Iterable[str]) -> Iterator[Write]:
    """The writes that delete what else is kept of articles: decisions, versions and changes.

    Args:
        reads: The connection.
        names: The names of the store's indices.
        documents: The ids of the articles' documents.
        articles: The ids of the articles.
    """
    yield from (out("decisions", name) for name in documents)
    for piece in chunked(articles):
        query = {"terms": {"article": piece}}
        order = [{"article": "asc"}, {"place": "asc"}]
        for hit in reads.pages(order, PAGE, index=names.alias("versions"), query=query, source=False):
            yield out("versions", hit["_id"])
        for hit in reads.pages([{"n": "asc"}], PAGE, index=names.alias("changes"), query=query, source=False):
            yield out("changes", hit["_id"])


def found_by(
    reads: Reads, tellings: str | list[str], field: str, names: Iterable[str]
) -> dict[str, set[str]]:
    """The watches that have found these articles, or something in these stories, by their ids.

    Args:
        reads: The connection.
        tellings: The index of the tellings, or several.
        field: "articles" or "story".
        names: Ids of articles or stories.
    """
    found: dict[str, set[str]] = {}
    order = [{"watch": "asc"}, {"story": "asc"}]
    for piece in chunked(map(well_formed, names)):
        wanted = set(piece)
        query = {"terms": {field: piece}}
        for hit in reads.pages(order, PAGE, index=tellings, query=query, source=["watch", field]):
            told = hit["_source"][field]
            for name in wanted.intersection([told] if isinstance(told, str) else told):
                found.setdefault(name, set()).add(hit["_source"]["watch"])
    return found


def _restored(stored: StoredArticle, watches: Collection[str]) -> tuple[Write, Write]:
    article = stored.enriched.article
    source = documents.article_source(stored, watches=watches)
    return placed(month(article.time), hashed(article.id), source, stored.traits)


def _named(kind: str, name: str, value: str) -> documents.Source:
    return {"kind": kind, "name": well_formed(name), "document": well_formed(value)}


def _changed(
    names: Sequence[str], articles: Sequence[StoredArticle], known: dict[str, KnownIds]
) -> list[str]:
    """The document ids of known articles that come with another digest."""
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
    """The write of the former version, if the digest changed."""
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
