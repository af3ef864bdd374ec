"""Topics by the words of a taxonomy, with the words that decided."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, StrictFloat, StrictInt, StrictStr

from pipeline.languages.word_file import WordFile, read
from pipeline.records import Article, Topic
from pipeline.text import stem, stems_of, words
from pipeline.yaml_documents import Document, SettingsSection, validated

Weight = Annotated[StrictInt | StrictFloat, Field(ge=-10, le=10)]
Word = StrictStr | Mapping[StrictStr, Weight]

_TITLE_FACTOR = 2.0
_LEAD_FACTOR = 1.5
_LEAD_WORDS = 60
_TEXT_CHARS = 4000
# A topic is named when its evidence reaches this, and this share of the strongest topic's.
_ENOUGH = 1.6
_SHARE = 0.4
# In a text longer than a teaser a topic that one word alone speaks for needs more evidence: "final", "market"
# alone is right in about half of short news already, and in a long text all the other words keep silent.
_LONE = 2.5 * _ENOUGH
_LONG_CHARS = 700
_MOST = 4
# What words add to the log odds that the vector gives: this times log(1 + their evidence). The likeliest
# topic is named from the first log odds on, others from the second. Chosen on the open cases.
_WORDS_COUNT = 1.25
_LIKELY = -1.25
_LIKELY_TOO = 1.0
_ASCII_WORD = re.compile(r"[a-z0-9]+")


class _Inflections(WordFile):
    """Endings of a language's words; the file says what each list holds."""

    added: frozenset[str]
    for_last: Mapping[str, tuple[str, ...]]
    taken_off: tuple[str, ...]
    letters_left: int
    last_vowels: str


_ENGLISH: Final = read(Path(__file__).with_name("inflections.yaml"), _Inflections)


# For each topic, the cues found by their stems: what they are worth, and how the taxonomy writes them.
_Hits = dict[str, dict[tuple[str, ...], tuple[float, str]]]


class TopicEntry(SettingsSection):
    """One topic of `topics.yaml`; `words` by language, a word counting 1 or as it says."""

    id: Annotated[str, Field(min_length=1, max_length=80)]
    name: Mapping[str, str]
    parent: str | None = None
    words: Mapping[Annotated[str, Field(pattern=r"^[a-z]{2}$")], tuple[Word, ...]] = {}


