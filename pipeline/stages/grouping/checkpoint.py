"""A checkpoint of the clustering state, so that a run costs what is new and not what the window holds.

The index is kept in files now and then, with the number of the store's newest change. Whoever opens it puts
in what arrived and moved since. The store stays the truth: a mark in it (below) names the checkpoints that
are valid. It is emptied before articles are taken out, because the store's changes do not tell of that;
afterwards what remains of the newest checkpoint is kept. One that is missing, foreign or damaged is made
anew.
"""

from __future__ import annotations

import gc
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.ports import Commit, Lease, MemberRow, Store
from pipeline.processes import cycles_left
from pipeline.stages.grouping import index_files
from pipeline.stages.grouping.index_files import DamagedIndexError, KeptIndex
from pipeline.stories.features import packed
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.index.frozen import Freezable, Frozen, Remaining, Streamed
from pipeline.stories.index.postings import POSTED_TERMS
from pipeline.stories.index.story_index import StoryIndex

log = logging.getLogger("wirewatch.grouping")

# The mark of the store: the names of its checkpoints, the newest first; those of machines that share
# no folder stand side by side.
MARK: Final = "clustering.checkpoint"
# Below this many articles an index is made as fast as one is read.
FEW: Final = 10_000
# What came since is put in at each opening; kept anew when that is more than this, and this share of it.
_SINCE: Final = 2_000
_SINCE_SHARE: Final = 200
# It grows until it reaches back this many windows more than is needed, or is made of this many files.
_WINDOWS_MORE: Final = 3
_FILES: Final = 400
# One that is made anew reaches back this share of a window more than is needed.
_MORE: Final = 4
_MACHINES: Final = 8
_NEWEST: Final = 100
_AT_ONCE: Final = 1024
_PUT_IN: Final = 1 << 12
# From this many articles on, an index would slow every search for cyclic garbage.
_LARGE: Final = 10_000
_LAST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reach:
    """An index, and since when it holds whatever was published, and whatever came (None: only the former)."""

    index: StoryIndex
    published: datetime
    fetched: datetime | None


