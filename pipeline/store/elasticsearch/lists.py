"""Sorted lists, read with `search_after`: stories, articles that name something, and the quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from pipeline.ports import Identified, Naming, RejectionFilter, StoryFilter, StoryOrder
from pipeline.query.fields import from_micros, micros
from pipeline.query.tree import Term
from pipeline.records import EntityName
from pipeline.store.article_lines import names_in
from pipeline.store.elasticsearch.clauses import compiled
from pipeline.store.elasticsearch.documents import from_binary
from pipeline.store.elasticsearch.indices import Names
from pipeline.store.elasticsearch.reading import NARROW_PAGE, PAGE, Dsl, Found, Reads
from pipeline.text import fold, well_formed

NEWEST_REFUSED: Final[list[Dsl]] = [{"at_us": "desc"}, {"id": "asc"}]
_REFUSED_BY: Final = {"source": "source", "place": "place", "stage": "stage", "reason": "reason.keyword"}
# `Rejection.place` in Painless, as a runtime field, so that entries of any age have it.
_PLACE: Final = """
if (doc['source'].size() == 0) return;
String source = doc['source'].value;
int scheme = source.indexOf('://');
if (scheme < 0) { emit(source); return; }
String server = source.substring(scheme + 3);
for (int i = 0; i < server.length(); i++) {
  char letter = server.charAt(i);
  if (letter == (char)'/' || letter == (char)'?' || letter == (char)'#') {
    server = server.substring(0, i);
    break;
  }
}
server = server.substring(server.lastIndexOf('@') + 1);
String host = server;
if (server.startsWith('[')) {
  int end = server.indexOf(']');
  host = end < 0 ? server.substring(1) : server.substring(1, end);
} else {
  int port = server.indexOf(':');
  host = port < 0 ? server : server.substring(0, port);
}
emit(host.length() == 0 ? source : host.toLowerCase());
"""
_RUNTIME: Final[Dsl] = {"place": {"type": "keyword", "script": {"source": _PLACE}}}
# If a query hits at most FEW_HITS articles, their stories are collected. Beyond, stories are read in the
# order of the list, beginning with _FIRST_PIECE for each one wanted.
FEW_HITS, _FIRST_PIECE = 20_000, 8
_BY: dict[StoryOrder, str] = {"hot": "hot", "new": "last_us", "size": "size"}


class StoryPage:
    """One page of a list.

    Args:
        reads: The connection.
        names: The names of the store's indices.
        wanted: Which stories.
        order: What the list is sorted by.
        after: Where the previous page ended (`place_in`).
    """

    def __init__(
        self,
        reads: Reads,
        names: Names,
        wanted: StoryFilter,
        order: StoryOrder,
        after: tuple[int, float, str] | None,
    ) -> None:
        self._reads, self._names = reads, names
        undated: list[Dsl] = [] if order == "size" else [{"undated": "asc"}]
        self._sort: list[Dsl] = [*undated, {_BY[order]: {"order": "desc", "missing": "_last"}}, {"id": "asc"}]
        self._filters = [*_filters(wanted), *_behind(order, after)]

    def documents(self, query: Dsl | None, limit: int) -> list[str]:
        """The records of the stories on the page, as JSON."""
        articles = self._names.articles
        if query is None:
            return [hit["_source"]["document"] for hit in self._stories([], limit)]
        if self._reads.count(articles, query) <= FEW_HITS:
            found = list(self._reads.groups(articles, "story", query))
            chosen = self._stories([{"terms": {"id": found}}], limit) if found else []
            return [hit["_source"]["document"] for hit in chosen]
        return self._walked(query, limit)

    def _stories(self, filters: list[Dsl], limit: int | None, size: int = PAGE) -> Iterable[Found]:
        asked = {"bool": {"filter": [*self._filters, *filters]}}
        index = self._names.alias("stories")
        return self._reads.pages(self._sort, size, limit, index=index, query=asked, source=["document", "id"])

    def _walked(self, query: Dsl, limit: int) -> list[str]:
        """For queries with many hits: reads stories in order, piece by piece, and keeps those that are hit.

        A frequent word has its page among the first few stories, so the pieces are small.
        """
        found: list[str] = []
        piece: dict[str, str] = {}
        size = min(_FIRST_PIECE * limit, PAGE)
        for hit in self._stories([], None, size):
            piece[hit["_source"]["id"]] = hit["_source"]["document"]
            if len(piece) == size:
                found += self._hit(query, piece)
                piece.clear()
                if len(found) >= limit:
                    return found[:limit]
        return [*found, *self._hit(query, piece)][:limit]

    def _hit(self, query: Dsl, piece: dict[str, str]) -> list[str]:
        if not piece:
            return []
        inside = {"bool": {"filter": [query, {"terms": {"story": list(piece)}}]}}
        hit = set(self._reads.groups(self._names.articles, "story", inside))
        return [document for name, document in piece.items() if name in hit]


def count(reads: Reads, names: Names, wanted: StoryFilter, most: int) -> int:
    """How many stories there are, at most `most`.

    Raises:
        ValueError: There is a query, or a kind.
    """
    if wanted.hitting is not None:
        raise ValueError("stories are counted without a query")
    return min(most, reads.count(names.alias("stories"), {"bool": {"filter": _filters(wanted)}}))


def _filters(wanted: StoryFilter) -> list[Dsl]:
    found: list[Dsl] = [
        {"range": {field: {"gte": least}}}
        for field, least in (("size", wanted.min_articles), ("origins", wanted.min_origins))
        if least > 0
    ]
    if wanted.min_outlets > 0:
        script = {"source": "doc['outlets'].size() >= params.least", "params": {"least": wanted.min_outlets}}
        found.append({"script": {"script": script}})
    if wanted.after_seq >= 0:
        found.append({"range": {"last_seq": {"gt": wanted.after_seq}}})
    if wanted.since is not None:
        found.append({"range": {"last_us": {"gte": micros(wanted.since)}}})
    if wanted.tied:
        found.append({"exists": {"field": "situation"}})
    exact = (("topic_ids", wanted.topic), ("languages", wanted.language), ("situation", wanted.situation))
    for field, value in exact:
        if value:
            found.append({"term": {field: well_formed(value)}})
    return found


def _behind(order: StoryOrder, after: tuple[int, float, str] | None) -> list[Dsl]:
    """The query for what comes after a place in the order."""
    if after is None:
        return []
    field, (late, value, name) = _BY[order], after
    value = value if order == "hot" else int(value)
    same = {"bool": {"filter": [{"term": {field: value}}, {"range": {"id": {"gt": well_formed(name)}}}]}}
    behind = _any([{"range": {field: {"lt": value}}}, same])
    if order == "size":
        return [behind]
    later = {"range": {"undated": {"gt": late}}}
    return [_any([later, {"bool": {"filter": [{"term": {"undated": late}}, behind]}}])]


def _any(parts: list[Dsl]) -> Dsl:
    return {"bool": {"should": parts, "minimum_should_match": 1}}


def beginning(reads: Reads, names: Names, kind: Identified, prefix: str, limit: int) -> list[str]:
    """Ids that begin with a prefix, in the order of their characters."""
    index = names.articles if kind == "articles" else names.alias("stories" if kind == "situations" else kind)
    places: list[tuple[str, str, list[Dsl]]] = [(index, "situation" if kind == "situations" else "id", [])]
    if kind == "stories":
        places.append((names.alias("corrections"), "story", [{"term": {"kind": "merged"}}]))
    found = set[str]()
    for where, field, more in places:
        request: dict[str, Any] = {
            "index": where,
            "query": {"bool": {"filter": [{"prefix": {field: well_formed(prefix)}}, *more]}},
            "collapse": {"field": field},
            "source": [field],
        }
        found.update(hit["_source"][field] for hit in reads.pages([{field: "asc"}], PAGE, limit, **request))
    return sorted(found)[:limit]


def rejections(
    reads: Reads, index: str, wanted: RejectionFilter, limit: int | None, after: tuple[datetime, str] | None
) -> list[Found]:
    """The documents of one page of quarantine entries, newest first, ties by id."""
    chosen = {name: getattr(wanted, name) for name in _REFUSED_BY}
    filters: list[Dsl] = [
        {"term": {_REFUSED_BY[name]: well_formed(value)}} for name, value in chosen.items() if value
    ]
    if after is not None:
        at, name = micros(after[0]), well_formed(after[1])
        same = {"bool": {"filter": [{"term": {"at_us": at}}, {"range": {"id": {"gt": name}}}]}}
        behind = [{"range": {"at_us": {"lt": at}}}, same]
        filters.append({"bool": {"should": behind, "minimum_should_match": 1}})
    request: dict[str, Any] = {"index": index, "query": {"bool": {"filter": filters}}, "source": ["document"]}
    if wanted.place:
        request["runtime_mappings"] = _RUNTIME
    return list(reads.pages(NEWEST_REFUSED, PAGE, limit, **request))


def count_rejections(
    reads: Reads, index: str, by: Literal["reason", "place"], most: int
) -> list[tuple[str, int]]:
    """How many entries there are of each reason or place, most first, ties by name."""
    ordered = [{"_count": "desc"}, {"_key": "asc"}]
    terms = {"terms": {"field": _REFUSED_BY[by], "size": most, "order": ordered}}
    runtime = {"runtime_mappings": _RUNTIME} if by == "place" else {}
    answer = reads.search(index=index, size=0, aggs={"of": terms}, **runtime)
    return [(bucket["key"], bucket["doc_count"]) for bucket in answer["aggregations"]["of"]["buckets"]]


def naming(reads: Reads, index: str, entity: str, limit: int) -> list[Naming]:
    """Articles that name something, the newest first.

    Only doc values are read, because picking values out of thousands of whole documents takes many times as
    long. If an article was written before the field `names` existed (`indices.FIELDS`), or names more than
    one doc value takes, the documents are read.
    """
    asked: Dsl = {"bool": {"filter": [compiled(Term("entities", entity, (fold(entity),)))]}}
    columns = ["seq", "time_us", "story", "names"]
    order = [{"seq": "desc"}]
    narrow = list(_columns(reads, order, columns, limit, index=index, query=asked))
    if all("names" in each for each in narrow):
        return [_naming(each, names_in(from_binary(each["names"]))) for each in narrow]
    pages = reads.pages(order, PAGE, limit, index=index, query=asked, source=[*columns[:3], "document"])
    whole = [hit["_source"] for hit in pages]
    return [_naming(each, names_in(each["document"])) for each in whole]


def _naming(columns: Mapping[str, Any], names: tuple[EntityName, ...]) -> Naming:
    return Naming(columns["seq"], from_micros(columns["time_us"]), columns.get("story", ""), names)


def times(reads: Reads, index: str, story: str) -> list[datetime]:
    """The time of each article of a story (`Article.time`), by number."""
    query: Dsl = {"term": {"story": well_formed(story)}}
    found = _columns(reads, [{"seq": "asc"}], ["time_us"], None, index=index, query=query)
    return [from_micros(each["time_us"]) for each in found]


def _columns(
    reads: Reads, order: Sequence[Dsl], columns: Sequence[str], limit: int | None, **request: Any
) -> Iterator[Dsl]:
    """The single doc values of some fields for all hits, without reading a document."""
    narrow = {"source": False, "stored_fields": "_none_", "docvalue_fields": list(columns)}
    for hit in reads.pages(order, NARROW_PAGE, limit, **narrow, **request):
        yield {name: values[0] for name, values in hit["fields"].items()}
