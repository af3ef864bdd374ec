"""Whether a watch fires: pure, one change at a time, in the order in which things changed.

What is known of a story at a change is what its members were just after it, so the answer does not depend on
how much comes at once. Nothing here reads a clock. A watch tells a story once, whatever made it true: an
arrival, an edit, a merge, a split or a correction. Only an arrival makes it tell again, and members that a
repair or a person moved into a told story lie before the number at which it was told, and count as known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pipeline.alerts.decide import news
from pipeline.alerts.decide.story_view import Occasion, StoryView
from pipeline.alerts.decide.watch_rule import WatchRule, query_at, rule_hits
from pipeline.query import hits
from pipeline.query.hits import Prepared
from pipeline.records import Alert, AlertKind, Change, StoredArticle, Story, Watch, WatchState, content_id
from pipeline.text import fold

# The facts of a story that has just these members: `pipeline.stories` provides it.
Facts = Callable[[str, Sequence[StoredArticle]], Story]
# Growth looks back this far in the data's time.
GROWTH_WINDOW = timedelta(hours=24)
# The words of so many articles that the query hits stand in the reason.
SHOWN = 3
# So much of what an outlet says in place of an article that it withdrew stands in the reason.
NOTICE_CHARS = 400
HOT_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
HOT_HALF_LIFE = timedelta(hours=12)


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
    """What one change came to for one watch."""

    state: WatchState
    alert: Alert | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """One watch on one occasion: what it knows of the story by now, and when that is decided.

    `affair` is what it knows of the situation's other stories that it told of, where these are one to it.
    """

    rule: WatchRule
    occasion: Occasion
    known: WatchState
    now: datetime
    affair: tuple[WatchState, ...] = ()

    @property
    def watch(self) -> Watch:
        return self.rule.watch

    @property
    def members(self) -> tuple[StoredArticle, ...]:
        return self.occasion.view.members

    def silent(self, miss: str | None = None) -> WatchOutcome:
        """It tells nothing; `miss` says why, None leaves what was said before."""
        said = self.known.miss if miss is None else miss
        return WatchOutcome(replace(self.known, miss=said, at=self.now))


@dataclass(frozen=True, slots=True)
class _News:
    """What there is to tell: the kind of alert, why, what the reason is made of, and of which articles."""

    kind: AlertKind
    reason: str
    evidence: tuple[tuple[str, str], ...]
    articles: Sequence[StoredArticle]


class Decider:
    """Decides for watches, change by change.

    Args:
        facts: Works out what is known of a story from its members.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._cache: dict[tuple[str, tuple[tuple[str, str], ...]], Story] = {}
        self._prepared: dict[str, Prepared] = {}

    def decide(
        self,
        rule: WatchRule,
        occasion: Occasion,
        states: Mapping[str, WatchState],
        *,
        hit: bool,
        now: datetime,
    ) -> WatchOutcome | None:
        """Says what a change means for a watch.

        Args:
            rule: The watch.
            occasion: The change, and the story.
            states: What the watch knows of the story, its kin and its situation's other stories, by story.
            hit: Whether the query hits the article that came or was edited.
            now: When this is decided; goes into the records only.

        Returns:
            None when nothing changes.
        """
        view = occasion.view
        if not view.members:
            return None
        known, told = _joined(rule.watch.name, view, states)
        if told and occasion.change.seq < known.seq:  # another version of the watch told of it meanwhile
            return None
        known = _with_hit(known, occasion.change, hit=hit)
        before = states.get(view.id)
        one = rule.watch.once_per == "situation"
        affair = tuple(states[each] for each in view.affair if one and each in states and states[each].alerts)
        case = _Case(rule, occasion, known, now, affair)
        if told:
            outcome = _withdrawn(case) or self._again(case)
        elif known.matched and affair and rule.watch.follow_up != "news":
            outcome = case.silent(_told_before(affair))
        elif known.matched:
            outcome = self._again(case) if affair else self._first(case)
        elif before and before.matched:
            outcome = case.silent("the query hits none of its articles any more")
        else:
            return None
        same = outcome.alert is None and replace(outcome.state, at=None) == _bare(before)
        return None if same else outcome

    def facts(self, view: StoryView) -> Story:
        """What is known of a story with just these members; kept while it is asked for."""
        plain = (member.enriched.article for member in view.members)
        key = (view.id, tuple((article.id, article.digest) for article in plain))
        if key not in self._cache:
            if len(self._cache) > 64:
                self._cache.clear()
            self._cache[key] = self._facts(view.id, view.members)
        return self._cache[key]

    def checks(self, rule: WatchRule, view: StoryView, matched: Sequence[str]) -> list[Check]:
        """The match mode and each condition that the watch sets, against a story."""
        found = [self._mode(rule, view, matched)]
        needs, members = rule.watch.conditions, view.members
        if needs.articles > 1:
            found.append(_at_least("articles", needs.articles, len(members)))
        if needs.outlets > 1:
            outlets = {fold(member.enriched.article.outlet) for member in members} - {""}
            found.append(_at_least("outlets", needs.outlets, len(outlets)))
        if needs.growth:
            found.append(_at_least("articles within 24 hours", needs.growth, _recent(members)))
        if needs.origins > 1:
            found.append(_at_least("independent origins", needs.origins, self.facts(view).origins))
        if needs.hot:
            hot = heat(self.facts(view))
            found.append(Check("heat", f"heat {needs.hot:g}", f"{hot:.2f}", hot >= needs.hot))
        for name, wanted in (("topics", needs.topics), ("entities", needs.entities)):
            if wanted:
                found.append(_one_of(name, wanted, _named(name, self.facts(view))))
        return found

    def ready(self, article: StoredArticle) -> Prepared:
        """The article prepared for matching."""
        key = article.enriched.article.id
        if key not in self._prepared or self._prepared[key].stored is not article:
            if len(self._prepared) > 4096:
                self._prepared.clear()
            self._prepared[key] = Prepared(article)
        return self._prepared[key]

    def keep(self, articles: Iterable[Prepared]) -> None:
        """Takes over articles that are prepared already."""
        if len(self._prepared) > 4096:
            self._prepared.clear()
        self._prepared |= {each.article.id: each for each in articles}

    def _mode(self, rule: WatchRule, view: StoryView, matched: Sequence[str]) -> Check:
        if rule.watch.match == "any":
            return _at_least("articles that the query hits", 1, len(matched))
        if rule.watch.match == "central":
            central = central_member(self.facts(view), view.members)
            hit = rule_hits(rule, self.ready(central))
            title = central.enriched.article.title[:60]
            found = f"‘{title}’, which {'does' if hit else 'does not'}"
            return Check("match", "the central article to hit", found, hit)
        hitting = sum(rule_hits(rule, self.ready(member)) for member in view.members)
        needed = f"most of {len(view.members)} articles to hit"
        return Check("match", needed, str(hitting), hitting * 2 > len(view.members))

    def _first(self, case: _Case) -> WatchOutcome:
        view, known = case.occasion.view, case.known
        checks = self.checks(case.rule, view, known.matched)
        lacking = [check.words for check in checks if not check.holds]
        if lacking:
            return case.silent("; ".join(lacking))
        story = self.facts(view)
        evidence = (
            ("matched", str(len(known.matched))),
            ("articles", str(len(view.members))),
            ("outlets", str(len(story.outlets))),
            ("origins", str(story.origins)),
        )
        hit = self._hit_words(case.rule, known.matched, view.members)
        held = [f"{check.name}: {check.found}" for check in checks[1:]]
        reason = "; ".join([f"the query hits {hit}", *held, *_cause(case.occasion.change)])
        return self._told(case, _News("new", reason, evidence, view.members))

    def _again(self, case: _Case) -> WatchOutcome:
        known = case.known
        fresh = tuple(member for member in case.members if member.seq > known.seq)
        if case.watch.follow_up == "none" or case.occasion.change.kind != "arrival" or not fresh:
            return case.silent(None if known.alerts else _told_before(case.affair))
        before = tuple(member for member in case.members if member.seq <= known.seq)
        if case.watch.follow_up == "growth":
            return self._grown(case, before, fresh)
        view = case.occasion.view
        told = max(each.seq for each in (known, *case.affair))
        around = (each for each in view.around if case.affair and each.seq <= told)
        named = {entity for each in (known, *case.affair) for entity in each.entities}
        found = news.between(
            (*before, *around),
            fresh,
            sorted(named),
            lambda members: (
                len(members) > 1 and self.facts(replace(view, members=tuple(members))).origins > 1
            ),
        )
        if not found:
            why = "no two independent texts lead with a new name or number"
            return case.silent(why if known.alerts else f"{_told_before(case.affair)}, and {why}")
        reason = "new: " + ", ".join(f"{each.kind} {each.name}" for each in found)
        evidence = tuple(pair for n in found for pair in ((n.kind, n.name), ("sentence", n.sentence)))
        if not known.alerts:
            reason = f"{reason}; {_told_before(case.affair)}"
            evidence += (("situation", first_told(case.affair)),)
        return self._told(case, _News("news", reason, evidence, fresh))

    def _grown(
        self, case: _Case, before: tuple[StoredArticle, ...], fresh: tuple[StoredArticle, ...]
    ) -> WatchOutcome:
        view = case.occasion.view
        now, then = self.facts(view), self.facts(replace(view, members=before)) if before else None
        origins, texts = (max(then.origins, 1), max(then.texts, 1)) if then else (1, 1)
        # What one outlet alone prints vouches for nothing, however much it is.
        more_texts = now.origins > 1 and texts > 1 and now.texts >= 2 * texts
        if now.origins < 2 * origins and not more_texts:
            return case.silent(f"needs {2 * origins} independent origins, has {now.origins}")
        evidence = [("origins", str(now.origins)), ("origins_before", str(origins))]
        reason = f"{now.origins} independent origins, {origins} when last told"
        if now.origins < 2 * origins:
            evidence += [("texts", str(now.texts)), ("texts_before", str(texts))]
            reason = f"{now.texts} different texts, {texts} when last told"
        return self._told(case, _News("growth", reason, tuple(evidence), fresh))

    def _told(self, case: _Case, what: _News) -> WatchOutcome:
        change, story, known = case.occasion.change, self.facts(case.occasion.view), case.known
        # Not the store's newest: an edit or a move may come long after the last article of its story.
        alert = _alert(case, what, case.members[-1].seq)
        named = {entity.id for member in case.members for entity in member.enriched.entities}
        members = (member.enriched.article.id for member in case.members)
        threads = {each.to: each for state in (*case.affair, known) for each in state.threads}
        told = replace(
            known,
            threads=tuple(threads.values()),
            told=tuple(dict.fromkeys((*known.told, *members))),
            alerts=tuple(dict.fromkeys((*known.alerts, alert.id))),
            origins=story.origins,
            entities=tuple(sorted(named | set(known.entities))),
            seq=change.seq,
            miss="",
            at=case.now,
        )
        return WatchOutcome(told, alert)

    def _hit_words(self, rule: WatchRule, matched: Sequence[str], members: Sequence[StoredArticle]) -> str:
        words: dict[str, str] = {}
        hit = [member for member in members if member.enriched.article.id in matched]
        for member in hit[:SHOWN]:
            ready = self.ready(member)
            for found in hits.hits(query_at(rule, ready), ready):
                words.setdefault(fold(found.text), found.text)
        return ", ".join(f"‘{word}’" for word in list(words.values())[:8]) or "by what it leaves out"