class TopicsFile(SettingsSection):
    """`topics.yaml`."""

    topics: tuple[TopicEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class _Cue:
    """A word or phrase in stems, and what it says for a topic."""

    key: tuple[str, ...]
    forms: tuple[str, ...]
    topic: str
    weight: float
    written: str


@dataclass(frozen=True, slots=True)
class TopicEvidence:
    """What speaks for a topic: a sum of weights, and the words behind it, strongest first."""

    topic: str
    value: float
    words: tuple[str, ...]


class Taxonomy:
    """Topics and the words that mark them.

    Args:
        entries: Topics, parents before or after their children.
        named_in: The language that topics are named in, whatever the article's: boards, watches and tables
            go by one name.
    """

    def __init__(self, entries: Sequence[TopicEntry] = (), named_in: str = "en") -> None:
        self._entries = {entry.id: entry for entry in entries}
        self._named_in = named_in
        self._cues: dict[str, dict[str, list[_Cue]]] = {}
        for entry in entries:
            for language, listed in entry.words.items():
                for word in listed:
                    pairs = {word: 1.0} if isinstance(word, str) else word
                    for written, weight in pairs.items():
                        self._add(language, entry.id, written, float(weight))
        for cues in self._cues.values():
            for row in cues.values():
                row.sort(key=lambda cue: (-len(cue.key), cue.topic))

    def _add(self, language: str, topic: str, written: str, weight: float) -> None:
        forms = tuple(words(written))
        if forms:
            key = tuple(stem(word, language) for word in forms)
            cue = _Cue(key, forms, topic, weight, written)
            self._cues.setdefault(language, {}).setdefault(key[0], []).append(cue)

    @classmethod
    def from_document(cls, document: Document, named_in: str = "en") -> Taxonomy:
        """Reads `topics.yaml`; `named_in` as above.

        Raises:
            ConfigError: An unknown key, a wrong value, an id given twice, or a parent that does not exist or
                leads back to its child; names file, line and key.
        """
        entries = validated(TopicsFile, document).topics
        by_id: dict[str, TopicEntry] = {}
        for position, entry in enumerate(entries):
            if entry.id in by_id:
                raise document.error(f"the id {entry.id!r} is given twice", f"topics.{position}.id")
            if not entry.name:
                raise document.error("needs a name in one language at least", f"topics.{position}.name")
            by_id[entry.id] = entry
        for position, entry in enumerate(entries):
            seen, parent = {entry.id}, entry.parent
            while parent is not None:
                if parent not in by_id:
                    raise document.error(f"no topic has the id {parent!r}", f"topics.{position}.parent")
                if parent in seen:
                    raise document.error("parents lead in a circle", f"topics.{position}.parent")
                seen.add(parent)
                parent = by_id[parent].parent
        return cls(entries, named_in)

    def name(self, topic: str) -> str:
        """A topic's name in the language that was chosen, else in English, else in any."""
        names = self._entries[topic].name
        return names.get(self._named_in) or names.get("en") or next(iter(names.values()))

    def top(self, topic: str) -> str:
        """The top term above a topic, or the topic itself."""
        parent = self._entries[topic].parent
        while parent is not None:
            topic, parent = parent, self._entries[parent].parent
        return topic

    def weigh(self, article: Article) -> list[TopicEvidence]:
        """What speaks for each topic, strongest first; what speaks for a topic speaks for its parents too."""
        cues = self._cues.get(article.language)
        if not cues:
            return []
        hits: _Hits = {}
        for text, title in ((article.title, True), (article.text[:_TEXT_CHARS], False)):
            self._collect(_words(text), article.language, cues, hits, title=title)
        return _evidence(hits)

    def _collect(
        self,
        forms: list[str],
        language: str,
        cues: Mapping[str, list[_Cue]],
        hits: _Hits,
        *,
        title: bool,
    ) -> None:
        stemmed = stems_of(forms, language)
        for position, word in enumerate(stemmed):
            if word not in cues:
                continue
            used = 0
            for cue in cues[word]:
                length = len(cue.key)
                if length < used or stemmed[position : position + length] != cue.key:
                    continue
                if language == "en" and not _inflected(forms[position + length - 1], cue.forms[-1]):
                    continue
                used = max(used, length)
                factor = _TITLE_FACTOR if title else _LEAD_FACTOR if position < _LEAD_WORDS else 1.0
                for topic in self._with_parents(cue.topic):
                    row = hits.setdefault(topic, {})
                    old, written = row.get(cue.key, (0.0, cue.written))
                    row[cue.key] = (_more(old, cue.weight * factor), written)

    def _with_parents(self, topic: str) -> list[str]:
        chain = [topic]
        parent = self._entries[topic].parent
        while parent is not None:
            chain.append(parent)
            parent = self._entries[parent].parent
        return chain

    def classify(self, article: Article, senses: Mapping[str, float] | None = None) -> tuple[Topic, ...]:
        """The topics of an article, likeliest first; none where nothing fits.

        Args:
            article: As normalized.
            senses: The log odds of top terms by the vector of the text (`TopicClassifier`), which words
                add to; None where there is no vector. Topics that it does not name go by words alone.

        By words alone, top terms need evidence enough in themselves and beside the strongest one, more where
        it is a single word of a long text. A topic below the top needs twice as much, and its parent among
        the answers.
        """
        weighed = {one.topic: one for one in self.weigh(article)}
        chosen = self._by_sense(senses, weighed) if senses else {}
        chosen |= self._by_words(
            article, [one for name, one in weighed.items() if name not in (senses or ())]
        )
        for one in weighed.values():
            parent = self._entries[one.topic].parent
            if parent in chosen and one.value >= max(2 * _ENOUGH, 0.5 * _value(weighed.get(parent))):
                chosen[one.topic] = _score(one.value)
        return tuple(
            Topic(name, self.name(name), score, weighed[name].words if name in weighed else ())
            for name, score in sorted(chosen.items(), key=lambda pair: (-pair[1], pair[0]))
        )

    def _by_sense(
        self, senses: Mapping[str, float], weighed: Mapping[str, TopicEvidence]
    ) -> dict[str, float]:
        odds = {
            name: sense + _WORDS_COUNT * math.log1p(_value(weighed.get(name)))
            for name, sense in senses.items()
            if name in self._entries
        }
        ranked = sorted(odds, key=lambda name: (-odds[name], name))[:_MOST]
        return {
            name: round(1.0 / (1.0 + math.exp(-odds[name])), 4)
            for place, name in enumerate(ranked)
            if odds[name] >= (_LIKELY_TOO if place else _LIKELY)
        }

    def _by_words(self, article: Article, weighed: Sequence[TopicEvidence]) -> dict[str, float]:
        lone = _ENOUGH if len(article.text) < _LONG_CHARS else _LONE
        tops = [
            one
            for one in weighed
            if self._entries[one.topic].parent is None and (len(one.words) > 1 or one.value >= lone)
        ]
        strongest = tops[0].value if tops else 0.0
        named = [one for one in tops if one.value >= _ENOUGH and one.value >= _SHARE * strongest]
        return {one.topic: _score(one.value) for one in named[:_MOST]}


def _value(evidence: TopicEvidence | None) -> float:
    return evidence.value if evidence else 0.0


def _words(text: str) -> list[str]:
    """As `pipeline.text.words`; quicker for plain ASCII, which needs no folding."""
    return _ASCII_WORD.findall(text.lower()) if text.isascii() else words(text)


def _inflected(one: str, other: str) -> bool:
    """Whether two English words of one stem are forms of one word: stemmers join reports and reporter."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if long.startswith(short):
        return long[len(short) :] in _ENGLISH.added
    if short[-1:] in _ENGLISH.for_last and long.startswith(short[:-1]):
        return long[len(short) - 1 :] in _ENGLISH.for_last[short[-1]]
    return _bare(one) == _bare(other)


def _bare(word: str) -> str:
    """A word without its ending as a verb or plural; doubled consonants once."""
    for ending in _ENGLISH.taken_off:
        if word.endswith(ending) and len(word) - len(ending) >= _ENGLISH.letters_left:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and (word[-1] == word[-2] or word[-1] in _ENGLISH.last_vowels) else word


def _more(old: float, new: float) -> float:
    """Repetition adds less each time: the larger of both, and at most a quarter of the smaller."""
    if old == 0.0:
        return new
    return (max(old, new) if old > 0 else min(old, new)) + 0.25 * (
        min(old, new) if old > 0 else max(old, new)
    ) * math.exp(-abs(old) / 6)


def _evidence(hits: _Hits) -> list[TopicEvidence]:
    found = []
    for topic, row in hits.items():
        value = sum(weight for weight, _ in row.values())
        if value > 0:
            ranked = sorted(row.values(), key=lambda pair: (-pair[0], pair[1]))
            found.append(TopicEvidence(topic, value, tuple(written for _, written in ranked[:8])))
    return sorted(found, key=lambda one: (-one.value, one.topic))


def _score(value: float) -> float:
    return round(1.0 - math.exp(-value / 4.0), 4)