class Checkpoints:
    """The checkpoints of one store. All is done under the lease "stories".

    Args:
        folder: Where they are kept.
        store: Which is read, and has the mark.
        renew: Renews the lease and returns it.
        window: A story is a candidate while it has an article within this distance of the new one.
        center: The mean of the embedder's vectors, shape [d]; None where it has none.
        few: Stores of fewer articles have none.
    """

    def __init__(
        self,
        folder: Path,
        store: Store,
        renew: Callable[[], Lease],
        window: timedelta,
        center: NDArray[np.float64] | None,
        few: int = FEW,
    ) -> None:
        self._folder = folder
        self._store = store
        self._renew = renew
        self._window = window
        self._center = center
        self._few = few

    def reaching(self, published: datetime, fetched: datetime | None, until: datetime) -> Reach | None:
        """An index that holds what was published or came since these times, and everything newer.

        Args:
            published: Since when it was published; what has no date, since when it came.
            fetched: Since when it came; None where that is not asked.
            until: What is newer is not needed.

        Returns:
            None where the checkpoint does not reach back that far, where the store has few articles, or where
            most are newer than `until`: reading the store as far as is needed costs less.
        """
        kept = self._opened()
        if kept is not None:
            since, came = _reaches(kept)
            if published < since or (fetched and came and fetched < came):
                return None
            short = fetched is not None and came is None
            grown = published - since > _WINDOWS_MORE * self._window or len(kept.segments) > _FILES
            index = None if short or grown else self._brought_up(kept)
            if index is not None:
                return Reach(self._kept_again(index, kept), since, came)
        if self._store.head() < self._few or self._mostly_newer(until):
            return None
        more = self._window / _MORE
        return self._anew(_earlier(published, more), None if fetched is None else _earlier(fetched, more))

    def _mostly_newer(self, time: datetime) -> bool:
        """Whether the newest stories, but for a few that may be dated wrongly, are newer than a time."""
        newest = self._store.newest_stories(None, None, _NEWEST)
        return bool(newest) and newest[-1].last_published > time

    def _anew(self, published: datetime, fetched: datetime | None) -> Reach:
        """From the store: kept while it is read, so that memory does not grow with the window.

        What cannot be kept is made in memory, which takes some 4 KiB an article.
        """
        source = self._active(published, fetched)
        first = list(islice(source, self._few))
        if len(first) == self._few:
            rows = Streamed(chain(first, source), self._center)
            if self._keep(
                rows, None, self._notes(published.isoformat(), fetched.isoformat() if fetched else "")
            ):
                kept = self._opened()
                if kept is not None:
                    return Reach(self._going_on(kept), published, fetched)
            first, source = [], self._active(published, fetched)
        return Reach(rebuilt(chain(first, source), self._window, self._center), published, fetched)

    def _active(self, published: datetime, fetched: datetime | None) -> Iterator[tuple[IndexedArticle, str]]:
        came = [] if fetched is None else [(fetched, _LAST)]
        for row in self._store.active([(published, _LAST)], came):
            yield IndexedArticle.of_row(row), row.story

    # -- what was taken out ------------------------------------------------------------------------------

    def dropping(self, time: datetime) -> Callable[[], None]:
        """To be called before articles from before a time are taken out of the store; see `retiring`."""
        return self._taking_out(lambda frozen: self._gone(frozen, time))

    def retiring(self, articles: Sequence[str]) -> Callable[[], None]:
        """To be called before some articles are taken out of the store.

        The store forgets its checkpoints, so that nothing is believed if all ends here.

        Returns:
            To be called after it: keeps what remains of the checkpoint. That costs what went, and reading
            the arrays and postings once; nothing where the checkpoint does not have the articles.
        """
        return self._taking_out(lambda frozen: _slots(frozen, articles))

    def _taking_out(self, gone_of: Callable[[Frozen], NDArray[np.bool_]]) -> Callable[[], None]:
        """What `retiring` says; `gone_of` tells by slot what went, once it has gone."""
        kept = self._opened()
        if self._store.mark(MARK):
            self._store.commit(Commit(marks={MARK: ""}), self._renew())

        def remain() -> None:
            if kept is None:
                return
            try:
                gone = gone_of(kept.frozen)
            except DamagedIndexError as error:
                log.warning("the clustering state is to be made anew: %s", error)
                return
            if gone.any():
                self._keep(Remaining(kept.frozen, gone), kept, dict(kept.notes))
            else:
                self._store.commit(Commit(marks={MARK: kept.segments[-1]}), self._renew())

        return remain

    def _gone(self, frozen: Frozen, before: datetime) -> NDArray[np.bool_]:
        """By slot, whether the store has lost it: of those before a time, or about then, or undated.

        Features are frozen: an article that had no date may have got one since.
        """
        upto = (before + timedelta(days=1)).timestamp()
        gone = np.zeros(len(frozen), dtype=np.bool_)
        time = frozen.arrays.time[: len(frozen)]
        doubtful = np.flatnonzero(np.isnan(time) | (time < upto)).tolist()
        for start in range(0, len(doubtful), _AT_ONCE):
            slots = doubtful[start : start + _AT_ONCE]
            names = [frozen.member(slot).article for slot in slots]
            there = self._store.lines(names)
            gone[slots] = [name not in there for name in names]
        return gone

    # -- what was kept -----------------------------------------------------------------------------------

    def _opened(self) -> KeptIndex | None:
        """The checkpoint that is of the store, if it can be believed."""
        for name in self._here():
            try:
                kept = index_files.opened(self._folder, name)
            except (DamagedIndexError, OSError) as error:
                log.warning("the checkpoint of the clustering state is made anew: %s", error)
                continue
            if kept.notes["rules"] == self._rules():
                return kept
        return None

    def _here(self) -> list[str]:
        """The names of the store's checkpoints that are in the folder."""
        return [name for name in self._store.mark(MARK).split() if index_files.is_there(self._folder, name)]

    def _rules(self) -> list[Any]:
        """What the arrays depend on beside the articles."""
        center = b"" if self._center is None else self._center.tobytes()
        return [packed.VERSION, POSTED_TERMS, sha256(center).hexdigest()]

    def _brought_up(self, kept: KeptIndex) -> StoryIndex | None:
        """The index of a checkpoint with what happened since; None where that is too much or goes too deep.

        Too deep: an article that is not in it is in one of its stories now, or in one with newer articles.
        """
        head, frozen = int(kept.notes["head"]), kept.frozen
        since = self._store.last_change() - int(kept.notes["change"])
        if since < 0 or since > max(len(frozen), 4 * _SINCE):
            return None
        rows = self._store.arrived(head)
        came = {row.article for row in rows}
        moves = {
            change.article: change.story
            for change in self._store.amendments(int(kept.notes["change"]))
            if change.kind == "move" and change.article not in came
        }
        strangers = {article for article in moves if frozen.slot_of(article) is None}
        asked = {story for article, story in moves.items() if article in strangers}
        asked |= {
            story for story in {row.story for row in rows} | set(moves.values()) if not frozen.holds(story)
        }
        for row in self._store.members(sorted(asked), head):
            if frozen.slot_of(row.article) is None:
                return None
        index = self._going_on(kept)
        for article, story in moves.items():
            if article not in strangers:
                index.move(article, story)
        _put_in(index, rows)
        return index

    def _going_on(self, kept: KeptIndex) -> StoryIndex:
        return StoryIndex.kept(kept.frozen, self._window / timedelta(days=1), self._center)

    def _kept_again(self, index: StoryIndex, kept: KeptIndex) -> StoryIndex:
        """Keeps an index again where much has happened since, and goes on from what was kept."""
        since = self._store.last_change() - int(kept.notes["change"])
        if since <= max(_SINCE, len(index) // _SINCE_SHARE):
            return index
        done = self._keep(index, kept, self._notes(kept.notes["published"], kept.notes["fetched"]))
        again = self._opened() if done else None
        return index if again is None else self._going_on(again)

    def _notes(self, published: str, fetched: str) -> dict[str, Any]:
        """What is noted of an index that is as the store is."""
        return {
            "published": published,
            "fetched": fetched,
            "change": self._store.last_change(),
            "head": self._store.head(),
            "rules": self._rules(),
        }

    def _keep(self, index: Freezable, before: KeptIndex | None, notes: dict[str, Any]) -> bool:
        """Keeps an index, and notes its name in the store; whether that could be done."""
        name, former = secrets.token_hex(8), self._here()
        elsewhere = [each for each in self._store.mark(MARK).split() if each not in former]
        done = False
        try:
            index_files.keep(self._folder, name, index, before, notes)
        except (OSError, ValueError, DamagedIndexError) as error:
            log.warning("the clustering state is not kept: %s", error)
        else:
            names = [name, *elsewhere][:_MACHINES]
            self._store.commit(Commit(marks={MARK: " ".join(names)}), self._renew())
            # A process that lost the lease may still read the former one.
            former, done = [name, *former], True
        index_files.clear(self._folder, former, () if before is None else before.segments)
        return done


def _reaches(kept: KeptIndex) -> tuple[datetime, datetime | None]:
    """Since when it holds what was published, and since when what came."""
    published, fetched = (kept.notes[name] for name in ("published", "fetched"))
    return datetime.fromisoformat(published), datetime.fromisoformat(fetched) if fetched else None


def rebuilt(
    rows: Iterable[tuple[IndexedArticle, str]], window: timedelta, center: NDArray[np.float64] | None
) -> StoryIndex:
    """The index of (member, story id) rows; see `StoryIndex`.

    Each search for cyclic garbage looks through all of it, which took a third of a rebuild and, later, a
    twelfth of the time of assigning articles; so a large index is left out of it for good.
    """
    with cycles_left():
        index = StoryIndex.rebuilt(rows, window / timedelta(days=1), center)
        if len(index) >= _LARGE:
            gc.collect()
            gc.freeze()
    return index


def _put_in(index: StoryIndex, rows: Sequence[MemberRow]) -> None:
    """Puts in what is newer than an index, in ingest sequence."""
    for start in range(0, len(rows), _PUT_IN):
        some = rows[start : start + _PUT_IN]
        index.enter([IndexedArticle.of_row(row) for row in some])
        for row in some:
            index.settle(row.article, row.story)


def _slots(frozen: Frozen, articles: Sequence[str]) -> NDArray[np.bool_]:
    """By slot, whether it holds one of some articles."""
    found = np.zeros(len(frozen), dtype=np.bool_)
    found[[slot for article in articles if (slot := frozen.slot_of(article)) is not None]] = True
    return found


def _earlier(time: datetime, by: timedelta) -> datetime:
    """`time - by`, or the first moment there is."""
    first = datetime.min.replace(tzinfo=UTC)
    return first if time - first < by else time - by
