"""Search, names across articles, and the affairs above stories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from pipeline.alerts.decide.watch_rule import WatchRule
from pipeline.alerts.send.content import Snippet, snippets
from pipeline.app import App
from pipeline.app.names import NAMED_LATELY
from pipeline.app.shapes import hit_shape, situation_shape
from pipeline.desk.charts import Spark, drawn
from pipeline.desk.read import AGES, Source, order_of, query_of, source_of, wanted_of
from pipeline.desk.view import Ask, View, cut, part
from pipeline.ports import SearchHit
from pipeline.query.parse import is_relative, parse
from pipeline.query.say import describe
from pipeline.records import Watch

HITS: Final = 100
# Passages are long texts' work: beyond so many hits the title stands alone.
_WITH_PASSAGES: Final = 30
_DAYS: Final = 90
_VALUES: Final = 10
_SUGGESTED_FROM: Final = 5000
# A name's page lists so many of its stories.
_STORIES: Final = 60
_STORY_HEAD: Final = ("id", "title", "size", "first_published", "last_published")
# Situations that are listed at once: each is read by a request of its own.
_SITUATIONS: Final = 10


@dataclass(frozen=True, slots=True)
class HitRow:
    """An article that a search found, with the passage that hit."""

    source: Source
    story: str
    passage: Snippet | None


def search(app: App, ask: Ask) -> View:
    """Articles that a query hits, best first, with passages, stories and counts."""
    query = query_of(ask)
    if not query:
        return View("search", {"query": "", "meaning": "", "ages": AGES}, [])
    tree = parse(query, ask.now)
    hits = app.read.search(query, since=ask.one("since") or None, limit=HITS)
    rule = WatchRule(Watch("", query), tree, is_relative(query))
    rows = [_row(hit, rule, ask, n < _WITH_PASSAGES) for n, hit in enumerate(hits)]
    titles = app.read.titles([row.story for row in rows])
    groups: dict[str, list[HitRow]] = {}
    for row in rows:
        groups.setdefault(row.story, []).append(row)

    def document() -> list[dict[str, Any]]:
        return [hit_shape(hit) for hit in hits]

    head = ("id", "title", "source", "url", "published", "language", "story", "score")
    return View(
        "search",
        {
            "query": query,
            "meaning": describe(tree),
            "ages": AGES,
            "rows": rows,
            "groups": list(groups.items()),
            "titles": titles,
            "flat": bool(ask.one("flat")),
            "capped": len(hits) == HITS,
            "facets": _facets(hits),
        },
        document,
        lambda: _table(head, document()),
        followed=True,
    )


def _table(head: Sequence[str], rows: Sequence[dict[str, Any]]) -> tuple[Sequence[str], ...]:
    """Rows for a spreadsheet, of these keys."""
    return (head, *([str("" if row[key] is None else row[key]) for key in head] for row in rows))


def _row(hit: SearchHit, rule: WatchRule, ask: Ask, with_passage: bool) -> HitRow:
    found = snippets(rule, [hit.article]) if with_passage else ()
    return HitRow(source_of(hit.article.line, ask.seen), hit.article.story, found[-1] if found else None)


def _facets(hits: Sequence[SearchHit]) -> dict[str, list[tuple[str, int]]]:
    """What the hits that are shown have in common, ten values each."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("topic", "name", "outlet", "language")}
    for hit in hits:
        each = hit.article.enriched
        counts["topic"].update(topic.id for topic in each.topics)
        counts["name"].update(entity.name for entity in each.entities)
        counts["outlet"].update([each.article.outlet] if each.article.outlet else [])
        counts["language"].update([each.article.language] if each.article.language else [])
    return {
        name: sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:_VALUES]
        for name, found in counts.items()
    }


def names(app: App, ask: Ask) -> View:
    """Names: the one that is asked for, else those that may be one."""
    wanted = ask.one("q")
    if wanted:
        found, _ = app.names.entity(wanted, 1)
        return View(to=f"{ask.root}/names/{part(found['id'])}", status=303)
    # They are made of a great many articles, so only when they are asked for.
    proposals = app.names.suggestions(20, _SUGGESTED_FROM) if ask.one("suggest") else []
    return View("names", {"proposals": proposals, "asked": bool(ask.one("suggest"))}, proposals)


def name(app: App, ask: Ask) -> View:
    """One person, place or organisation: its articles over time, its stories, and who stands beside it."""
    found, more = app.names.entity(ask.given["id"], NAMED_LATELY, _STORIES)
    first = ask.now.date() - timedelta(days=_DAYS - 1)
    newest = max((date.fromisoformat(day["day"]) for day in found["days"]), default=first)
    # Of old news the days up to its last are shown.
    last = ask.now.date() if newest >= first else newest
    return View(
        "name",
        {
            "entity": found,
            "title": cut(found["name"], 200),
            "count": found["articles"] if found["articles"] < NAMED_LATELY else f"{NAMED_LATELY}+",
            "chart": _days(found["days"], last),
            "stories": [
                each
                | {
                    "last": datetime.fromisoformat(each["last_published"]),
                    "first": datetime.fromisoformat(each["first_published"]),
                }
                for each in found["stories"]
            ],
            "more": more,
        },
        found,
        _table(_STORY_HEAD, found["stories"]),
        followed=True,
    )


def _days(days: Sequence[dict[str, Any]], last: date) -> Spark:
    counts = {date.fromisoformat(each["day"]): int(each["articles"]) for each in days}
    shown = [last - timedelta(days=n) for n in range(_DAYS - 1, -1, -1)]
    start = datetime(shown[0].year, shown[0].month, shown[0].day, tzinfo=UTC)
    return drawn([counts.get(day, 0) for day in shown], start, start + timedelta(days=_DAYS))


def situations(app: App, ask: Ask) -> View:
    """The long affairs that tie stories together, with what came last of each."""
    wanted = wanted_of(app, ask)
    found = app.read.situations(wanted, order_of(ask), _SITUATIONS)
    document = [situation_shape(name, entries) for name, entries in found]
    return View(
        "situations",
        {
            "found": [(shape, entries[-3:]) for shape, (_, entries) in zip(document, found, strict=True)],
            "one": None,
            "ages": AGES,
            "query": query_of(ask),
        },
        document,
        _table(("id", "title", "first", "last", "articles"), document),
    )


def situation(app: App, ask: Ask) -> View:
    """One affair as a timeline: a block a story, with what is new in it, who, and what tied it."""
    name, entries = app.read.situation(ask.given["id"])
    if name != ask.given["id"]:
        return View(to=f"{ask.root}/situations/{part(name)}", status=301)
    document = situation_shape(name, entries)
    return View(
        "situations",
        {"one": document, "found": [(document, entries)], "ages": AGES, "query": ""},
        document,
        _table(_STORY_HEAD, document["stories"]),
        followed=True,
    )
