"""What stands in and around an English mention, as signs: its words, its neighbours, its article.

A sign is a short text, `B=said` for "the word before is *said*", and has weights in `english.tsv.gz`. The
same signs are drawn where the weights are learned (`benchmarks/enrich/names/judge.py`): a change here asks
for new ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from pipeline.enrich.names.forms import is_title
from pipeline.enrich.names.known.gazetteer import gazetteer, given_names, regions
from pipeline.enrich.names.mentions import FieldText, Named
from pipeline.enrich.names.name_words import NAME_WORDS as WORDS
from pipeline.enrich.names.sense.surroundings import Context, opens_sentence
from pipeline.languages.common_words import commonness, english_words

NOTHING: Final = "none"
# The label of what no model has found.
UNSEEN: Final = "-"
_TOWN, _CITY = 60_000, 500_000
_TWO, _THREE, _FOUR = 2, 3, 4
_AGE_DIGITS: Final = 2
# Longer words are cut, so that nothing large is remembered.
_LONGEST: Final = 40
_MARKS: Final = frozenset(",.\"'“”‘’()-–—:;/")
_BODY_WORDS: Final = (
    WORDS.organisation_tails
    | WORDS.organisation_ends
    | WORDS.company_words
    | WORDS.legal_forms
    | WORDS.bodies
)
_INNER_WORDS: Final = WORDS.organisation_tails | WORDS.organisation_ends | WORDS.bodies
_PLACE_WORDS: Final = WORDS.place_tails | WORDS.place_tails_and_names

Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PossibleName:
    """Words that may be a name.

    Attributes:
        first: Its first word.
        last: The word behind its last.
        said: What the rules take it for; None where they drop it or nobody has found it.
        label: The model's label, or "-".
    """

    first: int
    last: int
    said: Named | None
    label: str

    @property
    def kind(self) -> str:
        """The kind that the rules say, or "none"."""
        return NOTHING if self.said is None else self.said.kind


def possible_names(field: FieldText, found: Sequence[Named], kept: Sequence[Named]) -> list[PossibleName]:
    """What may be a name in a field, in order of place, none over another.

    Args:
        field: The field.
        found: What model and tables have found, in order of place.
        kept: What the rules have left of it and put to it.

    Returns:
        All that the rules keep, what they drop, and capitals that nobody has found.
    """
    labels = {at: raw.label for raw in found for at in range(raw.first, raw.last)}
    given = [
        PossibleName(
            one.first,
            one.last,
            one,
            next((labels[at] for at in range(one.first, one.last) if at in labels), UNSEEN),
        )
        for one in kept
    ]
    covered = {at for one in kept for at in range(one.first, one.last)}
    for raw in found:
        if covered.isdisjoint(range(raw.first, raw.last)):
            given.append(PossibleName(raw.first, raw.last, None, raw.label))
            covered.update(range(raw.first, raw.last))
    given += [PossibleName(first, last, None, UNSEEN) for first, last in _capitals(field, covered)]
    return sorted(given, key=lambda each: each.first)


def _capitals(field: FieldText, covered: set[int]) -> Iterator[tuple[int, int]]:
    """Words with capitals that stand beside each other, but for one that begins a sentence."""
    tokens = field.tokens
    at = 0
    while at < len(tokens):
        last = at
        while (
            last < len(tokens)
            and last not in covered
            and tokens[last].text[0].isupper()
            and (last == at or field.text[tokens[last - 1].end : tokens[last].start] in {" ", "-"})
        ):
            last += 1
        if last > at and tokens[at].text != "I" and not (last - at == 1 and opens_sentence(field, at)):
            yield at, last
        at = max(last, at + 1)


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """What an article says of words in all their places.

    Attributes:
        labels: The model's labels of these words.
        ends: Its labels of longer names that end with them.
        begins: Its labels of longer names that begin with them.
        speaks: Words behind which somebody says something.
    """

    labels: Mapping[Key, Counter[str]]
    ends: Mapping[Key, Counter[str]]
    begins: Mapping[Key, Counter[str]]
    speaks: frozenset[Key]


def _elsewhere(rows: Sequence[tuple[FieldText, Sequence[PossibleName]]]) -> _Elsewhere:
    labels: dict[Key, Counter[str]] = {}
    ends: dict[Key, Counter[str]] = {}
    begins: dict[Key, Counter[str]] = {}
    speaks = set()
    for field, row in rows:
        for one in row:
            key = _key(field, one)
            if one.last < len(field.tokens) and field.tokens[one.last].folded in WORDS.speech:
                speaks.add(key)
            if one.label == UNSEEN:
                continue
            labels.setdefault(key, Counter())[one.label] += 1
            for at in range(1, len(key)):
                ends.setdefault(key[at:], Counter())[one.label] += 1
                begins.setdefault(key[:at], Counter())[one.label] += 1
    return _Elsewhere(labels, ends, begins, frozenset(speaks))


def signs_of(
    rows: Sequence[tuple[FieldText, Sequence[PossibleName]]], context: Context
) -> Iterator[list[list[str]]]:
    """For each field the signs of each possible name.

    Args:
        rows: The fields of an article with what may be a name in them.
        context: What the article says around them.
    """
    elsewhere = _elsewhere(rows)
    for field, row in rows:
        yield [
            [
                *_inside(field, one, context),
                *_before(field, one),
                *_behind(field, one),
                *_around(field, one, context, elsewhere),
            ]
            for one in row
        ]


def _key(field: FieldText, one: PossibleName) -> Key:
    return tuple([token.folded[:_LONGEST] for token in field.tokens[one.first : one.last]])


def _inside(field: FieldText, one: PossibleName, context: Context) -> Iterator[str]:
    """Signs of the words themselves."""
    key = _key(field, one)
    written = [token.text[:_LONGEST] for token in field.tokens[one.first : one.last]]
    label, kind, size = one.label, one.kind, min(len(key), _FOUR)
    opens = opens_sentence(field, one.first)
    known = one.said is not None and one.said.known is not None
    yield "bias"
    yield from (f"k={kind}", f"l={label}", f"kl={kind} {label}", f"known={known:d}")
    yield from (f"n={size}", f"nl={size} {label}", f"nk={min(size, _TWO)} {kind}")
    yield f"open={opens:d}{min(size, _TWO)} {label}"
    looks = [_look(word) for word in written]
    yield from (f"s={'-'.join(looks[:_FOUR])}", f"s1={looks[0]}", f"s9={looks[-1]}")
    given = key[0] in given_names()
    yield from (
        f"g={given:d}{min(size, _THREE)}",
        f"gl={given:d} {label}",
        f"g9={key[-1] in given_names():d}",
    )
    city = gazetteer().city(key)
    people = 0 if city is None else city.population
    yield from (
        f"c={'-' if city is None else 's' if people < _TOWN else 'm' if people < _CITY else 'l'}",
        f"cl={city is not None:d} {label}",
    )
    if " ".join(key) in regions():
        yield "region"
    if size > 1:
        yield f"c1={_is_town(key[0]):d}"
        yield f"c9={_is_town(key[-1]):d}"
    yield f"body={key[-1] in _BODY_WORDS:d}"
    yield f"place={key[-1] in _PLACE_WORDS:d}{key[0] in WORDS.place_heads:d}"
    if not _INNER_WORDS.isdisjoint(key[:-1]):
        yield "inner"
    common = [commonness(word.lower(), "en") for word in written]
    yield from (f"z1={common[0]}", f"z9={common[-1]}", f"z={min(common)}")
    yield f"zo={common[0]}{min(size, _TWO)}{opens:d}"
    yield f"small={key[0] in context.small:d}{key[-1] in context.small:d}{min(size, _TWO)}"
    yield f"en={min(sum(word in english_words() for word in key), _THREE)}{min(size, _THREE)}"
    if size == 1 and written[0].isupper():
        yield f"capitals={min(len(written[0]), _LETTERS)}"
    yield from (f"w1={key[0]}", f"w9={key[-1]}", f"p={key[0][:_THREE]}{min(size, _TWO)}")
    yield from (f"e={key[-1][-_THREE:]}{min(size, _TWO)}", f"e2={key[-1][-_TWO:]}")


_LETTERS: Final = 6


def _is_town(word: str) -> bool:
    city = gazetteer().city((word,))
    return city is not None and city.population >= _TOWN


def _look(word: str) -> str:
    if word.isupper():
        return "X" if len(word) > 1 else "I"
    if word[0].isupper():
        return "Xx" if word[1:].islower() else "XxX"
    return "0" if word[0].isdigit() else "x"


def _mark(gap: str, *, last: bool) -> str:
    """The mark in a gap that stands nearest, "_" where there is none."""
    bare = gap.strip()
    if not bare:
        return "_"
    mark = bare[-1] if last else bare[0]
    return mark if mark in _MARKS else "*"


def _before(field: FieldText, one: PossibleName) -> Iterator[str]:
    """Signs of what stands before."""
    tokens, at = field.tokens, one.first - 1
    if at < 0:
        yield from ("b=^", "B=^")
        return
    word = tokens[at].folded[:_LONGEST]
    mark = _mark(field.text[tokens[at].end : tokens[one.first].start], last=True)
    yield from (f"b={mark}", f"B={word}")
    if at > 0:
        yield f"B2={tokens[at - 1].folded[:_LONGEST]}"
    if mark != "_":
        return
    size = min(one.last - one.first, _TWO)
    article = word == "the"
    yield f"the={article:d}{size} {one.label}"
    if article and at > 0 and not field.text[tokens[at - 1].end : tokens[at].start].strip():
        at -= 1
    said = _said_before(tokens[at].folded, capital=tokens[at].text[0].isupper())
    yield from (f"bl={said} {one.label}", f"bk={said} {one.kind}", f"bn={said} {size}")


def _said_before(word: str, *, capital: bool) -> str:
    """What kind of word stands before."""
    kinds = (
        ("title", is_title(word)),
        ("calling", word in WORDS.callings),
        (word, word in {"of", "by", "with", "and", "a", "an", "at", "to", "from", "on"}),
        ("in", word in WORDS.place_surely_before),
        ("over", word in WORDS.place_before or word in WORDS.doubtful_before),
        ("speech", word in WORDS.speech),
        ("capital", capital),
        ("ing", word.endswith("ing")),
        ("ed", word.endswith("ed")),
    )
    return next((kind for kind, holds in kinds if holds), "word")


def _behind(field: FieldText, one: PossibleName) -> Iterator[str]:
    """Signs of what stands behind."""
    tokens, at = field.tokens, one.last
    if at >= len(tokens):
        yield from ("a=$", "A=$")
        return
    written = tokens[at].text
    word = tokens[at].folded[:_LONGEST]
    mark = _mark(field.text[tokens[at - 1].end : tokens[at].start], last=False)
    yield from (f"a={mark}", f"A={word}")
    if at + 1 < len(tokens):
        yield f"A2={tokens[at + 1].folded[:_LONGEST]}"
    if mark in {"'", "’"} and word == "s":
        yield f"own={one.label}"
    elif mark == ",":
        yield f"comma={_said_behind_comma(written)} {one.label}"
    elif mark == "_":
        said = _said_behind(word, written)
        size = min(one.last - one.first, _TWO)
        yield from (f"al={said} {one.label}", f"ak={said} {one.kind}", f"an={said} {size}")


def _said_behind(word: str, written: str) -> str:
    """What kind of word stands behind."""
    kinds = (
        ("speech", word in WORDS.speech),
        ("person", word in WORDS.person_behind),
        ("and", word == "and"),
        ("in", word in WORDS.place_before or word in WORDS.doubtful_before or word in {"for", "with", "by"}),
        ("capital", written[0].isupper()),
        ("number", written[0].isdigit()),
        ("ed", word.endswith("ed")),
        ("s", word.endswith("s")),
    )
    return next((kind for kind, holds in kinds if holds), "word")


def _said_behind_comma(written: str) -> str:
    if written.isdigit() and len(written) == _AGE_DIGITS:
        return "age"
    if written in {"who", "whose", "whom"}:
        return "who"
    if written in {"the", "a", "an"}:
        return "the"
    return "capital" if written[0].isupper() else "word"


def _around(field: FieldText, one: PossibleName, context: Context, elsewhere: _Elsewhere) -> Iterator[str]:
    """Signs of the rest of the article."""
    key = _key(field, one)
    same = elsewhere.labels.get(key)
    if same is not None:
        yield f"same={_most(same)} {one.label}"
        yield f"times={min(sum(same.values()), _FOUR)}"
    for sign, longer in (("ends", elsewhere.ends), ("begins", elsewhere.begins)):
        labels = longer.get(key)
        if labels is not None:
            yield f"{sign}={_most(labels)} {one.label}"
    yield f"family={key[-1] in context.families:d}{min(len(key), _TWO)} {one.label}"
    if key in elsewhere.speaks:
        yield "speaks"
    if context.sport:
        yield f"sport={one.label}"


def _most(labels: Counter[str]) -> str:
    return max(sorted(labels), key=labels.__getitem__)
