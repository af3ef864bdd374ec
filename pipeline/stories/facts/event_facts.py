"""Facts in titles and first sentences that tell one event from another.

The day it happened, how strong an earthquake was, how many died: two reports that agree in everything else
and differ here are often on two events. Pure: worked out from frozen features, and never stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.languages import calendar_names
from pipeline.languages.template import one_of
from pipeline.languages.word_file import WordFile, read
from pipeline.stories.facts.counts import claims, without_longer
from pipeline.stories.features.packed import Packed
from pipeline.text import fold

# Reported magnitudes of one earthquake differ by less than this.
MAGNITUDE_MARGIN: Final = 0.35
_WEAKEST, _STRONGEST = 2.0, 9.9
# A date without a year is taken for the year that puts it at most this many days before or after the report.
_PAST_DAYS: Final = 120
_COMING_DAYS: Final = 10
_FIGURE: Final = re.compile(r"\d")
_WITH_FRACTION: Final = re.compile(r"\d[.,]\d")


class Facts(NamedTuple):
    """What one article says.

    Attributes:
        days: The days that it names; those without a year get one from the article's date.
        magnitudes: How strong its earthquakes were.
        counts: How many are dead, injured, missing, arrested: number by subject.
        places, people: The names in title and first sentence: by entity id, the name to show.
    """

    days: frozenset[date]
    magnitudes: tuple[float, ...]
    counts: Mapping[str, int]
    places: dict[str, str]
    people: dict[str, str]


class _Beside(WordFile):
    before: tuple[str, ...]
    after: tuple[str, ...]


class _DateWords(WordFile):
    ends: tuple[str, ...]
    before_month: tuple[str, ...]
    before_year: tuple[str, ...]


class _FactWords(WordFile):
    magnitude: Mapping[str, _Beside]
    dates: _DateWords


_WORDS: Final = read(Path(__file__).with_name("fact_words.yaml"), _FactWords)


@lru_cache(maxsize=1 << 12)
def facts_of(data: bytes) -> Facts:
    """Reads the facts of an article from its packed features (`Features.to_bytes`)."""
    packed = Packed(data)
    title, lead, names, _ = packed.shown
    language, _ = packed.labels
    text = f"{title}\n{lead}"
    time = packed.time
    return Facts(
        days=frozenset() if time is None else days(text, language, datetime.fromtimestamp(time, UTC).date()),
        magnitudes=magnitudes(text, language),
        counts={claim.subject: claim.value for claim in claims("", "", text, language)},
        places={id_: name for id_, name, kind, _ in names if kind == "place" and name in text},
        # The text may say "Smith" where the entity is "John Smith": the last name is enough.
        people={id_: name for id_, name, kind, _ in names if kind == "person" and name.split()[-1] in text},
    )


def magnitudes(text: str, language: str) -> tuple[float, ...]:
    """How strong the earthquakes of a text were, in its order.

    >>> magnitudes("Magnitude 6.1 quake shakes coast; a 5,2-magnitude one followed", "en")
    (6.1, 5.2)
    """
    # Few texts have such a number, and looking for one costs a tenth of running the whole pattern.
    pattern = _magnitude(language) if _WITH_FRACTION.search(text) else None
    if pattern is None:
        return ()
    found = (float((m["a"] or m["b"]).replace(",", ".")) for m in pattern.finditer(text))
    return tuple(dict.fromkeys(value for value in found if _WEAKEST <= value <= _STRONGEST))


@cache
def _magnitude(language: str) -> re.Pattern[str] | None:
    words = _WORDS.magnitude.get(language)
    if words is None:
        return None
    number = _WITH_FRACTION.pattern
    before = "|".join(map(re.escape, sorted(words.before, key=len, reverse=True)))
    after = "|".join(map(re.escape, sorted(words.after, key=len, reverse=True)))
    sides = [rf"(?:{before})\s*(?:-\s*)?(?P<a>{number})(?![\d.,]\d)"]
    sides.append(rf"(?<![\d.,])(?P<b>{number})[\s-]*(?:{after})(?!\w)" if after else r"(?P<b>(?!))")
    return re.compile("|".join(sides), re.IGNORECASE)


def days(text: str, language: str, published: date) -> frozenset[date]:
    """The calendar days that a text names; those without a year are placed near its publication.

    >>> sorted(days("Blast of 3 March: two held", "en", date(2026, 3, 9)))
    [datetime.date(2026, 3, 3)]
    """
    if not _FIGURE.search(text):
        return frozenset()
    months, folded = calendar_names.months(language), fold(text)
    found: set[date] = set()
    # Looking for the names costs a tenth of running the pattern.
    if any(name in folded for name in _month_parts(language, folded.isascii())):
        for match in _dates(language).finditer(folded):
            month = months.get(calendar_names.bare(match["m1"] or match["m2"]))
            if month is not None:
                found |= _day(match["y1"] or match["y2"], month, int(match["d1"] or match["d2"]), published)
    found |= {
        day
        for match in (_IDEOGRAPHS.finditer(text) if "日" in text else ())
        for day in _day(match["y"], int(match["m"]), int(match["d"]), published)
    }
    return frozenset(found)


_IDEOGRAPHS: Final = re.compile(r"(?:(?P<y>\d{4})\s*年\s*)?(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*日")


@cache
def _month_parts(language: str, ascii_only: bool) -> tuple[str, ...]:
    """Words one of which every date contains; for an ASCII text, the ASCII ones alone."""
    names = calendar_names.months(language)
    return without_longer(name for name in names if not ascii_only or name.isascii())


@cache
def _dates(language: str) -> re.Pattern[str]:
    names = sorted(calendar_names.months(language), key=lambda name: (-len(name), name))
    month = "|".join(map(re.escape, names))
    words = _WORDS.dates
    year = rf"(?:\.?,?\s+(?:{one_of(words.before_year)}\s+)?(?P<{{}}>\d{{{{4}}}})(?!\d))?"
    day = rf"(?P<{{}}>[0-3]?\d){one_of(words.ends)}?"
    of = rf"(?:{one_of(words.before_month)}\s+)?"
    return re.compile(
        rf"(?<![\w.,:/-]){day.format('d1')}\s+{of}(?P<m1>{month})\b{year.format('y1')}"
        rf"|\b(?P<m2>{month})\.?\s+{day.format('d2')}(?![\w/-]|[.,:]\d){year.format('y2')}"
    )


def _day(year: str | None, month: int, day: int, published: date) -> set[date]:
    """The day as a set of one; empty where there is no such day, or none near enough."""
    years = [int(year)] if year else [published.year, published.year - 1, published.year + 1]
    for each in years:
        try:
            found = date(each, month, day)
        except ValueError:
            continue
        if year or timedelta(days=-_PAST_DAYS) <= found - published <= timedelta(days=_COMING_DAYS):
            return {found}
    return set()
