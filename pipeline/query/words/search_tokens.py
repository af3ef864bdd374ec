"""Text → search tokens, the same for both stores, for watches and for queries.

A text field holds two things. Its *words* are in order, folded and not stemmed: phrases and wildcards are
looked for among them. Its *tokens* are a bag of strings that a term is compared with, made for each word:

- its stem in the language of the text, marked with that language: `drill‹en›`. A text in a language without a
  stemmer has the word itself. A term holds one such token for each language, so it never meets the stem
  of another language;
- such a stem for each other way of spelling the word (`spellings.yaml`);
- where it has capitals or carries a sign, the word as it is written: `‹=›US`, `‹=›c++`.

Letters of the private use area mark tokens, since no word has one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache

from pipeline import text as analysis
from pipeline.query.words.spellings import han_variants, spellings

_LANGUAGE = "\ue300"
_WRITTEN = "\ue301"
# FTS5 folds ASCII capitals and parts words at ASCII signs: both are moved out of ASCII.
_BASE = 0xE400
_HIDDEN = {
    code: chr(_BASE + code) for code in range(33, 128) if not (chr(code).islower() or chr(code).isdigit())
}
_SHOWN = {_BASE + code: chr(code) for code in range(128)}
_STEMMED = tuple(analysis.SEARCHED)
# Norwegian by its two written forms.
_SAME_LANGUAGE = {"nb": "no", "nn": "no"}

_LETTER = r"[^\W_]"
# With the vowel signs and marks of Indian scripts, which Unicode does not count as letters.
_IN_WORD = r"[\w\u0900-\u0963\u0966-\u0dff]"
_HYPHENS = "-\u2010\u2011"
_APOSTROPHES = "'\u2019\u02bc"
_HYPHENATED = re.compile(rf"{_LETTER}+(?:[{_HYPHENS}]{_LETTER}+){{1,3}}")
_DOTTED = re.compile(
    r"(?<![\w.])(?:[^\W\d_]\.){2,}(?:[^\W\d_](?!\w))?(?!\w)|(?<![\w.])(?:[^\W\d_]\.)+[^\W\d_](?![\w.])"
)
# Longer runs without a space are addresses, or text in a script without spaces: they are looked at in parts,
# because ways of writing are looked for from each letter on.
_PIECE_CHARS = 240
# Pieces of `_LONG_PIECE` characters or more are not remembered; of shorter ones, and of words, up to
# `_REMEMBERED` are for each language.
_LONG_PIECE, _REMEMBERED = 40, 65_536
_NONE = frozenset[str]()
# Spaces within numbers, and between them and their signs.
_SPACE = "[ \u00a0\u202f\u2009]"
_HANGUL = re.compile("[\uac00-\ud7a3]+")
# Words of scripts whose languages write short words together with the next one.
_PREFIXED = re.compile("[\u05d0-\u05ea]+|[\u0621-\u064a]+")
# A number with decimals, as a word of its own; three of them may be thousands.
DECIMAL = re.compile(r"(?<![\w.,\u066b])\d+[.,\u066b](?!\d{3}(?!\d))\d+(?!\w|[.,\u066b]\d)")


@cache
def _letters() -> dict[int, str]:
    """What `str.translate` needs to replace letters that keyboards lack, digits and variants."""
    table = spellings()
    letters = {letter.upper(): to.capitalize() for letter, to in table.letters.items()}
    capitals = {letter: to for letter, to in letters.items() if letter not in table.letters}
    digits = {digit: str(value) for digits in table.digits for value, digit in enumerate(digits)}
    return str.maketrans({**han_variants(), **table.letters, **capitals, **digits})


@cache
def _out() -> Mapping[str, str]:
    """What is written for a letter, small or capital, whose mark is missing."""
    small = spellings().written_out
    return dict(small) | {letter.upper(): to.capitalize() for letter, to in small.items()}


@cache
def _has_out() -> re.Pattern[str]:
    return re.compile(rf"{_IN_WORD}*{_has_mark().pattern}{_IN_WORD}*")


@cache
def _has_mark() -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(sorted(_out(), key=len, reverse=True))})")


@cache
def _elided() -> re.Pattern[str]:
    short = "|".join(map(re.escape, spellings().elided))
    ends = "|".join(map(re.escape, spellings().contracted))
    return re.compile(
        rf"(?<!\w)(?:{short})[{_APOSTROPHES}]{_LETTER}{{3,}}"
        rf"|(?<![\w{_APOSTROPHES}]){_LETTER}{{2,}}(?:[{_APOSTROPHES}](?!(?:{ends})(?!\w)){_LETTER}+){{1,2}}(?!\w)",
        re.IGNORECASE,
    )


@cache
def signed_pattern() -> re.Pattern[str]:
    """A word that carries signs."""
    signs = spellings().signs
    prefix = re.escape(signs.before.replace(".", ""))
    between, after = re.escape(signs.between), re.escape(signs.after)
    core = rf"{_LETTER}+(?:[.,]\d+)*(?:[{between}]{_LETTER}+)*"
    sum_of_money = rf"\d+(?:[.,]\d+)*{_LETTER}*"
    return re.compile(
        rf"(?<![\w{prefix}])[{_money()}]{sum_of_money}(?!\w)|(?<![\w.,]){sum_of_money}[{_money()}](?!\w)"
        rf"|(?:(?<![\w{prefix}])[{prefix}]|(?<![\w.])\.(?=[^\W\d_])){core}[{after}]*"
        rf"|(?<!\w){core}[{after}]+(?!\w)|(?<!\w){_LETTER}+(?:[{between}]{_LETTER}+)+"
    )


@cache
def _money() -> str:
    return re.escape(spellings().signs.money)


@cache
def _sign() -> re.Pattern[str]:
    signs = spellings().signs
    return re.compile(f"[{''.join(map(re.escape, (signs.before, '.', signs.between, signs.after)))}]")


def base_language(language: str) -> str:
    """The language whose stems are used: "en" of "en-GB", "no" of "nb"; "" where there is no stemmer."""
    base = language.lower().replace("_", "-").partition("-")[0]
    base = _SAME_LANGUAGE.get(base, base)
    return base if base in analysis.SEARCHED else ""


def words(text: str) -> list[str]:
    """The folded words of a text in order, letters that keyboards lack replaced.

    >>> words("Łódź's e-mail")
    ['lodz', 's', 'e', 'mail']
    """
    found = analysis.words(text)
    return found if text.isascii() else [plain(word) for word in found]


def plain(word: str) -> str:
    """A folded word or pattern with `letters` and `digits` of the table replaced."""
    return word if word.isascii() else word.translate(_letters()) or word


def stem_token(word: str, language: str) -> str:
    """The token of a folded word in a text of a language ("" for one without a stemmer)."""
    if not language:
        return word
    table = spellings()
    for end, written in table.stem_ends.get(language, {}).items():
        if word.endswith(end):
            word = word.removesuffix(end) + written
    stem = analysis.searched_stem(word, language)
    start = table.stem_starts.get(language, "")
    if start and not word.startswith((stem, start)):  # more than an ending was taken off
        stem = analysis.searched_stem(start + word, language)
    return stem + _LANGUAGE + language


def bare_token(word: str, language: str) -> str:
    """The unstemmed word as a token, in a language where other words are cut to it; elsewhere its stem."""
    return word + _LANGUAGE + language if language in spellings().bare_stems else stem_token(word, language)


def written_token(word: str) -> str:
    """The token of a word or a word with signs as it is written."""
    return _WRITTEN + word.translate(_HIDDEN)


def shown(token: str) -> tuple[str, str]:
    """A token as a reader is told of it: its language ("" any other, "=" as written) and its letters.

    >>> shown(stem_token("drills", "en")), shown(written_token("AT&T"))
    (('en', 'drill'), ('=', 'AT&T'))
    """
    if token.startswith(_WRITTEN):
        return "=", token[1:].translate(_SHOWN)
    word, _, language = token.partition(_LANGUAGE)
    return language, word


def is_word(token: str) -> bool:
    """Whether a token is a plain word, as phrases and wildcards look for it."""
    return _LANGUAGE not in token and not token.startswith(_WRITTEN)


@lru_cache(maxsize=65536)
def word_tokens(word: str) -> tuple[str, ...]:
    """What a folded word is looked for as: its token in each language, sorted."""
    bare = (bare_token(word, language) for language in spellings().bare_stems)
    return tuple(sorted({word, *bare, *(stem_token(word, language) for language in _STEMMED)}))


def text_tokens(text: str, found: Iterable[str], language: str) -> tuple[str, ...]:
    """The bag of tokens of a text.

    Args:
        text: The text as it is.
        found: Its `words`.
        language: Its language.
    """
    stems = map(_StemTokens.of(base_language(language)).__getitem__, found)
    return (*stems, *sorted(other_tokens(text, language)))


def other_tokens(text: str, language: str) -> set[str]:
    """The tokens of a text beside the stems of its words: other spellings, and words as they are written."""
    # Only numbers and "H & M" are written across a space: all else is made piece by piece, and remembered.
    made: set[str] = set().union(*map(_PieceTokens.of(language).__getitem__, set(text.split())))
    for match in _spaced_numbers(language).finditer(text) if _spaced().search(text) else ():
        joined = "".join(match[0].split())
        if joined.isdigit():
            made.add(stem_token(joined, base_language(language)))
        else:
            made |= set(map(written_token, spelled_signed(joined, language)))
    for match in _spaced_sign().finditer(bare_text(text)) if " & " in text else ():
        made.add(written_token(plain("".join(match[0].casefold().split()))))
    return made


def _tokens_of_piece(piece: str, language: str) -> frozenset[str]:
    base, bare = base_language(language), bare_text(piece)
    made = {written_token(plain(word)) for word in analysis.cased_words(bare) if word != word.lower()}
    if piece.isascii() and piece.isalpha():
        return frozenset(made)
    for spelled in other_spellings(piece, bare, language):
        made |= {stem_token(word, base) for word in words(spelled)}
        if spelled != spelled.lower():
            made.add(written_token(plain(bare_text(spelled))))
    numbers = {written_token(each) for number in DECIMAL.findall(bare) for each in decimals(number, language)}
    return frozenset(made | numbers | {written_token(signed) for signed in signed_words(bare, language)})


def piece_tokens(piece: str, language: str) -> frozenset[str]:
    """The tokens of what stands between two spaces, alone, beside the stems of its words."""
    return _PieceTokens.of(language)[piece]


class _PieceTokens(dict[str, frozenset[str]]):
    """What stands between two spaces → its tokens, worked out when first asked for."""

    def __init__(self, language: str) -> None:
        self._language = language

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, language: str) -> _PieceTokens:
        """The table of a language."""
        return cls(language)

    def __missing__(self, piece: str) -> frozenset[str]:
        if len(piece) >= _LONG_PIECE:  # rarely comes again
            starts = range(0, len(piece), _PIECE_CHARS)
            parts = (piece[start : start + _PIECE_CHARS] for start in starts)
            return frozenset[str]().union(*(_tokens_of_piece(part, self._language) for part in parts))
        if len(self) >= _REMEMBERED:
            self.clear()
        self[piece] = found = _tokens_of_piece(piece, self._language) or _NONE
        return found


class _StemTokens(dict[str, str]):
    """Folded word → its token in one language, worked out when first asked for."""

    def __init__(self, language: str) -> None:
        self._language = language

    @classmethod
    @cache
    def of(cls, language: str) -> _StemTokens:
        """The table of a language."""
        return cls(language)

    def __missing__(self, word: str) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[word] = found = stem_token(word, self._language)
        return found


def bare_text(text: str) -> str:
    """The text without accents, in the case in which it is written."""
    return text if text.isascii() else analysis.without_marks(text)


def signed_words(bare: str, language: str = "") -> set[str]:
    """The words of a text that carry signs, folded.

    >>> sorted(signed_words("C++ and .NET at AT&T, #MeToo: 10%, 1,000€."))
    ['#metoo', '.net', '10%', 'at&t', 'c++', '€1,000', '€1000']
    """
    if not _sign().search(bare):
        return set()
    found = signed_pattern().finditer(bare)
    return {spelled for match in found for spelled in spelled_signed(match[0], language)}


def spelled_signed(word: str, language: str = "") -> tuple[str, ...]:
    """A word that carries signs, folded, in its spellings: money has its sign first.

    >>> spelled_signed("1,000€"), spelled_signed("AT&T")
    (('€1,000', '€1000'), ('at&t',))
    """
    folded = plain(word.casefold())
    if folded[-1] in spellings().signs.money:
        folded = folded[-1] + folded[:-1]
    if not any(map(str.isdigit, folded)):
        return (folded,)
    bare = _grouped(language).sub(lambda number: "".join(filter(str.isdigit, number[0])), folded)
    return tuple(dict.fromkeys((folded, bare, *decimals(bare, language))))


def decimals(number: str, language: str = "") -> tuple[str, ...]:
    """A number with decimals as it is written, and with a full stop where its language writes another sign.

    In a query, whose language nobody knows, either sign may be meant.

    >>> decimals("2,5"), decimals("2,5%", "de"), decimals("2,5", "en")
    (('2,5', '2.5'), ('2,5%', '2.5%'), ('2,5',))
    """
    number = plain(number)
    signs = set(spellings().decimals.values()) if not language else {_decimal_sign(language)}
    point = re.sub(rf"(?<=\d)[{re.escape(''.join(sorted(signs)))}](?=\d)(?!\d{{3}}(?!\d))", ".", number)
    return tuple(dict.fromkeys((number, point)))


@cache
def _decimal_sign(language: str) -> str:
    return spellings().decimals.get(language.lower().partition("-")[0], spellings().decimals["default"])


def joined_numbers(text: str) -> str:
    """A text whose numbers have their per cent and money signs beside them.

    >>> joined_numbers("up 10 % to € 100")
    'up 10% to €100'
    """
    after = re.sub(rf"(?<=\d)\s+([%{_money()}])(?!\S)", r"\1", text)
    return re.sub(rf"(?<!\S)([{_money()}])\s+(?=\d)", r"\1", after)


def other_spellings(text: str, bare: str, language: str) -> Iterator[str]:
    """Words of a text written in another way, in the text's case."""
    if not text.isascii():
        for match in _has_out().finditer(unicodedata.normalize("NFC", text)):
            yield written_out(match[0])
    for match in _HYPHENATED.finditer(bare):
        joined = re.sub(f"[{_HYPHENS}]", "", match[0])
        if len(joined) <= 40:
            yield joined
    if "." in bare:
        for match in _DOTTED.finditer(bare):
            yield match[0].replace(".", "").upper()
    for match in _elided().finditer(bare):
        yield re.sub(f"[{_APOSTROPHES}]", "", match[0])
    for match in _grouped(language).finditer(bare):
        yield "".join(filter(str.isdigit, match[0]))
    yield from _parted(bare, language)


