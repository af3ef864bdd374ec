"""Whether a watch fires: pure, one article at a time, in ingest sequence.

What is known of a story at an article is what its members up to that article's sequence number say, so the
answer does not depend on how many articles come at once. Nothing here reads a clock: edits, re-fetches and
re-enrichment keep an article's sequence number and are not walked again; members that a repair or a person
moved into a told story lie before the sequence number at which it was told and count as known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from pipeline.alerts.decide import news
from pipeline.query import parse
from pipeline.query.hits import Prepared
from pipeline.query.tree import Query
from pipeline.records import Alert, AlertKind, StoredArticle, Story, Watch, WatchState, content_id
from pipeline.text import fold

# The facts of a story that has just these members: `pipeline.stories` provides it.
Facts = Callable[[str, Sequence[StoredArticle]], Story]
# Growth looks back this far in the data's time.
GROWTH_WINDOW = timedelta(hours=24)
# The words of so many articles that the query hits stand in the reason.
SHOWN = 3
HOT_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
HOT_HALF_LIFE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class WatchRule:
    """A watch with its query parsed; where the query says now (`relative`), that is an article's arrival."""

    watch: Watch
    query: Query
    relative: bool = False


def rule_of(watch: Watch, now: datetime) -> WatchRule:
    """Parses a watch's query.

    Raises:
        QueryError: It cannot be parsed.
    """
    return WatchRule(watch, parse.parse(watch.query, now), parse.is_relative(watch.query))


def rule_hits(rule: WatchRule, article: Prepared) -> bool:
    """Whether a watch's query hits an article."""
    return parse.matches(query_at(rule, article), article)


def query_at(rule: WatchRule, article: Prepared) -> Query:
    """The rule's query as it is meant when this article arrives."""
    return _parsed(rule.watch.query, article.article.fetched) if rule.relative else rule.query


# Articles that came in one poll have one time of arrival.
_parsed = lru_cache(maxsize=4096)(parse.parse)


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story as the store has it now.

    Attributes:
        id: The story's id.
        members: Its members by ingest sequence.
        ancestors: Ids of stories that were merged into it, or that it was split off.
        split: Whether it ever lost members by a split.
    """

    id: str
    members: tuple[StoredArticle, ...]
    ancestors: tuple[str, ...] = ()
    split: bool = False

    def upto(self, seq: int) -> tuple[StoredArticle, ...]:
        """The members up to an ingest sequence."""
        if self.members and self.members[-1].seq <= seq:
            return self.members
        return tuple(member for member in self.members if member.seq <= seq)


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: its name, what is needed, what is there, and whether that is enough."""

    name: str
    needed: str
    found: str
    holds: bool

    @property
    def words(self) -> str:
        """What is missing, in words."""
        return f"needs {self.needed}, has {self.found}"


@dataclass(frozen=True, slots=True)
class WatchOutcome:
    """What one article changed for one watch."""

    telling: WatchState
    alert: Alert | None = None


