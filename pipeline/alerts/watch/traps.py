"""What a query looks for, clause by clause, and what in it may mean something else than its writer thinks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from wordfreq import top_n_list

from pipeline.query import parse, say
from pipeline.query.tree import KEYWORD_FIELDS, And, Not, Or, Phrase, Query, Term, Wildcard
from pipeline.query.words.search_tokens import shown
from pipeline.text import UNSPACED, fold

# A watch that hits more of what comes in than this floods its reader.
FLOOD = 0.05
# So many of the commonest words of each of these languages stand in nearly every text.
_COMMON, _LANGUAGES = 100, ("en", "de", "es", "fr", "it", "nl", "pt")
# More clauses than this of one watch are not shown each by itself.
MOST_CLAUSES = 200
_SHORTEST_BEGINNING = 3
_LOOK_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK"})
# Between two words: signs that stand for a choice where people write lists.
_CHOICES = re.compile(r"[^\W\d_][,/][^\W\d_]")
_GLUED = re.compile(f"[{UNSPACED}](AND|OR|NOT)[{UNSPACED}]")


@dataclass(frozen=True, slots=True)
class QueryClause:
    """One clause of a query: in words, what it is on its own, and whether it is what must not be there.

    Attributes:
        words: The clause in plain words.
        query: The clause.
        negative: Whether it stands under NOT.
        tokens: What is looked for, by language; "=" is words as written, "*" any language.
    """

    words: str
    query: Query
    negative: bool
    tokens: Mapping[str, tuple[str, ...]]


def clauses(tree: Query) -> tuple[QueryClause, ...]:
    """The clauses of a query, in its order, at most `MOST_CLAUSES`."""
    found = (
        QueryClause(
            say.describe(each).removeprefix("articles with ").removeprefix("articles "),
            each,
            negative,
            tokens(each),
        )
        for each, negative in _clauses(tree, negative=False)
    )
    return tuple(each for each, _ in zip(found, range(MOST_CLAUSES), strict=False))


def _clauses(tree: Query, *, negative: bool) -> Iterator[tuple[Query, bool]]:
    match tree:
        case And(parts) | Or(parts) if not say.is_name(tree):
            for part in parts:
                yield from _clauses(part, negative=negative)
        case Not(part):
            yield from _clauses(part, negative=not negative)
        case _:
            yield tree, negative


def tokens(clause: Query) -> dict[str, tuple[str, ...]]:
    """What a clause looks for, by language of the text; languages that look for the same are one key.

    >>> tokens(parse.parse('"rate cut"'))
    {'*': ('rate cut',)}
    """
    by_language: dict[str, dict[str, None]] = {}
    for leaf in leaves(clause):
        match leaf:
            case Term(field, _, forms) if field not in KEYWORD_FIELDS:
                for language, token in map(shown, forms):
                    by_language.setdefault(language or "other", {})[token] = None
            case Term(_, _, forms):
                by_language.setdefault("*", {}).update(dict.fromkeys(forms))
            case Phrase(_, _, words):
                said = " ".join("|".join(each) for each in words)
                by_language.setdefault("*", {})[said] = None
            case Wildcard(_, pattern):
                by_language.setdefault("*", {})[pattern] = None
    alike: dict[tuple[str, ...], list[str]] = {}
    for language, found in by_language.items():
        alike.setdefault(tuple(found), []).append(language)
    return {" ".join(sorted(languages)): found for found, languages in alike.items()}


def leaves(tree: Query) -> Iterator[Query]:
    """The leaves of a query."""
    match tree:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield tree


def traps(text: str, tree: Query, known: Mapping[str, Collection[str]]) -> list[str]:
    """What in a query may mean something else than its writer thinks.

    Args:
        text: The query as written.
        tree: The query.
        known: For fields of values (feed, topics) the folded values that can occur; others are not looked at.
    """
    found = [*parse.notes(text), *_glued(text)]
    for leaf in dict.fromkeys(leaves(tree)):
        match leaf:
            case Term(field, written, forms) if field not in KEYWORD_FIELDS:
                found += _of_word(written, forms)
            case Term(str(field), written, forms) if field in known and not set(forms) & set(known[field]):
                near = _near(forms[0], known[field])
                found.append(f"can never match: {field}:{written} is unknown; there is no such {field}{near}")
            case Phrase(field, written, words) if field not in KEYWORD_FIELDS:
                found += _of_phrase(written, words)
            case Wildcard(field, pattern) if field not in KEYWORD_FIELDS:
                short = len(pattern.split("*")[0].split("?")[0]) < _SHORTEST_BEGINNING and "*" in pattern
                if short or not pattern.strip("*?"):
                    found.append(f"‘{pattern}’ stands for very many words; write more letters before the *")
            case _:
                pass
    return list(dict.fromkeys(found))


def _near(value: str, known: Collection[str]) -> str:
    near = get_close_matches(value, known, 1)
    return f", did you mean {near[0]}" if near else ""


@cache
def _commonest() -> dict[str, tuple[str, ...]]:
    """For each of the commonest words the languages in which it is one."""
    found: dict[str, tuple[str, ...]] = {}
    for language in _LANGUAGES:
        for word in top_n_list(language, _COMMON, "small"):  # the large list takes 25 MB a language
            found[word] = (*found.get(word, ()), language)
    return found


def _of_word(written: str, forms: Collection[str]) -> Iterator[str]:
    plain = {token for language, token in map(shown, forms) if not language}
    word, common = fold(written), _commonest()
    yield from _two_scripts(written)
    if not plain:
        return
    if len(word) == 1 and word.isascii():
        yield f"looks for the single letter ‘{written}’, which stands in very many texts"
    elif word in common and word not in ("and", "or", "not"):
        hint = f"={written} keeps the capitals" if written.isupper() else "language:… or more words narrow it"
        yield f"‘{written}’ is one of the commonest words in {', '.join(common[word])}; {hint}"


def _of_phrase(written: str, words: Sequence[Sequence[str]]) -> Iterator[str]:
    yield from _two_scripts(written)
    if len(words) == 1 and (languages := _commonest().get(words[0][0])):
        said = ", ".join(languages)
        yield f"‘{written}’ is one of the commonest words in {said}; language:… or more words narrow it"
    elif _CHOICES.search(written) and not any(map(str.isspace, written)):
        yield f"the words of ‘{written}’ are looked for side by side; write OR between choices"


def _two_scripts(written: str) -> Iterator[str]:
    """A letter of another script looks like ours and is none: it comes with what is copied."""
    for word in written.split():
        scripts = {unicodedata.name(char, "").partition(" ")[0] for char in word if char.isalpha()}
        mixed = [name.capitalize() for name in sorted(scripts & _LOOK_ALIKE)]
        if len(mixed) > 1:
            yield f"‘{word}’ has letters of two scripts that look alike ({' and '.join(mixed)})"


def _glued(text: str) -> Iterator[str]:
    for found in _GLUED.finditer(text):
        yield f"column {found.start() + 2}: {found[1]} is looked for as letters; put spaces around it"
