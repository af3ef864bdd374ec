"""Stories now, one story, one article."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from rapidfuzz.distance import LCSseq

from pipeline.app import App
from pipeline.app.shapes import (
    article_shape,
    decision_shape,
    lineage_shape,
    stamp,
    story_shape,
    version_shapes,
)
from pipeline.desk.charts import Spark, spark
from pipeline.desk.view import Ask, View, cut
from pipeline.errors import NotFoundError, UsageError
from pipeline.ports import StoryOrder
from pipeline.records import Article, ArticleKind, Decision, StoredArticle, Story

PAGE: Final = 30
# Stories among which the hottest are looked for, and articles of a story that are listed at once.
LOOKED_AT: Final = 600
LISTED: Final = 200
MOST_TEXT_CHARS: Final = 60_000
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


def query_of(ask: Ask) -> str:
    """The filters of an address as one query."""
    fields = {"topic": "topics", "name": "entities", "outlet": "outlet", "lang": "language"}
    asked = [f"({ask.one('q')})"] if ask.one("q") else []
    for name, field in fields.items():
        value = ask.one("language" if name == "lang" else name)
        if value:
            quoted = value.replace("\\", "\\\\").replace('"', '\\"')
            asked.append(f'{field}:"{quoted}"')
    return " AND ".join(asked)


def stories(app: App, ask: Ask) -> View:
    """What matters now, and what is new."""
    named = ask.one("sort") or "hot"
    if named not in _SORTS:
        raise UsageError(f"sort={named}: give one of {', '.join(_SORTS)}")
    sort = _SORTS[named]
    origins = ask.number("origins", 1, 1, 1000)
    newer = ask.seen if ask.one("new") else -1
    wanted = app.read.wanted(
        since=ask.one("since") or None, query=query_of(ask) or None, min_origins=origins, after_seq=newer
    )
    kept = found = app.read.listed(wanted, sort, LOOKED_AT)
    start = ask.number("after", 0, 0, LOOKED_AT)
    shown = kept[start : start + PAGE]
    members = app.read.members(shown)
    told = app.watches.told([story.id for story in shown])
    rows = [row_of(story, members, ask.seen, told.get(story.id, ())) for story in shown]
    head = app.read.head()
    fresh = sum(1 for story in found if story.first_seq > ask.seen) if ask.seen >= 0 else 0
    filters = [(name, ask.one(name)) for name in FILTERS if ask.one(name)]
    filters += [("origins", str(origins))] if origins > 1 else []
    return View(
        "stories",
        {
            "rows": rows,
            "sort": sort,
            "sorts": tuple(_SORTS),
            "ages": AGES,
            "filters": filters,
            "facets": _facets(kept),
            "fresh": fresh,
            "head": head,
            "empty": not head,
            "older": start + PAGE if len(kept) > start + PAGE else None,
            "first": start + 1,
            "total": len(kept),
            "capped": len(found) == LOOKED_AT,
            "basket": ask.many("with", BASKET),
            "stale": _stale(app, ask.now),
        },
        [story_shape(story, members) for story in shown],
        _story_csv(shown),
        followed=True,
    )


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


def _stale(app: App, now: datetime) -> datetime | None:
    """When news came last, where that is more than an hour ago and there are feeds."""
    newest = app.care.last_fetch()
    return newest if newest is not None and now - newest > HOUR else None


def row_of(
    story: Story, members: Mapping[str, StoredArticle], seen: int, told: Sequence[str] = ()
) -> StoryRow:
    """A story as a row."""
    present = [members[name] for name in story.members if name in members]
    outlets = {each.enriched.article.id: each.enriched.article.outlet for each in present}
    first: dict[str, StoredArticle] = {}
    for each in present:
        first.setdefault(each.enriched.article.outlet.casefold(), each)
    chosen = sorted(first.values(), key=lambda each: each.seq)[:3]
    lead = next(((cut(s.text), outlets.get(s.article, "")) for s in story.summary), None)
    times = [each.enriched.article.time for each in present]
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


def _language_of(story: Story, members: Sequence[StoredArticle]) -> str:
    """Of the title: that of the article it is taken from."""
    fits = (m.enriched.article.language for m in members if m.enriched.article.title == story.title)
    return language_tag(next(fits, ""))


def language_tag(language: str) -> str:
    """What `lang` may say; "" where nobody knows."""
    return language if re.fullmatch(r"[a-z]{2,3}", language) and language != "und" else ""


def source_of(stored: StoredArticle, seen: int) -> Source:
    """An article as a line."""
    article = stored.enriched.article
    return Source(
        article.id,
        cut(stored.enriched.shown.title or article.title),
        cut(article.outlet, 80),
        article.link or article.url,
        language_tag(article.language),
        article.time,
        0 <= seen < stored.seq,
        article.published is not None,
        stored.enriched.kind,
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


@dataclass(frozen=True, slots=True)
class Joined:
    """Why an article is in its story, in a few words."""

    founded: bool
    score: float
    needed: float
    reasons: tuple[str, ...]
    by: str


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
    found, members, lineage = app.read.story(asked)
    if found.id != asked:
        return View(to=f"{ask.root}/stories/{found.id}", status=301)
    present = [members[name] for name in found.members if name in members]
    listed = present if ask.one("all") else present[-LISTED:]
    decisions = app.read.decisions([each.enriched.article.id for each in listed])
    lines = [
        (source_of(each, ask.seen), joined(decisions.get(each.enriched.article.id)), each.enriched.article)
        for each in listed
    ]
    by_time = ask.one("by") == "time"
    if by_time:
        groups = [("", sorted(lines, key=lambda line: _in_time(line[0])))]
    else:
        ordered = sorted(lines, key=lambda line: (line[0].outlet.casefold(), *_in_time(line[0])))
        groups = [(name, list(each)) for name, each in groupby(ordered, key=lambda line: line[0].outlet)]
        groups.sort(key=lambda group: _in_time(group[1][0][0]))
    sources = {source.id: source for source, _, _ in lines}
    times = [each.enriched.article.time for each in present]
    span = max(times) - min(times) if times else HOUR
    step = max(HOUR, span / 47)
    former = [each.story for each in lineage if each.into == found.id]
    return View(
        "story",
        {
            "story": found,
            "row": row_of(found, members, ask.seen),
            "sources": sources,
            "groups": groups,
            "by_time": by_time,
            "hidden": len(present) - len(listed),
            "fresh": sum(1 for source, _, _ in lines if source.fresh),
            "chart": spark(times, max([*times, found.last_published]), step, bars=48),
            "step": step,
            "lineage": lineage,
            "standing": app.correct.standing_on(found.members)[:50],
            "tellings": app.watches.tellings_of([found.id, *former]),
            "titles": app.read.titles([name for x in lineage for name in (x.story, x.into)]),
            "watch": ask.one("watch"),
        },
        story_shape(found, members) | {"lineage": lineage_shape(lineage)},
        _article_csv(present),
        followed=True,
    )


def _article_csv(members: Sequence[StoredArticle]) -> tuple[Sequence[str], ...]:
    return (
        ("id", "title", "outlet", "url", "published", "language", "story"),
        *(
            (a.id, a.title, a.outlet, a.url, stamp(a.published) or "", a.language, each.story)
            for each in members
            for a in (each.enriched.article,)
        ),
    )


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a text: plain, or the name of an entity."""

    text: str
    entity: str = ""


