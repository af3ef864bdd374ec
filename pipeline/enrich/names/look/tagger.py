"""Which words are names, and of what: the likeliest row of labels by the weights of signs.

A linear-chain conditional random field (Lafferty, McCallum and Pereira 2001), read from `latin.tsv.gz` and
its like and worked out in plain Python with whole numbers: the same on every machine.

         Stade    Rennais   gagne   à    Lyon         states:      weights of each word's signs, summed
    O     -2.1     -0.3      8.0   9.1   -1.0         transitions: a weight for each pair of neighbours
    B-ORG  4.2      0.1     -5.2  -6.0    1.9         best row:    B-ORG I-ORG O O B-LOC (Viterbi)
    …
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple, TypeAlias

from pipeline.enrich.names.forms import Token, tokens_of
from pipeline.enrich.names.known.gazetteer import gazetteer, given_names
from pipeline.enrich.names.look.patterns import acronyms, is_nobody, marks_organisation, persons
from pipeline.enrich.names.look.signs import calls, signs
from pipeline.enrich.names.name_words import NAME_WORDS as WORDS
from pipeline.text import stem

# The weights of an alphabet: no word of one is a word of another.
WEIGHTS: Final = "{}.tsv.gz"
# The file holds weights in hundredths, as whole numbers.
SCALE: Final = 100
LABELS: Final = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
# The labels of a recognizer's mentions.
SAID: Final = {"PER": "PERSON", "LOC": "GPE", "ORG": "ORG"}
# Languages that nothing was learned from: they go by the weights of their alphabet, and all persons that
# capitals tell are theirs besides.
_UNHEARD: Final = frozenset({"bg", "ca", "cs", "es", "fr", "gl", "id", "no", "pl", "ro", "tr", "uk"})
LANGUAGES: Final = {
    "latin": frozenset({"da", "de", "it", "nl", "pt", "sv"}) | _UNHEARD - {"bg", "uk"},
    "cyrillic": frozenset({"ru", "bg", "uk"}),
    "greek": frozenset({"el"}),
}  # fmt: skip
_FORBIDDEN: Final = -1_000_000
_TWO: Final = 2
# What speaks against every name, in hundredths: a wrong name is worse than a missed one.
_DOUBT: Final = 50
_QUOTES: Final = frozenset('"“”„«»')

Weights: TypeAlias = Mapping[str, tuple[tuple[int, int], ...]]


class _Run(NamedTuple):
    """A name: its words from `first` to before `last`."""

    first: int
    last: int
    kind: str


class Tagger:
    """Finds names by weights.

    Args:
        weights: For each sign the labels that it speaks for or against, by their places in `LABELS`.
        transitions: A weight from each label to each.
    """

    def __init__(self, weights: Weights, transitions: Sequence[Sequence[int]]) -> None:
        self._weights = weights
        # By the later label, with all that may stand before it.
        self._before = tuple(
            tuple(
                (first, transitions[first][label]) for first in range(len(LABELS)) if _follows(first, label)
            )
            for label in range(len(LABELS))
        )

    @classmethod
    def learned(cls, language: str) -> Tagger | None:
        """The tagger for a language, read once per process; None where capitals alone tell as much."""
        for alphabet, languages in LANGUAGES.items():
            if language in languages:
                return _learned(alphabet)
        return None

    def names(self, text: str, language: str) -> list[tuple[int, int, str]]:
        """Names as (start, end, label), label PERSON, GPE or ORG.

        Args:
            text: One field of an article.
            language: ISO 639-1.
        """
        tokens = tokens_of(text)
        runs: list[_Run] = []
        for at, label in enumerate(self._labels(signs(text, tokens, language))):
            said = LABELS[label]
            if said[0] == "B":
                runs.append(_Run(at, at + 1, said[2:]))
            elif said[0] == "I":
                runs[-1] = runs[-1]._replace(last=at + 1)
        found = [
            (tokens[run.first].start, tokens[run.last - 1].end, SAID[run.kind])
            for run in _whole(text, tokens, runs, language)
        ]
        for start, end, person in persons(text, language, sure=language not in _UNHEARD):
            if all(end <= first or last <= start for first, last, _ in found):
                found.append((start, end, person))
        return sorted(found + acronyms(text, found))

    def _labels(self, rows: Sequence[Sequence[str]]) -> list[int]:
        if not rows:
            return []
        weights, before = self._weights, self._before
        best = [0 if LABELS[label][0] != "I" else _FORBIDDEN for label in range(len(LABELS))]
        came: list[tuple[int, ...]] = []
        for at, row in enumerate(rows):
            scores = [_DOUBT, *[0] * (len(LABELS) - 1)]
            for sign in row:
                for label, weight in weights.get(sign, ()):
                    scores[label] += weight
            if at == 0:
                best = [before_it + score for before_it, score in zip(best, scores, strict=True)]
                continue
            reached, backwards = [], []
            for label, firsts in enumerate(before):
                most, chosen = max([(best[first] + weight, -first) for first, weight in firsts])
                reached.append(most + scores[label])
                backwards.append(-chosen)
            best = reached
            came.append(tuple(backwards))
        label = max(range(len(LABELS)), key=lambda each: (best[each], -each))
        labels = [label]
        for backwards_ in reversed(came):
            label = backwards_[label]
            labels.append(label)
        return labels[::-1]


def _follows(first: int, label: int) -> bool:
    """Whether one label may stand before another: a name goes on only where one of its kind was begun."""
    return LABELS[label][0] != "I" or LABELS[first][1:] == LABELS[label][1:]


def _whole(text: str, tokens: Sequence[Token], runs: Sequence[_Run], language: str) -> Iterator[_Run]:
    """The names that runs come to: whole at hyphens, parted where needed, without what is no name."""
    done = 0
    for number, run in enumerate(runs):
        whole = _to_hyphens(text, tokens, run, done)
        if number + 1 < len(runs) and runs[number + 1].first < whole.last:
            continue  # the next goes back to where this one begins
        done = whole.last
        for part in _parts(text, tokens, whole):
            if (part.kind == "LOC" or part.last - part.first == 1) and _knows_written(
                tokens[part.first : part.last], language
            ):
                continue
            named = _person(tokens, part, language)
            if named is not None:
                yield named


def _to_hyphens(text: str, tokens: Sequence[Token], run: _Run, done: int) -> _Run:
    """A run that neither begins nor ends within a hyphenated name."""
    first, last, kind = run
    while first > done and _hyphen(text, tokens, first - 1) and tokens[first - 1].text[0].isupper():
        first -= 1
    while last < len(tokens) and _hyphen(text, tokens, last - 1) and tokens[last].text[0].isupper():
        last += 1
    return _Run(first, last, kind)


def _parts(text: str, tokens: Sequence[Token], run: _Run) -> Iterator[_Run]:
    """A run behind its last quotation mark, from capital to capital, parted at "in": "INDEC en Madrid"."""
    first, last, kind = run
    for at in range(first, last - 1):
        if not _QUOTES.isdisjoint(text[tokens[at].end : tokens[at + 1].start]):
            first = at + 1
    if kind == "ORG" and tokens[first].text[0].islower():
        return
    for at in range(first + 1, last - 1):
        if tokens[at].text in WORDS.place_surely_before:
            yield from _parts(text, tokens, _Run(first, at, kind))
            yield from _parts(text, tokens, _Run(at + 1, last, "LOC"))
            return
    while first < last and tokens[first].text[0].islower():
        first += 1
    while first < last and tokens[last - 1].text[0].islower():
        last -= 1
    if first < last:
        yield _Run(first, last, kind)


def _person(tokens: Sequence[Token], run: _Run, language: str) -> _Run | None:
    """A person without callings and what German capitalises; None where nobody is called so."""
    first, last, kind = run
    words = [token.text for token in tokens[first:last]]
    if kind == "ORG" and len(words) > _TWO and calls(tokens[first].folded):
        kind = "ORG" if any(map(marks_organisation, words)) else "PER"  # "Judoca Sancha Quiroga"
    if kind != "PER":
        return _Run(first, last, kind)
    while first < last - 1 and calls(tokens[first].folded):
        first += 1
    if calls(tokens[first].folded) or is_nobody([token.text for token in tokens[first:last]]):
        return None
    if language == "de" and tokens[first].folded not in given_names():
        begins = (at for at in range(first + 1, last - 1) if tokens[at].folded in given_names())
        first = next(begins, first)
    return _Run(first, last, kind)


def _knows_written(words: Sequence[Token], language: str) -> bool:
    """Whether the gazetteer has this in its own letters, where its stem is found: "Москве" as "Москва"."""
    own = gazetteer().in_language(language)
    if not own or words[0].text[0] < "\u0370":
        return False
    folded = [word.folded for word in words]
    return " ".join(folded) in own or " ".join([stem(word, language) for word in folded]) in own


def _hyphen(text: str, tokens: Sequence[Token], at: int) -> bool:
    """Whether a hyphen ties a word to the next."""
    return text[tokens[at].end : tokens[at + 1].start] == "-"


@cache
def _learned(alphabet: str) -> Tagger:
    packed = files(__package__).joinpath(WEIGHTS.format(alphabet)).read_bytes()
    return read(gzip.decompress(packed).decode("utf-8"))


def read(table: str) -> Tagger:
    """A tagger from rows of a sign and its seven weights; "from B-PER" is what a label says of the next."""
    weights: dict[str, tuple[tuple[int, int], ...]] = {}
    transitions = [[0] * len(LABELS) for _ in LABELS]
    for line in table.splitlines():
        if line.startswith("#"):
            continue
        sign, *numbers = line.split("\t")
        given = [(label, int(number)) for label, number in enumerate(numbers) if number]
        if sign.startswith("from "):
            for label, weight in given:
                transitions[LABELS.index(sign[5:])][label] = weight
        else:
            weights[sign] = tuple(given)
    return Tagger(weights, transitions)