def heat(story: Story) -> float:
    """How many independent origins that came just now the story is worth.

    `Story.hot` is log2 of a sum that grows with time (constants as in `stories.describing`);
    here it is taken back to the time of the newest article.
    """
    return float(2.0 ** (story.hot - (story.last_published - HOT_EPOCH) / HOT_HALF_LIFE))


def central_member(story: Story, members: Sequence[StoredArticle]) -> StoredArticle:
    """The member whose title the story bears; the first where none does."""
    for member in members:
        if member.enriched.shown.title == story.title:
            return member
    return members[0]


def _alert(case: _Case, what: _News, seq: int) -> Alert:
    change, story = case.occasion.change, case.occasion.view.id
    return Alert(
        id=_alert_id(case.watch.name, what.kind, story, change.article),
        watch=case.watch.name,
        kind=what.kind,
        story=story,
        articles=tuple(member.enriched.article.id for member in what.articles),
        reason=what.reason,
        seq=seq,
        at=case.now,
        evidence=what.evidence,
        change=change.n,
        cause=change.kind,
    )


def _alert_id(watch: str, kind: AlertKind, story: str, article: str) -> str:
    return content_id("alert", watch, kind, story, article)


def _withdrawn(case: _Case) -> WatchOutcome | None:
    """That an article was withdrawn whose story the watch told of: once for each, wherever it is now.

    A mail shows what the story had when it was rendered, so who was told of the article is asked at delivery.
    What counts as told of the story stays as it is: a follow-up is still measured against the last telling.
    """
    former, view, change = case.occasion.former, case.occasion.view, case.occasion.change
    if former is None:
        return None
    before = {_alert_id(case.watch.name, "withdrawn", story, change.article) for story in view.kin}
    if not before.isdisjoint(case.known.alerts):
        return None
    stored = next((each for each in view.members if each.enriched.article.id == change.article), None)
    if stored is None:
        return None
    shown, notice = former.enriched.shown, stored.enriched.shown
    said = ": ".join(part for part in (notice.title, " ".join(notice.text.split())) if part)
    evidence = (
        ("outlet", shown.outlet),
        ("title", shown.title),
        ("link", shown.link or shown.url),
        ("notice", said[:NOTICE_CHARS]),
    )
    reason = f"withdrawn by {shown.outlet or 'its outlet'}: ‘{shown.title}’; it says ‘{said[:NOTICE_CHARS]}’"
    alert = _alert(case, _News("withdrawn", reason, evidence, (stored,)), stored.seq)
    told = replace(case.known, alerts=(*case.known.alerts, alert.id), at=case.now)
    return WatchOutcome(told, alert)


