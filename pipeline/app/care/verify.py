"""Every promise that can be checked on what is stored; reads everything, changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import islice

from pipeline.app.journal import left_behind
from pipeline.app.wiring import JOURNAL, Wiring
from pipeline.errors import NotFoundError, WirewatchError
from pipeline.ports import RejectionFilter

# A message that has been due for so long, or will not be for so long, has nobody who sends it.
OVERDUE = timedelta(days=2)
FAR_OFF = timedelta(days=9)
# Articles looked at together.
PIECE = 500
SHOWN = 5


def breaches(wiring: Wiring, check: Callable[[Wiring], Iterator[str]]) -> str:
    """What breaks a promise, in one line; "" where it is kept."""
    found: list[str] = []
    try:
        found.extend(check(wiring))
    except WirewatchError as error:
        found.append(" ".join(str(error).split()))
    more = f" (and {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
    return "; ".join(found[:SHOWN]) + more


def _archive(wiring: Wiring) -> Iterator[str]:
    keeps = wiring.settings.retention.archive_days
    for entry in wiring.archive.entries():
        # What retention may have dropped is not missed.
        dropped = bool(keeps) and wiring.clock() - entry.at > timedelta(days=keeps - 1)
        for place in entry.data.get("places", ()) if entry.kind == "batch" else ():
            try:
                for _ in wiring.archive.read(place):
                    pass
            except NotFoundError as error:
                if not dropped:
                    yield f"journal entry {entry.n}: {error}"
            except WirewatchError as error:
                yield f"journal entry {entry.n}: {error}"


def _unsettled(wiring: Wiring) -> Iterator[str]:
    for each in left_behind(wiring):
        yield f"{each.place} of {each.at:%Y-%m-%d %H:%M} is not taken in; the next run does it"


def _journal(wiring: Wiring) -> Iterator[str]:
    for entry in wiring.archive.entries():
        if entry.kind == "unreadable":
            yield f"entry {entry.n}: {entry.data['reason']}"


def _aside(wiring: Wiring) -> Iterator[str]:
    for each in wiring.store.rejections(RejectionFilter(stage="journal")):
        yield f"{each.source}: {each.reason}"


def _store(wiring: Wiring) -> Iterator[str]:
    wiring.belongs()
    mark, last = int(wiring.store.mark(JOURNAL) or 0), wiring.archive.last()
    if mark < last:
        yield f"entries {mark + 1} to {last} are not in the store yet; the next run does them"


def _stories(wiring: Wiring) -> Iterator[str]:
    store = wiring.store
    stream = store.between(0, store.head())
    while piece := list(islice(stream, PIECE)):
        stories = store.stories(sorted({stored.story for stored in piece}))
        for stored in piece:
            name = stored.enriched.article.id
            story = stories.get(stored.story)
            if story is None or name not in story.members:
                yield f"article {name} is not in its story {stored.story}"
            if store.decision(name) is None:
                yield f"article {name} has no decision"


def _frame(wiring: Wiring) -> Iterator[str]:
    yield from wiring.store.damage()


def _outbox(wiring: Wiring) -> Iterator[str]:
    now = wiring.clock()
    watches = {watch.name for watch in wiring.watches}
    for message in wiring.store.outbox():
        if message.watch and message.watch not in watches:
            yield f"message {message.id} is of the watch {message.watch}, which is not there"
        elif message.due > now + FAR_OFF:
            yield f"message {message.id} is due on {message.due:%Y-%m-%d}"
        elif message.due < now - OVERDUE:
            yield f"message {message.id} was due on {message.due:%Y-%m-%d}; `wirewatch alert` sends it"


# Each promise: its name, what breaks it, and what is said while it is kept.
PROMISES: Sequence[tuple[str, Callable[[Wiring], Iterator[str]], str]] = (
    ("archive", _archive, "every batch that the journal names is there and whole"),
    ("unsettled", _unsettled, "nothing is archived and not taken in"),
    ("journal", _journal, "every entry is there and can be read"),
    ("set aside", _aside, "no entry and no batch is set aside"),
    ("store", _frame, "tables, templates and aliases are as this version makes them"),
    ("store and journal", _store, "the store has what the journal says"),
    ("articles and stories", _stories, "every article is in its story and has its decision"),
    ("outbox", _outbox, "every message has somebody who sends it, and a time"),
)
