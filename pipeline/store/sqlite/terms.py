"""What the full-text index of the SQLite store contains for an article, and how a query names it.

Text tokens and words go in as they are (`pipeline.query.words.search_tokens`). A keyword value becomes one
token of the column `keys`: a private use character for its field, then the value. In it each ASCII character
that the tokenizer would take for a separator or fold (capitals) is replaced by a private use character.
"""

from __future__ import annotations

import zlib

from pipeline.query.fields import Indexed
from pipeline.query.tree import KEYWORD_FIELDS, TEXT_FIELDS

# An article's story changes when stories merge, so it is a column of the article table: texts stay indexed.
FIELDS = tuple(field for field in KEYWORD_FIELDS if field != "story")
_MARK = {field: chr(0xE000 + place) for place, field in enumerate(FIELDS + TEXT_FIELDS)}
_PRESENT = "\ue0ff"
_ESCAPE = "\ue1ff"
_BASE = 0xE100
_WRITTEN = {code: chr(_BASE + code) for code in range(128) if not chr(code).isalnum() or chr(code).isupper()}
_ENCODE = _WRITTEN | {_BASE + code: f"{_ESCAPE}{chr(_BASE + code)}" for code in (*range(128), 0xFF)}


def key(field: str, value: str) -> str:
    """The token of a keyword value."""
    return _MARK[field] + value.translate(_ENCODE)


def value_of(token: str) -> str:
    """The keyword value of a token that `key` made."""
    value, letters = "", iter(token[1:])
    for letter in letters:
        if letter == _ESCAPE:
            value += next(letters)
        else:
            value += chr(ord(letter) - _BASE) if _BASE <= ord(letter) < _BASE + 128 else letter
    return value


def mark(field: str) -> str:
    """The character with which all tokens of a keyword field begin."""
    return _MARK[field]


def present(field: str) -> str:
    """The token that says that a text or keyword field is not empty."""
    return _PRESENT + _MARK[field]


def is_value(token: str) -> bool:
    """Whether `key` made the token, for any field."""
    return "\ue000" <= token < _PRESENT


def glob(field: str, pattern: str) -> str:
    """A pattern for SQLite's GLOB that fits every token whose keyword value fits a wildcard pattern.

    It may fit others too: one character of a value may be two in its token, so "?" becomes "?*".
    """
    wild = {"*": "*", "?": "?*"}
    return _MARK[field] + "".join(wild.get(letter) or letter.translate(_ENCODE) for letter in pattern)


def columns(seen: Indexed) -> tuple[str, ...]:
    """The contents of the columns of the full-text index."""
    keys = [key(field, value) for field in FIELDS for value in seen.keywords[field]]
    keys += [present(field) for field in FIELDS if seen.keywords[field]]
    keys += [present(field) for field in TEXT_FIELDS if seen.words[field]]
    parts = (seen.tokens["title"], seen.tokens["text"], seen.words["title"], seen.words["text"], keys)
    return tuple(" ".join(part) for part in parts)


def packed(contents: tuple[str, ...]) -> bytes:
    """The contents of the columns, compressed."""
    return zlib.compress("\n".join(contents).encode("utf-8"), 1)


def unpacked(data: bytes) -> list[str]:
    """What `packed` was given."""
    return zlib.decompress(data).decode("utf-8").split("\n")


def seen_from(data: bytes, story_key: str, published: int, fetched: int) -> Indexed:
    """The searchable side of an article from what was `packed`, without analyzing it again."""
    title, text, title_words, text_words, keys = unpacked(data)
    fields = {letter: field for field, letter in _MARK.items()}
    values: dict[str, list[str]] = {field: [] for field in KEYWORD_FIELDS}
    for token in keys.split(" ") if keys else []:
        if token[0] in fields:
            values[fields[token[0]]].append(value_of(token))
    values["story"] = [story_key] if story_key else []
    return Indexed(
        {"title": tuple(title.split()), "text": tuple(text.split())},
        {"title": tuple(title_words.split()), "text": tuple(text_words.split())},
        {field: tuple(each) for field, each in values.items()},
        published,
        fetched,
    )


def is_token(form: str) -> bool:
    """Whether a form of a query can be a token of a text, and is a single token to the tokenizer."""
    if not form or any(ord(char) in _WRITTEN for char in form):
        return False
    return not any("\ud800" <= char <= "\udfff" for char in form)
