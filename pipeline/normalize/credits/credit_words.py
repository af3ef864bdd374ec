"""Words of bylines, datelines and credits, from `credit_words.yaml`, which says what each list holds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.languages.word_file import WordFile, read


class CreditWords(WordFile):
    """The lists of the file."""

    byline_leads: tuple[str, ...]
    author_leads: tuple[str, ...]
    glued_leads: tuple[str, ...]
    agency_leads: tuple[str, ...]
    staff_leads: tuple[str, ...]
    name_joins: tuple[str, ...]
    list_joins: tuple[str, ...]
    name_particles: tuple[str, ...]
    staff: tuple[str, ...]
    desks: tuple[str, ...]
    staff_articles: tuple[str, ...]
    articles: tuple[str, ...]
    role_leads: tuple[str, ...]
    roles: tuple[str, ...]
    glued_roles: tuple[str, ...]
    glued_agencies: tuple[str, ...]
    sentence_words: tuple[str, ...]
    credit_leads: tuple[str, ...]
    line_leads: tuple[str, ...]
    place_particles: tuple[str, ...]
    place_agencies: tuple[str, ...]
    date_leads: tuple[str, ...]
    day_ends: tuple[str, ...]
    day_ends_behind_month: tuple[str, ...]
    date_joins: tuple[str, ...]
    states: frozenset[str]
    not_places: frozenset[str]


CREDIT_WORDS: Final = read(Path(__file__).with_name("credit_words.yaml"), CreditWords)
