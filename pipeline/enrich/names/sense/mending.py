"""What a mention can be: by its own words, by what stands before and behind it, and by the gazetteer.

A model sees a capital and guesses. "Covid-19 wards" are no person, "in Goma" is a place whoever Goma is, and
"Paris Hilton" is not the capital of France. The words that tell are data: `name_words.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from pipeline.enrich.names.forms import Token, is_title
from pipeline.enrich.names.known.gazetteer import gazetteer, given_names, regions
from pipeline.enrich.names.mentions import LISTED, FieldText, Named
from pipeline.enrich.names.name_words import NAME_WORDS as WORDS
from pipeline.enrich.names.sense.finding import (
    CASELESS,
    NAMES_IN_MARKS,
    body_at,
    holds_own,
    in_latin,
    in_own_script,
    in_quotation_marks,
    own_name,
)  # fmt: skip
from pipeline.enrich.names.sense.surroundings import (
    LARGE_CITY,
    NAME_TOKENS,
    TAIL_TOKENS,
    Context,
    beside,
    known_body,
    known_region,
    opens_sentence,
    placed,
    shortened,
    speaks_of_company,
    word_before,
)  # fmt: skip
from pipeline.enrich.names.sense.trimming import trimmed
from pipeline.languages.common_words import english_words

_ADDRESS: Final = re.compile(r"[/@#=\\_]|https?:|www\.")


def sensible(field: FieldText, row: Iterable[Named], context: Context) -> list[Named]:
    """The mentions of a field that can be what they are said to be, mended where they are something else.

    Args:
        field: The field.
        row: Its mentions, in order of place, none over another.
        context: What the article says around them.

    Returns:
        In order of place; with places that only the gazetteer finds.
    """
    kept: list[Named] = []
    end = 0
    for one in row:
        if one.first < end:
            continue
        mended = _lengthened(field, one, context) if one.known is not None else _mended(field, one, context)
        if mended is not None:
            kept.append(mended)
            end = mended.last
    kept = _in_line_with_places(field, kept, context)
    kept = [one for one in kept if one.known is not None or not _is_guess(field, one, context)]
    covered = {position for one in kept for position in range(one.first, one.last)}
    kept += in_quotation_marks(field, context, covered)
    finder = in_own_script if context.language in CASELESS | NAMES_IN_MARKS else in_latin
    kept += finder(field, context, covered)
    return sorted(kept, key=lambda one: (one.first, one.last))


def _lengthened(field: FieldText, one: Named, context: Context) -> Named:
    """A known body whose name begins with a known place: "Bayern München"."""
    longer = body_at(field, one.first, context) if one.kind == "place" else None
    return longer if longer is not None and longer.last > one.last else one


def _in_line_with_places(field: FieldText, row: list[Named], context: Context) -> list[Named]:
    """Places that stand in one line with others: "Auckland and Hamilton", "Lincoln, Nebraska"."""
    mended = list(row)
    for at, one in enumerate(mended):
        if one.known is not None or one.kind not in {"person", "organisation"} or one.last - one.first > 2:
            continue
        if field.folded(one)[-1] in context.families:
            continue
        city = gazetteer().city(field.folded(one), context.countries)
        behind = mended[at + 1] if at + 1 < len(mended) else None
        ahead = mended[at - 1] if at else None
        within = behind is not None and behind.known is not None and "-" in behind.known.id[6:9]
        stated = within and behind is not None and _between(field, one, behind) == ","
        joined = city is not None and not context.sport and any(
            other is not None and other.kind == "place" and _between(field, *pair) in WORDS.between_places
            for other, pair in ((ahead, (ahead, one)), (behind, (one, behind)))
            if other is not None
        )  # fmt: skip
        if stated or joined:
            mended[at] = placed(one, city, context) if city is not None else replace(one, kind="place")
    return mended


def _between(field: FieldText, left: Named, right: Named) -> str:
    """What is written between two mentions, without blanks around it."""
    return field.text[field.tokens[left.last - 1].end : field.tokens[right.first].start].strip()


def _mended(  # noqa: PLR0911  # one answer a reason, read from top to bottom
    field: FieldText, one: Named, context: Context
) -> Named | None:
    """What a mention is by the tables, else by its words; None where it is no name."""
    if _ADDRESS.search(field.written(one)):
        return None
    short = shortened(field.written(one), context) if one.last - one.first == 1 else None
    if short is not None and not field.shouting:
        return replace(one, kind=short.kind, known=short)
    bare = trimmed(field, one)
    if bare is None:
        return None
    known = context.aliases.find(field.folded(bare)) if bare != one else None
    if known is not None:
        return replace(bare, kind=known.kind, known=known)
    if context.language != "en":
        own = own_name(field, bare, context) if bare.kind in {"person", "place", "organisation"} else None
        if own is not None and field.folded(bare)[-1] not in context.families:
            return own
    else:
        if _is_said(field, bare):
            return None
        bare = _whole_person(field, _acronym(field, _without_owner(field, bare, context)))
    body = known_body(field.folded(bare), context)
    if body is not None and field.folded(bare)[-1] not in context.families:
        return replace(bare, kind="organisation", label=LISTED, known=body)
    return _by_words(field, bare, context)


def _by_words(field: FieldText, one: Named, context: Context) -> Named | None:
    """What a mention is by the words in and around it; None where it only holds a city."""
    one = _of_family(field, _person_of_calling(field, context, _event(field, _body(field, one))), context)
    if one.kind in {"event", "work"} and not _is_persons(field, one):
        return one
    found = (
        _completed(field, one)
        or _place_by_words(field, one)
        or _city(field, one, context)
        or _place_by_preposition(field, one, context)
    )
    if found is not None:
        return found
    if one.kind != "person" and _is_persons(field, one):
        return replace(one, kind="person")
    return None if _holds_city(field, one, context) else one


def _is_guess(field: FieldText, one: Named, context: Context) -> bool:
    """Whether only the model says what a single word is: better no name than a wrong one.

    Capitals alone are an acronym, which it tells well.
    """
    token = field.tokens[one.first]
    if context.language != "en" or one.last - one.first > 1 or token.text.isupper():
        return False
    if opens_sentence(field, one.first) and (
        token.folded in context.small or (token.folded[-1] == "s" and token.folded in english_words())
    ):
        return True
    before = word_before(field, one)
    if one.kind == "person" and before not in WORDS.place_before:
        if token.folded in context.families or token.folded in given_names():
            return False
        return not (is_title(before) or before in WORDS.callings)
    if one.kind in {"person", "organisation"}:
        return before in WORDS.doubtful_before or one.kind == "person"
    return one.kind == "place" and before not in WORDS.place_surely_before


def _is_said(field: FieldText, one: Named) -> bool:
    """Whether it is plain words with capitals, which nobody is called: "Alert Level", "Boy Scouts"."""
    if one.kind != "person":
        return False
    words = field.folded(one)
    last = words[-1]
    plain = last in english_words() and not english_words().isdisjoint(words[:-1])
    return (plain or last in WORDS.no_person_words) and words[0] not in given_names()


def _without_owner(field: FieldText, one: Named, context: Context) -> Named:
    """A name without the place that owns it: "Auckland's Manukau Harbour"."""
    if one.kind not in {"place", "organisation"}:
        return one
    for place in range(one.first + 1, one.last - 1):
        if not _owns(field, place):
            continue
        owner = replace(one, last=place, kind="place")
        key = field.folded(owner)
        known = context.aliases.find(key)
        if (
            (known is not None and known.kind == "place")
            or " ".join(key) in regions()
            or gazetteer().city(key)
        ):
            return replace(one, first=place + 1)
    return one


def _whole_person(field: FieldText, one: Named) -> Named:
    """A person with all words of the name ("Kamal Uddin" goes on with "Golder"), and nothing of theirs."""
    if one.kind != "person" or field.headline or field.shouting:
        return one
    tokens, first, last = field.tokens, one.first, one.last
    owned = next((at for at in range(first + 1, last) if _owns(field, at)), None)
    if owned is not None:
        return replace(one, last=owned)
    if tokens[last - 1].folded not in _NO_NAME_WORDS and not is_title(tokens[last - 1].folded):
        while last < len(tokens) and last - first < TAIL_TOKENS and _goes_on(field, last):
            last += 1
    before = tokens[first - 1].folded if first else ""
    if before in given_names() and beside(field, first - 1) and _is_name_word(tokens[first - 1]):
        first -= 1
    return replace(one, first=first, last=last)


def _owns(field: FieldText, at: int) -> bool:
    """Whether the word before is an owner's: "Wang's Weibo"."""
    mark = field.text[field.tokens[at - 1].end : field.tokens[at].start]
    return field.tokens[at].text == "s" and mark in {"'", "’"}


