"""What is new in a story's fresh articles against those known: persons, places and numbers.

A name counts where it stands in the title or the lead, or is mentioned twice; a number counts where it stands
in the title or the lead, is no year, date or time, and no known article has it anywhere. Anything less strict
makes nearly every article news.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.languages.calendar_names import bare, months
from pipeline.records import Entity, StoredArticle

# Characters of the text that count as its lead: about two sentences.
LEAD = 400
# At most so many new things are named.
MOST = 6
_NUMBER = re.compile(
    r"(?<![\w.,:/-])\d{1,3}(?:[,.\u202f\u00a0]\d{3})+(?!\w)|(?<![\w.,:/-])\d+(?:[.,]\d+)?(?![\w:/-])"
)
_YEARS = range(1900, 2101)


def between(
    before: Sequence[StoredArticle], fresh: Sequence[StoredArticle], known: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """What the fresh articles name that the former do not.

    Args:
        before: Members that were there when the story was last told.
        fresh: Members since.
        known: Entity ids that had been told of.

    Returns:
        Pairs of "person", "place" or "number" and the name, at most six; empty where nothing is new.
    """
    seen = set(known) | {entity.id for member in before for entity in member.enriched.entities}
    names = {
        (entity.kind, entity.name): None
        for member in fresh
        for entity in member.enriched.entities
        if entity.kind in {"person", "place"} and entity.id not in seen and _stands_out(entity)
    }
    old = {
        number for member in before for number in numbers(_whole(member), member.enriched.article.language)
    }
    new = {
        number: None
        for member in fresh
        for number in numbers(_lead(member), member.enriched.article.language)
        if number not in old
    }
    return (*names, *(("number", number) for number in new))[:MOST]


def numbers(text: str, language: str = "en") -> list[str]:
    """The numbers of a text that count something, without separators of thousands.

    >>> numbers("On 3 May 2026 at 10:30, 1,200 fled and 37 died, 4.5% more")
    ['1200', '37', '4.5']
    """
    return [_plain(found[0]) for found in _NUMBER.finditer(text) if not _dated(text, found, language)]


def _plain(number: str) -> str:
    if re.fullmatch(r"\d{1,3}(?:[,.\u202f\u00a0]\d{3})+", number):
        return re.sub(r"\D", "", number)
    return number.replace(",", ".")


def _dated(text: str, found: re.Match[str], language: str) -> bool:
    if found[0].isdigit() and int(found[0]) in _YEARS and len(found[0]) == 4:
        return True
    after = re.match(r"\.?\s+(?:de\s+)?([^\W\d]+)", text[found.end() : found.end() + 24])
    before = re.search(r"([^\W\d]+)\.?\s+$", text[max(0, found.start() - 16) : found.start()])
    day = found[0].isdigit() and int(found[0]) <= 31
    # "37 may have died" is no date.
    return day and any(
        word and word[1] != "may" and bare(word[1]) in months(language) for word in (after, before)
    )


def _stands_out(entity: Entity) -> bool:
    return entity.count >= 2 or any(span.field == "title" or span.start < LEAD for span in entity.spans)


def _whole(member: StoredArticle) -> str:
    return f"{member.enriched.article.title}\n{member.enriched.article.text}"


def _lead(member: StoredArticle) -> str:
    return f"{member.enriched.article.title}\n{member.enriched.article.text[:LEAD]}"
