"""Datelines and agency credits: taken out of the text, and kept as fields."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.languages.template import one_of
from pipeline.normalize.credits.agencies import AGENCIES, AGENCY, agency_named
from pipeline.normalize.credits.credit_words import CREDIT_WORDS
from pipeline.normalize.credits.places import CITIES, PLACES
from pipeline.normalize.date.date_words import date_word
from pipeline.records import Removed
from pipeline.text import fold

_DAY_END = one_of(CREDIT_WORDS.day_ends)
_DATE_JOIN = rf"(?:{one_of(CREDIT_WORDS.date_joins)} )"
_DATE = (
    rf"(?:(?:{one_of(CREDIT_WORDS.date_leads)} )?(?:\d{{1,2}}{_DAY_END}?\s?{_DATE_JOIN}?)?"
    rf"(?i:{date_word()})\.?,?(?:\s?\d{{1,2}}{one_of(CREDIT_WORDS.day_ends_behind_month)}?(?!\d))?"
    rf"(?:,?\s{_DATE_JOIN}?\d{{4}})?|\d{{1,2}}[./]\d{{1,2}}[./]?(?:\d{{2,4}})?)"
)
_PLACE = (
    rf"[A-ZÀ-ÖØ-ÞЀ-Я][^\W\d_]*(?:[ .'’/-]{{1,2}}(?:{one_of(CREDIT_WORDS.place_particles)}|"
    r"[A-ZÀ-ÖØ-ÞЀ-Я])[^\W\d_]*\.?){0,5}"
)
_REGION = rf"(?:,\s{_PLACE}){{0,2}}"
_DASH = r"(?:\s*(?:--+|–|—|―)\s*|\s+[-_]\s+|\s*[.:]?\s*-\s+|\s?\.-\s*|\s*:\s+)"
_CREDIT = r"(?:\(\s?(?P<agency>[^()\d]{2,40})\s?\)|/(?P<slashed>[A-Za-z][A-Za-z ]{1,25})/\.?)"

_FULL = re.compile(
    rf"^(?P<place>{_PLACE}{_REGION})\.?(?P<date>,?\s{_DATE})?\.?,?\s*{_CREDIT}(?:{_DASH}|\s*,\s|"
    rf"\s+(?=[A-ZÀ-Þ\"'])|(?=[A-Z]))"
)
_BARE_CREDIT = re.compile(rf"^(?:{_DATE}\s*)?{_CREDIT}(?:{_DASH}|\s*)(?=\S)")
_DATED = re.compile(rf"^(?P<place>{_PLACE}{_REGION})(?P<date>,\s{_DATE}|\s\d{{1,2}}\s{_DATE})\.?{_DASH}")
_BRACKET_DATED = re.compile(rf"^(?P<place>{_PLACE}{_REGION})(?P<date>,?\s\({_DATE}\)),?{_DASH}")
_CAPS = re.compile(
    r"^(?P<place>[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ.'’/ -]{2,40}(?:,\s[A-Z][\w. ]{1,25}){0,2})"
    r"(?:\s*(?:--+|–|—|―)\s*|\s+[-_]\s+|\s*:\s+)(?=[\"'A-ZÀ-Þ¿¡\d])"
)
_CITY_DASH = re.compile(
    rf"^(?P<place>{_PLACE}{_REGION})\.?(?:\s*(?:--+|–|—|―)\s+|\s+-\s+|\s?\.-\s*)(?=[\"'A-ZÀ-Þ¿¡])"
)
_LEADING_AGENCY = re.compile(
    rf"^(?P<agency>{AGENCY})(?:\s*(?:--+|–|—|―)\s*|\s+-\s+|\s*:\s+)(?=[\"'A-ZÀ-Þ])", re.IGNORECASE
)
_PLACE_AGENCY = re.compile(
    rf"^(?P<place>{_PLACE}{_REGION})[ ,]\s?(?P<agency>{one_of(CREDIT_WORDS.place_agencies)})"
    r"\s*(?:--+|–|—|―|\s-\s)\s*(?=\S)"
)
_END_CREDIT = re.compile(
    rf"(?:\s*[(\[/—–-]\s?|\s+{one_of(CREDIT_WORDS.credit_leads)}:?\s?|(?<=[.!?\"'])\s+)"
    rf"(?P<agency>(?:{AGENCY})(?:\s?[/,]\s?(?:{AGENCY}))*)\s?[)\]/]?\.?$",
    re.IGNORECASE,
)
_LINE_CREDIT = re.compile(
    rf"^\W{{0,3}}{one_of(CREDIT_WORDS.line_leads)}?\W{{0,3}}"
    rf"(?P<agency>{AGENCY})(?:\s?[/,]\s?(?:{AGENCY}))*\W{{0,3}}$",
    re.IGNORECASE,
)
_LINE = re.compile(rf"^(?P<place>{_PLACE}(?P<region>{_REGION}))(?P<date>,?\s{_DATE})?[.:,]?$")
_STATES = CREDIT_WORDS.states
_NOT_PLACES = CREDIT_WORDS.not_places


@dataclass(frozen=True, slots=True)
class Credits:
    """A text without its dateline and credits, and what these said."""

    paragraphs: tuple[str, ...]
    dateline: str = ""
    agency: str = ""
    removed: tuple[Removed, ...] = ()


def strip_dateline(paragraphs: tuple[str, ...]) -> Credits:
    """Takes the dateline off the start of a text and the agency off its start and end.

    Only the first three paragraphs can hold a dateline: a standfirst or a subhead may come before it.
    """
    lines, removed = list(paragraphs), []
    dateline, agency = "", ""
    for position in range(min(3, len(lines))):
        cut = _line_dateline(lines, position) or _dateline(lines[position])
        if cut is None:
            continue
        length, found, credit = cut
        removed.append(Removed(lines[position][:length].strip(), "dateline"))
        lines[position] = lines[position][length:].lstrip()
        dateline, agency = dateline or found, agency or credit
        if not lines[position]:
            del lines[position]
        break
    ending, named = _end_credit(lines)
    if ending:
        agency = agency or agency_named(named)
        removed.append(Removed(ending, "agency credit"))
    return Credits(tuple(lines), dateline, agency, tuple(removed))


def _end_credit(lines: list[str]) -> tuple[str, str]:
    """Cuts an agency's name off the last line, or drops the line that is nothing else.

    Returns:
        What went, and whom it names.
    """
    if not lines:
        return "", ""
    line = _LINE_CREDIT.match(lines[-1]) if len(lines) > 1 and len(lines[-1]) < 80 else None
    if line:
        return lines.pop(), line["agency"]
    tail = lines[-1][-60:]
    found = _END_CREDIT.search(tail)
    if not found:
        return "", ""
    kept = lines[-1][: len(lines[-1]) - len(tail) + found.start()].rstrip()
    bracketed = found[0].strip()[0] in "([/"
    if len(kept) < 20 or not (bracketed or kept[-1] in ".!?\"'"):
        return "", ""
    lines[-1] = kept
    return found[0].strip(), found["agency"]


def _line_dateline(lines: list[str], position: int) -> tuple[int, str, str] | None:
    """A line of its own that is a place ("Washington, DC"), with a longer paragraph after it."""
    line = lines[position]
    following = lines[position + 1] if position + 1 < len(lines) else ""
    if len(line) > 60 or len(following) < 50 or len(following) < len(line):
        return None
    found = _LINE.match(line)
    if not found or not _is_place(found["place"], dated=bool(found["date"])):
        return None
    return len(line), line.rstrip(".:,"), ""


def _is_place(text: str, *, dated: bool = False) -> bool:
    first, *regions = (part.strip() for part in text.split(","))
    if fold(first).rstrip(".") in _NOT_PLACES:
        return False
    if any(city in PLACES for city in (fold(first), *fold(first).split("/"))):
        return True
    if regions:
        region = fold(regions[-1]).replace(".", "").replace(" ", "")
        return region in _STATES or fold(regions[-1]) in PLACES
    return dated and text.isupper()


def _dateline(line: str) -> tuple[int, str, str] | None:
    head = line[:220]
    for pattern in (_FULL, _PLACE_AGENCY):
        found = pattern.match(head)
        if found and _credible_credit(found):
            credit = found.groupdict().get("agency") or found.groupdict().get("slashed") or ""
            place = found["place"] + (found.groupdict().get("date") or "")
            return found.end(), _tidy(place), agency_named(credit)
    found = _BARE_CREDIT.match(head) or _LEADING_AGENCY.match(head)
    if found:
        credit = found.groupdict().get("agency") or found.groupdict().get("slashed") or ""
        if credit.strip().lower() in AGENCIES or agency_named(credit):
            return found.end(), "", agency_named(credit)
    return _place_dateline(head)


def _place_dateline(head: str) -> tuple[int, str, str] | None:
    found = _DATED.match(head) or _BRACKET_DATED.match(head)
    if found and len(found["place"]) <= 45:
        return found.end(), _tidy(found["place"] + found["date"]), ""
    found = _CAPS.match(head)
    if (
        found
        and not _is_route(head[found.end() :], found["place"])
        and _caps_place(found["place"], head[found.end() - 3 : found.end()])
    ):
        return found.end(), _tidy(found["place"]), ""
    found = _CITY_DASH.match(head)
    if found and _is_place(found["place"]) and not _is_route(head[found.end() :], found["place"]):
        return found.end(), _tidy(found["place"]), ""
    return None


def _is_route(rest: str, place: str) -> bool:
    """Whether another place follows the dash: "London - Paris trains stopped", "Iran – Israel talks".

    After a city only another city makes a route: a country begins the sentence, "Paris – France has …".
    After a country either does.
    """
    words = re.findall(r"[^\W\d_]+", fold(rest))[:3]
    known = CITIES if fold(place) in CITIES else PLACES
    return any(" ".join(words[:count]) in known for count in range(1, len(words) + 1))


def _tidy(place: str) -> str:
    """A dateline without the marks that follow it; the full stop of "Fla." stays."""
    place = place.strip(" ,:")
    return place if re.search(r"[,.]\s?[A-Z]\w{0,4}\.$", place) else place.rstrip(".")


def _caps_place(place: str, end: str) -> bool:
    if fold(place).rstrip(".") in _NOT_PLACES or fold(place).split()[0] in _NOT_PLACES:
        return False
    if _is_place(place):
        return True
    return ":" not in end and len(place.split()) <= 4 and len(place.replace(".", "")) > 4


def _credible_credit(found: re.Match[str]) -> bool:
    """Whether what stands in brackets is an agency: a known one, or a likely name after a likely place."""
    credit = (found.groupdict().get("agency") or found.groupdict().get("slashed") or "").strip()
    if agency_named(credit) or credit.lower() in AGENCIES:
        return True
    place = found["place"]
    known = place.split(",")[0].isupper() or "," in place or _is_place(place)
    if re.fullmatch(r"[KW][A-Z]{2,3}(?:-TV)?|[A-Z]{2,8}(?: News| TV)?|[a-z]{2,6}(?:/[a-z]{2,6})+", credit):
        return known
    named = re.fullmatch(r"[A-Z][\w-]+(?: [A-Z][\w-]+){0,2}", credit) is not None
    return named and known and re.search(r"[-–—_]\s*$", found[0]) is not None
