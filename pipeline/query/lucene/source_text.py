"""A query as a person writes it → the text that luqum reads, with the column of each character.

Quotation marks of all languages become plain ones, and `&&`, `||` and `!` become words. What would
silently mean something else is refused here: a dash that is not a minus, a wildcard within quotation marks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import QueryError

_OPERATORS = {"&&": " AND ", "||": " OR "}
# Each opening quotation mark with those that close it.
_QUOTES = {
    '"': '"', "\u201c": "\u201d\u201c", "\u201e": "\u201c\u201d", "\u201f": "\u201d", "\u201d": "\u201d",
    "\u00ab": "\u00bb", "\u00bb": "\u00ab\u00bb", "\u2039": "\u203a", "\u203a": "\u2039\u203a",
    "\u300c": "\u300d", "\u300e": "\u300f", "\u300a": "\u300b", "\u301d": "\u301e\u301f", "\uff02": "\uff02",
    "\u2018": "\u2019", "\u201a": "\u2018\u2019",
}  # fmt: skip
_SINGLE = "\u2018\u201a"
_DOUBLES = frozenset("".join(_QUOTES) + "".join(_QUOTES.values())) - set("\u2018\u2019\u201a\u2039\u203a")
_DASHES = "\u2013\u2014\u2212\u2012"
_PLAIN = re.compile("[A-Za-z0-9_ ]+")
_WIDE = {"\uff08": "(", "\uff09": ")", "\u3000": " "}
# Marks that say in which direction a text runs or where a line may break: nobody sees or means them.
_UNSEEN = dict.fromkeys(
    map(
        ord,
        "\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff",
    )
)


@dataclass(frozen=True, slots=True)
class QueryText:
    """The text that luqum reads, with the place of each of its characters in what the user wrote."""

    text: str
    places: tuple[int, ...]

    @classmethod
    def of(cls, written: str) -> QueryText:
        """Reads what a user wrote.

        Raises:
            QueryError: A sign means nothing where it stands; names its column.
        """
        return _Scanner(written.translate(_UNSEEN)).scanned()

    def column(self, position: int) -> int:
        """The column of a place in `text`, from 1, as the user sees it: `_UNSEEN` characters do not count."""
        return self.places[min(position, len(self.places) - 1)] + 1


class _Scanner:
    def __init__(self, written: str) -> None:
        self._written = written
        self._pieces: list[str] = []
        self._places: list[int] = []

    def _emit(self, piece: str, place: int) -> None:
        self._pieces.append(piece)
        self._places.extend([place] * len(piece))

    def _error(self, place: int, message: str) -> QueryError:
        return QueryError(f"column {place + 1}: {message}")

    def scanned(self) -> QueryText:
        place = 0
        while place < len(self._written):
            place = self._step(place)
        return QueryText("".join(self._pieces), (*self._places, len(self._written)))

    def _run(self, run: re.Match[str]) -> int:
        """Takes characters that mean nothing but themselves; returns the next place."""
        self._pieces.append(run[0])
        self._places.extend(range(*run.span()))
        return run.end()

    def _starts_word(self, place: int) -> bool:
        return place == 0 or self._written[place - 1].isspace() or self._written[place - 1] in "(\uff08+-!:="

    def _step(self, place: int) -> int:  # noqa: PLR0911  one return for each kind of sign
        """Reads what stands at a place; returns the next."""
        written = self._written
        if run := _PLAIN.match(written, place):
            return self._run(run)
        char, two = written[place], written[place : place + 2]
        if char == "\\":
            self._emit(two, place)
            return place + 2
        if two in {"--", "=="} and self._starts_word(place):
            raise self._error(place, f"{two} means nothing; write {char} once")
        if char in _QUOTES and (char not in _SINGLE or self._is_single(place)):
            return self._quoted(place)
        if char == "'" and self._starts_word(place):
            if re.match(r"'[^'\s][^']*'(?=[\s)]|$)", written[place:]):
                raise self._error(place, 'single quotation marks do not quote here; write "…" for a phrase')
            return place + 1
        if char in _SINGLE and self._starts_word(place):
            return place + 1
        if char in _DASHES and self._starts_word(place) and not two[1:].isspace() and two[1:]:
            raise self._error(place, f"{char} is a dash, not a minus; write - before what is to be left out")
        if two in _OPERATORS:
            # A "||" that a date stands before is date maths.
            maths = char == "|" and _is_date_before(written, place)
            self._emit(two if maths else _OPERATORS[two], place)
            return place + 2
        if char == "!" and self._starts_word(place):
            self._emit(" NOT ", place)
        elif char == "\uff1a" and re.search(r"[A-Za-z_]$", written[:place]):
            self._emit(":", place)
        else:
            self._emit(_WIDE.get(char, " " if char.isspace() and char != "\n" else char), place)
        return place + 1

    def _is_single(self, place: int) -> bool:
        """Whether a single quotation mark, which is an apostrophe too, begins a phrase."""
        closes = re.search(f"[{_QUOTES[self._written[place]]}](?=[\\s)]|$)", self._written[place + 1 :])
        return self._starts_word(place) and closes is not None

    def _quoted(self, start: int) -> int:
        written, closing = self._written, _QUOTES[self._written[start]]
        if start and written[start - 1] == "=" and self._starts_word(start - 1):
            raise self._error(
                start - 1, "= stands before one word; a phrase is as written anyway; leave out ="
            )
        if not any(mark in written[start + 1 :] for mark in closing):
            closing = '"' if closing != '"' else "\u201d"
        self._emit('"', start)
        place = start + 1
        while place < len(written) and written[place] not in closing:
            place = self._within(place)
        if place >= len(written):
            raise self._error(start, "a quotation mark has no partner")
        self._emit('"', place)
        after = written[place + 1 :]
        if after[:1] in {"*", "?"}:
            raise self._error(place + 1, f"{after[0]} means nothing after a quotation mark")
        if after[:1] == "~" and not re.match(r"~\d{1,4}(?![^\s)])", after):
            raise self._error(place + 1, "after ~ stands how many other words may be between, such as ~3")
        return place + 1

    def _within(self, place: int) -> int:
        """Reads what stands at a place within quotation marks; returns the next."""
        written = self._written
        if run := _PLAIN.match(written, place):
            return self._run(run)
        char, around = written[place], written[place - 1 : place + 2]
        if char == "\\":
            self._emit(written[place : place + 2], place)
            return place + 2
        if char == "*" or (char == "?" and re.fullmatch(r"\w\?\w", around)):
            raise self._error(
                place,
                f"{char} means nothing within quotation marks; put the word outside of them, "
                f"or write \\{char} for the sign",
            )
        self._emit(" " if char in _DOUBLES or char.isspace() else char, place)
        return place + 1


def _is_date_before(written: str, place: int) -> bool:
    return re.search(r"\d{4}(-\d\d)*(T[\d:.+Z-]*)?$", written[:place]) is not None
