"""What a word or phrase of a query looks for: its spellings and inflections, as clauses of the tree."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import combinations, product
from math import prod

from pipeline import text as analysis
from pipeline.query.tree import And, Or, Phrase, Query, Term
from pipeline.query.words.search_tokens import (
    DECIMAL,
    abbreviation,
    bare_text,
    decimals,
    joined_numbers,
    other_spellings,
    plain,
    signed_pattern,
    spelled_signed,
    word_tokens,
    words,
    written_out,
    written_token,
)
from pipeline.query.words.spellings import spellings

# A reading of a piece of text: its words in order, each with its alternatives, and what must hold beside.
_Reading = tuple[tuple[tuple[str, ...], ...], tuple[Term, ...]]

_POSSESSIVE = re.compile(r"(?<=\w)['\u2019\u02bc]s$|(?<=s)['\u2019\u02bc]$", re.IGNORECASE)
_OPENING = "'\u2018\u2019([{\u00bf\u00a1"
_CLOSING = ",;:.?\u2026'\u2018\u2019)]}\u3001\u3002\u060c\u061b\u061f"
# Signs between the parts of one word; the parts are looked for side by side.
_JOINTS = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2212'\u2018\u2019\u02bc./_,:@\u00b7\u066b\u066c")
_CAPITALS = re.compile("[A-Z]{2,5}")
# Initials of one name, which are written with spaces and without: J. K. Rowling, J.K. Rowling.
_INITIALS = re.compile(r"(?<!\S)((?:[^\W\d_]\.[ \u00a0]?)+[^\W\d_]\.)(?!\S)")
_HANGUL = re.compile("[\uac00-\ud7a3]{2,}")
# The scripts of languages that write short words together with the next one.
_PREFIXED = {"he": re.compile("[\u05d0-\u05ea]{3,}"), "ar": re.compile("[\u0621-\u064a]{3,}")}
# More readings of one phrase than this are not looked for.
_READINGS = 16


@cache
def _bare_letters() -> Mapping[str, tuple[str, ...]]:
    """The bare letters for what is written in place of a letter with a mark."""
    found: dict[str, dict[str, None]] = {}
    for letter, out in spellings().written_out.items():
        found.setdefault(out, {})[plain(analysis.fold(letter))] = None
    return {out: tuple(bare) for out, bare in found.items()}


def loose(field: str | None, text: str) -> Query | None:
    """An unquoted word: in all its inflections and spellings; None where nothing could be looked for.

    A word of several parts (`e-mail`) is its parts side by side, or written as one.
    """
    text = trimmed(text) or text
    piece = _POSSESSIVE.sub("", text) or text
    if (signed := _signed(piece)) is not None:
        return Term(field, text, signed)
    found = words(piece)
    if len(found) == 1:
        forms = dict.fromkeys((*word_tokens(found[0]), *_tokens_of(words(written_out(piece)))))
        return _either([Term(field, text, tuple(forms)), *_alike(field, text, found)])
    if not found:
        return None
    side_by_side = Phrase(field, text, tuple((word,) for word in found))
    if short := abbreviation(piece.rstrip(",;:?")):
        return _either([Term(field, text, (written_token(short),)), side_by_side])
    joined = [words(each) for each in other_spellings(piece, bare_text(piece), "")]
    forms = dict.fromkeys(token for each in joined if len(each) == 1 for token in word_tokens(each[0]))
    whole = [Term(field, text, tuple(forms))] if forms else []
    return _either([*whole, side_by_side, *_alike(field, text, found)])


def as_written(field: str | None, text: str, slop: int = 0) -> Query | None:
    """Words as they are written, side by side and without inflections; None where there are none.

    One word is looked for with its capitals, or all in capitals.
    """
    together = _INITIALS.sub(lambda found: "".join(found[1].split()), joined_numbers(text))
    pieces = together.split()
    found = [words(piece) for piece in pieces]
    count = sum(map(len, found))
    required = [Term(field, text, signed) for piece in pieces if (signed := _signed(trimmed(piece)))]
    if count == 1:
        if required:
            return required[0]
        word = plain(next(iter(analysis.cased_words(bare_text(text))), ""))
        if word != word.lower():
            return Term(field, text, tuple(dict.fromkeys(map(written_token, (word, word.upper())))))
    if not count:
        return None
    readings = [
        list(_readings(field, text, piece, of))
        for piece, of in zip(pieces, found, strict=True)
        if of or piece == "&"
    ]
    for language, letters in _PREFIXED.items() if count > 1 and found[0] else ():
        if letters.fullmatch(found[0][0]):
            readings[0] = [(_prefixed(of, language), needed) for of, needed in readings[0]]
    if prod(map(len, readings)) > _READINGS:
        readings = [each[:1] for each in readings]
    made: list[Query] = []
    for each in product(*readings):
        guards = [guard for _, needed in each for guard in needed]
        phrase = Phrase(field, text, tuple(word for of, _ in each for word in of), slop)
        made.append(And((phrase, *guards)) if guards else phrase)
    made += _alike(field, text, [word for of in found for word in of], slop)
    return And((_either(made), *required)) if required else _either(made)


def trimmed(text: str) -> str:
    """A word without the punctuation around it; the dots of an abbreviation stay."""
    inner = text.lstrip(_OPENING)
    if abbreviation(inner.rstrip(_CLOSING.replace(".", ""))):
        return inner.rstrip(_CLOSING.replace(".", ""))
    return inner.rstrip(_CLOSING)


def stray_sign(text: str) -> str:
    """The first sign of an unquoted word that cannot be looked for; "" where there is none."""
    piece = trimmed(text)
    if _signed(_POSSESSIVE.sub("", piece)) is not None:
        return ""
    for char in piece:
        if not (char.isalnum() or char in _JOINTS or char.isspace() or unicodedata.category(char)[0] in "MC"):
            return char
    return ""


def dropped_signs(text: str) -> str:
    """The punctuation around an unquoted word, which counts for nothing."""
    piece = trimmed(text)
    start = text.find(piece) if piece else 0
    return text[:start] + text[start + len(piece) :]


def unsought_signs(text: str) -> str:
    """The signs within quotation marks that are not looked for, though they are no punctuation."""
    found = (trimmed(piece) or piece for piece in joined_numbers(text).split())
    left = "".join(piece for piece in found if _signed(_POSSESSIVE.sub("", piece)) is None)
    return "".join(dict.fromkeys(char for char in left if _is_sign(char)))


def _is_sign(char: str) -> bool:
    return char in "!&*\\|#%@" or unicodedata.category(char) in {"Sc", "Sm", "So", "Sk"}


def _signed(piece: str) -> tuple[str, ...] | None:
    """The tokens of a word that carries a sign, or of a number with decimals."""
    bare = bare_text(piece)
    if DECIMAL.fullmatch(bare):
        return tuple(map(written_token, decimals(bare)))
    return tuple(map(written_token, spelled_signed(bare))) if signed_pattern().fullmatch(bare) else None


def _tokens_of(found: Iterable[str]) -> Iterator[str]:
    for word in found:
        yield from word_tokens(word)


def _readings(field: str | None, text: str, piece: str, found: list[str]) -> Iterator[_Reading]:
    """The ways in which a text may write a piece of a phrase, beginning with the query's own."""
    if piece == "&":
        yield from (((), ()), ((spellings().ampersand,), ()))
        return
    out = words(written_out(piece))
    others = out if len(out) == len(found) else found
    pairs = zip(found, others, strict=True)
    yield tuple(tuple(dict.fromkeys((*pair, *_with_particles(pair[0])))) for pair in pairs), ()
    inner = trimmed(piece)
    if short := abbreviation(inner):
        yield ((short.lower(),),), (Term(field, text, (written_token(short),)),)
    elif len(found) > 1:
        for spelled in other_spellings(inner, bare_text(inner), ""):
            yield tuple((word,) for word in words(spelled)), ()
    elif _CAPITALS.fullmatch(inner):
        yield tuple((letter,) for letter in inner.lower()), ()
    for short in _contracted(found[0]) if len(found) == 1 else ():
        yield ((short,),), (Term(field, text, word_tokens(found[0])),)


