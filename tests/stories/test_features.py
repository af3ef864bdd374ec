"""Habits, learned state, traits."""

from __future__ import annotations

import pytest
from invented_news import HashedEmbedder, article

from pipeline.errors import StoreError
from pipeline.records import EnrichedArticle, Entity, Span
from pipeline.stories.features import statistics as learned_module
from pipeline.stories.features.features import arrive, compute_traits, compute_traits_batch
from pipeline.stories.features.outlet_boilerplate import clean, observe
from pipeline.stories.features.packed import Features, Sparse
from pipeline.stories.features.sentences import sentence_spans
from pipeline.stories.features.statistics import StreamStatistics
from pipeline.stories.features.tokens import tokens

PLEA = "Subscribe to Channel Nine for more at https://nine.example/abc."


def test_what_an_outlet_repeats_is_taken_out_from_the_second_time():
    state = StreamStatistics.empty()
    first = arrive([article(0, "Goats escape | Nine at Noon", f"Ten goats ran. {PLEA}", "Nine")], state, None)
    second = arrive([article(1, "Mayor resigns | Nine at Noon", f"He left.\n\n{PLEA}", "Nine")], state, None)
    other = arrive([article(2, "Bridge opens", f"Cars cross. {PLEA}", "Ten")], state, None)
    assert first[0].enriched.article.removed == ()
    assert second[0].enriched.article.title == "Mayor resigns"
    assert second[0].enriched.article.text == "He left."
    assert [r.text for r in second[0].enriched.article.removed] == ["Nine at Noon", PLEA]
    assert PLEA in other[0].enriched.article.text


def test_an_update_under_the_same_title_loses_nothing():
    state = StreamStatistics.empty()
    observe("Goats escape", "Ten goats ran.", "Nine", state)
    assert clean("Goats escape", "Ten goats ran. One came back.", "Nine", state).removed == ()


def test_a_title_never_becomes_empty():
    state = StreamStatistics.empty()
    observe("Goats | Noon", "", "Nine", state)
    observe("Cows | Noon", "", "Nine", state)
    assert clean("Noon", "", "Nine", state).title == "Noon"


def test_entities_follow_their_words_and_leave_with_them():
    state = StreamStatistics.empty()
    plea = "Watch Ann Berg live. "
    arrive([article(0, "One", plea + "Rain.", "Nine")], state, None)
    text = plea + "Carl Dahl won."
    spans = (Span("text", 6, 14, "Ann Berg"), Span("text", 21, 30, "Carl Dahl"))
    entities = tuple(Entity(s.text, s.text, "person", 1, 0.5, (s,)) for s in spans)
    enriched = EnrichedArticle(article(1, "Two", text, "Nine").article, entities)
    (arrival,) = arrive([enriched], state, None)
    (left,) = arrival.enriched.entities
    (span,) = left.spans
    assert arrival.enriched.article.text[span.start : span.end] == "Carl Dahl"
    assert [name.name for name in arrival.traits.names] == ["Carl Dahl"]


def test_traits_survive_their_bytes():
    enriched = article(0, "Storm 12 hits Quint", "Waves of 4.5 m broke the wall.", "Nine", None)
    traits = compute_traits(enriched, StreamStatistics.empty(), HashedEmbedder())
    copy = Features.from_bytes(traits.to_bytes())
    assert copy.to_bytes() == traits.to_bytes()
    assert copy.time is None
    assert copy.numbers == ("12", "4.5")
    assert copy.body.items == traits.body.items
    with pytest.raises(StoreError, match="another version"):
        Features.from_bytes(b"WWA\0" + traits.to_bytes()[4:])


def test_an_articles_features_do_not_see_what_comes_later():
    articles = [article(n, f"Storm {n} over Quint", "Wind and rain.", "Nine") for n in range(3)]
    alone = compute_traits(articles[0], StreamStatistics.empty(), None)
    among = compute_traits_batch(articles, StreamStatistics.empty(), None)
    assert alone.to_bytes() == among[0].to_bytes()


def test_words_that_become_common_lose_weight():
    state = StreamStatistics.empty()
    before = state.language("en").idf("zorblax")
    compute_traits_batch([article(n, "Zorblax", f"Number {n}.") for n in range(40)], state, None)
    assert state.language("en").idf("zorblax") < before


def test_learned_state_is_bounded_and_survives_its_bytes(monkeypatch):
    monkeypatch.setattr(learned_module, "LINES_KEPT", 8)
    monkeypatch.setattr(learned_module, "TERMS_HALVED_AT", 10)
    state = StreamStatistics.empty()
    compute_traits_batch(
        [article(n, f"Word{n} here", f"Line {'x' * n}.", "Nine") for n in range(30)], state, None
    )
    stored = state.dirty()
    assert sorted(stored) == ["habits:Nine", "pairs:en", "terms:en"]
    assert state.dirty() == {}
    assert state.language("en").terms.articles < 10
    assert len(stored["habits:Nine"]) <= 8 + 8 * 28
    copy = StreamStatistics.load(stored.get)
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