def _goes_on(field: FieldText, at: int) -> bool:
    """Whether a person's name goes on with this word."""
    token = field.tokens[at]
    if field.text[field.tokens[at - 1].end : token.start] == "-":
        return token.text.isalpha() and not token.text.isupper() and token.folded not in english_words()
    return beside(field, at - 1) and _is_name_word(token)


def _is_name_word(token: Token) -> bool:
    """Whether a word has a capital, and is neither an English word, an office, a place's nor a body's."""
    return (
        len(token.text) > 1
        and token.text.isalpha()
        and token.text[0].isupper()
        and token.text[1:].islower()
        and token.folded not in english_words()
        and not is_title(token.folded)
        and token.folded not in _NO_NAME_WORDS
    )


_NO_NAME_WORDS: Final = (
    WORDS.callings | WORDS.organisation_tails | WORDS.organisation_ends | WORDS.company_words | WORDS.bodies
    | WORDS.place_tails | WORDS.place_tails_and_names | WORDS.months | WORDS.no_person_words
)  # fmt: skip


def _acronym(field: FieldText, one: Named) -> Named:
    """A body that goes by its initials, which a model calls a person: "CNN"."""
    token = field.tokens[one.first]
    if one.kind != "person" or one.last - one.first > 1 or field.shouting or not token.text.isupper():
        return one
    alone = not any(
        0 <= at < len(field.tokens)
        and len(field.tokens[at].text) > NAME_TOKENS
        and field.tokens[at].text.isupper()
        for at in (one.first - 1, one.last)
    )
    named = token.folded in given_names() or len(token.text) < NAME_TOKENS or not alone
    return one if named else replace(one, kind="organisation")


