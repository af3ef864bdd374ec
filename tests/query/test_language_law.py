"""The law of terms: no word of a text hits by the stem of another language."""

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from query_records import said
from wordfreq import top_n_list

from benchmarks.query.false_stems import false_hits
from pipeline.query.evaluate import ArticleBatch
from pipeline.query.fields import indexed
from pipeline.query.parse import parse
from pipeline.query.words.search_tokens import bare_token, base_language, stem_token, words

COMMON = {
    language: [w for w in top_n_list(language, 400) if w.isalpha() and len(w) > 1]
    for language in ("en", "de", "es", "fr", "it", "nl", "pt", "sv", "tr", "ru", "pl")
}
spoken = st.sampled_from(sorted(COMMON)).flatmap(
    lambda language: st.tuples(st.just(language), st.lists(st.sampled_from(COMMON[language]), max_size=30))
)
anyword = st.sampled_from(sorted({word for each in COMMON.values() for word in each}))


@given(st.lists(spoken, min_size=1, max_size=4), st.lists(anyword, min_size=1, max_size=20))
@settings(max_examples=examples(200), deadline=None)
def test_a_word_hits_by_the_stem_of_the_texts_language_alone(texts, asked):
    articles = [said(seq, " ".join(text), language) for seq, (language, text) in enumerate(texts, start=1)]
    batch = ArticleBatch([indexed(each) for each in articles])
    for word in asked:
        found = set(batch.hits(parse(f"{word} OR {word}")))
        for place, (language, text) in enumerate(texts):
            base = base_language(language)
            held = {stem_token(each, base) for each in words(" ".join(text))}
            ours = {stem_token(each, base) for each in words(word)}
            ours |= {bare_token(each, base) for each in words(word)}  # what others are reduced to
            assert (place in found) >= bool(ours & held)
            if place in found and not ours & held:  # by another spelling of the very word: ß, ue
                assert any(set("äöüåø") & set(each) for each in (word, *text))


def test_of_the_commonest_words_none_hits_by_another_languages_stem():
    assert false_hits("en", 3000) == {}


@pytest.mark.parametrize(
    ("language", "asked", "text"),
    [
        ("en", "drills", "drilling"), ("de", "Haus", "Hauses"), ("es", "niño", "niños"),
        ("fr", "cheval", "chevals"), ("it", "donna", "donne"), ("nl", "boek", "boeken"),
        ("pt", "casa", "casas"), ("sv", "bil", "bilar"), ("da", "hus", "huset"), ("no", "hus", "huset"),
        ("fi", "talo", "talossa"), ("hu", "ház", "házban"), ("ro", "casa", "case"),
        ("ru", "учения", "учениях"), ("tr", "ev", "evler"), ("en-GB", "drills", "drilling"),
        ("nb", "hus", "huset"), ("ar", "كتاب", "الكتاب"), ("ar", "حكومة", "الحكومة"),
        ("ar", "بغداد", "وبغداد"), ("ar", "فرنسا", "لفرنسا"), ("tr", "deprem", "depremler"),
        ("pl", "strajk", "strajku"), ("cs", "vláda", "vlády"), ("hi", "किसान", "किसानों"),
        ("el", "εκλογές", "εκλογών"),
    ],
)  # fmt: skip
def test_inflections_within_a_language_still_hit(language, asked, text):
    assert ArticleBatch([indexed(said(1, text, language))]).hits(parse(asked)) == [0]