def first_told(affair: Sequence[WatchState]) -> str:
    """The story with which a situation was told of first, of what is known."""
    return min(affair, key=lambda each: (each.seq, each.story)).story


def _told_before(affair: Sequence[WatchState]) -> str:
    return f"its situation was told of with story {first_told(affair)}"


def _bare(state: WatchState | None) -> WatchState | None:
    return replace(state, at=None) if state else None


def _with_hit(known: WatchState, change: Change, *, hit: bool) -> WatchState:
    """What is known of a story, with the article that came or was edited among its hits, or not any more."""
    if change.kind == "move" or hit == (change.article in known.matched):
        return known
    if hit:
        return replace(known, matched=(*known.matched, change.article))
    return replace(known, matched=tuple(each for each in known.matched if each != change.article))


def _cause(change: Change) -> list[str]:
    """What made it true, where that is not an article that came."""
    if change.kind == "edit":
        return ["since an article was edited"]
    if change.kind == "move":
        return [f"since {'a person' if change.by == 'person' else 'a repair'} moved articles"]
    if change.kind == "time":
        return [f"since its time came, {change.at:%Y-%m-%d %H:%M} UTC"]
    return []


def _joined(watch: str, view: StoryView, states: Mapping[str, WatchState]) -> tuple[WatchState, bool]:
    """What the watch knows of the story and its ancestors as one state, and whether it told of it."""
    ids = {member.enriched.article.id for member in view.members}
    own = states.get(view.id) or WatchState(watch, view.id)
    about = [own, *(states[story] for story in view.ancestors if story in states)]
    beside = [states[story] for story in view.sources if story in states]
    fired = [
        known
        for known in about
        if known.alerts and (not ids.isdisjoint(known.told) or (known.story == view.id and not view.split))
    ]
    hit = (article for known in (*about, *beside) for article in known.matched)
    matched = dict.fromkeys(article for article in hit if article in ids)
    if len(about) == 1:
        same = own.matched == tuple(matched)
        return own if same else replace(own, matched=tuple(matched)), bool(fired)
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
    what = name.replace("articles", "article", 1) if needed == 1 else name
    return Check(name, f"{needed} {what}", str(found), found >= needed)


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