class Decider:
    """Decides for watches, article by article.

    Args:
        facts: Works out what is known of a story from its members.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._cache: dict[tuple[str, tuple[str, ...]], Story] = {}
        self._prepared: dict[str, Prepared] = {}

    def decide(
        self,
        rule: WatchRule,
        article: StoredArticle,
        view: StoryView,
        tellings: Mapping[str, WatchState],
        *,
        hit: bool,
        now: datetime,
    ) -> WatchOutcome | None:
        """Says what a new article means for a watch.

        Args:
            rule: The watch.
            article: The new article.
            view: Its story.
            tellings: What the watch knows of the story and of its ancestors, by story.
            hit: Whether the query hits the article.
            now: Goes into records, never into the decision.

        Returns:
            What changed, or None where nothing did.
        """
        members = view.upto(article.seq)
        known, told = _joined(rule.watch.name, view, members, tellings)
        if hit and article.enriched.article.id not in known.matched:
            known = replace(known, matched=(*known.matched, article.enriched.article.id))
        if not told and not known.matched:
            return None
        if told:
            outcome = self._again(rule, article, view, members, known, now)
        else:
            outcome = self._first(rule, article, view, members, known, now)
        unchanged = replace(outcome.telling, at=None) == _bare(tellings.get(view.id))
        return None if unchanged else outcome

    def facts(self, view: StoryView, members: tuple[StoredArticle, ...]) -> Story:
        """The facts of a story with just these members; kept while it is asked for."""
        key = (view.id, tuple(member.enriched.article.id for member in members))
        if key not in self._cache:
            if len(self._cache) > 64:
                self._cache.clear()
            self._cache[key] = self._facts(view.id, members)
        return self._cache[key]

    def checks(
        self, rule: WatchRule, view: StoryView, members: tuple[StoredArticle, ...], matched: Sequence[str]
    ) -> list[Check]:
        """The match mode and each condition that the watch sets, against a story with these members."""
        found = [self._mode(rule, view, members, matched)]
        needs = rule.watch.conditions
        if needs.articles > 1:
            found.append(_at_least("articles", needs.articles, len(members)))
        if needs.outlets > 1:
            outlets = {fold(member.enriched.article.outlet) for member in members} - {""}
            found.append(_at_least("outlets", needs.outlets, len(outlets)))
        if needs.growth:
            found.append(_at_least("articles within 24 hours", needs.growth, _recent(members)))
        if needs.origins > 1:
            found.append(_at_least("independent origins", needs.origins, self.facts(view, members).origins))
        if needs.hot:
            hot = heat(self.facts(view, members))
            found.append(Check("heat", f"heat {needs.hot:g}", f"{hot:.2f}", hot >= needs.hot))
        for name, wanted in (("topics", needs.topics), ("entities", needs.entities)):
            if wanted:
                found.append(_one_of(name, wanted, _named(name, self.facts(view, members))))
        return found

    def ready(self, article: StoredArticle) -> Prepared:
        """The article prepared for matching."""
        key = article.enriched.article.id
        if key not in self._prepared or self._prepared[key].stored is not article:
            if len(self._prepared) > 4096:
                self._prepared.clear()
            self._prepared[key] = Prepared(article)
        return self._prepared[key]

    def _mode(
        self, rule: WatchRule, view: StoryView, members: tuple[StoredArticle, ...], matched: Sequence[str]
    ) -> Check:
        if rule.watch.match == "any":
            return _at_least("articles that the query hits", 1, len(matched))
        if rule.watch.match == "central":
            central = central_member(self.facts(view, members), members)
            hit = rule_hits(rule, self.ready(central))
            title = central.enriched.article.title[:60]
            return Check(
                "match",
                "the central article to hit",
                f"‘{title}’, which {'does' if hit else 'does not'}",
                hit,
            )
        hits = sum(rule_hits(rule, self.ready(member)) for member in members)
        needed = f"most of {len(members)} articles to hit"
        return Check("match", needed, str(hits), hits * 2 > len(members))

    def _first(
        self,
        rule: WatchRule,
        article: StoredArticle,
        view: StoryView,
        members: tuple[StoredArticle, ...],
        known: WatchState,
        now: datetime,
    ) -> WatchOutcome:
        checks = self.checks(rule, view, members, known.matched)
        lacking = [check.words for check in checks if not check.holds]
        if lacking:
            return WatchOutcome(replace(known, miss="; ".join(lacking), at=now))
        story = self.facts(view, members)
        evidence = (
            ("matched", str(len(known.matched))),
            ("articles", str(len(members))),
            ("outlets", str(len(story.outlets))),
            ("origins", str(story.origins)),
        )
        hit = self._hit_words(rule, known.matched, members)
        reason = "; ".join([f"the query hits {hit}", *(f"{c.name}: {c.found}" for c in checks[1:])])
        return self._told("new", reason, evidence, members, rule, article, story, members, known, now)

    def _again(
        self,
        rule: WatchRule,
        article: StoredArticle,
        view: StoryView,
        members: tuple[StoredArticle, ...],
        known: WatchState,
        now: datetime,
    ) -> WatchOutcome:
        fresh = tuple(member for member in members if member.seq > known.seq)
        still = WatchOutcome(replace(known, at=now))
        if rule.watch.follow_up == "none" or not fresh:
            return still
        before = tuple(member for member in members if member.seq <= known.seq)
        story = self.facts(view, members)
        if rule.watch.follow_up == "growth":
            origins = max(self.facts(view, before).origins if before else 0, 1)
            if story.origins < 2 * origins:
                return WatchOutcome(
                    replace(
                        known, miss=f"needs {2 * origins} independent origins, has {story.origins}", at=now
                    )
                )
            reason = f"{story.origins} independent origins, {origins} when last told"
            evidence: tuple[tuple[str, str], ...] = (
                ("origins", str(story.origins)),
                ("origins_before", str(origins)),
            )
            return self._told("growth", reason, evidence, fresh, rule, article, story, members, known, now)
        evidence = news.between(before, fresh, known.entities)
        if not evidence:
            return WatchOutcome(replace(known, miss="names no new person, place or number", at=now))
        reason = "new: " + ", ".join(f"{kind} {name}" for kind, name in evidence)
        return self._told("news", reason, evidence, fresh, rule, article, story, members, known, now)

    def _hit_words(self, rule: WatchRule, matched: Sequence[str], members: Sequence[StoredArticle]) -> str:
        words: dict[str, str] = {}
        hit = [member for member in members if member.enriched.article.id in matched]
        for member in hit[:SHOWN]:
            ready = self.ready(member)
            for found in parse.hits(query_at(rule, ready), ready):
                words.setdefault(fold(found.text), found.text)
        return ", ".join(f"‘{word}’" for word in list(words.values())[:8]) or "by what it leaves out"

    @staticmethod
    def _told(
        kind: AlertKind,
        reason: str,
        evidence: tuple[tuple[str, str], ...],
        articles: Sequence[StoredArticle],
        rule: WatchRule,
        article: StoredArticle,
        story: Story,
        members: Sequence[StoredArticle],
        known: WatchState,
        now: datetime,
    ) -> WatchOutcome:
        fired = article.enriched.article.id
        alert = Alert(
            id=content_id("alert", rule.watch.name, kind, story.id, fired),
            watch=rule.watch.name,
            kind=kind,
            story=story.id,
            articles=tuple(member.enriched.article.id for member in articles),
            reason=reason,
            seq=article.seq,
            at=now,
            evidence=evidence,
        )
        named = {entity.id for member in members for entity in member.enriched.entities}
        told = replace(
            known,
            told=tuple(dict.fromkeys((*known.told, *(member.enriched.article.id for member in members)))),
            alerts=tuple(dict.fromkeys((*known.alerts, alert.id))),
            origins=story.origins,
            entities=tuple(sorted(named | set(known.entities))),
            seq=article.seq,
            miss="",
            at=now,
        )
        return WatchOutcome(told, alert)


def heat(story: Story) -> float:
    """How many independent origins that came just now the story is worth.

    `Story.hot` is log2 of a sum that grows with time (constants as in `stories.describing`);
    here it is taken back to the time of the newest article.
    """
    return float(2.0 ** (story.hot - (story.last_published - HOT_EPOCH) / HOT_HALF_LIFE))


def central_member(story: Story, members: Sequence[StoredArticle]) -> StoredArticle:
    """The member whose title the story bears; the first where none does."""
    for member in members:
        if member.enriched.article.title == story.title:
            return member
    return members[0]


def _bare(telling: WatchState | None) -> WatchState | None:
    return replace(telling, at=None) if telling else None


def _joined(
    watch: str, view: StoryView, members: Sequence[StoredArticle], tellings: Mapping[str, WatchState]
) -> tuple[WatchState, bool]:
    """What the watch knows of the story and its ancestors as one telling, and whether that tells of it."""
    ids = {member.enriched.article.id for member in members}
    own = tellings.get(view.id) or WatchState(watch, view.id)
    about = [own, *(tellings[story] for story in view.ancestors if story in tellings)]
    fired = [
        known
        for known in about
        if known.alerts and (not ids.isdisjoint(known.told) or (known.story == view.id and not view.split))
    ]
    matched = dict.fromkeys(article for known in about for article in known.matched if article in ids)
    if len(about) == 1:
        return replace(own, matched=tuple(matched)), bool(fired)
    threads = {thread.to: thread for known in reversed(fired) for thread in known.threads}
    joined = replace(
        own,
        matched=tuple(matched),
        told=tuple(dict.fromkeys(article for known in (own, *fired) for article in known.told)),
        alerts=tuple(dict.fromkeys(alert for known in (own, *fired) for alert in known.alerts)),
        entities=tuple(sorted({entity for known in (own, *fired) for entity in known.entities})),
        seq=max((known.seq for known in fired), default=own.seq),
        threads=tuple(threads.values()) or own.threads,
        miss="" if fired else own.miss,
    )
    return joined, bool(fired)


def _at_least(name: str, needed: int, found: int) -> Check:
    return Check(name, f"{needed} {name}", str(found), found >= needed)


def _recent(members: Sequence[StoredArticle]) -> int:
    newest = max(member.enriched.article.time for member in members)
    return sum(newest - member.enriched.article.time < GROWTH_WINDOW for member in members)


def _named(name: str, story: Story) -> list[tuple[str, str]]:
    return [(each.id, each.name) for each in (story.topics if name == "topics" else story.entities)]


def _one_of(name: str, wanted: Sequence[str], found: Sequence[tuple[str, str]]) -> Check:
    folded = {fold(value) for value in wanted}
    hit = [label for ident, label in found if fold(ident) in folded or fold(label) in folded]
    shown = ", ".join(hit or [label for _, label in found[:5]]) or "none"
    return Check(name, f"one of the {name} {', '.join(wanted)}", shown, bool(hit))