def _holds_city(field: FieldText, one: Named, context: Context) -> bool:
    """Whether a run of capitals, found by its look, is a city with another word: "Milano Centrale"."""
    if context.language == "en" or one.kind != "person" or one.last - one.first < 2:
        return False
    if context.language in NAMES_IN_MARKS and holds_own(field, one, context.language):
        return True
    words = field.folded(one)
    if words[0] in given_names():
        return False
    cities = (gazetteer().city((word,), context.countries) for word in (words[0], words[-1]))
    return any(city is not None and city.population >= LARGE_CITY for city in cities)


def _event(field: FieldText, one: Named) -> Named:
    """A storm with its name: "Storm Brenna"."""
    tokens = field.tokens
    if one.last - one.first > 1 and tokens[one.first].folded in WORDS.event_heads:
        return replace(one, kind="event")
    if one.first > 0 and tokens[one.first - 1].folded in WORDS.event_heads and beside(field, one.first - 1):
        return replace(one, first=one.first - 1, kind="event")
    return one


def _body(field: FieldText, one: Named) -> Named:
    """The body that a person's name is part of: "Donald J. Trump Foundation"."""
    tail = field.tokens[one.last - 1].folded
    if one.kind != "person" or one.last - one.first < NAME_TOKENS or tail in WORDS.common:
        return one
    return replace(one, kind="organisation") if tail in WORDS.organisation_tails else one


