"""Why a watch did or did not alert on a story: each clause and condition with its value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pipeline.alerts.decide.decide import Check, Decider
from pipeline.alerts.decide.story_view import StoryView
from pipeline.alerts.decide.watch_rule import WatchRule, query_at
from pipeline.query import hits, say
from pipeline.query.hits import Prepared
from pipeline.query.tree import And, Not, Or, Query
from pipeline.records import Alert, Change, WatchState


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of the query.

    Attributes:
        words: The clause in words.
        depth: How deeply it is nested.
        articles: Ids of the story's articles that it holds for.
        of: Of how many articles.
        hits: The words that hit, as written, at most eight.
    """

    words: str
    depth: int
    articles: tuple[str, ...]
    of: int
    hits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Why a watch did or did not alert on a story.

    Attributes:
        watch: Its name.
        story: The story's id.
        alerted: Whether it did.
        verdict: One sentence.
        clauses: Each clause of the query, outermost first.
        checks: The match mode and the conditions, as the story is now.
        alerts: What it alerted, oldest first.
        notes: What else mattered, such as that it is switched off.
        change: The change that made it tell, or that would have, had the watch been there all the time.
    """

    watch: str
    story: str
    alerted: bool
    verdict: str
    clauses: tuple[Clause, ...]
    checks: tuple[Check, ...]
    alerts: tuple[Alert, ...]
    notes: tuple[str, ...]
    change: Change | None = None

    def as_json(self) -> dict[str, Any]:
        """For the command line."""
        return {
            "watch": self.watch,
            "story": self.story,
            "alerted": self.alerted,
            "verdict": self.verdict,
            "clauses": [
                {
                    "clause": c.words,
                    "depth": c.depth,
                    "articles": list(c.articles),
                    "of": c.of,
                    "hits": list(c.hits),
                }
                for c in self.clauses
            ],
            "conditions": [
                {"name": c.name, "needed": c.needed, "found": c.found, "holds": c.holds} for c in self.checks
            ],
            "alerts": [
                {"id": a.id, "kind": a.kind, "at": a.at.isoformat(), "reason": a.reason} for a in self.alerts
            ],
            "notes": list(self.notes),
            "change": _change_json(self.change) if self.change else None,
        }


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "n": change.n,
        "kind": change.kind,
        "article": change.article,
        "story": change.story,
        "by": change.by,
        "at": change.at.isoformat(),
    }


@dataclass(frozen=True, slots=True)
class Told:
    """What is stored of a watch and a story.

    Attributes:
        alerts: What it told of the story, oldest first.
        states: What it knows of the story and its ancestors, by story.
        matched_upto: The change up to which the watch has been asked.
        changes: Those of the story's articles.
        would: The first change with which it would have told, had it been there all the time.
        affair: For a watch that tells a situation once, the other story of it that was told of first; or "".
    """

    alerts: tuple[Alert, ...]
    states: Mapping[str, WatchState]
    matched_upto: int
    changes: tuple[Change, ...]
    would: Change | None = None
    affair: str = ""

    @property
    def change(self) -> Change | None:
        """The change that told; where it never did, the one that would have."""
        first = next(iter(self.alerts), None)
        return (change_of(first, first.at, self.changes) if first else None) or self.would


def change_of(alert: Alert, at: datetime, changes: Sequence[Change]) -> Change | None:
    """The change that made a watch tell; time, which no store numbers, is one that came at `at`."""
    if alert.cause == "time":
        return Change("time", alert.articles[0], alert.story, at, seq=alert.seq, n=alert.change)
    return next((each for each in changes if each.n == alert.change), None)


def why(rule: WatchRule, view: StoryView, decider: Decider, told: Told) -> Why:
    """Holds a story as it is now against a watch: every clause and condition, and what came of it.

    Args:
        rule: The watch and its query.
        view: The story as it is now, with at least one member.
        decider: For the facts of the story.
        told: What is stored of it.
    """
    ready = [decider.ready(member) for member in view.members]
    clauses = tuple(_clauses(rule, rule.query, ready, 0))
    matched = [each.article.id for each in ready if hits.matches(query_at(rule, each), each)]
    checks = tuple(decider.checks(rule, view, matched))
    notes = tuple(_notes(rule, view, matched, told))
    verdict = _verdict(rule, told.alerts, matched, checks, notes)
    alerted = bool(told.alerts)
    return Why(rule.watch.name, view.id, alerted, verdict, clauses, checks, told.alerts, notes, told.change)


def _clauses(rule: WatchRule, tree: Query, ready: Sequence[Prepared], depth: int) -> Iterator[Clause]:
    holding = [each for each in ready if hits.matches(_at(rule, tree, each), each)]
    words = {hit.text: None for each in holding for hit in hits.hits(_at(rule, tree, each), each)}
    name = say.describe(tree).removeprefix("articles with ").removeprefix("articles ")
    yield Clause(name, depth, tuple(each.article.id for each in holding), len(ready), tuple(words)[:8])
    match tree:
        case And(parts) | Or(parts) if not say.is_name(tree):
            for part in parts:
                yield from _clauses(rule, part, ready, depth + 1)
        case Not(part):
            yield from _clauses(rule, part, ready, depth + 1)
        case _:
            return


def _at(rule: WatchRule, tree: Query, article: Prepared) -> Query:
    # The whole of a query that says now is meant as of the article's arrival; its parts are shown as of now.
    return query_at(replace(rule, relative=rule.relative and tree is rule.query, query=tree), article)


def _notes(rule: WatchRule, view: StoryView, matched: Sequence[str], told: Told) -> Iterator[str]:
    known = told.states.get(view.id) or next(iter(told.states.values()), None)
    if not rule.watch.enabled:
        yield "the watch is switched off"
    backfill = [m for m in view.members if m.backfill]
    if backfill:
        yield f"{len(backfill)} of {len(view.members)} articles were loaded as backfill, which never alerts"
    waiting = {change.article for change in told.changes if change.n > told.matched_upto}
    if waiting:
        some = "1 article" if len(waiting) == 1 else f"{len(waiting)} articles"
        yield f"{some} came or changed since this watch was last asked; run `wirewatch alert`"
    if matched and known is None and len(waiting) + len(backfill) < len(view.members):
        yield "its articles were matched before the watch was there or while it was switched off"
    if told.affair:
        yield f"its situation was told of with story {told.affair}, and the watch says once_per: situation"
    if told.affair and not told.alerts and known and known.miss:
        yield f"no follow-up: {known.miss}"
    if told.would and not told.alerts:
        yield f"it would have told with {_said(told.would)}"
    if view.ancestors:
        yield f"the story took in or came from {', '.join(view.ancestors)}"
    if known and known.alerts and known.miss:
        yield f"no follow-up: {known.miss}"
    if known and known.alerts and rule.watch.follow_up == "none":
        yield "the watch asks for no follow-up"


def _said(change: Change) -> str:
    at = f"{change.at:%Y-%m-%d %H:%M} UTC"
    if change.kind == "move":
        who = "a person" if change.by == "person" else "a repair"
        return f"change {change.n}: {who} moved article {change.article} at {at}"
    if change.kind == "time":
        return f"the time {at}, at which its query came to hit"
    what = "article {} came" if change.kind == "arrival" else "article {} was edited"
    return f"change {change.n}: {what.format(change.article)} at {at}"


def _verdict(
    rule: WatchRule,
    alerts: Sequence[Alert],
    matched: Sequence[str],
    checks: Sequence[Check],
    notes: Sequence[str],
) -> str:
    if alerts:
        first = alerts[0]
        more = f", and {len(alerts) - 1} follow-ups" if len(alerts) > 1 else ""
        return f"alerted on {first.at:%Y-%m-%d %H:%M} UTC, because {first.reason}{more}"
    if not matched:
        return "not alerted: the query hits none of its articles"
    lacking = [check.words for check in checks if not check.holds]
    if lacking:
        return f"near miss: {'; '.join(lacking)}"
    if notes:
        return f"not alerted: {notes[0]}"
    return f"not alerted yet: ‘{rule.watch.name}’ fires with its next article"
