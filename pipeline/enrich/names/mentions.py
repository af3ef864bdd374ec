"""Mentions of one field: the model's spans and the alias table's, brought into one row without overlaps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.enrich.names.forms import Token, is_title, tokens_of, without_article, without_titles
from pipeline.enrich.names.known.aliases import Aliases, KnownNames, Match
from pipeline.enrich.names.name_words import NAME_WORDS
from pipeline.ports import Mention
from pipeline.records import EntityKind

Field = Literal["title", "text"]
# Our kinds for the labels of models and patterns.
KINDS: dict[str, EntityKind] = {
    "PERSON": "person",
    "ORG": "organisation",
    "GPE": "place",
    "LOC": "place",
    "FAC": "place",
    "NORP": "place",
    "EVENT": "event",
    "WORK_OF_ART": "work",
}
# The label of a name on the list of bodies: it may be short for a longer one, as "Samsung" is.
LISTED = "LISTED"
_MAX_TOKENS = 9
# "Defense Minister" is an office: the model likes to call its first word an organisation.
_OFFICES = NAME_WORDS.offices
_DIRECTIONS = NAME_WORDS.directions
_EMPTY = NAME_WORDS.empty_words
# Places that are also given or family names: beside another capitalised word they are no place.
_NAMELIKE = NAME_WORDS.places_and_names
_ORG_ENDS = NAME_WORDS.organisation_ends


@dataclass(frozen=True, slots=True)
class Named:
    """A mention after trimming: its tokens (from `first` to before `last`) and what is known of it."""

    field: Field
    first: int
    last: int
    kind: EntityKind
    label: str
    known: KnownNames | None = None


@dataclass(frozen=True, slots=True)
class FieldText:
    """One field of an article with its words.

    Attributes:
        headline: Whether it is a title in which nearly every long word has a capital.
        shouting: Whether nearly every long word is all in capitals.
    """

    field: Field
    text: str
    tokens: tuple[Token, ...]
    headline: bool
    shouting: bool
    _folded: dict[tuple[int, int], tuple[str, ...]] = dataclasses.field(
        default_factory=dict, compare=False, repr=False
    )

    def folded(self, named: Named) -> tuple[str, ...]:
        """The folded words of a mention."""
        place = (named.first, named.last)
        words = self._folded.get(place)
        if words is None:
            words = tuple([token.folded for token in self.tokens[named.first : named.last]])
            self._folded[place] = words
        return words

    def written(self, named: Named) -> str:
        """A mention as written."""
        return self.text[self.tokens[named.first].start : self.tokens[named.last - 1].end]


def field_text(field: Field, text: str) -> FieldText:
    """Splits a field into words and looks at its capitals."""
    tokens = tuple(tokens_of(text))
    long_words = [token.text for token in tokens[:60] if len(token.text) > 3 and token.text[0].isalpha()]
    upper = sum(1 for word in long_words if word[0].isupper())
    headline = field == "title" and len(long_words) > 2 and upper >= 0.8 * len(long_words)
    shouting = len(long_words) > 2 and sum(word.isupper() for word in long_words) >= 0.8 * len(long_words)
    return FieldText(field, text, tokens, headline, shouting)


def named_in(field: FieldText, mentions: Iterable[Mention], aliases: Aliases) -> list[Named]:
    """The mentions of a field in order of place, none over another.

    Args:
        field: The field.
        mentions: What the recognizer found in this field.
        aliases: Decides where it and the recognizer differ.
    """
    matches = [
        match
        for match in aliases.scan(field.tokens, shouting=field.shouting)
        if not _part_of_name(field, match)
    ]
    spans = [named for mention in mentions if (named := _trimmed(field, mention, aliases)) is not None]
    taken: list[Named] = []
    for span in spans:
        rivals = [match for match in matches if match.first < span.last and span.first < match.last]
        decided, losers = _decide(field, span, rivals)
        if losers:
            gone = set(map(id, losers))
            matches = [match for match in matches if id(match) not in gone]
        if decided is not None:
            taken.append(decided)
    covered = {position for named in taken for position in range(named.first, named.last)}
    for match in matches:
        if covered.isdisjoint(range(match.first, match.last)):
            taken.append(_from_match(field, match))
            covered.update(range(match.first, match.last))
    return sorted(taken, key=lambda named: (named.first, named.last))


def _from_match(field: FieldText, match: Match) -> Named:
    return Named(field.field, match.first, match.last, match.known.kind, "ALIAS", match.known)


def _part_of_name(field: FieldText, match: Match) -> bool:
    """Whether a place that is also a family or given name stands beside another capitalised word."""
    if match.last - match.first > 1 or field.tokens[match.first].folded not in _NAMELIKE or field.headline:
        return False
    own = field.tokens[match.first]
    if match.last < len(field.tokens):
        after = field.tokens[match.last]
        if (
            after.start == own.end + 1
            and after.text[0].isupper()
            and not after.text.isupper()
            and field.text[own.end] == " "
        ):
            return not is_title(after.folded)
    if match.first > 0:
        before = field.tokens[match.first - 1]
        if own.start == before.end + 1 and field.text[before.end] == " " and before.text[0].isupper():
            opens = match.first == 1 or field.text[
                field.tokens[match.first - 2].end : before.start
            ].strip() in {".", "!", "?", '."'}
            return not opens and before.folded not in _DIRECTIONS and not is_title(before.folded)
    return False


def _trimmed(field: FieldText, mention: Mention, aliases: Aliases) -> Named | None:
    """A mention on the field's words, without "the", possessive and offices; None for what names nothing."""
    kind = KINDS.get(mention.label)
    if kind is None:
        return None
    first, last = _token_range(field.tokens, mention.span.start, mention.span.end)
    inner = without_article(list(field.tokens[first:last]))
    if kind == "person":
        inner = _without_demonym(without_titles(inner), aliases)
    if not inner or not _names_something(field, inner, kind):
        return None
    first = field.tokens.index(inner[0], first, last)
    return Named(field.field, first, first + len(inner), kind, mention.label)


