"""Questions about watches: what they mean, what they would have done, and why one was silent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.alerts.backtest.backtest import Backtest, backtest
from pipeline.alerts.decide.decide import Decider, Facts, StoryView, WatchRule, rule_hits, rule_of
from pipeline.alerts.decide.explain import Why, why
from pipeline.alerts.watch.checks import findings, meaning
from pipeline.errors import NotFoundError
from pipeline.ports import Store
from pipeline.query.hits import prepared
from pipeline.records import StoredArticle, Watch
from pipeline.stages.alerting.alert import MARK
from pipeline.stages.alerting.lineage import ancestry, heir, story_facts

# So many recent articles are tried when a watch is checked.
RECENT = 1000


@dataclass(frozen=True, slots=True)
class Checked:
    """What one watch means, and what is odd about it."""

    watch: Watch
    meaning: str
    findings: tuple[str, ...]


def check_watches(
    store: Store, watches: Sequence[Watch], now: datetime, topics: Collection[str] = ()
) -> list[Checked]:
    """Checks watches, trying them on the newest articles of the store.

    Args:
        store: Read only.
        watches: As configured.
        now: The present time (UTC).
        topics: Ids and names of the topics that exist.
    """
    head = store.head()
    after = max(0, head - RECENT)
    rules = [rule_of(watch, now) for watch in watches]
    hits = store.match({rule.watch.name: rule.query for rule in rules}, after, head) if head else {}
    checked = []
    for rule in rules:
        name = rule.watch.name
        sample = None if rule.relative else (len(hits.get(name, ())), head - after)
        checked.append(
            Checked(rule.watch, meaning(rule.watch, now), tuple(findings(rule, now, sample, topics)))
        )
    return checked


def why_story(store: Store, watch: Watch, story: str, now: datetime, facts: Facts = story_facts) -> Why:
    """Why a watch did or did not alert on a story.

    Raises:
        NotFoundError: No story has this id, or its articles are gone.
    """
    found = heir(store, story)
    members = sorted(store.articles(found.members).values(), key=lambda each: each.seq) if found else []
    if found is None or not members:
        raise NotFoundError(f"story {story}: there is none with this id; `wirewatch stories` lists them")
    ancestors, split = ancestry(store.lineage(found.id), found.id)
    view = StoryView(found.id, tuple(members), ancestors, split)
    names = (found.id, *ancestors)
    alerts = [alert for alert in store.alerts(watch.name) if alert.story in names]
    position = int(store.mark(MARK) or 0)
    tellings = store.tellings(watch.name, names)
    return why(rule_of(watch, now), view, Decider(facts), tellings, alerts, position)


def backtest_watch(
    store: Store, watch: Watch, since: datetime, now: datetime, facts: Facts = story_facts
) -> Backtest:
    """What a watch would have done since a time, on the history in the store.

    Raises:
        QueryError: Its query cannot be parsed.
    """
    rule = rule_of(watch, now)
    hits = _hits(store, rule)
    names = {article.story for article in store.articles(sorted(hits)).values()}
    stories = [_members(store, members.members) for members in store.stories(sorted(names)).values()]
    return backtest(rule, stories, frozenset(hits), facts, since, now)


def _members(store: Store, ids: Sequence[str]) -> list[StoredArticle]:
    return sorted(store.articles(ids).values(), key=lambda each: each.seq)


def _hits(store: Store, rule: WatchRule) -> set[str]:
    head = store.head()
    if not rule.relative:
        return set(store.match({rule.watch.name: rule.query}, 0, head).get(rule.watch.name, ()))
    return {
        article.enriched.article.id
        for article in store.between(0, head)
        if rule_hits(rule, prepared(article))
    }
