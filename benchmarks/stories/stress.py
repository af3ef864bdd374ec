"""The same labelled news made harder, or just different: what a choice must not lose on.

A number that fits a few files may fit nothing else. Each variant changes one thing that differs between
feeds: how many articles there are, how dense they come, what else comes with them, what is known of their
dates, how much of their text there is, and whose outlets are read. Nothing is drawn at random: what is kept
follows from digests, so that the same files give the same variants.

The stress set of some files is each file as it is, each in the sizes below its own, and the variants of each,
of at most a thousand articles of it: ten variants of ten thousand articles would take hours and say the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Final

from pipeline.app.evaluate import Labelled as Line
from pipeline.records import content_id

Lines = Sequence[Line]

# About how many articles subsets have; variants are made of as many as the middle one has.
SIZES: Final = (200, 1000, 5000)
_VARIED: Final = SIZES[1]
# Characters that are left of a text: about what a feed's summary has.
CUT_CHARS: Final = 200
WEEK: Final = timedelta(days=7)


def sized(lines: Lines, size: int) -> list[Line]:
    """Whole events, in the order of their digests, until there are `size` articles."""
    counts = Counter(line.cluster for line in lines)
    kept: set[str] = set()
    articles = 0
    for cluster in sorted(counts, key=lambda each: (content_id(each), each)):
        if articles >= size:
            break
        kept.add(cluster)
        articles += counts[cluster]
    return [line for line in lines if line.cluster in kept]


def thinned(lines: Lines, share: int) -> list[Line]:
    """One event in `share`, whole: fewer look-alikes stand side by side."""
    return [line for line in lines if int(content_id(line.cluster)[:8], 16) % share == 0]


def sampled(lines: Lines, share: int) -> list[Line]:
    """One article in `share`: as a reader of few feeds sees the same events."""
    return [line for line in lines if int(line.item.id[:8], 16) % share == 0]


def in_a_week(lines: Lines) -> list[Line]:
    """All dates drawn together into one week, in their order."""
    dated = [line.published for line in lines if line.published]
    if not dated or max(dated) - min(dated) <= WEEK:
        return list(lines)
    first, span = min(dated), max(dated) - min(dated)
    return [_at(line, line.published and first + (line.published - first) * (WEEK / span)) for line in lines]


def interleaved(lines: Lines, others: Lines) -> list[Line]:
    """Two files in one stream, the second from the first's first day on; labels stay apart."""
    mine = [replace(line, cluster=f"0 {line.cluster}") for line in lines]
    theirs = [replace(line, cluster=f"1 {line.cluster}") for line in others]
    first, second = _first(mine), _first(theirs)
    if first is None or second is None:
        return [*mine, *theirs]
    moved = [_at(line, line.published and line.published + (first - second)) for line in theirs]
    placed: list[tuple[datetime, Line]] = []
    for part in (mine, moved):
        # An undated line stays behind the one before it.
        latest = first
        for line in part:
            latest = line.published or latest
            placed.append((latest, line))
    return [line for _, line in sorted(placed, key=lambda pair: pair[0])]


def _first(lines: Lines) -> datetime | None:
    return min((line.published for line in lines if line.published), default=None)


def undated(lines: Lines) -> list[Line]:
    """No date at all, in the same order."""
    return [_at(line, None) for line in lines]


def by_the_day(lines: Lines) -> list[Line]:
    """Dates without a time of day."""
    return [_at(line, line.published and datetime.combine(line.published, time.min, UTC)) for line in lines]


def titles(lines: Lines) -> list[Line]:
    """Titles only."""
    return [replace(line, item=replace(line.item, body="")) if line.item.title else line for line in lines]


def cut(lines: Lines) -> list[Line]:
    """Titles and the beginning of the text."""
    return [replace(line, item=replace(line.item, body=line.item.body[:CUT_CHARS])) for line in lines]


def without_an_outlet(lines: Lines) -> list[Line]:
    """All but the outlet that has most articles."""
    outlets = Counter(line.item.outlet for line in lines if line.item.outlet)
    most = min(outlets, key=lambda outlet: (-outlets[outlet], outlet), default="")
    return [line for line in lines if not most or line.item.outlet != most]


VARIANTS: Final[Mapping[str, Callable[[Lines], list[Line]]]] = {
    "half of the events": lambda lines: thinned(lines, 2),
    "a third of the articles": lambda lines: sampled(lines, 3),
    "in a week": in_a_week,
    "a third in a week": lambda lines: in_a_week(sampled(lines, 3)),
    "undated": undated,
    "dates without time": by_the_day,
    "titles": titles,
    "200 characters": cut,
    "without an outlet": without_an_outlet,
}


def variants(lines: Lines) -> dict[str, list[Line]]:
    """All variants of a file, but for those that change nothing of it."""
    made = {name: change(lines) for name, change in VARIANTS.items()}
    return {name: changed for name, changed in made.items() if changed and changed != list(lines)}


def stress_set(files: Mapping[str, Lines]) -> Iterator[tuple[str, list[Line]]]:
    """The stress set of some files, each set with its name.

    Args:
        files: Labelled lines by the file's name; each is mixed with the next one, the last with the first.
    """
    following = dict(zip(files, [*list(files)[1:], *list(files)[:1]], strict=True))
    varied = {name: sized(lines, _VARIED) for name, lines in files.items()}
    for name, lines in files.items():
        yield name, list(lines)
        for size in SIZES:
            subset = sized(lines, size)
            if len(subset) < len(lines):
                yield f"{name}, {size} articles", subset
        for kind, changed in variants(varied[name]).items():
            yield f"{name}, {kind}", changed
        if following[name] != name:
            yield f"{name}, with {following[name]}", interleaved(varied[name], varied[following[name]])


def _at(line: Line, published: datetime | None) -> Line:
    """A line with another date, in the item as in what it is ordered by."""
    written = published.isoformat() if published else ""
    return replace(line, published=published, item=replace(line.item, published=written, updated=""))