def _with_particles(word: str) -> Iterator[str]:
    """A Korean word with each particle that may be written at its end."""
    if _HANGUL.fullmatch(word):
        yield from (word + particle for particle in spellings().particles["ko"])


def _prefixed(of: tuple[tuple[str, ...], ...], language: str) -> tuple[tuple[str, ...], ...]:
    """The words of a phrase, its first also with each word that its language writes together with it."""
    made = [prefix + word for prefix in spellings().prefixes[language] for word in of[0]]
    for apart, together in spellings().drawn_together.get(language, {}).items():
        made = [word.replace(apart, together, 1) for word in made]
    return (tuple(dict.fromkeys((*of[0], *made))), *of[1:])


def _contracted(word: str) -> list[str]:
    """A word with the bare letter where a mark was written out: "muller" for "mueller"."""
    found = [word]
    for out, letters in _bare_letters().items():
        if out in word:
            found = [each.replace(out, letter) for each in found for letter in letters]
    return [each for each in dict.fromkeys(found) if each != word]


def _alike(field: str | None, text: str, found: list[str], slop: int = 0) -> Iterator[Query]:
    """The words with what is written alike in place of one word, or of several: `email address`."""
    for start, end in combinations(range(len(found) + 1), 2):
        for other in _groups().get(tuple(found[start:end]), ()):
            made = (*found[:start], *other, *found[end:])
            if len(made) == 1:
                yield Term(field, text, word_tokens(made[0]))
            else:
                yield Phrase(field, text, tuple((word,) for word in made), slop)


@cache
def _groups() -> dict[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """For the words of each spelling those of the others that mean the same."""
    made: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}
    for line in spellings().alike:
        each = list(dict.fromkeys(tuple(words(spelling)) for spelling in line))
        made |= {one: tuple(other for other in each if other != one) for one in each}
    return made


def _either(parts: list[Query]) -> Query:
    distinct = tuple(dict.fromkeys(parts))
    return distinct[0] if len(distinct) == 1 else Or(distinct)