def _person_of_calling(field: FieldText, context: Context, one: Named) -> Named:
    """Whom a calling stands before, without it: "Farmer Gus Ahlberg"."""
    before = WORDS.callings if context.language == "en" else WORDS.callings | WORDS.callings_and_origins
    first = one.first
    while first < one.last - 1 and field.tokens[first].folded in before:
        first += 1
    if first == one.first:
        return replace(one, kind="person") if _is_called(field, one) else one
    if one.kind != "person" and field.tokens[one.last - 1].folded in WORDS.organisation_tails:
        return one
    return replace(one, first=first, kind="person")


def _is_called(field: FieldText, one: Named) -> bool:
    """Whether an organisation of two words is a person with a calling before: "spokesman Judd Deere"."""
    if one.kind != "organisation" or one.last - one.first != 2 or field.headline:
        return False
    if field.tokens[one.first - 1].text == "the" or word_before(field, one) not in WORDS.person_before:
        return False
    return all(
        token.text.isalpha() and token.text[1:].islower() for token in field.tokens[one.first : one.last]
    ) and (
        field.tokens[one.last - 1].folded
        not in WORDS.organisation_tails | WORDS.organisation_ends | WORDS.company_words
    )


def _of_family(field: FieldText, one: Named, context: Context) -> Named:
    """Who is meant by a family name alone, when the article names the person in full."""
    if one.kind not in {"organisation", "place"} or field.tokens[one.last - 1].folded not in context.families:
        return one
    single = one.last - one.first == 1 or _between_words(field, one.first) in {"'", "’"}
    if (
        not single
        or field.folded(one)[-1] in WORDS.common
        or word_before(field, one) in WORDS.place_surely_before
    ):
        return one
    return replace(one, kind="person")


def _between_words(field: FieldText, at: int) -> str:
    """What is written between a word and the next."""
    return field.text[field.tokens[at].end : field.tokens[at + 1].start] if at + 1 < len(field.tokens) else ""


def _completed(field: FieldText, one: Named) -> Named | None:
    """The organisation whose name begins here: "Country Fire" with "Authority" behind it."""
    if field.headline:
        return None
    last = one.last
    for _ in range(TAIL_TOKENS):
        if last >= len(field.tokens) or not beside(field, last - 1, apostrophe=True):
            return None
        token = field.tokens[last]
        if token.folded in WORDS.organisation_tails and token.text[0].isupper():
            further = last + 1 < len(field.tokens) and beside(field, last)
            if further and field.tokens[last + 1].folded in WORDS.organisation_tails:
                further = field.tokens[last + 1].text[0].isupper()
                return replace(one, last=last + 2 if further else last + 1, kind="organisation")
            return replace(one, last=last + 1, kind="organisation")
        if not (token.text[0].isupper() or token.text == "s"):
            return None
        last += 1
    return None


def _place_by_words(field: FieldText, one: Named) -> Named | None:  # noqa: PLR0911  # one answer a reason, read from top to bottom
    """A place by the words of its name: "Antelope Canyon", "Lake Kivu"."""
    if one.last - one.first < 2 or one.kind not in {"person", "organisation", "place"}:
        return None
    head, tail = field.tokens[one.first].folded, field.tokens[one.last - 1].folded
    named = head in given_names()
    if tail in WORDS.organisation_tails:
        # "Emily Post" is a person, "Grant County Jail" is not.
        body = (
            tail not in WORDS.place_tails_and_names
            if one.kind == "place"
            else one.kind == "person" and not (named and one.last - one.first == 2)
        )
        return replace(one, kind="organisation") if body else None
    if one.kind == "place":
        return None
    if tail in WORDS.place_tails and not (
        named
        and one.kind == "person"
        and one.last - one.first == 2
        and tail in WORDS.place_tails_and_families
    ):
        return replace(one, kind="place")
    if head in WORDS.place_heads and one.last - one.first <= NAME_TOKENS:
        return replace(one, kind="place")
    if tail in WORDS.place_tails_and_names and not named:
        before = word_before(field, one)
        if one.kind == "person" or before in WORDS.place_surely_before or before == "at":
            return replace(one, kind="place")
    return None


