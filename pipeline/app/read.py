"""What the reading verbs answer with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from pipeline.errors import NotFoundError, UsageError
from pipeline.ports import StoryFilter, place_in
from pipeline.records import ArticleKind

if TYPE_CHECKING:
    from pipeline.app.wiring import Wiring
    from pipeline.ports import SearchHit, Store, StoryOrder, Version
    from pipeline.query.tree import Query
    from pipeline.records import ArticleRow, Change, Decision, Lineage, StoredArticle, Story
    from pipeline.stories.situations.timeline import TimelineEntry

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,6})([mhdw])")

# Stories read at once, and the newest stories of a situation that its timeline has.
_PAGE = 50
_STORIES = 500
# Near misses of a story that are shown.
NEAR = 8


@dataclass(frozen=True, slots=True)
class StoryMiss:
    """An article that nearly came to a story: as a line, why it went elsewhere, and what it scored here."""

    line: ArticleRow
    decision: Decision
    score: float


@dataclass(frozen=True, slots=True)
class StoryBeside:
    """A story, what happened to it, decisions that passed it over, and titles of the stories these name."""

    story: Story
    lineage: list[Lineage]
    passed: list[Decision]
    titles: dict[str, str]


StoriesFound: TypeAlias = "tuple[list[Story], Mapping[str, StoredArticle]]"


def moment(text: str | None, now: datetime) -> datetime | None:
    """An age ("90m", "12h", "7d", "2w") or a date as a moment (UTC); None for None.

    Raises:
        UsageError: It is neither.

    >>> moment("2d", datetime(2026, 1, 3, tzinfo=UTC)).isoformat()
    '2026-01-01T00:00:00+00:00'
    """
    if text is None:
        return None
    age = _AGE.fullmatch(text.strip())
    try:
        if age:
            return now - timedelta(**{_UNITS[age[2]]: int(age[1])})
        found = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise UsageError(f"--since {text}: give an age (90m, 12h, 7d, 2w) or a date (2026-01-31)") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def chosen(query: str, since: str, until: str, now: datetime) -> Query:
    """Which articles are meant: those that a query hits, published from one moment on and before another.

    Args:
        query: "" for all.
        since: An age or a date; "" for any.
        until: An age or a date before which it was published; "" for any.
        now: The present time (UTC).

    Raises:
        UsageError: A moment is neither an age nor a date.
        QueryError: The query cannot be parsed.
    """
    from pipeline.query.parse import parse
    from pipeline.query.tree import And, Everything, TimeRange

    parts = [parse(query, now)] if query.strip() else []
    start, end = moment(since or None, now), moment(until or None, now)
    if start or end:
        parts.append(TimeRange("published", start, end))
    return And(tuple(parts)) if len(parts) > 1 else parts[0] if parts else Everything()


def entries_of(store: Store, situation: str) -> list[TimelineEntry]:
    """A situation as a timeline: its newest stories, oldest first."""
    from pipeline.stories.situations.timeline import timeline

    return timeline(store.story_page(StoryFilter(situation=situation), "new", _STORIES))


class Read:
    """Stories and articles as they are stored.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def _parsed(self, query: str, now: datetime) -> Query:
        from pipeline.query.parse import parse

        return parse(query, now)

    def members(self, stories: Sequence[Story]) -> dict[str, StoredArticle]:
        """The articles of stories, by id."""
        return self._wiring.store.articles([name for story in stories for name in story.members])

    def stories(self, *, since: str | None = None, query: str | None = None, limit: int = 50) -> StoriesFound:
        """The newest stories, with their articles by id."""
        now = self._wiring.clock()
        tree, start = self._parsed(query, now) if query else None, moment(since, now)
        # Opened last: what is asked wrongly is said first.
        found = self._wiring.store.newest_stories(start, tree, limit)
        return found, self.members(found)

    def listed(
        self, wanted: StoryFilter, order: StoryOrder, limit: int, after: Story | None = None
    ) -> list[Story]:
        """A page of a list of stories, without their articles, behind the last one of the page before."""
        place = place_in(order, after) if after is not None else None
        return self._wiring.store.story_page(wanted, order, limit, place)

    def wanted(
        self, *, since: str | None = None, query: str | None = None, kind: str = "", **more: Any
    ) -> StoryFilter:
        """Which stories a list has, from what a person wrote; `more` are fields of `StoryFilter`.

        Raises:
            UsageError: `since` is neither an age nor a date, or nothing is of this kind.
            QueryError: The query cannot be parsed.
        """
        kinds: tuple[ArticleKind, ...] = get_args(ArticleKind)
        chosen = next((each for each in kinds if each == kind), None)
        if kind and not chosen:
            raise UsageError(f"--kind {kind}: there is no such kind; kinds are {', '.join(kinds)}")
        now = self._wiring.clock()
        return StoryFilter(
            moment(since, now), self._parsed(query, now) if query else None, kind=chosen, **more
        )

    def topic(self, name: str) -> str:
        """The id of a topic, by its id or its name in any language.

        Raises:
            UsageError: There is no such topic.
        """
        from pipeline.text import fold

        entries = self._wiring.settings.topics.content.get("topics", ())
        ids = {fold(text): entry["id"] for entry in entries for text in dict(entry["name"]).values()}
        ids |= {fold(entry["id"]): entry["id"] for entry in entries}
        if found := ids.get(fold(name)):
            return str(found)
        near = get_close_matches(fold(name), ids, 1)
        hint = f", did you mean {near[0]}" if near else ""
        known = ", ".join(f"{entry['id']} ({dict(entry['name']).get('en', '')})" for entry in entries)
        raise UsageError(f"--topic {name}: there is no such topic{hint}; topics are {known}")

    def current(self, story: str) -> tuple[Story, list[Lineage]]:
        """The story that an id, old or new, stands for, and what happened to it.

        Raises:
            NotFoundError: No story ever had this id.
        """
        name, passed = story, set[str]()
        lineage = self._wiring.store.lineage(story)
        while name not in passed:
            passed.add(name)
            found = self._wiring.store.stories([name]).get(name)
            if found is not None:
                return found, self._wiring.store.lineage(name) if name != story else lineage
            step = [x for x in self._wiring.store.lineage(name) if x.story == name and x.kind == "merged"]
            if not step:
                break
            name = step[-1].into
        if (whole := self._begun(story, "stories")) is not None:
            return self.current(whole)
        raise NotFoundError(f"story {story}: no story has this id; `wirewatch stories` lists them")

    def looked_up(self, name: str, limit: int = NEAR) -> StoryBeside:
        """A story with what its page says beside it, in three questions where the id is a story's own.

        Raises:
            NotFoundError: No story ever had this id.
        """
        store = self._wiring.store
        lineage = store.lineage(name)
        passed = self._passed_over(name, lineage, limit)
        named = [name, *(each for step in lineage for each in (step.story, step.into))]
        stories = store.stories(list(dict.fromkeys([*named, *(each.story for each in passed)])))
        if name not in stories:
            found, lineage = self.current(name)
            return StoryBeside(found, lineage, [], {})
        return StoryBeside(stories[name], lineage, passed, {each.id: each.title for each in stories.values()})

    def story(self, story_id: str) -> tuple[Story, Mapping[str, StoredArticle], list[Lineage]]:
        """One story with its articles and its lineage."""
        found, lineage = self.current(story_id)
        return found, self.members([found]), lineage

    def situations(
        self, wanted: StoryFilter, order: StoryOrder, limit: int
    ) -> list[tuple[str, list[TimelineEntry]]]:
        """Ids of situations that have one of the wanted stories, in the order of these, with their timelines.

        One that has a single story left is passed over.
        """
        found: dict[str, list[TimelineEntry]] = {}
        passed = set[str]()
        page = self.listed(replace(wanted, tied=True), order, _PAGE)
        while page:
            for story in page:
                if story.situation not in passed:
                    passed.add(story.situation)
                    entries = self._timeline(story.situation)
                    if len(entries) > 1:
                        found[story.situation] = entries
                    if len(found) == limit:
                        return list(found.items())
            page = self.listed(replace(wanted, tied=True), order, _PAGE, page[-1])
        return list(found.items())

    def situation(self, name: str) -> tuple[str, list[TimelineEntry]]:
        """A situation by its id or that of one of its stories, and its timeline.

        Raises:
            NotFoundError: There is no such story, or it is alone.
        """
        if len(entries := self._timeline(name)) > 1:
            return name, entries
        if (whole := self._begun(name, "stories", "situations")) is not None:
            return self.situation(whole)
        story, _ = self.current(name)
        entries = self._timeline(story.situation) if story.situation else []
        if len(entries) < 2:
            raise NotFoundError(
                f"story {name}: it is alone; `wirewatch situations` lists what belongs together"
            )
        return story.situation, entries

    def affair(self, name: str) -> tuple[str, Story | None]:
        """The situation that an id stands for, its own or that of a story, and the story if it is one's.

        Raises:
            NotFoundError: There is none with this id.
            UsageError: It is the id of a situation that still has stories, and of a story that has left it.
        """
        own = self._wiring.store.stories([name]).get(name)
        begun = bool(self.listed(StoryFilter(situation=name), "new", 1))
        if own is None and begun:
            return name, None
        if own is None:
            whole = self._begun(name, "stories", "situations")
            return self.affair(self.current(name)[0].id if whole is None else whole)
        if begun and own.situation != name:
            raise UsageError(
                f"{name}: a situation, and the story that has left it; name another story of the one you mean"
            )
        return own.situation or own.id, own

    def _timeline(self, situation: str) -> list[TimelineEntry]:
        return entries_of(self._wiring.store, situation)

    def search(self, query: str, *, since: str | None = None, limit: int = 50) -> list[SearchHit]:
        """Articles that a query hits, best first."""
        now = self._wiring.clock()
        tree, start = self._parsed(query, now), moment(since, now)
        return self._wiring.store.search(tree, start, limit)

    def hits(
        self, query: Query, behind: int | None, limit: int, *, newest_first: bool
    ) -> list[StoredArticle]:
        """Articles that a query hits, in the order in which they came, or from the newest back.

        Args:
            query: Which.
            behind: The ingest sequence number of the last one of the page before.
            limit: How many.
            newest_first: Whether the newest comes first.
        """
        store = self._wiring.store
        if newest_first:
            found = store.hits(query, 0, store.head() if behind is None else behind - 1, newest_first=True)
        else:
            found = store.hits(query, behind or 0, store.head())
        return list(islice(found, limit))

    def stored(self, name: str) -> StoredArticle:
        """An article by its id or URL.

        Raises:
            NotFoundError: It is not in the store.
        """
        found = self._wiring.store.articles([name]).get(name)
        if found is None and "://" in name:
            from pipeline.normalize.identity.urls import canonical_url

            owner = self._wiring.store.find([f"url:{canonical_url(name)}"])
            found = next(iter(self._wiring.store.articles(list(owner.values())).values()), None)
        if found is None and (whole := self._begun(name, "articles")) is not None:
            return self.stored(whole)
        if found is None:
            raise NotFoundError(f"article {name}: not in the store; `wirewatch search` finds ids")
        return found

    def _begun(self, name: str, *kinds: Literal["stories", "situations", "articles"]) -> str | None:
        """The one id that begins so; None where there is none.

        Raises:
            UsageError: Several begin so.
        """
        from pipeline.app.wiring import CANDIDATES, the_one

        store = self._wiring.store
        begun = {one for kind in kinds for one in store.beginning(kind, name, CANDIDATES + 1)} if name else ()
        found = the_one(" or ".join(kinds), name, sorted(begun))
        return found if found != name else None

    def decided(self, article: StoredArticle) -> tuple[Decision | None, dict[str, Story]]:
        """The decision record of an article, None where there is none; the stories it names, and its own."""
        decision = self._wiring.store.decision(article.enriched.article.id)
        named = [c.story for c in (decision.chosen, decision.runner_up) if c is not None] if decision else []
        return decision, self._wiring.store.stories(list(dict.fromkeys([*named, article.story])))

    def why(self, name: str) -> tuple[Decision, StoredArticle, Mapping[str, str]]:
        """The decision record of an article, the article, and the titles of the stories it names.

        Raises:
            NotFoundError: The article is not in the store, or was stored without a decision.
        """
        article = self.stored(name)
        decision, stories = self.decided(article)
        if decision is None:
            raise NotFoundError(f"article {name}: no decision is recorded for it")
        named = {c.story for c in (decision.chosen, decision.runner_up) if c is not None}
        return decision, article, {each: stories[each].title for each in sorted(named & set(stories))}

    def article(self, name: str) -> tuple[StoredArticle, list[Version]]:
        """One article with its earlier versions."""
        found = self.stored(name)
        return found, self._wiring.store.versions(found.enriched.article.id)

    def titles(self, stories: Sequence[str]) -> dict[str, str]:
        """The titles of stories that there are, by id."""
        found = self._wiring.store.stories(sorted(set(stories)))
        return {name: story.title for name, story in found.items()}

    def changed(self, stories: Sequence[Story]) -> dict[str, datetime]:
        """When each story last changed: an article came, was edited or was moved, or it was split or merged.

        Stories of which no change is kept are left out.
        """
        found: dict[str, datetime] = {}
        for change in self._wiring.store.changes_of([name for story in stories for name in story.members]):
            found[change.story] = max(found.get(change.story, change.at), change.at)
        for story in stories:
            for step in self._wiring.store.lineage(story.id):
                found[story.id] = max(found.get(story.id, step.at), step.at)
        return {story.id: found[story.id] for story in stories if story.id in found}

    def articles(self, ids: Sequence[str]) -> dict[str, StoredArticle]:
        """Articles by id, whole; those that are gone are left out."""
        return self._wiring.store.articles(sorted(set(ids)))

    def lines(self, ids: Sequence[str]) -> dict[str, ArticleRow]:
        """Articles by id as lines of a list; those that are gone are left out."""
        return self._wiring.store.lines(sorted(set(ids)))

    def lines_of(self, stories: Sequence[Story]) -> dict[str, ArticleRow]:
        """The articles of stories as lines of a list, by id."""
        return self.lines([name for story in stories for name in story.members])

    def near_misses(self, story: Story, lineage: Sequence[Lineage], limit: int = NEAR) -> list[StoryMiss]:
        """Articles that nearly came to a story and are elsewhere, the closest first.

        Args:
            story: The story.
            lineage: What happened to it: an article may have passed over a story that it took in.
            limit: How many.
        """
        passed = self._passed_over(story.id, lineage, limit)
        return self.misses(story, passed, self.lines([each.article for each in passed]))

    def _passed_over(self, story: str, lineage: Sequence[Lineage], limit: int) -> list[Decision]:
        """Decisions that passed over a story, or one that it took in since."""
        former = [each.story for each in lineage if each.into == story and each.kind == "merged"]
        return self._wiring.store.near(list(dict.fromkeys([story, *former])), limit)

    def misses(
        self, story: Story, passed: Sequence[Decision], lines: Mapping[str, ArticleRow]
    ) -> list[StoryMiss]:
        """Of decisions that passed a story over, those whose articles are elsewhere, with these lines."""
        members = set(story.members)
        found = {
            each.article: StoryMiss(lines[each.article], each, each.passed_over.score)
            for each in passed
            if each.passed_over and each.article in lines and each.article not in members
        }
        return sorted(found.values(), key=lambda each: (-each.score, each.line.id))

    def changed_since(self, age: timedelta) -> int:
        """The number after which the changes of the last so long begin."""
        return self._wiring.store.changes_since(self._wiring.clock() - age)

    def changes(self, after: int) -> Iterator[Change]:
        """What arrived, was edited or moved after a number, in order."""
        return self._wiring.store.changes(after, self._wiring.store.last_change())
