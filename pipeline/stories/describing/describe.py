"""What a story is about, from its members: title, origins, summary, topics, entities, growth."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from pipeline.records import (
    Article,
    ArticleKind,
    EnrichedArticle,
    Entity,
    EntityCount,
    EntityKind,
    Span,
    StoredArticle,
    Story,
    SummarySentence,
    Topic,
)
from pipeline.stories.describing.origins import families, independent, texts
from pipeline.stories.describing.tightness import tightness
from pipeline.stories.facts.counts import claims, disagreements
from pipeline.stories.features.keywords import story_keywords
from pipeline.stories.features.packed import Features, IndexedArticle
from pipeline.stories.features.sentences import sentence_spans
from pipeline.stories.features.tokens import term_id, tokens
from pipeline.stories.index.story_profile import COMPARED, StoryProfile
from pipeline.stories.index.sums import SparseSum

TOPICS_KEPT: Final = 5
ENTITIES_KEPT: Final = 30
# A story is described from its newest members, at most this many; older ones count as members, with their
# times.
MEMBERS_TOLD: Final = COMPARED
# Of these the newest are read for the summary and for what outlets disagree on.
MEMBERS_READ: Final = 60
HOT_HALF_LIFE_SECONDS: Final = 43_200.0
# 2020-01-01T00:00:00Z: keeps the numbers small.
_HOT_EPOCH: Final = 1_577_836_800.0
_SENTENCES_READ: Final = 4
_CHARS_READ: Final = 4000
_SENTENCE_WORDS: Final = (6, 45)
_REDUNDANT: Final = 0.5
_TITLE_WORDS: Final = 3
# "9 September 2013 Last updated at 14:39 GMT" has four figures among nine words.
_MOST_FIGURES: Final = 0.4
_CUT_OFF: Final = ("...", "…", ":", ",", "-", "–")
# A story takes title and summary from news first, then from other kinds, and from these kinds last.
_SPEAKS_LAST: Final[frozenset[ArticleKind]] = frozenset(
    {"opinion", "review", "briefing", "programme", "reference", "service", "correction", "advert"}
)
# A story whose articles have a mean similarity of TIGHT or more loses no growth; at LOOSE or less it loses
# most.
LOOSE: Final = 0.21
TIGHT: Final = 0.36
_CLOSING: Final = "\"'”’»)] "
_FULL_STOPS: Final = (".", "!", "?", "。", "！", "？", "؟", "।")


def describe(
    story: str, articles: Sequence[StoredArticle], version: int = 1, older: Sequence[IndexedArticle] = ()
) -> Story:
    """The facts of a story.

    Args:
        story: Its id.
        articles: Its members with their traits, at least one; of a very large story the newest
            `MEMBERS_TOLD` are enough.
        version: The version that the record gets.
        older: The members that came before these, in ingest sequence. Their publication times are those that
            were known when they came.

    Raises:
        StoreError: Stored features are of another version.
    """
    every = sorted(articles, key=lambda a: a.seq)
    older = [*older, *(IndexedArticle.of(a) for a in every[:-MEMBERS_TOLD])]
    ordered = every[-MEMBERS_TOLD:]
    plain = [a.enriched.shown for a in ordered]
    traits = [Features.from_bytes(a.traits) for a in ordered]
    profile = StoryProfile.of(
        story, (IndexedArticle(p.id, a.seq, t) for p, a, t in zip(plain, ordered, traits, strict=True))
    )
    languages = _by_frequency(a.language for a in plain)
    turns = [_turn(a.enriched.kind) for a in ordered]
    central = _central(profile, languages[0], turns)
    text = texts(traits, [a.agency for a in plain])
    outlets = [a.outlet for a in plain]
    times = sorted([*(a.time for a in plain), *_first_and_last(older)])
    read = sorted(plain[-MEMBERS_READ:], key=lambda a: a.time)
    said = [c for a in read for c in claims(a.id, a.outlet, _opening(a), a.language)]
    return Story(
        id=story,
        title=plain[central].title or traits[central].lead,
        members=(*(member.article for member in older), *(a.id for a in plain)),
        origins=independent(text, outlets),
        texts=len(set(text)),
        first_seq=older[0].seq if older else ordered[0].seq,
        last_seq=ordered[-1].seq,
        first_published=times[0],
        last_published=times[-1],
        outlets=_by_frequency(outlet for outlet in outlets if outlet),
        languages=languages,
        topics=_topics(ordered),
        entities=_entities(ordered),
        keywords=story_keywords(
            (a.enriched.keywords for a in ordered if a.enriched.article.language == languages[0]),
            profile.body[languages[0]].weights,
            languages[0],
        ),
        summary=_summary(plain, turns, languages[0], profile),
        disagreements=disagreements(said),
        hot=_hot(plain, families(text, outlets), tightness(profile)),
        version=version,
        dated=any(a.published for a in plain) or any(member.time is not None for member in older),
    )


def _first_and_last(members: Sequence[IndexedArticle]) -> list[datetime]:
    """When the first and the last of some members were published, or came where nobody says."""
    times = [member.fetched if member.time is None else member.time for member in members]
    return [datetime.fromtimestamp(time, UTC) for time in (min(times), max(times))] if times else []


def _by_frequency(values: object) -> tuple[str, ...]:
    counts: Counter[str] = Counter(values)  # type: ignore[call-overload]
    return tuple(value for value, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _opening(article: Article) -> str:
    sentences = sentence_spans(article.text[:_CHARS_READ])[:_SENTENCES_READ]
    return "\n".join([article.title, *(article.text[a:b] for a, b in sentences)])


def _turn(kind: ArticleKind) -> int:
    """In which turn a kind of article may give the story its title and summary: 0 is first."""
    return 0 if kind == "news" else 2 if kind in _SPEAKS_LAST else 1


def _central(profile: StoryProfile, language: str, turns: Sequence[int]) -> int:
    """The position of the member in the story's main language that is nearest to the centroid.

    Kinds other than news are chosen only where there is no news, and a member whose title is a fragment only
    where no title is whole.
    """
    ranks: dict[int, tuple[int, bool, float]] = {}
    for place, member in enumerate(profile.members):
        traits = member.traits
        if traits.language == language and (traits.title or traits.lead):
            words, pairs = profile.body[language], profile.pairs[language]
            near = _cosine(words, traits) + _cosine(pairs, traits, pairs=True)
            ranks[place] = (-turns[place], _whole(traits.title), round(near, 9))
    # Ties: the first.
    return max(ranks, key=lambda place: ranks[place], default=0)


def _whole(title: str) -> bool:
    """Whether a title says something: three words or more, not mostly figures, and not cut off."""
    words = tokens(title)
    figures = sum(word.isdigit() for word in words)
    if len(words) - figures < _TITLE_WORDS or figures >= _MOST_FIGURES * len(words):
        return False
    return not title.rstrip("\"'”’) ").endswith(_CUT_OFF)


def _cosine(total: SparseSum, traits: Features, *, pairs: bool = False) -> float:
    vector = traits.pairs if pairs else traits.body
    return total.dot(vector) / math.sqrt(total.squared) if total.squared > 0.0 else 0.0


def _topics(articles: Sequence[StoredArticle]) -> tuple[Topic, ...]:
    """The topics with the highest mean score over all described members."""
    scores: Counter[str] = Counter()
    shown: dict[str, Topic] = {}
    for article in articles:
        for topic in article.enriched.topics:
            scores[topic.id] += topic.score  # type: ignore[assignment]
            shown.setdefault(topic.id, topic)
    ranked = sorted(scores, key=lambda t: (-scores[t], t))[:TOPICS_KEPT]
    return tuple(Topic(t, shown[t].name, round(scores[t] / len(articles), 4), shown[t].words) for t in ranked)


def _entities(articles: Sequence[StoredArticle]) -> tuple[EntityCount, ...]:
    """Entities by the number of members that name them, then by salience.

    An entity that is a person in one article and an organisation in another is one entity within a story: ids
    with the same name are counted together, under the id that most members have.
    """
    held: Counter[str] = Counter()
    salience: dict[str, float] = {}
    shown: dict[str, Counter[tuple[str, EntityKind]]] = {}
    for article in articles:
        for entity in _told_of(article.enriched):
            held[entity.id] += 1
            salience[entity.id] = salience.get(entity.id, 0.0) + entity.salience
            shown.setdefault(entity.id, Counter())[entity.name, entity.kind] += 1
    names = {e: min(shown[e].items(), key=lambda item: (-item[1], item[0]))[0] for e in held}
    alike: dict[str, list[str]] = {}
    for each in sorted(held, key=lambda e: (-held[e], -salience[e], e)):
        alike.setdefault(names[each][0].casefold(), []).append(each)
    counted = [
        (held[ids[0]] if len(ids) == 1 else _naming(articles, ids), sum(salience[e] for e in ids), ids[0])
        for ids in alike.values()
    ]
    counted.sort(key=lambda each: (-each[0], -each[1], each[2]))
    return tuple(EntityCount(e, *names[e], count) for count, _, e in counted[:ENTITIES_KEPT])


def _told_of(enriched: EnrichedArticle) -> Iterator[Entity]:
    """The entities of an article, without those that only its recurring lines name."""
    for entity in enriched.entities:
        if not entity.spans or not all(_recurs(span, enriched.recurring) for span in entity.spans):
            yield entity


def _recurs(span: Span, recurring: Sequence[Span]) -> bool:
    return any(
        span.field == line.field and line.start <= span.start and span.end <= line.end for line in recurring
    )


def _naming(articles: Sequence[StoredArticle], ids: Sequence[str]) -> int:
    """How many articles name at least one of these entities."""
    return sum(any(entity.id in ids for entity in article.enriched.entities) for article in articles)


def _summary(
    articles: Sequence[Article], turns: Sequence[int], language: str, profile: StoryProfile
) -> tuple[SummarySentence, ...]:
    """Two sentences of members: the most central (MEAD, Radev et al. 2004), then one that adds to it.

    A sentence's centrality is the summed weight of its distinct words in the story's sum vector, over the
    square root of its number of words. The second sentence shares with the first at most `_REDUNDANT` of the
    lighter one's weight, and comes from another article if possible. Headlines, captions and cut sentences
    are used only where there are no full ones, and other kinds of articles only where there is no news.
    """
    weights = profile.body[language].weights
    found: list[tuple[tuple[bool, float], int, str, str, frozenset[str]]] = []
    read = list(zip(articles, turns, strict=True))[-MEMBERS_READ:]
    told = [(turn, article) for article, turn in read if article.language == language and article.text]
    first_turn = min((turn for turn, _ in told), default=0)
    for place, (article, turn) in enumerate(read):
        if article.language != language or turn != first_turn:
            continue
        for start, end in sentence_spans(article.text[:_CHARS_READ])[:_SENTENCES_READ]:
            sentence = article.text[start:end]
            words = tokens(sentence)
            if _SENTENCE_WORDS[0] <= len(words) <= _SENTENCE_WORDS[1]:
                weight = sum(weights.get(term_id(w), 0.0) for w in dict.fromkeys(words))
                rank = (not _full(sentence), -weight / len(words) ** 0.5)
                found.append((rank, place, article.id, sentence, frozenset(words)))
    found.sort(key=lambda item: item[:2])
    if not found:
        return ()
    first = found[0]
    others = [s for s in found[1:] if not _repeats(s[4], first[4], weights)]
    full = [s for s in others if not s[0][0]] or others
    second = next((s for s in full if s[2] != first[2]), full[0] if full else None)
    chosen = [first] if second is None else [first, second]
    return tuple(SummarySentence(sentence, article) for _, _, article, sentence, _ in chosen)


def _repeats(one: frozenset[str], other: frozenset[str], weights: Mapping[int, float]) -> bool:
    """Whether two sentences, given as their words, say much the same."""

    def weight(words: frozenset[str]) -> float:
        return sum(weights.get(term_id(word), 0.0) for word in sorted(words))

    return weight(one & other) > _REDUNDANT * min(weight(one), weight(other))


def _full(sentence: str) -> bool:
    """Whether a sentence begins like one and ends with a full stop, not with an ellipsis."""
    end = sentence.rstrip(_CLOSING)
    start = sentence.lstrip("\"'“‘«([¿¡- ")[:1]
    return end.endswith(_FULL_STOPS) and not end.endswith("...") and not start.islower()


def _hot(articles: Sequence[Article], family: Sequence[int], tight: float) -> float:
    """Growth that can be compared between stories at any time without the clock.

    Forward decay (Cormode et al. 2009): log₂ of the sum over families of 2^(t/h), with t the time of the
    family's first article since 2020 and h the half-life of 12 hours. A family is what reprints or an outlet
    link (`families`). Twice as many new families are worth one half-life. A loosely connected story may hold
    two events, so it loses up to one half-life.
    """
    first: dict[int, float] = {}
    for article, number in zip(articles, family, strict=True):
        age = (article.time.timestamp() - _HOT_EPOCH) / HOT_HALF_LIFE_SECONDS
        first[number] = min(age, first.get(number, age))
    newest = max(first.values())
    grown = newest + math.log2(math.fsum(2.0 ** (age - newest) for age in first.values()))
    # A story of one family rests on linked texts: looseness is not held against it.
    return round(grown - (_loose(tight) if len(first) > 1 else 0.0), 6)


def _loose(tight: float) -> float:
    return 1.0 - min(1.0, max(0.0, (tight - LOOSE) / (TIGHT - LOOSE)))