@dataclass(frozen=True, slots=True)
class WordDiff:
    """A word diff: pieces that stayed (""), went ("-") or came ("+")."""

    at: datetime
    feed: str
    title: tuple[tuple[str, str], ...]
    text: tuple[tuple[tuple[str, str], ...], ...]


def article(app: App, ask: Ask) -> View:
    """One article: its text, what was found in it, and why it is where it is."""
    stored, versions = app.read.article(ask.given["id"])
    record = stored.enriched.article
    if record.id != ask.given["id"]:
        return View(to=f"{ask.root}/articles/{record.id}", status=303)
    try:
        decision, _, titles = app.read.why(record.id)
    except NotFoundError:
        decision, titles = None, {}
    story_now, _ = app.read.current(stored.story)
    following = [*(v.article for v in versions), record][1:]
    document = article_shape(stored) | {
        "versions": version_shapes(versions, record),
        "decision": decision_shape(decision, stored) if decision else None,
    }
    return View(
        "article",
        {
            "article": record,
            "line": source_of(stored, ask.seen),
            "paragraphs": paragraphs(stored),
            "long": len(record.text) > MOST_TEXT_CHARS,
            "recurring": [span.text for span in stored.enriched.recurring],
            "removed": record.removed,
            "entities": stored.enriched.entities[:40],
            "topics": stored.enriched.topics,
            "changes": [
                change(version.article, after, version.replaced)
                for version, after in zip(versions, following, strict=True)
            ][::-1],
            "decision": decision,
            "table": list(_features(decision)) if decision else [],
            "titles": {name: cut(title) for name, title in titles.items()},
            "story": story_now,
            "forms": record.forms,
        },
        document,
    )


