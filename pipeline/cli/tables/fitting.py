"""A table in the width there is: columns leave by importance, ids stay whole, the title gets the rest.

    story             title                                articles  newest  origins
    943f3ecb344fdf54  Dozens missing after passenger fer…         7  3 h           6
    Not shown: outlets, topics; --json has all.

What came from outside is shown as text: it is no markup, has no control characters and stays on its line.
Widths are those of cells of the terminal: a letter of Chinese takes two, an accent of its own none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.style import Style
from rich.text import Text

# The width where nothing has to fit: into a pipe, a table has all its columns, and a row is one line.
WIDE: Final = 100_000
# Longer than this a text is cut in any width; addresses and ids are not.
_MOST_TEXT: Final = 200
_GAP: Final = 2
_INDENT: Final = 4
# The first column takes at most this share of the width; a longer id gets a line of its own.
_FIRST: Final = 0.5
# A text that would be the last to leave stays as long as it has so many cells.
_LEAST_ALONE: Final = 8


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column.

    Attributes:
        name: Its heading; a table whose columns have none is without headings.
        rank: How soon it leaves where the width is short: the highest first, 0 never.
        least: Of a text that may be cut, the fewest cells that are of use. 0 for what is never cut: ids,
            numbers, ages, addresses.
        right: Whether it stands flush right, as numbers do.
        folds: Whether a text that is too long goes on in the next line, instead of being cut.
    """

    name: str
    rank: int = 0
    least: int = 0
    right: bool = False
    folds: bool = False


def shown_text(text: str) -> str:
    """What came from outside, without what a terminal would act on."""
    from pipeline.text import plain  # a help screen needs no stems

    return plain(text)


def number(name: str, rank: int) -> TableColumn:
    """A column of numbers."""
    return TableColumn(name, rank, right=True)


def linked(text: str, url: str) -> Text:
    """A text that opens its page where the terminal can (OSC 8)."""
    safe = url.startswith(("http://", "https://")) and url.isprintable() and " " not in url
    return Text(shown_text(text), Style(link=url) if safe else "")


class Listing:
    """Rows under columns; `show` draws them."""

    def __init__(self, columns: Sequence[TableColumn], title: str = "") -> None:
        """Args: the columns, the first of which never leaves, and what stands above."""
        self._columns = tuple(columns)
        self._title = title
        self._rows: list[tuple[list[Text], str]] = []

    def row(self, *cells: str | Text, below: str = "") -> None:
        """Adds a row: a cell a column, and what is told in lines of its own below it, as errors are."""
        said = [Text(shown_text(each)) if isinstance(each, str) else each for each in cells]
        for column, cell in zip(self._columns, said, strict=True):
            if column.least and not column.folds:
                cell.truncate(_MOST_TEXT, overflow="ellipsis")
        self._rows.append((said, shown_text(below)))

    def show(self, out: Console) -> None:
        """Draws the table; no line is wider than the console unless an id is."""
        if self._title:
            heading(out, self._title)
        if not self._rows:
            return
        widths = self._widths(out.width)
        shown = [n for n in range(len(self._columns)) if n in widths]
        if any(column.name for column in self._columns):
            _line(out, [self._laid(n, Text(self._columns[n].name, "bold"), widths[n]) for n in shown])
        for cells, below in self._rows:
            self._show_row(out, [(n, cells[n]) for n in shown], widths)
            for line in _wrapped(out, below, max(out.width - _INDENT, 1)):
                _line(out, [Text(" " * _INDENT + line.plain)])
        gone = ", ".join(column.name for n, column in enumerate(self._columns) if n not in widths)
        if gone:
            _print(out, Text(f"Not shown: {gone}; --json has all.", "dim"), out.width)

    def _show_row(self, out: Console, cells: Sequence[tuple[int, Text]], widths: dict[int, int]) -> None:
        first, name = cells[0]
        if name.cell_len > widths[first] and not self._columns[first].folds:
            _line(out, [name])
            cells = [(first, Text()), *cells[1:]]
        folded = [_wrapped(out, cell, widths[n]) if self._columns[n].folds else [cell] for n, cell in cells]
        for each in range(max(1, *map(len, folded))):
            laid = [
                self._laid(n, lines[each] if each < len(lines) else Text(), widths[n])
                for (n, _), lines in zip(cells, folded, strict=True)
            ]
            _line(out, laid)

    def _laid(self, n: int, cell: Text, width: int) -> Text:
        """A cell in its width."""
        laid = cell.copy()
        if self._columns[n].least:
            laid.truncate(width, overflow="ellipsis")
        room = " " * max(width - laid.cell_len, 0)
        return Text(room) + laid if self._columns[n].right else laid + Text(room)

    def _widths(self, room: int) -> dict[int, int]:
        """The width of each column that stays, by its place."""
        natural = [
            max(Text(column.name).cell_len, *(cells[n].cell_len for cells, _ in self._rows))
            for n, column in enumerate(self._columns)
        ]
        natural[0] = min(natural[0], max(int(room * _FIRST), 1))
        widths = {
            n: min(natural[n], column.least) if column.least else natural[n]
            for n, column in enumerate(self._columns)
        }
        by_rank = sorted(range(1, len(natural)), key=lambda n: self._columns[n].rank)
        leaving = [n for n in by_rank if self._columns[n].rank]
        while leaving and _total(widths.values()) > room:
            last = leaving.pop()
            over = _total(widths.values()) - room
            if not leaving and self._columns[last].least and widths[last] - over >= _LEAST_ALONE:
                widths[last] -= over  # half a title says more than none
            else:
                del widths[last]
        for n in (0, *by_rank):  # the most important first
            if n in widths:
                widths[n] += max(min(room - _total(widths.values()), natural[n] - widths[n]), 0)
        return widths


def heading(out: Console, text: str, rest: str = "") -> None:
    """Prints what stands above the rest: bold, and behind it what is not."""
    _print(out, Text(shown_text(text), "bold") + Text(shown_text(rest)), out.width)


def hanging(out: Console, before: str, text: str) -> None:
    """Prints a text that stays right of what stands before it, however narrow the terminal is."""
    begin = Text(shown_text(before))
    for line in _wrapped(out, text, max(out.width - begin.cell_len, 1)) or [Text()]:
        _line(out, [begin + line])
        begin = Text(" " * begin.cell_len)


def _total(widths: Iterable[int]) -> int:
    known = list(widths)
    return sum(known) + _GAP * (len(known) - 1)


def _wrapped(out: Console, text: str | Text, width: int) -> list[Text]:
    whole = Text(shown_text(text)) if isinstance(text, str) else text
    return [line for line in whole.wrap(out, width, overflow="fold", no_wrap=False) if line.plain]


def _print(out: Console, text: Text, width: int) -> None:
    for line in text.wrap(out, width, overflow="fold", no_wrap=False):
        _line(out, [line])


def _line(out: Console, cells: Sequence[Text]) -> None:
    """Prints one line as it is: where the terminal is too narrow, it breaks it, and an id is copied whole."""
    line = Text(" " * _GAP).join(cells)
    line.rstrip()
    out.print(line, no_wrap=True, overflow="ignore", crop=False)
