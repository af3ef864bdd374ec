"""Habits, learned state, traits."""

from __future__ import annotations

import struct
from functools import partial

import numpy as np
import pytest
from invented_news import HashedEmbedder, article

from pipeline.errors import StoreError
from pipeline.records import EnrichedArticle, Entity, Span
from pipeline.stories.features import outlet_boilerplate as boilerplate
from pipeline.stories.features import statistics as learned_module
from pipeline.stories.features.features import arrive
from pipeline.stories.features.packed import Features, Sparse
from pipeline.stories.features.sentences import sentence_spans
from pipeline.stories.features.statistics import StreamStatistics
from pipeline.stories.features.tokens import tokens

PLEA = "Subscribe to Channel Nine for more at https://nine.example/abc."


def compared(made):
    """The comparison text of an article after earlier ones."""
    state = StreamStatistics.empty()
    *earlier, last = made
    for each in earlier:
        boilerplate.observe(boilerplate.read_lines(each.article), state)
    return boilerplate.comparison_text(boilerplate.read_lines(last.article), state)


def test_what_an_outlet_repeats_is_compared_no_more_and_the_record_is_whole():
    first = article(0, "Goats escape | Nine at Noon", f"Ten goats ran. {PLEA}", "Nine")
    second = article(1, "Mayor resigns | Nine at Noon", f"He left.\n\n{PLEA}", "Nine")
    text = compared([first, second])
    assert (text.title, text.text) == ("Mayor resigns", "He left.")
    arrived = arrive([first, second], StreamStatistics.empty(), None)
    for given, kept in zip([first, second], arrived, strict=True):
        assert kept.enriched.article == given.article
    assert arrived[1].traits.title == "Mayor resigns"
    assert PLEA in compared([first, article(2, "Bridge opens", f"Cars cross. {PLEA}", "Ten")]).text


def test_an_update_under_the_same_title_is_compared_whole():
    text = "Ten goats ran. One came back."
    earlier = article(0, "Goats escape", "Ten goats ran.", "Nine")
    assert compared([earlier, article(1, "Goats escape", text, "Nine")]).text == text


def test_a_title_never_becomes_empty():
    earlier = [article(0, "Goats | Noon", "", "Nine"), article(1, "Cows | Noon", "", "Nine")]
    assert compared([*earlier, article(2, "Noon", "", "Nine")]).title == "Noon"


def test_names_that_only_the_boilerplate_has_are_not_compared_and_stay_in_the_record():
    state = StreamStatistics.empty()
    plea = "Watch Ann Berg live. "
    arrive([article(0, "One", plea + "Rain.", "Nine")], state, None)
    text = plea + "Carl Dahl won."
    spans = (Span("text", 6, 14, "Ann Berg"), Span("text", 21, 30, "Carl Dahl"))
    entities = tuple(Entity(s.text, s.text, "person", 1, 0.5, (s,)) for s in spans)
    enriched = EnrichedArticle(article(1, "Two", text, "Nine").article, entities)
    (arrival,) = arrive([enriched], state, None)
    assert arrival.enriched.entities == entities
    assert [name.name for name in arrival.traits.names] == ["Carl Dahl"]


def naming(number, *names):
    """An article that names these, by their ids."""
    entities = tuple(
        Entity(
            name, name.partition(":")[2].title(), kind, 1, 0.4, (Span("text", 10 * n, 10 * n + 4, "Name"),)
        )
        for n, (name, kind) in enumerate(names)
    )
    return EnrichedArticle(
        article(number, f"News {number}", "A long text of names. " * 5, "Nine").article, entities
    )


PERSON, PLACE, TEAM = (
    ("person:crystal-palace", "person"),
    ("place:goma", "place"),
    ("org:crystal-palace", "organisation"),
)


def kinds_of(arrival):
    return [(entity.id, entity.kind) for entity in arrival.enriched.entities]


def test_what_many_articles_take_for_a_place_is_no_person_in_the_next():
    goma = ("person:goma", "person")
    made = arrive([naming(n, PLACE) for n in range(8)] + [naming(8, goma)], StreamStatistics.empty(), None)
    assert kinds_of(made[-1]) == [PLACE]
    assert [name.id for name in made[-1].traits.names] == ["place:goma"]
    few = arrive([naming(n, PLACE) for n in range(7)] + [naming(7, goma)], StreamStatistics.empty(), None)
    assert kinds_of(few[-1]) == [goma]


def test_a_name_of_several_words_needs_fewer_and_one_of_two_kinds_stays_as_it_is():
    made = [naming(n, TEAM) for n in range(4)]
    assert kinds_of(arrive([*made, naming(4, PERSON)], StreamStatistics.empty(), None)[-1]) == [TEAM]
    both = [naming(n, PERSON if n % 2 else TEAM) for n in range(20)]
    assert kinds_of(arrive([*both, naming(20, PERSON)], StreamStatistics.empty(), None)[-1]) == [PERSON]