def _features(decision: Decision) -> Iterator[tuple[str, Any, Any]]:
    """The parts of a decision as rows: the feature, and what it gave to the chosen and to the runner-up."""
    chosen, other = decision.chosen, decision.runner_up
    mine = {c.feature: c for c in chosen.contributions} if chosen else {}
    theirs = {c.feature: c for c in other.contributions} if other else {}
    for name in dict.fromkeys([*mine, *theirs]):
        pair = mine.get(name), theirs.get(name)
        if any(each is not None and abs(each.contribution) >= 0.0005 for each in pair):
            yield name, *pair


def paragraphs(stored: StoredArticle) -> list[list[TextPiece]]:
    """The text in paragraphs, its names marked, without the lines that its outlet repeats."""
    record = stored.enriched.article
    names = sorted(
        (span.start, span.end, entity.id)
        for entity in stored.enriched.entities
        for span in entity.spans
        if span.field == "text"
    )
    gone = [(span.start, span.end, None) for span in stored.enriched.recurring if span.field == "text"]
    marks: list[tuple[int, int, str | None]] = sorted(
        [*names, *gone], key=lambda mark: (mark[0], mark[2] or "")
    )
    pieces: list[TextPiece] = []
    at, text = 0, record.text[:MOST_TEXT_CHARS]
    for start, end, entity in marks:
        if start < at or end > len(text):
            continue
        pieces.append(TextPiece(text[at:start]))
        if entity is not None:
            pieces.append(TextPiece(text[start:end], entity))
        at = end
    pieces.append(TextPiece(text[at:]))
    found: list[list[TextPiece]] = [[]]
    for piece in pieces:
        if piece.entity:
            found[-1].append(piece)
            continue
        for number, line in enumerate(piece.text.split("\n\n")):
            if number:
                found.append([])
            found[-1] += [TextPiece(line[at : at + 2000]) for at in range(0, len(line), 2000)]
    return [each for each in found if any(piece.text.strip() for piece in each)]


def change(old: Article, new: Article, at: datetime) -> WordDiff:
    """What one version changed, word by word; of the text only the paragraphs that changed."""
    before, after = (each.text[:MOST_TEXT_CHARS].split("\n\n")[:2000] for each in (old, new))
    text = []
    was: list[str] = []
    became: list[str] = []
    for each in [*LCSseq.opcodes(before, after), None]:
        if each is not None and each.tag != "equal":
            was += before[each.src_start : each.src_end]
            became += after[each.dest_start : each.dest_end]
        elif was or became:
            text.append(words_changed("\n\n".join(was), "\n\n".join(became)))
            was, became = [], []
    title = words_changed(old.title, new.title) if old.title != new.title else ()
    return WordDiff(at, new.revised_by, title, tuple(text))


def words_changed(old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Two texts as pieces: "" stayed, "-" went, "+" came.

    >>> words_changed("four dead", "six dead")
    (('-', 'four '), ('+', 'six '), ('', 'dead'))
    """
    before, after = (re.findall(r"\S+\s*", text)[:4000] for text in (old, new))
    pieces: list[tuple[str, str]] = []
    gone, come = "", ""
    for each in LCSseq.opcodes(before, after):
        was = "".join(before[each.src_start : each.src_end])
        if each.tag != "equal":
            gone, come = gone + was, come + "".join(after[each.dest_start : each.dest_end])
            continue
        pieces += [("-", gone), ("+", come), ("", was)]
        gone, come = "", ""
    return tuple(piece for piece in [*pieces, ("-", gone), ("+", come)] if piece[1])
