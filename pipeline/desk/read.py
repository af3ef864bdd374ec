"""Stories now, one story, one article."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from pipeline.app import App
from pipeline.app.shapes import (
    one_story_shape,
    stamp,
    story_shape,
)
from pipeline.desk.charts import Spark, spark
from pipeline.desk.view import Ask, Joined, View, cut
from pipeline.errors import UsageError
from pipeline.ports import StoryFilter, StoryOrder, place_in
from pipeline.records import ArticleKind, ArticleRow, Decision, Story

PAGE: Final = 30
# Articles of a story that are listed at once, that its page reads, and of which a row of a list says
# something.
LISTED: Final = 100
READ: Final = 200
ROW_MEMBERS: Final = 200
# Stories with something new are counted up to here.
MOST_COUNTED: Final = 1000
BASKET: Final = 20
_SORTS: Final[dict[str, StoryOrder]] = {"hot": "hot", "new": "new", "size": "size"}
FILTERS: Final = ("q", "since", "topic", "name", "outlet", "language", "new")
AGES: Final = ("6h", "24h", "3d", "7d", "30d")
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Source:
    """An article as a line of its story."""

    id: str
    title: str
    outlet: str
    url: str
    language: str
    time: datetime
    fresh: bool
    dated: bool = True
    kind: ArticleKind = "news"
    version: int = 1
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class StoryRow:
    """A story as a row of a list."""

    id: str
    title: str
    language: str
    size: int
    origins: int
    languages: tuple[str, ...]
    topics: tuple[tuple[str, str], ...]
    last: datetime
    spark: Spark
    lead: tuple[str, str] | None
    sources: tuple[Source, ...]
    more: int
    disagreements: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    told: tuple[str, ...]
    fresh: bool
    grown: int


# Which field of an article a filter of an address names.
_FIELDS: Final = {"topic": "topics", "name": "entities", "outlet": "outlet", "language": "language"}
# A story has these itself: its list is walked in order, without looking for articles.
_OF_STORIES: Final = ("topic", "language")


def query_of(ask: Ask, without: Sequence[str] = ()) -> str:
    """The filters of an address as one query over articles."""
    asked = [f"({ask.one('q')})"] if ask.one("q") else []
    for name, field in _FIELDS.items():
        value = ask.one(name)
        if value and name not in without:
            quoted = value.replace("\\", "\\\\").replace('"', '\\"')
            asked.append(f'{field}:"{quoted}"')
    return " AND ".join(asked)


def wanted_of(app: App, ask: Ask, **more: Any) -> StoryFilter:
    """Which stories an address asks for; `more` are fields of `StoryFilter`.

    Raises:
        UsageError: `since` is neither an age nor a date.
        QueryError: The query cannot be parsed.
    """
    own = {name: ask.one(name) for name in _OF_STORIES}
    query = query_of(ask, _OF_STORIES)
    return app.read.wanted(since=ask.one("since") or None, query=query or None, **own, **more)


def order_of(ask: Ask) -> StoryOrder:
    """The order that is asked for.

    Raises:
        UsageError: There is none of this name.
    """
    named = ask.one("sort") or "hot"
    if named not in _SORTS:
        raise UsageError(f"sort={named}: give one of {', '.join(_SORTS)}")
    return _SORTS[named]


def stories(app: App, ask: Ask) -> View:
    """What matters now, and what is new."""
    sort = order_of(ask)
    origins = ask.number("origins", 1, 1, 1000)
    newer = ask.seen if ask.one("new") else -1
    start, place = _place(ask.one("after"))
    wanted = wanted_of(app, ask, min_origins=origins, after_seq=newer)
    found = app.stored.story_page(wanted, sort, PAGE + 1, place)
    shown = found[:PAGE]
    lines = app.read.lines([name for story in shown for name in looked_at(story)])
    told = app.watches.told([story.id for story in shown])
    head, fetched = app.stored.freshness()
    filters = [(name, ask.one(name)) for name in FILTERS if ask.one(name)]
    filters += [("origins", str(origins))] if origins > 1 else []
    older = f"{start + PAGE}~{_written(place_in(sort, shown[-1]))}" if len(found) > PAGE else None
    return View(
        "stories",
        {
            "rows": [row_of(story, lines, ask.seen, told.get(story.id, ())) for story in shown],
            "sort": sort,
            "sorts": tuple(_SORTS),
            "ages": AGES,
            "filters": filters,
            "facets": _facets(shown),
            "fresh": _fresh(app, ask.seen),
            "head": head,
            "empty": not head,
            "older": older,
            "first": start + 1,
            "basket": ask.many("with", BASKET),
            "stale": fetched if fetched and ask.now - fetched > HOUR else None,
        },
        lambda: _documents(app, shown),
        lambda: _story_csv(shown),
        followed=True,
    )


def looked_at(story: Story) -> tuple[str, ...]:
    """The members of which a row says something: the first ones, the newest, and who is quoted."""
    if len(story.members) <= ROW_MEMBERS:
        return story.members
    quoted = [each.article for each in story.summary]
    quoted += [article for each in story.disagreements for _, article, _ in each.sides]
    return (*story.members[: ROW_MEMBERS // 4], *quoted, *story.members[-ROW_MEMBERS * 3 // 4 :])


def _documents(app: App, shown: Sequence[Story]) -> list[dict[str, Any]]:
    lines = app.read.lines_of(shown)
    return [story_shape(story, lines) for story in shown]


def _fresh(app: App, seen: int) -> int | str | None:
    """How many stories have something new; None where nothing was ever marked as seen."""
    if seen < 0:
        return None
    count = app.stored.count_stories(StoryFilter(after_seq=seen), MOST_COUNTED)
    return count if count < MOST_COUNTED else f"{MOST_COUNTED}+"


def _written(place: tuple[int, float, str]) -> str:
    """A place in a list as an address has it."""
    late, value, name = place
    return f"{late}~{value!r}~{name}"


# What no place in a list has: a time is in microseconds, and few stories stand before a page.
_BEYOND: Final = 2.0**63
_DIGITS: Final = 9


def _place(text: str) -> tuple[int, tuple[int, float, str] | None]:
    """How many stories stand before a place, and the place.

    Raises:
        UsageError: It is none.
    """
    if not text:
        return 0, None
    try:
        before, late, written, name = text.split("~", 3)
        value = float(written)
        if late in ("0", "1") and abs(value) < _BEYOND and before.isdecimal() and len(before) <= _DIGITS:
            return int(before), (int(late), value, name)
    except ValueError:
        pass
    raise UsageError(f"after={text}: begin at the first page")


def _facets(found: Sequence[Story]) -> dict[str, list[tuple[str, int]]]:
    """The values that occur most among the stories shown, by the name of their filter."""
    counts: dict[str, dict[str, int]] = {"topic": {}, "name": {}, "outlet": {}, "language": {}}
    for story in found:
        values = {
            "topic": [t.id for t in story.topics[:3]],
            "name": [e.name for e in story.entities[:8]],
            "outlet": list(story.outlets),
            "language": list(story.languages),
        }
        for name, each in values.items():
            for value in each:
                counts[name][value] = counts[name].get(value, 0) + 1
    return {
        name: sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:12]
        for name, found in counts.items()
    }


def _there(story: Story, lines: Mapping[str, ArticleRow]) -> list[ArticleRow]:
    """The members of which there are lines, in their order."""
    return [lines[name] for name in story.members if name in lines]


def row_of(story: Story, lines: Mapping[str, ArticleRow], seen: int, told: Sequence[str] = ()) -> StoryRow:
    """A story as a row."""
    present = _there(story, lines)
    outlets = {each.id: each.outlet for each in present}
    first: dict[str, ArticleRow] = {}
    for each in present:
        first.setdefault(each.outlet.casefold(), each)
    chosen = sorted(first.values(), key=lambda each: each.seq)[:3]
    lead = next(((cut(s.text), outlets.get(s.article, "")) for s in story.summary), None)
    times = [each.time for each in present]
    return StoryRow(
        id=story.id,
        title=cut(story.title),
        language=_language_of(story, present),
        size=len(story.members),
        origins=story.origins,
        languages=story.languages,
        topics=tuple((t.id, t.name) for t in story.topics[:2]),
        last=story.last_published,
        spark=spark(times, max([*times, story.last_published]), HOUR),
        lead=lead,
        sources=tuple(source_of(each, seen) for each in chosen),
        more=len(story.members) - len(chosen),
        disagreements=tuple(
            (d.subject, tuple((number, outlets.get(who, "")) for number, who, _ in d.sides))
            for d in story.disagreements[:2]
        ),
        told=tuple(told),
        fresh=0 <= seen < story.first_seq,
        grown=sum(1 for each in present if 0 <= seen < each.seq) if 0 <= seen >= story.first_seq else 0,
    )


def _in_time(source: Source) -> tuple[bool, datetime, str]:
    """Its place in order of time: what says no date comes last."""
    return not source.dated, source.time, source.id


def _language_of(story: Story, members: Sequence[ArticleRow]) -> str:
    """Of the title: that of the article it is taken from."""
    return language_tag(next((each.language for each in members if each.title == story.title), ""))


_LANGUAGE: Final = re.compile(r"[a-z]{2,3}").fullmatch


def language_tag(language: str) -> str:
    """What `lang` may say; "" where nobody knows."""
    return language if _LANGUAGE(language) and language != "und" else ""


def source_of(article: ArticleRow, seen: int) -> Source:
    """An article as a line."""
    return Source(
        article.id,
        cut(article.shown or article.title),
        cut(article.outlet, 80),
        article.link or article.url,
        language_tag(article.language),
        article.time,
        0 <= seen < article.seq,
        article.published is not None,
        article.kind,
        article.version,
        article.withdrawn is not None,
    )


def _story_csv(found: Sequence[Story]) -> tuple[Sequence[str], ...]:
    head = (
        "id",
        "title",
        "size",
        "origins",
        "outlets",
        "languages",
        "topics",
        "first_published",
        "last_published",
    )
    return (
        head,
        *(
            (s.id, s.title, str(len(s.members)), str(s.origins), "; ".join(s.outlets), " ".join(s.languages),
             " ".join(t.id for t in s.topics), stamp(s.first_published) or "", stamp(s.last_published) or "")
            for s in found
        ),
    )  # fmt: skip


def joined(decision: Decision | None) -> Joined | None:
    """The short form of a decision: what counted most."""
    if decision is None:
        return None
    parts = decision.chosen.contributions if decision.chosen else ()
    strongest = sorted((p for p in parts if p.contribution > 0), key=lambda p: -p.contribution)[:3]
    return Joined(
        decision.founded,
        decision.chosen.score if decision.chosen else 0.0,
        decision.threshold,
        tuple(each.feature for each in strongest),
        decision.by,
    )


def story(app: App, ask: Ask) -> View:
    """One story: what happened, who says so, why they are together, who was told."""
    asked = ask.given["id"]
    looked_up = app.read.looked_up(asked)
    found, lineage, passed = looked_up.story, looked_up.lineage, looked_up.passed
    if found.id != asked:
        return View(to=f"{ask.root}/stories/{found.id}", status=301)
    every_one = bool(ask.one("all")) or len(found.members) <= LISTED
    whole = every_one or len(found.members) <= READ
    chosen = found.members if whole else [*looked_at(found), *found.members[-LISTED:]]
    placed = app.stored.placed_lines(sorted({*chosen, *(each.article for each in passed)}))
    members = {name: each.line for name, each in placed.items()}
    listed = _there(found, members)
    times = [each.time for each in listed] if whole else app.stored.times(found.id)
    language = _language_of(found, listed)

    def every() -> Mapping[str, ArticleRow]:
        return members if whole else app.read.lines_of([found])

    sources = {each.id: source_of(each, ask.seen) for each in listed}
    listed = listed if every_one else listed[-LISTED:]
    lines = [(sources[each.id], joined(placed[each.id].decision)) for each in listed]
    by_time = ask.one("by") == "time"
    if by_time:
        groups = [("", sorted(lines, key=lambda line: _in_time(line[0])))]
    else:
        ordered = sorted(lines, key=lambda line: (line[0].outlet.casefold(), *_in_time(line[0])))
        groups = [(name, list(each)) for name, each in groupby(ordered, key=lambda line: line[0].outlet)]
        groups.sort(key=lambda group: _in_time(group[1][0][0]))
    span = max(times) - min(times) if times else HOUR
    step = max(HOUR, span / 47)
    former = [each.story for each in lineage if each.into == found.id and each.kind == "merged"]
    near = app.read.misses(found, passed, members)
    # Of an article that has moved since it was decided.
    moved = {each.line.story for each in near} - set(looked_up.titles)
    titles = looked_up.titles | (app.read.titles(sorted(moved)) if moved else {})
    return View(
        "story",
        {
            "story": found,
            "title_language": language,
            "sources": sources,
            "groups": groups,
            "by_time": by_time,
            "hidden": len(times) - len(listed),
            "fresh": sum(1 for source in sources.values() if source.fresh),
            "chart": spark(times, max([*times, found.last_published]), step, bars=48),
            "step": step,
            "lineage": lineage,
            "standing": app.correct.standing_on(found.members)[:50],
            "tellings": app.watches.tellings_of([found.id, *former]),
            "titles": titles,
            "watch": ask.one("watch"),
            "near": [(source_of(each.line, ask.seen), each.line.story, each) for each in near],
        },
        lambda: one_story_shape(found, every(), lineage, near),
        lambda: _article_csv(_there(found, every())),
        followed=True,
    )


def _article_csv(members: Sequence[ArticleRow]) -> tuple[Sequence[str], ...]:
    return (
        ("id", "title", "outlet", "url", "published", "language", "story"),
        *((a.id, a.title, a.outlet, a.url, stamp(a.published) or "", a.language, a.story) for a in members),
    )
