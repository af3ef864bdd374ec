"""Up to which change each watch has been asked: pure.

Nearly all watches are at one number, so that is written once, and beside it those that are behind: the
versions in the file that cannot be asked, since they are broken. A last good version that stands in for one
goes along with all others and tells what it finds; the version that is mended one day begins where the
trouble began. What the other told of is known by the stories' states, so nothing is told twice.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

# Stands for a watch whose name cannot be read, or for all of a file that cannot.
NAMELESS = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of the way: after `start`, up to `upto`, these watches are asked."""

    start: int
    upto: int
    names: frozenset[str]


class WatchMarks:
    """The mark of each watch.

    Args:
        reached: Up to where all have been asked that are not behind.
        behind: As `written` gave it.

    >>> marks = WatchMarks(100, "")
    >>> marks.hold({"floods"})
    >>> marks.advance({"quakes"}, 130)
    >>> marks.of("floods"), marks.of("quakes")
    (100, 130)
    >>> [(leg.start, leg.upto, sorted(leg.names)) for leg in marks.way({"floods", "quakes"}, 150)]
    [(100, 130, ['floods']), (130, 150, ['floods', 'quakes'])]
    """

    def __init__(self, reached: int, behind: str) -> None:
        self.reached = reached
        self._behind: dict[str, int] = json.loads(behind or "{}")

    def of(self, name: str) -> int:
        """Up to which change a watch's version of the file has been asked."""
        return self._behind.get(name, self.reached)

    def hold(self, names: Iterable[str]) -> None:
        """Notes that these cannot be asked from here on; those that are behind stay where they are."""
        for name in names:
            self._behind.setdefault(name, self.reached)

    def mended(self, names: Iterable[str]) -> None:
        """Notes that every name can be read again; these are the watches that nobody has asked yet."""
        since = self._behind.pop(NAMELESS, None)
        if since is not None:
            for name in names:
                self._behind.setdefault(name, since)

    def keep(self, names: Collection[str]) -> None:
        """Forgets all others: who was switched off or taken out begins anew."""
        self._behind = {name: n for name, n in self._behind.items() if name in names or name == NAMELESS}

    def way(self, names: Collection[str], last: int, aside: Collection[str] = ()) -> list[Leg]:
        """The legs up to the newest change, one after the other.

        A leg begins where a watch has come to; on it go this watch and all that have come as far already, so
        that those behind catch up. A leg whose changes all have been asked about is left out.

        Args:
            names: The watches that are asked.
            last: The newest change.
            aside: Those of them for which another version stands in; it has come as far as all have.
        """
        come_to = {name: self.reached if name in aside else self.of(name) for name in names}
        starts = sorted({self.reached, *come_to.values()})
        ends = [*starts[1:], max(last, self.reached)]
        return [
            Leg(start, end, frozenset(name for name in names if come_to[name] <= start))
            for start, end in zip(starts, ends, strict=True)
            if start < end
        ]

    def advance(self, names: Collection[str], upto: int) -> None:
        """Notes that these have been asked up to a change."""
        self.reached = max(self.reached, upto)
        for name in self._behind.keys() & names:
            self._behind[name] = upto
        self._behind = {name: n for name, n in self._behind.items() if n < self.reached or name not in names}

    def waiting(self, aside: Collection[str]) -> bool:
        """Whether one is behind that can be asked now."""
        return any(name not in aside for name in self._behind)

    @property
    def written(self) -> str:
        """Those that are behind, to be kept; "" where there are none."""
        return json.dumps(self._behind, ensure_ascii=False, sort_keys=True) if self._behind else ""