def test_a_name_that_was_taken_for_two_things_in_one_article_is_one():
    made = arrive(
        [naming(n, TEAM) for n in range(9)] + [naming(9, PERSON, TEAM)], StreamStatistics.empty(), None
    )
    (entity,) = made[-1].enriched.entities
    assert (entity.id, entity.count, len(entity.spans)) == ("org:crystal-palace", 2, 2)


def test_a_place_on_the_map_stays_one():
    state = StreamStatistics.empty()
    arrive([naming(n, ("person:victoria", "person")) for n in range(20)], state, None)
    there = Entity("place:victoria", "Victoria", "place", 1, 0.4, (), at=(48.4, -123.4))
    (arrival,) = arrive([EnrichedArticle(naming(20).article, (there,))], state, None)
    assert arrival.enriched.entities == (there,)


def keeping(kept, keys):
    """What a store that holds these pieces answers."""
    return {key: kept[key] for key in keys if key in kept}


@pytest.mark.parametrize("size", [1, 3, 40])
def test_what_names_stand_for_is_bounded_and_the_same_however_it_is_cut(monkeypatch, size):
    monkeypatch.setattr(learned_module, "NAMES_REMEMBERED", 6)
    made = [
        naming(n, PLACE if n % 9 else ("person:goma", "person"), (f"org:n{n % 11}", "organisation"))
        for n in range(40)
    ]
    whole, cut = StreamStatistics.empty(), StreamStatistics.empty()
    found = arrive(made, whole, None)
    parts = []
    for start in range(0, len(made), size):
        parts += arrive(made[start : start + size], cut, None)
        stored = cut.dirty()
        cut = StreamStatistics.load(partial(keeping, stored))
    assert [kinds_of(each) for each in parts] == [kinds_of(each) for each in found]
    assert cut.kinds().to_bytes() == whole.kinds().to_bytes()
    assert len(whole.kinds().to_bytes()) <= 8 + 6 * 24


def bulletin(number, title, closing, hours):
    return article(number, title, f"Report {number} of the day. {closing}", "Nine", hours)


TITLES = ("Goats escape", "Mayor resigns", "Bridge opens", "Rain falls", "Dam holds")


def test_a_line_that_recurs_word_for_word_over_days_is_marked_and_stays():
    made = [bulletin(n, title, PLEA, 12.0 * n) for n, title in enumerate(TITLES)]
    arrived = [each.enriched for each in arrive(made, StreamStatistics.empty(), None)]
    assert [bool(each.recurring) for each in arrived] == [False, False, False, True, True]
    last = arrived[-1]
    assert [span.text for span in last.recurring] == [PLEA]
    assert last.article.text.endswith(PLEA)
    assert last.shown.text == "Report 4 of the day."
    assert last.shown.title == last.article.title


@pytest.mark.parametrize(
    ("closing", "step"),
    [
        ("The quake killed {n} people and hurt {n}0 more in the hills.", 12.0),
        ("Subscribe to Channel Nine for more.", 1.0),
    ],
    ids=["other figures", "within a day"],
)
def test_a_line_with_other_figures_or_of_one_day_is_not_marked(closing, step):
    made = [bulletin(n, title, closing.format(n=n), step * n) for n, title in enumerate(TITLES)]
    assert not any(each.enriched.recurring for each in arrive(made, StreamStatistics.empty(), None))


def test_background_that_shares_a_telling_word_with_the_title_is_not_marked():
    background = "The dam above Orlu broke in the spring of 1998 and drowned the valley."
    titles = ("Orlu remembers", "Orlu mourns", "Orlu builds", "Orlu votes", "Orlu waits")
    made = [bulletin(n, title, background, 24.0 * n) for n, title in enumerate(titles)]
    assert not any(each.enriched.recurring for each in arrive(made, StreamStatistics.empty(), None))


def test_the_first_sentence_is_never_marked_and_a_programme_in_the_title_is():
    made = [article(n, f"{title} | Nine at Noon", PLEA, "Nine", 24.0 * n) for n, title in enumerate(TITLES)]
    last = arrive(made, StreamStatistics.empty(), None)[-1].enriched
    assert last.article.title == "Dam holds | Nine at Noon"
    assert (last.shown.title, last.shown.text) == ("Dam holds", PLEA)


def test_lines_learned_by_an_earlier_version_are_read():
    rows = np.array([(5, 7, 9, 3)], dtype=[("a", "<u8"), ("b", "<u8"), ("c", "<u8"), ("d", "<u4")])
    data = b"WWH1" + (3).to_bytes(4, "little") + rows.tobytes()
    lines = learned_module.OutletLines.from_bytes("Nine", data)
    assert lines.repeated(5, 7)
    assert not lines.recurs(5, 1, 0)
    assert learned_module.OutletLines.from_bytes("Nine", lines.to_bytes()).to_bytes() == lines.to_bytes()


