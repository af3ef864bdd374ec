"""Search tokens: what a query term looks for."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from pipeline import text as analysis
from pipeline.query.words.search_tokens import shown, text_tokens, word_tokens, words

LATIN = "abcdefghijklmnopqrstuvwxyz0189øæßıłđþ"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїє"
ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءآأإؤئ٠١٢ـ"
ENDINGS = ("", "ing", "ungen", "ación", "ements", "ları", "iskt", "ов", "ами", "ение", "ات", "ون")


@given(
    st.one_of(
        *(st.text(script, min_size=1, max_size=14) for script in (LATIN, CYRILLIC, ARABIC)),
        st.text(LATIN + CYRILLIC + ARABIC + "中あ한ωה", min_size=1, max_size=10),
        st.text(min_size=1, max_size=10),
    ),
    st.sampled_from(ENDINGS),
)
def test_a_query_looks_for_the_stem_in_each_language(text, ending):
    for word in words(text + ending):
        found = {shown(token) for token in word_tokens(word)}
        arabic = {each for each in found if each[0] == "ar"}  # whose stemmer is told what an ending is
        others = set(analysis.SEARCHED) - {"ar"}
        every = {(language, analysis.searched_stem(word, language)) for language in others}
        assert found - arabic == {("", word), ("tr", word)} | every
        assert len(arabic) == 1


def test_a_word_in_any_inflection_finds_the_article():
    for language, found, asked in (("en", "drilling", "drills"), ("ru", "учениях", "учений")):
        held = text_tokens(found, words(found), language)
        assert not set(held).isdisjoint(word_tokens(words(asked)[0]))


@given(st.text(max_size=30))
@example("İstanbul ﬁn Ⅷ ａ")
@example("plain ascii\x1f Text")
def test_folding_is_case_width_and_accents(text):
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    assert analysis.fold(text) == " ".join(unicodedata.normalize("NFKC", bare).casefold().split())


@given(st.text(max_size=30), st.sampled_from([*analysis.STEMMED, "und"]))
@example("x" * 5000 + " y", "en")
def test_each_word_has_one_stem_and_none_is_empty_or_too_long(text, language):
    found = analysis.words(text)
    stems = analysis.stems_of(found, language)
    assert len(found) == len(stems)
    assert all(0 < len(each) <= analysis.LONGEST for each in (*found, *stems))


def test_a_lone_surrogate_is_replaced():
    assert analysis.well_formed("a\ud800b") == "a\ufffdb"
    assert analysis.well_formed("💡") == "💡"
