"""Words in and around names, from `name_words.yaml`, which says what each list holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.languages.word_file import WordFile, read


class NameWords(WordFile):
    """The lists of the file, folded unless it says otherwise."""

    given_names: Mapping[str, tuple[str, ...]]
    slavic: frozenset[str]
    arabic: frozenset[str]
    particles: frozenset[str]
    suffixes: frozenset[str]
    generations: frozenset[str]
    no_initials: frozenset[str]
    titles: frozenset[str]
    title_joins: frozenset[str]
    articles: frozenset[str]
    legal_forms: frozenset[str]
    offices: frozenset[str]
    directions: frozenset[str]
    empty_words: frozenset[str]
    places_and_names: frozenset[str]
    organisation_ends: frozenset[str]
    common: frozenset[str]
    company_words: frozenset[str]
    openers: frozenset[str]
    joins: tuple[str, ...]
    organisation_words: tuple[str, ...]
    callings: frozenset[str]
    callings_and_origins: frozenset[str]
    no_person_heads: frozenset[str]
    no_person_tails: frozenset[str]
    no_person_words: frozenset[str]
    months: frozenset[str]
    told_places: Mapping[str, tuple[str, ...]]
    no_places: frozenset[str]
    between_persons: frozenset[str]
    place_tails: frozenset[str]
    place_tails_and_names: frozenset[str]
    place_tails_and_families: frozenset[str]
    place_heads: frozenset[str]
    variant_words: frozenset[str]
    between_places: frozenset[str]
    generic_words: frozenset[str]
    event_heads: frozenset[str]
    organisation_tails: frozenset[str]
    bodies: frozenset[str]
    place_before: frozenset[str]
    place_surely_before: frozenset[str]
    doubtful_before: frozenset[str]
    of_places: frozenset[str]
    not_places_in: frozenset[str]
    person_before: frozenset[str]
    speech: frozenset[str]
    person_behind: frozenset[str]
    no_names: frozenset[str]
    headline_verbs: frozenset[str]
    cities_and_words: frozenset[str]
    given_more: frozenset[str]
    sport_words: frozenset[str]
    proclitics: frozenset[str]
    contracted: Mapping[str, str]
    syllables_behind: frozenset[str]
    title_marks: tuple[str, ...]
    name_marks: tuple[str, ...]


NAME_WORDS: Final = read(Path(__file__).with_name("name_words.yaml"), NameWords)
