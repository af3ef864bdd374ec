"""Bylines: lines such as "By Jane Doe, Staff Writer", and the names in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.languages.calendar_names import months, weekdays
from pipeline.languages.template import one_of
from pipeline.normalize.credits.agencies import agency_named
from pipeline.normalize.credits.credit_words import CREDIT_WORDS
from pipeline.records import Removed

_WORDS = CREDIT_WORDS
_NAME = (
    r"(?:[A-ZÀ-ÖØ-ÞЀ-Я][\w'.-]*|[A-ZÀ-Þ]{2,})"
    rf"(?:\s(?:(?:[A-ZÀ-ÖØ-ÞЀ-Я][\w'.-]*|[A-ZÀ-Þ]{{2,}})|{one_of(_WORDS.name_particles)})){{1,4}}"
)
_JOIN = rf"(?:,\s(?:{one_of(_WORDS.list_joins)}\s)?|\s{one_of(_WORDS.name_joins)}\s)"
_BYLINE = re.compile(
    rf"^\W{{0,3}}(?i:{one_of(_WORDS.byline_leads)}):?\s+(?P<names>{_NAME}(?:{_JOIN}{_NAME}){{0,4}})"
    r"(?P<rest>(?:\s*[,|/•·–—(-]\s?.{0,120}|\s*@\w+)?)\W{0,3}$"
)
_AGENCY_LINE = re.compile(
    rf"^\W{{0,3}}(?i:{one_of(_WORDS.agency_leads)})\s+(?:{one_of(_WORDS.articles)}\s)?"
    r"(?P<agency>[A-Za-zÀ-ÿ][\w .'&/-]{1,50})(?P<rest>(?:\s*[,|(].{0,60})?)\W{0,3}$"
)
_STAFF = re.compile(
    rf"^\W{{0,3}}(?:(?i:{one_of(_WORDS.staff_leads)})\s+)?"
    rf"(?i:(?:{one_of(_WORDS.staff_articles)} )?"
    rf"(?:{one_of(_WORDS.staff)}|[\w ]{{2,25}} {one_of(_WORDS.desks)}))\W{{0,3}}$"
)
_ROLE = re.compile(
    rf"^\W{{0,3}}(?P<names>{_NAME})\s?(?:[,|/•·–—-]\s?|\s\()"
    rf"(?:(?i:(?:[\w' ]{{0,40}}\s)?(?:{one_of(_WORDS.roles)}|{one_of(_WORDS.role_leads)} [\w .]{{2,40}}))"
    rf"|(?i:{one_of(_WORDS.articles)}) [A-Z]\w+(?: [A-Z]\w+){{0,3}})(?:[, ]+[^.]{{0,30}})?[\W]{{0,2}}(?<!\.)$"
)
_SPLIT = re.compile(_JOIN)
_VERB_AFTER = re.compile(rf"\b{one_of(_WORDS.sentence_words)}\b")
_PREFIXED = re.compile(
    rf"^{one_of(_WORDS.glued_leads)}\s+(?P<names>{_NAME}(?:{_JOIN}{_NAME}){{0,2}})\s*"
    rf"(?:,\s{one_of(_WORDS.glued_roles)})?\s*(?:\n|\s(?=[A-ZÀ-Þ]{{4,}}(?:,|\s\()))"
)
_GLUED_AGENCY = re.compile(rf"(?<=\w){one_of(_WORDS.glued_agencies)}$")
_AUTHOR_LEAD = re.compile(rf"^\s*{one_of(_WORDS.author_leads)}\s+", re.IGNORECASE)
# "May" is English's only short name of a month that is not cut short; "Jan" and "Mar" are names of people.
_MONTH_NAMES = {name for name in (*months("en"), *weekdays("en")) if len(name) > 3 or name == "may"}


@dataclass(frozen=True, slots=True)
class Bylines:
    """The paragraphs without bylines; the authors and the agency that these named."""

    paragraphs: tuple[str, ...]
    authors: tuple[str, ...] = ()
    agency: str = ""
    removed: tuple[Removed, ...] = ()


def strip_bylines(paragraphs: tuple[str, ...]) -> Bylines:
    """Takes bylines out of the first six and the last three paragraphs."""
    kept: list[str] = []
    removed: list[Removed] = []
    authors: list[str] = []
    agency = ""
    for position, line in enumerate(paragraphs):
        near = position < 6 or position >= len(paragraphs) - 3
        names = byline_names(line, glad=position < 6) if near and len(line) <= 220 else None
        if names is None:
            rest, glued = _without_lead(line, removed) if position < 2 else (line, [])
            authors += glued
            kept.append(rest)
            continue
        removed.append(Removed(line, "byline"))
        for name in names:
            agency = agency or agency_named(name)
        authors += [name for name in names if not agency_named(name)]
    return Bylines(tuple(kept), tuple(dict.fromkeys(authors)), agency, tuple(removed))


def _without_lead(line: str, removed: list[Removed]) -> tuple[str, list[str]]:
    """A byline glued to the start: "By Jane Doe LONDON (Reuters) - …"."""
    found = _PREFIXED.match(line)
    if not found or len(line) - found.end() < 30:
        return line, []
    removed.append(Removed(found[0].strip(), "byline"))
    return line[found.end() :], _names(found["names"])


def _names(text: str) -> list[str]:
    return [_tidy(name) for name in _SPLIT.split(text) if name.strip()]


def byline_names(line: str, *, glad: bool = True) -> list[str] | None:
    """The names in a byline, [] in one without names, None for any other line.

    Args:
        line: One paragraph.
        glad: Whether a line without "By" may be one ("Jane Doe, Staff Writer").
    """
    if _STAFF.match(line):
        return []
    found = _BYLINE.match(line)
    if found and not _VERB_AFTER.search(found["rest"].lower()[:60]) and not _is_prose(found["names"], line):
        return _names(found["names"])
    found = _AGENCY_LINE.match(line)
    if found and agency_named(found["agency"]):
        return [found["agency"].strip()]
    found = _ROLE.match(line) if glad else None
    if found and len(line) < 100:
        return _names(found["names"])
    return None


def _is_prose(names: str, line: str) -> bool:
    first = names.split(maxsplit=1)[0].strip(".,").lower()
    return first in _MONTH_NAMES or (line.rstrip().endswith(".") and len(line.split()) > 12)


def _tidy(name: str) -> str:
    name = " ".join(name.split()).strip(" ,.;|-")
    name = _GLUED_AGENCY.sub("", name)
    return name.title() if name.isupper() and len(name) > 3 else name


def author_names(values: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Names of authors and the agency among them, from what a feed or page writes.

    >>> author_names(("By Jane Doe and John Roe", "jane@example.com (Jane Doe)", "Reuters"))
    (('Jane Doe', 'John Roe'), 'Reuters')
    """
    names: list[str] = []
    agency = ""
    for value in values:
        mail = re.match(r"^\S+@\S+\s*\((.+)\)$", value)
        text = mail[1] if mail else re.sub(r"<[^<>]*>|\S+@\S+", " ", value)
        text = _AUTHOR_LEAD.sub("", text)
        for name in _SPLIT.split(text):
            tidy = _tidy(name)
            if agency_named(tidy):
                agency = agency or agency_named(tidy)
            elif 1 < len(tidy) < 80 and not tidy.startswith("http") and any(c.isalpha() for c in tidy):
                names.append(tidy)
    return tuple(dict.fromkeys(names)), agency