def _parted(bare: str, language: str) -> Iterator[str]:
    """Words without what their language writes together with them."""
    table = spellings()
    if language in table.particles:
        for match in _HANGUL.finditer(bare):
            yield from _without_ends(match[0], language)
    for prefix in table.prefixes.get(language, ()):
        for match in _PREFIXED.finditer(bare):
            if match[0].startswith(prefix) and len(match[0]) - len(prefix) >= 3:
                yield match[0].removeprefix(prefix)


def written_out(word: str) -> str:
    """A word whose letters with a mark are written out.

    >>> written_out("Müller")
    'Mueller'
    """
    return _has_mark().sub(lambda found: _out()[found[0]], unicodedata.normalize("NFC", word))


def abbreviation(word: str) -> str:
    """The capitals of an abbreviation with dots; "" of anything else.

    >>> abbreviation("U.S."), abbreviation("end.")
    ('US', '')
    """
    return word.replace(".", "").upper() if _DOTTED.fullmatch(bare_text(word)) else ""


@cache
def _separators(language: str) -> str:
    if not language:  # a query: any may be meant
        return "".join(sorted(set("".join(spellings().thousands.values()))))
    return spellings().thousands.get(base_language(language) or language, spellings().thousands["default"])


@cache
def _grouped(language: str) -> re.Pattern[str]:
    signs = re.escape(_separators(language).replace(" ", "")) or "(?!)"
    return re.compile(rf"(?<![\d.,\w])\d{{1,3}}(?:[{signs}]\d{{3}}){{1,8}}(?![\d\w])")


