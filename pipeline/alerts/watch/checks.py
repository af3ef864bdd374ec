"""What a watch means, in words, and what is odd about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import get_args
from urllib.parse import urlsplit

from pipeline.alerts.decide.watch_rule import WatchRule
from pipeline.alerts.send.schedule import destinations, next_digest, quiet_end
from pipeline.alerts.watch.traps import FLOOD, traps
from pipeline.alerts.watch.watch_file import WEEKDAYS
from pipeline.query import parse, say
from pipeline.query.tree import And, Everything, KeywordRange, Not, Or, Phrase, Query, Term, TimeRange
from pipeline.records import Delivery, Watch
from pipeline.records.articles import ArticleKind
from pipeline.text import fold, words

# A watch that hits more of what comes in than this is no watch.
NEARLY_ALL = 0.5
# Fewer articles than this say little about a watch.
SAMPLE = 200
# Chats whose incoming webhooks want messages in a form of their own.
_CHATS = (
    "hooks.slack.com", "discord.com", "discordapp.com", "webhook.office.com", "logic.azure.com",
    "api.telegram.org", "chat.googleapis.com",
)  # fmt: skip
# How late an article may come that was published in the past.
LATE = timedelta(days=14)

_MATCH = {
    "any": "any of its articles matches",
    "most": "most of its articles match",
    "central": "its most central article matches",
}
_FOLLOW = {
    ("story", "none"): "It never writes twice about a story.",
    ("story", "growth"): "It writes again each time the independent sources or texts have doubled.",
    ("story", "news"): "It writes again when two independent texts lead with a new name or number.",
    ("situation", "none"): "It never writes twice about a situation.",
    ("situation", "growth"): (
        "It writes again each time the independent sources or texts of the story that it told of have "
        "doubled."
    ),
    ("situation", "news"): (
        "It writes again when two independent texts of one of its stories lead with a name or number that is "
        "new to the situation."
    ),
}


def meaning(watch: Watch, now: datetime) -> str:
    """Says what a watch does, in a few sentences."""
    found = say.describe(parse.parse(watch.query, now))
    once = "a story" if watch.once_per == "story" else "the stories of a situation"
    parts = [f"Looks for {found}.", f"Fires once for {once} when {_MATCH[watch.match]}{_conditions(watch)}."]
    parts += [_delivery(watch.deliver), _FOLLOW[watch.once_per, watch.follow_up]]
    if not watch.enabled:
        parts.append("It is switched off.")
    return " ".join(parts)


def _conditions(watch: Watch) -> str:
    needs = watch.conditions
    counts = (
        ("articles", needs.articles),
        ("outlets", needs.outlets),
        ("independent sources", needs.origins),
        ("articles within 24 hours", needs.growth),
    )
    said = [f"it has at least {number} {name}" for name, number in counts if number > 1]
    if needs.hot:
        said.append(f"its heat is at least {needs.hot:g}")
    if needs.topics:
        said.append(f"its topic is {' or '.join(needs.topics)}")
    if needs.entities:
        said.append(f"it names {' or '.join(needs.entities)}")
    return "".join(f" and {each}" for each in said)


def _delivery(deliver: Delivery) -> str:
    to = [place for _, place in destinations(deliver)]
    if not to:
        return "Delivers nowhere: alerts are recorded only."
    parts = [f"Delivers to {', '.join(to)}"]
    if deliver.digest:
        hours = ", ".join(f"{hour}:00" for hour in deliver.digest.hours)
        days = "every day" if len(deliver.digest.weekdays) == 7 else _days(deliver.digest.weekdays)
        parts.append(f"as a digest at {hours} {deliver.digest.timezone} {days}")
    else:
        parts.append("at once")
    if deliver.quiet:
        quiet = deliver.quiet
        parts.append(f"but not from {quiet.start:%H:%M} to {quiet.end:%H:%M} {quiet.timezone}")
    if deliver.at_most_per_day:
        parts.append(f"and at most {deliver.at_most_per_day} a day, the rest as one digest")
    return " ".join(parts) + "."


def _days(weekdays: Sequence[int]) -> str:
    return "on " + ", ".join(WEEKDAYS[day].capitalize() for day in weekdays)


def findings(
    rule: WatchRule,
    now: datetime,
    sample: tuple[int, int] | None = None,
    topics: Collection[str] = (),
    feeds: Collection[str] = (),
) -> list[str]:
    """What is odd about a watch.

    Args:
        rule: The watch and its query.
        now: The present time (UTC).
        sample: How many of how many recent articles the query hits; None where nobody tried.
        topics: Ids and names of the topics that exist; empty where nobody knows.
        feeds: Ids of the feeds that exist, likewise.
    """
    watch = rule.watch
    known = {fold(topic) for topic in topics}
    fields = {
        "topics": known | {word for topic in topics for word in words(topic)},
        "feed": {fold(feed) for feed in feeds},
        "kind": set(get_args(ArticleKind)),
    }
    fields = {field: values for field, values in fields.items() if values}
    found = [*_of_query(rule.query, now), *traps(watch.query, rule.query, fields)]
    found += _of_sample(*(sample or (0, 0)))
    unknown = [topic for topic in watch.conditions.topics if known and fold(topic) not in known]
    if unknown:
        found.append(f"can never fire: there is no topic {', '.join(unknown)}")
    if not destinations(watch.deliver):
        found.append("delivers nowhere: give it `mail`, `chat` or `webhook` under `deliver`")
    if not watch.enabled:
        found.append("is switched off")
    found += _of_delivery(watch.deliver, now)
    return found


def _of_query(tree: Query, now: datetime) -> Iterator[str]:
    if never(tree, now):
        yield f"can never match: {_never_because(tree, now)}"
    elif reason := _dead_choice(tree, now):
        yield f"a part of it can never match: {reason}"
    elif always(tree) or _mostly(tree):
        yield "matches nearly everything"
    for term in _terms(tree):
        if term.field == "language" and len(term.forms[0]) != 2:
            yield f"language:{term.text} is no language; write two letters such as en"


def _of_sample(hits: int, of: int) -> Iterator[str]:
    if of < SAMPLE:
        return
    if not hits:
        yield f"none of the last {of} articles matches"
    elif hits > NEARLY_ALL * of:
        yield f"matches nearly everything: {hits} of the last {of} articles"
    elif hits > FLOOD * of:
        yield f"floods: {hits} of the last {of} articles match ({hits / of:.0%}); make it narrower"


def _of_delivery(deliver: Delivery, now: datetime) -> Iterator[str]:
    host = (urlsplit(deliver.webhook).hostname or "").lower()
    if any(host == chat or host.endswith(f".{chat}") for chat in _CHATS):
        yield f"the webhook is one of a chat ({host}), which takes other JSON; name it under `channels`"
    if deliver.digest and deliver.quiet:
        at, quiet = now, 0
        for _ in range(20):
            at = next_digest(deliver, at)
            quiet += quiet_end(deliver.quiet, at) is not None
            at += timedelta(minutes=1)
        if quiet == 20:
            yield "each digest falls into the quiet hours and goes out when they end"


def never(tree: Query, now: datetime) -> bool:
    """Whether no article that comes from now on can match."""
    return bool(_never_because(tree, now))


def _never_because(tree: Query, now: datetime) -> str:
    match tree:
        case And(parts):
            reasons = (_never_because(part, now) for part in parts)
            return next((reason for reason in reasons if reason), "") or _contradiction(parts)
        case Or(parts):
            each = [_never_because(part, now) for part in parts]
            return each[0] if all(each) else ""
        case Not(part):
            return "it leaves out everything" if always(part) else ""
        case TimeRange():
            return _past(tree, now)
        case KeywordRange(field, low, high) if low and high and low > high:
            return f"the range of {field} is empty"
        case _:
            return ""


def _dead_choice(tree: Query, now: datetime) -> str:
    """Why an alternative that the writer gave can never match; "" where all can."""
    match tree:
        case And(parts):
            return next((reason for part in parts if (reason := _dead_choice(part, now))), "")
        case Or(parts):
            return next((reason for part in parts if (reason := _never_because(part, now))), "")
        case _:
            return ""


def _past(tree: TimeRange, now: datetime) -> str:
    if tree.since and tree.until and tree.since >= tree.until:
        return f"the range of {tree.field} is empty"
    if tree.until is not None and tree.until < now - LATE:
        return f"{tree.field} must be before {tree.until:%Y-%m-%d}, which is past"
    return ""


def _contradiction(parts: Sequence[Query]) -> str:
    for out in (part.part for part in parts if isinstance(part, Not)):
        asked = next((part for part in parts if not isinstance(part, Not) and _implies(part, out)), None)
        if asked is not None:
            return f"it asks for {say.describe(asked).removeprefix('articles with ')} and leaves it out"
    for field in ("language", "story", "kind"):
        allowed = [values for part in parts if (values := _values(part, field))]
        if allowed and not frozenset.intersection(*allowed):
            return f"an article has one {field} only"
    return ""


def _implies(part: Query, other: Query) -> bool:
    """Whether all that one clause hits is surely hit by another, too."""
    match part, other:
        case _, Or(others):
            return part == other or any(_implies(part, each) for each in others)
        case And(mine), _:
            return part == other or any(_implies(each, other) for each in mine)
        case Term(field, _, forms), Term(other_field, _, other_forms):
            return other_field in {field, None} and set(forms) <= set(other_forms)
        case Phrase(field, _, words), Term(other_field, _, forms):
            return other_field in {field, None} and any(set(each) <= set(forms) for each in words)
        case _:
            return part == other


def _values(part: Query, field: str) -> frozenset[str]:
    """The values of a field that a clause leaves; empty where it does not speak of it."""
    match part:
        case Term(name, _, forms) if name == field:
            return frozenset(forms)
        case Or(parts):
            each = [_values(one, field) for one in parts]
            return frozenset[str]().union(*each) if all(each) else frozenset()
        case _:
            return frozenset()


def always(tree: Query) -> bool:
    """Whether every article matches."""
    match tree:
        case Everything():
            return True
        case And(parts):
            return all(always(part) for part in parts)
        case Or(parts):
            return any(always(part) for part in parts)
        case TimeRange(_, None, None):
            return True
        case _:
            return False


def _mostly(tree: Query) -> bool:
    """Whether a query says only what it leaves out."""
    match tree:
        case Not():
            return True
        case And(parts):
            return all(_mostly(part) or always(part) for part in parts)
        case Or(parts):
            return any(_mostly(part) for part in parts)
        case _:
            return False


def _terms(tree: Query) -> Iterator[Term]:
    match tree:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _terms(part)
        case Not(part):
            yield from _terms(part)
        case Term():
            yield tree
        case _:
            return
