"""What is said of a story: title, origins, summary, disagreements, growth."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_news import article, write
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from pipeline.errors import UsageError
from pipeline.records import Entity, StoredArticle, Topic
from pipeline.stories.describing.describe import describe
from pipeline.stories.describing.origins import independent
from pipeline.stories.describing.tightness import tightness
from pipeline.stories.evaluation import agreement, bcubed, pairwise
from pipeline.stories.facts.counts import claims
from pipeline.stories.features.features import arrive
from pipeline.stories.features.packed import Features, IndexedArticle
from pipeline.stories.features.statistics import StreamStatistics
from pipeline.stories.index.story_profile import StoryProfile

WIRE = (
    "Nine people died when a ferry sank off Port Amer on Monday, the coast guard said. "
    "Divers searched the wreck until dark and found no one alive inside the hull. "
    "The ferry had been checked in March and was cleared to sail with sixty passengers."
)


def stored(articles):
    arrivals = arrive(articles, StreamStatistics.empty(), None)
    return [StoredArticle(a.enriched, n + 1, "s", a.traits.to_bytes()) for n, a in enumerate(arrivals)]


def test_reprints_of_an_agency_text_are_one_origin():
    reprints = [article(n, f"Ferry sinks {'!' * n}", WIRE, f"Paper {n}", n) for n in range(3)]
    own = article(
        9, "Ferry captain held", "Police held the captain of the Amer ferry overnight.", "Gazette", 4
    )
    story = describe("s", stored([*reprints, own]))
    assert story.origins == 2
    assert len(story.members) == 4
    assert story.outlets == ("Gazette", "Paper 0", "Paper 1", "Paper 2")
    assert story.first_seq == 1


def test_one_outlet_vouches_once():
    story = describe("s", stored([write(n, 0, n, 0, n) for n in range(3)]))
    assert story.origins == 1


def test_an_outlet_with_a_reprint_adds_its_own_text():
    """Papers 0 and 1 print the agency's text, paper 1 another agency's too, and paper 0 one of its own."""
    wires = [article(n, f"Ferry sinks {'!' * n}", WIRE, f"Paper {n}", n) for n in range(2)]
    other = article(5, "Harbour closed", "The harbour of Amer stays closed all week, it said.", "Paper 1", 3)
    own = article(6, "Ferry captain held", "Police held the captain of the ferry overnight.", "Paper 0", 4)
    assert describe("s", stored([*wires, other])).origins == 2
    assert describe("s", stored([*wires, own])).origins == 2
    assert describe("s", stored([*wires, other, own])).origins == 2


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["A", "B", "C", ""])), max_size=9))
def test_origins_are_a_largest_matching(pairs):
    """Against every choice of one outlet for each text."""
    text, outlets = [t for t, _ in pairs], [o for _, o in pairs]
    printed = {t: sorted({o or str(t) for u, o in pairs if u == t}) for t in text}
    largest = max((len(set(chosen)) for chosen in itertools.product(*printed.values())), default=0)
    assert independent(text, outlets) == (largest if pairs else 0)


def test_a_fragment_is_no_title_and_no_summary():
    cut_off = article(0, "A magnitude 6.4 quake shook the Sarel islands before...", "Quake shakes Sarel", "A")
    whole = [write(n, 4, n, n, n) for n in range(1, 3)]
    story = describe("s", stored([cut_off, *whole]))
    assert not story.title.endswith("...")
    assert all(sentence.text.endswith(".") for sentence in story.summary)


@pytest.mark.parametrize(
    "stamp", ["Posted 12 / 19 / 2005 3: 36 PM", "9 September 2013 Last updated at 14: 39 GMT"]
)
def test_a_stamp_of_a_time_is_no_title(stamp):
    text = "A ferry sank off Port Amer. The ferry had left Port Amer at dawn."
    other = article(1, "Ferry lost off Amer coast", "The coast guard searched.", "B", 1)
    assert describe("s", stored([article(0, stamp, text, "A"), other])).title == "Ferry lost off Amer coast"


def test_the_title_is_that_of_the_most_central_member():
    odd = article(0, "Live updates", "Follow our coverage here.", "A")
    story = describe("s", stored([odd, *(write(n, 4, n, n, n) for n in range(1, 4))]))
    assert "Sarel" in story.title


def test_the_summary_quotes_two_members():
    story = describe("s", stored([write(n, 0, n, n, n) for n in range(3)]))
    first, second = story.summary
    assert first.article != second.article
    assert first.text != second.text


def test_the_second_sentence_of_a_summary_adds_something():
    texts = (
        "A ferry sank off Port Amer with sixty passengers on board.",
        "The ferry sank off Port Amer on Monday with sixty on board.",
        "Divers from two navies searched the wreck until dark.",
    )
    story = describe(
        "s", stored([article(n, f"Ferry sinks {n}", t, f"P{n}", n) for n, t in enumerate(texts)])
    )
    first, second = story.summary
    assert first.text in texts[:2]
    assert second.text == texts[2]


def test_outlets_that_disagree_are_quoted():
    texts = (
        "Nine people were killed in the blast.",
        "The blast killed 14 people.",
        "A blast shook the port.",
    )
    story = describe("s", stored([article(n, "Blast", t, f"P{n}", n) for n, t in enumerate(texts)]))
    (found,) = story.disagreements
    assert found.subject == "dead"
    assert [(number, quote) for number, _, quote in found.sides] == [("9", texts[0]), ("14", texts[1])]


def test_an_outlet_that_corrects_itself_does_not_disagree():
    said = [article(n, "Blast", f"At least {n + 3} people died.", "One", n) for n in range(2)]
    assert describe("s", stored(said)).disagreements == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The 33-year-old died in 2021.", []),
        ("Turnout fell 12% dead heat", []),
        ("A crash injured 1,200 people", [("injured", 1200)]),
        ("Bombings left 60 dead and 140 injured.", [("dead", 60), ("injured", 140)]),
        ("A blast killed five people and wounded more than 12 others.", [("dead", 5), ("injured", 12)]),
        ("Three die in boating tragedy", [("dead", 3)]),
        ("Typhoon kills nearly 1,940", [("dead", 1940)]),
    ],
)
def test_counts_are_read(text, found):
    assert [(c.subject, c.value) for c in claims("a", "o", text, "en")] == found


@pytest.mark.parametrize(
    "text",
    [
        "No one was injured.",
        "The woman kills 5-year-old son, self",
        "The woman kills her son, 5 years old",
        "A mother of 12 killed in crossfire",
        "A man and two children are dead.",
        "Father and two children found dead inside of home",
        "Related coverage Father and two children found dead",
        "Parents, 2 children dead in Roy murder-suicide",
        "Mother killed 2 children, herself",
        "The bomb killed 13 soldiers and 72 civilians.",
        "It could face 100,000 to 240,000 deaths.",
        "They examine the 1940 deaths of officers.",
        "It has killed 4 million people and two dozen died here.",
        "A wound around 4:47 p.m. was one die-hard's.",
    ],
)
def test_what_may_not_be_the_whole_count_is_passed_over(text):
    assert claims("a", "o", text, "en") == []


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("es", "Hubo 7 muertos y 20 heridos", [("dead", 7), ("injured", 20)]),
        ("es", "Mueren al menos tres personas en el choque", [("dead", 3)]),
        ("fr", "Une explosion fait neuf morts et 12 blessés", [("dead", 9), ("injured", 12)]),
        ("de", "Mindestens vier Menschen sterben, 30 Verletzte", [("dead", 4), ("injured", 30)]),
        ("de", "Bei dem Brand starben mindestens drei Kinder", [("dead", 3)]),
        ("de", "Um 9 die Polizei", []),
        ("pt", "Acidente deixa dois mortos e 5 feridos", [("dead", 2), ("injured", 5)]),
        ("it", "Almeno sei morti e un uomo ferito", [("dead", 6)]),
        ("und", "9 dead", []),
    ],
)
def test_counts_are_read_in_several_languages(language, text, found):
    assert [(c.subject, c.value) for c in claims("a", "o", text, language)] == found


def test_more_and_newer_origins_are_hotter():
    def hot(*hours):
        return describe(
            "s", stored([article(n, f"T{n}", f"Word{n} alone.", f"P{n}", h) for n, h in enumerate(hours)])
        ).hot

    assert hot(0, 1) > hot(0)
    assert hot(24) > hot(0, 0)
    assert hot(12) == pytest.approx(hot(0, 0))


def seen(articles, vectors):
    """Stored articles of these vectors, each of length 1."""
    arrivals = arrive(articles, StreamStatistics.empty(), None)
    rows = [np.array(vector, np.float16) for vector in vectors]
    traits = [replace(a.traits, dense=row) for a, row in zip(arrivals, rows, strict=True)]
    return [
        StoredArticle(a.enriched, n, "s", t.to_bytes())
        for n, (a, t) in enumerate(zip(arrivals, traits, strict=True), start=1)
    ]


def test_what_hangs_together_loosely_stands_up_to_a_half_life_lower():
    """Without vectors nothing is known of it, and one origin is one text."""
    same = [article(n, "Ferry sinks off Port Amer", WIRE.replace("Nine", f"{n}"), f"P{n}", n) for n in (0, 1)]
    other = [same[0], article(1, "Harvest poor", "Rye is dear this year.", "P1", 1)]
    reprint = [article(n, "Ferry sinks off Port Amer", WIRE, f"P{n}", n) for n in (0, 1)]
    near, far = ((1.0, 0.0), (1.0, 0.0)), ((1.0, 0.0), (0.0, 1.0))
    assert describe("s", seen(other, far)).hot == pytest.approx(describe("s", stored(other)).hot - 1)
    assert describe("s", seen(same, near)).hot == describe("s", stored(same)).hot
    assert describe("s", seen(reprint, far)).hot == describe("s", stored(reprint)).hot
    assert describe("s", seen(other[:1], far[:1])).hot == describe("s", stored(other[:1])).hot


@given(
    angles=st.lists(st.floats(0, 0.9), min_size=2, max_size=5),
    languages=st.lists(st.sampled_from(["en", "de"]), min_size=5, max_size=5),
)
def test_tightness_is_the_mean_over_all_pairs(artefact, angles, languages):
    """As one would work it out pair by pair, from the vectors as they are kept, with the shipped weights."""
    weights = artefact.scorer.weights
    told = [
        article(n, f"Ferry sinks {'!' * n}", f"{WIRE} Word{n} alone.", f"P{n}", n) for n in range(len(angles))
    ]
    kept = [
        replace(Features.from_bytes(each.traits), language=language)
        for each, language in zip(
            seen(told, [(np.cos(angle), np.sin(angle)) for angle in angles]), languages, strict=False
        )
    ]

    def alike(one, two):
        vector = float(one.dense.astype(float) @ two.dense.astype(float))
        meaning = (vector - weights.vector_floor) / (1 - weights.vector_floor)
        if one.language != two.language:
            return 0.0, 0.0, meaning
        words = [
            sum(
                a * b
                for i, a in zip(x.ids.tolist(), x.weights.tolist(), strict=True)
                for j, b in zip(y.ids.tolist(), y.weights.tolist(), strict=True)
                if i == j
            )
            for x, y in ((one.body, two.body), (one.pairs, two.pairs))
        ]
        return words[0], words[1], meaning

    pairs = list(itertools.combinations(kept, 2))
    inside = [alike(*pair) for pair in pairs if pair[0].language == pair[1].language]
    vector = min(1.0, max(0.0, sum(alike(*pair)[2] for pair in pairs) / len(pairs)))
    share = len(inside) / len(pairs)
    words = [weights.text * text + weights.lead * lead for text, lead, _ in inside]
    within = (sum(words) / len(words) if words else 0.0) + weights.vector * vector
    within /= weights.text + weights.lead + weights.vector
    expected = share * within + (1 - share) * weights.cross_language * vector
    members = [IndexedArticle(str(n), n, each) for n, each in enumerate(kept)]
    assert tightness(StoryProfile.of("s", members)) == pytest.approx(expected, abs=2e-3)


def test_one_name_taken_for_several_kinds_is_one_entity_of_a_story():
    person = Entity("person:lucinda", "Santa Lucinda", "person", 1)
    ship = Entity("organisation:lucinda", "Santa Lucinda", "organisation", 1)
    other = Entity("place:manila", "Manila", "place", 1)
    named = ((person,), (ship, other), (person, other))
    members = [
        replace(one, enriched=replace(one.enriched, entities=entities))
        for one, entities in zip(stored([write(n, 0, n, 0, n) for n in range(3)]), named, strict=True)
    ]
    told = [(e.id, e.name, e.count) for e in describe("s", members).entities]
    assert told == [("person:lucinda", "Santa Lucinda", 3), ("place:manila", "Manila", 2)]


def test_topics_and_entities_are_summed_up():
    one = article(0, "Vote in Kestria", "Deputies voted.", "A")
    entity = Entity("place:KE", "Kestria", "place", 1, 0.9)
    one = replace(one, entities=(entity,), topics=(Topic("politics", "Politics", 0.8),))
    two = replace(one, article=replace(one.article, id="b"), topics=())
    story = describe("s", stored([one, two]))
    assert [(e.id, e.count) for e in story.entities] == [("place:KE", 2)]
    assert [(t.id, t.score) for t in story.topics] == [("politics", 0.4)]


LABELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=40)


@given(labels=LABELS)
def test_metrics_agree_with_the_reference(labels):
    gold, found = (list(side) for side in zip(*labels, strict=True))
    result = agreement(gold, found)
    assert result.ari == pytest.approx(adjusted_rand_score(gold, found), abs=1e-9)
    assert result.nmi == pytest.approx(normalized_mutual_info_score(gold, found), abs=1e-9)
    assert bcubed(gold, gold).f1 == pairwise(gold, gold).f1 == 1.0
    assert bcubed(gold, found).p == pytest.approx(bcubed(found, gold).r)


def test_metrics_refuse_what_cannot_be_compared():
    with pytest.raises(UsageError, match="2 labels for 1"):
        agreement([1, 2], [1])
    with pytest.raises(UsageError, match="nothing to compare"):
        agreement([], [])


def test_a_story_is_told_by_news_while_there_is_any():
    """However near the middle an opinion is, and however many there are."""
    members = stored([write(n, 4, n % 3, n, n) for n in range(4)])
    views = [replace(m, enriched=replace(m.enriched, kind="opinion")) for m in members]
    for news in range(4):
        mixed = [members[n] if n == news else views[n] for n in range(4)]
        story = describe("s", mixed)
        assert story.title == members[news].enriched.article.title
        assert {sentence.article for sentence in story.summary} == {members[news].enriched.article.id}
    assert describe("s", views) == describe("s", members)


@pytest.mark.parametrize("kind", ["briefing", "programme", "reference", "service"])
def test_what_is_about_many_events_is_compared_with_none(kind):
    """And a story of it alone can be described."""
    briefing = replace(write(1, 4, 1, 1, 1), kind=kind)
    arrivals = arrive([write(0, 4, 0, 0, 0), briefing], StreamStatistics.empty(), None)
    assert arrivals[0].traits.body.items
    assert not arrivals[1].traits.body.items
    alone = StoredArticle(arrivals[1].enriched, 1, "s", arrivals[1].traits.to_bytes())
    story = describe("s", [alone])
    assert story.title == briefing.article.title
    assert story.summary