def _city(field: FieldText, one: Named, context: Context) -> Named | None:
    """The city of this name, where the mention can be one."""
    if one.kind not in {"person", "organisation", "place"} or one.last - one.first > TAIL_TOKENS:
        return None
    key = field.folded(one)
    region = regions().get(" ".join(key))
    if region is not None and not (one.kind == "organisation" and context.sport):
        return replace(one, kind="place", known=known_region(region, context))
    city = gazetteer().city(key, context.countries)
    if city is None or _capital_letters(field, one) or (len(key) == 1 and key[0] in WORDS.months):
        return None
    single, before = len(key) == 1, word_before(field, one)
    sure = before in WORDS.place_surely_before and not speaks_of_company(field, one)
    doubtful = single and (key[0] in WORDS.cities_and_words or key[0] in WORDS.common)
    if one.kind == "person":
        large = city.population >= LARGE_CITY or before in WORDS.place_before
        believed = sure or (
            (large and not doubtful and not is_title(before))
            if single
            else key[0] not in given_names() or before in WORDS.place_before
        )
        if single and key[0] in context.families:
            believed = False
    elif one.kind == "organisation":
        believed = sure or not (doubtful or context.sport) or (before == "at" and not context.sport)
    else:
        believed = True
    return placed(one, city, context) if believed else None


def _capital_letters(field: FieldText, one: Named) -> bool:
    """Whether it is written in capitals alone among words that are not: an acronym is no city."""
    return not field.shouting and field.written(one).isupper()


def _place_by_preposition(  # noqa: PLR0911  # one answer a reason, read from top to bottom
    field: FieldText, one: Named, context: Context
) -> Named | None:
    """A place that no gazetteer knows: "near Sangla", "in Himachal Pradesh"."""
    if context.language != "en" or one.kind not in {"person", "organisation"} or field.headline:
        return None
    before = word_before(field, one)
    lived_in = before == "of" and one.first > 1 and field.tokens[one.first - 2].folded in WORDS.of_places
    if not lived_in and (before not in WORDS.place_surely_before or speaks_of_company(field, one)):
        return None
    tokens = field.tokens[one.first : one.last]
    if any(not token.text[0].isupper() or token.text.isupper() for token in tokens):
        return None
    if (
        one.last < len(field.tokens)
        and beside(field, one.last - 1)
        and field.tokens[one.last].text[0].isupper()
    ):
        return None
    if (
        tokens[0].folded in given_names()
        or tokens[-1].folded in context.families
        or len(tokens) > NAME_TOKENS
    ):
        return None
    if tokens[-1].folded in WORDS.organisation_tails | WORDS.organisation_ends | WORDS.offices | WORDS.bodies:
        return None
    if one.kind == "organisation" and len(tokens) > 1 and word_before(field, one) != "near":
        return None
    return replace(one, kind="place")


def _is_persons(field: FieldText, one: Named) -> bool:
    """Whether it is a given name and one or two more words, which mark nothing else."""
    tokens = _whole_words(field, one)
    if not 2 <= len(tokens) <= NAME_TOKENS or one.kind in {"event", "work"}:
        return False
    first = tokens[0].folded
    if first not in given_names() and not (one.kind == "place" and first in WORDS.places_and_names):
        return False
    if one.kind == "organisation" and (first in WORDS.places_and_names or gazetteer().longest_from(first)):
        return False
    if any(
        not token.text.isalpha() or not token.text[0].isupper() or token.text.isupper() for token in tokens
    ):
        return False
    tail = tokens[-1].folded
    return tail not in (
        WORDS.organisation_tails | WORDS.organisation_ends | WORDS.company_words | WORDS.legal_forms
        | WORDS.place_tails | WORDS.place_tails_and_names
    )  # fmt: skip


def _whole_words(field: FieldText, one: Named) -> list[Token]:
    """The words of a mention; what a hyphen joins is one, and so is a letter with its word: "O'Connor"."""
    words: list[Token] = []
    for at, token in enumerate(field.tokens[one.first : one.last], one.first):
        mark = field.text[field.tokens[at - 1].end : token.start] if words else ""
        begun = mark == "-" or (mark in {"'", "’"} and len(words[-1].text) == 1)
        words[len(words) - bool(begun) :] = [token]
    return words
