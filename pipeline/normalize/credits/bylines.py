"""Bylines: lines such as "By Jane Doe, Staff Writer", and the names in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.normalize.credits.agencies import agency_named
from pipeline.records import Removed
from pipeline.text import word_set

_NAME = (
    r"(?:[A-ZÀ-ÖØ-ÞЀ-Я][\w'.-]*|[A-ZÀ-Þ]{2,})(?:\s(?:(?:[A-ZÀ-ÖØ-ÞЀ-Я][\w'.-]*|[A-ZÀ-Þ]{2,})|de|del|"
    r"da|di|la|von|van|der|den|bin|al|y|el|du|dos|e|zu|ten|ter|le)){1,4}"
)
_JOIN = r"(?:,\s(?:and\s)?|\sand\s|\sund\s|\set\s|\sy\s|\se\s|\s&\s|\swith\s|\sen\s)"
_LEAD = (
    r"(?:by|words by|written by|story by|text by|from|reported by|report by|von|par|por|di|door|text|"
    r"texte|de|autor|autorin|author|autore|propos recueillis par|interview)"
)
_BYLINE = re.compile(
    rf"^\W{{0,3}}(?P<lead>{_LEAD}):?\s+(?P<names>{_NAME}(?:{_JOIN}{_NAME}){{0,4}})(?P<rest>(?:\s*[,|/•·–—(-]\s?.{{0,120}}|\s*@\w+)?)\W{{0,3}}$"
)
_BYLINE_ANY = re.compile(_BYLINE.pattern.replace(f"(?P<lead>{_LEAD})", f"(?P<lead>(?i:{_LEAD}))"))
_AGENCY_LINE = re.compile(
    r"^\W{0,3}(?i:by|von|par|por|from|"
    r"with)\s+(?:the\s)?(?P<agency>[A-Za-zÀ-ÿ][\w .'&/-]{1,50})(?P<rest>(?:\s*[,|(].{0,60})?)\W{0,3}$"
)
_STAFF = re.compile(
    r"^\W{0,3}(?:(?i:by|von|par|por)\s+)?(?i:(?:our |the )?(?:staff|staff reporter|staff writer|"
    r"staff and agencies|staff and wire reports|"
    r"wire (?:reports|services)|news desk|web desk|editorial (?:board|staff)|special "
    r"correspondent|our correspondent|"
    r"online desk|newsroom|[\w ]{2,25} (?:staff|correspondent|reporter|desk|newsroom)|redaktion|"
    r"la rédaction|redacción|agencies|agencias))\W{0,3}$"
)
_ROLE = re.compile(
    rf"^\W{{0,3}}(?P<names>{_NAME})\s?(?:[,|/•·–—-]\s?|\s\()(?:(?i:(?:[\w' ]{{0,40}}\s)?(?:staff "
    rf"writer|correspondent|"
    r"reporter|editor|columnist|journalist|writer|associated press|usa today|special to "
    r"[\w .]{2,40}|reuters|afp|"
    r"bloomberg|redakteur(?:in)?|korrespondent(?:in)?|contributor|producer))|[Tt]he [A-Z]\w+(?: "
    r"[A-Z]\w+){0,3})"
    r"(?:[, ]+[^.]{0,30})?[\W]{0,2}(?<!\.)$"
)
_SPLIT = re.compile(_JOIN)
_VERB_AFTER = re.compile(r"\b(?:the|is|was|are|were|has|have|had|will|said|says|would|this|that)\b")
_PREFIXED = re.compile(
    rf"^(?:By|Von|Par|Por)\s+(?P<names>{_NAME}(?:{_JOIN}{_NAME}){{0,2}})\s*(?:,\s(?:Associated "
    rf"Press|AP|Reuters|CNN|Staff Writer))?\s*(?:\n|\s(?=[A-ZÀ-Þ]{{4,}}(?:,|\s\()))"
)
_MONTH_NAMES = word_set(
    "january february march april may june july august september october november december monday "
    "tuesday wednesday thursday friday saturday sunday"
)


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
    found = _BYLINE_ANY.match(line)
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
    name = re.sub(r"(?<=\w)(?:The )?Associated Press$", "", name)
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
        text = re.sub(r"^\s*(?:by|von|par|por)\s+", "", text, flags=re.IGNORECASE)
        for name in _SPLIT.split(text):
            tidy = _tidy(name)
            if agency_named(tidy):
                agency = agency or agency_named(tidy)
            elif 1 < len(tidy) < 80 and not tidy.startswith("http") and any(c.isalpha() for c in tidy):
                names.append(tidy)
    return tuple(dict.fromkeys(names)), agency
