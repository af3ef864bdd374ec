"""The query language as a tree: `pipeline.query.parse` parses Lucene syntax into it, each store compiles it.

The meaning, the same on every store:

- A text field ("title", "text") holds tokens, which terms are compared with, and apart from them its words in
  order, for phrases and wildcards (`pipeline.query.words.search_tokens`). The field None is title and
  text, each on its own (a phrase does not span both).
- A keyword field (`KEYWORD_FIELDS`) holds values folded by `pipeline.text.fold`; a term matches a whole
  value. "entities" holds ids and names, "topics" ids, names and the words of names, "place" the names and ids
  of entities of the kind place, "kind" what kind of article it is (`pipeline.records.ArticleKind`).
- A time field ("published", "fetched") holds a UTC time; "published" falls back to "fetched".
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime

TEXT_FIELDS = ("title", "text")
KEYWORD_FIELDS = ("entities", "topics", "outlet", "language", "place", "story", "feed", "kind")
TIME_FIELDS = ("published", "fetched")


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a text field, or one whole value of a keyword field.

    `forms` are alternatives, any of which is a hit: in a text field tokens, that is the stem of the word
    in each language, marked with it, or the word as written. `text` is as the user wrote it.
    """

    field: str | None
    text: str
    # Long, and nearly always settled by field and text; left out of the hash, which is asked for often.
    forms: tuple[str, ...] = attribute(hash=False)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Unstemmed words in this order, at most `slop` others between them in all; each has alternatives."""

    field: str | None
    text: str
    words: tuple[tuple[str, ...], ...] = attribute(hash=False)
    slop: int = 0


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A pattern over one unstemmed, folded token or value: `*` any run, `?` one character."""

    field: str | None
    pattern: str


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A time at or after `since` and before `until`; None is open."""

    field: str
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class KeywordRange:
    """A folded keyword value between two bounds by code point; None is open."""

    field: str
    low: str | None
    high: str | None
    low_inclusive: bool = True
    high_inclusive: bool = True


@dataclass(frozen=True, slots=True)
class Exists:
    """The field holds something."""

    field: str


@dataclass(frozen=True, slots=True)
class Everything:
    """Every article: `*:*`."""


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of the parts."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Query


Query = Term | Phrase | Wildcard | TimeRange | KeywordRange | Exists | Everything | And | Or | Not