def _names_something(field: FieldText, inner: Sequence[Token], kind: EntityKind) -> bool:
    """Whether the words can be a name of this kind at all."""
    if len(inner) > _MAX_TOKENS or "\n" in field.text[inner[0].start : inner[-1].end]:
        return False
    if not any(char.isalpha() for token in inner for char in token.text):
        return False
    word = inner[0].folded
    if len(inner) == 1 and (len(word) < 2 or (kind != "place" and (word in _OFFICES or is_title(word)))):
        return False
    if kind in {"person", "organisation"} and all(token.text.islower() for token in inner):
        return False
    return not field.headline or _credible_in_headline(inner, kind)


def _without_demonym(tokens: list[Token], aliases: Aliases) -> list[Token]:
    """Drops what stands before the name, as in "Russian President Vladimir Putin"."""
    while len(tokens) > 2:
        known = aliases.find((tokens[0].folded,))
        if known is None or known.kind != "place":
            break
        tokens = without_titles(tokens[1:])
    return tokens


def _credible_in_headline(tokens: Sequence[Token], kind: EntityKind) -> bool:
    """In a headline of capitals the model takes whole clauses for names."""
    if kind == "person":
        return len(tokens) <= 3
    if kind == "place":
        return len(tokens) <= 3
    return len(tokens) <= 2 or tokens[-1].folded in _ORG_ENDS or kind == "work"


def _token_range(tokens: Sequence[Token], start: int, end: int) -> tuple[int, int]:
    """The words that lie within a span of characters."""
    low, high = 0, len(tokens)
    while low < high:
        middle = (low + high) // 2
        if tokens[middle].end <= start:
            low = middle + 1
        else:
            high = middle
    last = low
    while last < len(tokens) and tokens[last].start < end:
        last += 1
    return low, last


def _decide(field: FieldText, span: Named, rivals: list[Match]) -> tuple[Named | None, list[Match]]:
    """Who has the words that model and table both claim: (the model's span or None, matches that lose)."""
    if not rivals:
        return (None if span.label == "NORP" else span), []
    for match in rivals:
        if (match.first, match.last) == (span.first, span.last):
            return replace(span, kind=match.known.kind, known=match.known), [match]
    if any(match.first <= span.first and span.last <= match.last for match in rivals):
        return None, []
    inside = [match for match in rivals if span.first <= match.first and match.last <= span.last]
    if len(inside) < len(rivals):  # they cross: whoever is longer
        widest = max(rivals, key=lambda match: match.last - match.first)
        if widest.last - widest.first >= 2 or span.label == "NORP":
            return None, []
        return span, rivals
    return (None, []) if _table_wins(field, span, inside) else (span, inside)


def _table_wins(field: FieldText, span: Named, inside: list[Match]) -> bool:
    """Whether a longer span of the model is no name of its own but words around a known one."""
    words = field.folded(span)
    match = inside[0]
    around = [*words[: match.first - span.first], *words[match.last - span.first :]]
    if span.kind == "place":
        lower = all(field.tokens[span.first + at].text.islower() for at in range(match.first - span.first))
        modifiers = all(word in _DIRECTIONS or is_title(word) or word in _EMPTY for word in around)
        return span.label == "NORP" or (match.last == span.last and (lower or modifiers)) or len(inside) > 1
    if span.kind == "person":
        return match.known.kind == "person" and all(is_title(word) for word in around)
    return field.headline and words[-1] not in _ORG_ENDS