@cache
def _spaced() -> re.Pattern[str]:
    """A quick test: where this fits nothing, `_spaced_numbers` fits nothing either."""
    return re.compile(rf"[\d{_money()}]{_SPACE}[\d%{_money()}]")


@cache
def _spaced_sign() -> re.Pattern[str]:
    """Words that a sign with spaces around it joins: H & M."""
    return re.compile(
        rf"(?<![\w.]){_LETTER}+(?: [{re.escape(spellings().signs.between)}] {_LETTER}+)+(?![\w.]\w)"
    )


@cache
def _spaced_numbers(language: str) -> re.Pattern[str]:
    """Numbers that a space parts into groups of three, and per cent and money with a space."""
    space, number = _SPACE, r"(?<!\d)\d{1,15}(?:[.,]\d{1,15}){0,8}"
    groups = rf"(?<![\d.,\w])\d{{1,3}}(?:{space}\d{{3}}){{1,8}}"
    either = f"(?:{groups}|{number})" if " " in _separators(language) else number
    alone = rf"{groups}(?![\d\w])|" if " " in _separators(language) else ""
    return re.compile(
        rf"{either}{space}(?:%|[{_money()}](?!\d))|(?<!\w)[{_money()}]{space}{either}(?![\d\w])|{alone}(?!)"
    )


def _without_ends(word: str, language: str) -> Iterator[str]:
    """A word without its particle, and without what it says of a place's name: 서울시는, 서울시, 서울."""
    table = spellings()
    bare = _without_end(word, table.particles[language])
    for each in dict.fromkeys((word, bare)):
        yield from {each, _without_end(each, table.place_endings.get(language, ()))} - {word}


def _without_end(word: str, ends: Iterable[str]) -> str:
    for end in sorted(ends, key=len, reverse=True):
        if word.endswith(end) and len(word) - len(end) >= 2:
            return word.removesuffix(end)
    return word