def test_what_was_learned_lies_sorted_in_whatever_order_it_came():
    words = [7, 2**32 - 1, 3]
    terms = [learned_module.TermCounts(100), learned_module.TermCounts(100)]
    for counts, order in zip(terms, (words, words[::-1]), strict=True):
        counts.observe(order)
        counts.observe([3])
    expected = b"WWT1" + struct.pack("<7I", 2, 3, 2, 7, 1, 2**32 - 1, 1)
    assert [counts.to_bytes() for counts in terms] == [expected, expected]
    lines = learned_module.OutletLines()
    lines.observe([(2**64 - 1, 4), (6, 5)], 2**63 + 9, -3)
    rows = struct.pack("<QQQ4Ii", 6, 2**63 + 9, 0, 1, 5, 1, 9, -3)
    rows += struct.pack("<QQQ4Ii", 2**64 - 1, 2**63 + 9, 0, 1, 4, 1, 9, -3)
    assert lines.to_bytes() == b"WWH2" + struct.pack("<I", 1) + rows
    assert learned_module.TermCounts(100).to_bytes() == b"WWT1" + struct.pack("<I", 0)


def test_traits_survive_their_bytes():
    enriched = article(0, "Storm 12 hits Quint", "Waves of 4.5 m broke the wall.", "Nine", None)
    traits = arrive([enriched], StreamStatistics.empty(), HashedEmbedder())[0].traits
    copy = Features.from_bytes(traits.to_bytes())
    assert copy.to_bytes() == traits.to_bytes()
    assert copy.time is None
    assert copy.numbers == ("12", "4.5")
    assert copy.body.items == traits.body.items
    with pytest.raises(StoreError, match="another version"):
        Features.from_bytes(b"WWA\0" + traits.to_bytes()[4:])


def test_an_articles_features_do_not_see_what_comes_later():
    articles = [article(n, f"Storm {n} over Quint", "Wind and rain.", "Nine") for n in range(3)]
    alone = arrive([articles[0]], StreamStatistics.empty(), None)[0].traits
    among = [each.traits for each in arrive(articles, StreamStatistics.empty(), None)]
    assert alone.to_bytes() == among[0].to_bytes()


def test_words_that_become_common_lose_weight():
    state = StreamStatistics.empty()
    before = state.language("en").idf("zorblax")
    arrive([article(n, "Zorblax", f"Number {n}.") for n in range(40)], state, None)
    assert state.language("en").idf("zorblax") < before


def test_learned_state_is_bounded_and_survives_its_bytes(monkeypatch):
    monkeypatch.setattr(learned_module, "LINES_KEPT", 8)
    monkeypatch.setattr(learned_module, "TERMS_HALVED_AT", 10)
    state = StreamStatistics.empty()
    arrive([article(n, f"Word{n} here", f"Line {'x' * n}.", "Nine") for n in range(30)], state, None)
    stored = state.dirty()
    assert sorted(stored) == ["habits:Nine", "pairs:en", "terms:en"]
    assert state.dirty() == {}
    assert state.language("en").terms.articles < 10
    assert len(stored["habits:Nine"]) <= 8 + 8 * 44
    copy = StreamStatistics.load(lambda keys: {key: stored[key] for key in keys if key in stored})
    copy.observe_words("en", [1], [2])
    state.observe_words("en", [1], [2])
    assert copy.dirty() == state.dirty()


def test_tokens_and_sentences():
    assert tokens("Kestria’s 1,200 euros") == ["kestria", "1200", "euros"]
    assert tokens("東京都") == ["東京", "京都"]
    text = "He said: “No.” Then left!\n\nEnd"
    assert [text[a:b] for a, b in sentence_spans(text)] == ["He said: “No.”", "Then left!", "End"]
    assert sentence_spans("  ") == []


@pytest.mark.parametrize(
    "sentences",
    [
        ["Regina Benjamin, as the U. S. surgeon.", "Then J. K. Rowling left.", "Plan."],
        ["Joseph Comeaux Jr. was serving.", "Gov. Palin said so.", "He lives in the U.S.", "The end."],
        ["She was arrested around 10:24 a.m. Friday and charged.", "It was 5 p.m.", "Police came."],
        ["A 5. 9 - magnitude quake.", "120 died.", "On Sept. 12 he left.", "He paid $5.", "The rest."],
        ["Am 3. Mai kam er.", "Es waren 3.", "Dann ging er."],
        ["It rained, e.g. in Spain.", "End... and more.", "地震が起きた。", "終わり。"],
    ],
)
def test_a_full_stop_that_ends_no_sentence_parts_none(sentences):
    text = " ".join(sentences).replace("。 ", "。")
    assert [text[a:b] for a, b in sentence_spans(text)] == sentences


def test_sparse_vectors_have_length_one_and_a_symmetric_product():
    one, two = Sparse.unit({5: 3.0, 2: 4.0, 9: 0.0}, 8), Sparse.unit({2: 1.0, 7: 2.0}, 8)
    assert one.ids.tolist() == [2, 5]
    assert one.dot(one) == pytest.approx(1.0, abs=1e-3)
    assert one.dot(one) == one.squared
    assert one.dot(two) == two.dot(one)
    assert Sparse.unit({}, 4).items == []
