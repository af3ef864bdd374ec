"""English mentions by learned weights: what they put right, what they leave alone, whence they come."""

from __future__ import annotations

import gzip
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from articles import FETCHED
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.enrich.names.entities import read as labelled_entities
from pipeline.enrich.enricher import Enricher
from pipeline.enrich.names.known.aliases import Aliases
from pipeline.enrich.names.resolve import read, resolve
from pipeline.enrich.names.sense import judging
from pipeline.enrich.names.sense.clues import possible_names, signs_of
from pipeline.enrich.names.sense.judging import ANSWERS, NAMED, WEIGHTS, judged
from pipeline.enrich.names.sense.judging import read as weights
from pipeline.normalize.article import normalize
from pipeline.ports import Mention
from pipeline.records import Article, RawItem, Span

_ROOT = Path(__file__).parents[2]


def _article(text: str, title: str = "What happened in the town yesterday") -> Article:
    return normalize(
        RawItem(id="1", capture="c", position=0, fetched=FETCHED, title=title, body=text, url="")
    )


def _kinds(enricher: Enricher, text: str) -> dict[str, str]:
    [one] = enricher.enrich([_article(text)], None)
    return {span.text: entity.kind for entity in one.entities for span in entity.spans}


def _guessed(aliases: Aliases, text: str, *guesses: tuple[str, str]) -> dict[str, str]:
    article = _article(text)
    mentions = [
        Mention(Span("text", at, at + len(words), words), label)
        for words, label in guesses
        for at in [article.text.index(words)]
    ]
    return {span.text: one.kind for one in resolve(article, mentions, aliases) for span in one.spans}


@pytest.mark.parametrize("name", ["Lee Jae-myung", "Derek Pang Wai-cheong", "Li Ka-shing"])
def test_a_name_goes_on_in_small_letters_behind_its_hyphen(enricher: Enricher, name: str) -> None:
    found = _kinds(enricher, f"The chairman {name} told reporters on Monday that he was against it.")
    assert found[name] == "person"


def test_a_person_has_all_words_of_the_name_and_not_what_is_theirs(aliases: Aliases) -> None:
    text = "The police questioned Kamal Uddin Golder on Sunday, and Wang's Weibo account was closed."
    found = _guessed(aliases, text, ("Kamal Uddin", "PERSON"), ("Wang's Weibo", "PERSON"))
    assert found.get("Kamal Uddin Golder") == "person"
    assert "Wang's Weibo" not in found


def test_a_day_and_a_club_are_no_part_of_a_persons_name(aliases: Aliases) -> None:
    text = "The actor Tomas Hanlik Monday met Ruth Perlov United Nations officials said."
    found = _guessed(aliases, text, ("Tomas Hanlik", "PERSON"), ("Ruth Perlov", "PERSON"))
    assert {"Tomas Hanlik", "Ruth Perlov"} <= set(found)


@pytest.mark.parametrize(
    ("table", "label", "kind"),
    [
        ("w1=hamhola\t99", "ORG", "organisation"),
        ("w1=hamhola\t101", "ORG", "person"),
        ("w1=hamhola\t\t\t\t99", "ORG", "organisation"),
        ("w1=hamhola\t\t\t\t101", "ORG", None),
        ("w1=hamhola\t199", "", None),
        ("w1=hamhola\t\t200", "", "place"),
    ],
)
def test_weights_need_more_against_what_was_said_and_most_where_nothing_was(
    aliases: Aliases, monkeypatch: pytest.MonkeyPatch, table: str, label: str, kind: str | None
) -> None:
    monkeypatch.setattr(judging, "learned", lambda: weights(table))
    guesses = [("Hamhola", label)] if label else []
    found = _guessed(aliases, "The clinic has closed, and Hamhola was sent away twice.", *guesses)
    assert found.get("Hamhola") == kind


def test_plain_words_with_capitals_are_no_name(aliases: Aliases) -> None:
    text = "The minister spoke of Digital Transformations and of Smart Agriculture as the way ahead."
    found = _guessed(aliases, text, ("Digital Transformations", "ORG"), ("Smart Agriculture", "ORG"))
    assert "Smart Agriculture" not in found


def test_what_tables_know_is_left_as_it_is(aliases: Aliases) -> None:
    article = _article("Germany said that Berlin and the European Union would wait. Siemens will not.")
    rows, context = read(article, [], aliases)
    known = [one for _, _, kept in rows for one in kept if one.known is not None]
    assert known
    assert [one for row in judged(rows, context) for one in row if one.known is not None] == known


_WORDS = st.sampled_from(["Anna", "Berlin", "said", "the", "of", "River", "Council", "34", "Ltd", "who"])
_ODD = st.sampled_from(["Maria's", "Nagoya—Osaka", "\u202eX", "UN", "a,", ".", "“Jean-", "I", "in", "near"])


@settings(max_examples=60, deadline=None)
@given(st.lists(_WORDS | _ODD, min_size=1, max_size=40), st.data())
def test_no_mention_stands_over_another_and_the_same_text_gives_the_same(
    aliases: Aliases, words: list[str], data: st.DataObject
) -> None:
    article = _article("It is said that " + " ".join(words))
    text = article.text
    mentions: list[Mention] = []
    for label in data.draw(st.lists(st.sampled_from(["PERSON", "ORG", "GPE", "NORP", "EVENT"]), max_size=4)):
        start = data.draw(st.integers(0, max(len(text) - 2, 0)))
        end = data.draw(st.integers(start + 1, min(len(text), start + 25)))
        if not mentions or start >= mentions[-1].span.end:
            mentions.append(Mention(Span("text", start, end, text[start:end]), label))
    rows, context = read(article, mentions, aliases)
    found = judged(rows, context)
    assert found == judged(rows, context)
    for row in found:
        assert all(left.last <= right.first for left, right in pairwise(row))
        assert all(one.kind in {*NAMED, "event", "work"} for one in row)


def test_a_word_of_any_length_leaves_signs_of_bounded_length(aliases: Aliases) -> None:
    article = _article("Near " + "A" + "b" * 50_000 + " in C" + "d" * 50_000 + " said so.")
    rows, context = read(article, [], aliases)
    drawn = [(field, possible_names(field, found, kept)) for field, found, kept in rows]
    assert any(row for _, row in drawn)
    assert all(len(sign) < 200 for row in signs_of(drawn, context) for signs in row for sign in signs)


def test_the_weights_say_what_they_were_learned_from() -> None:
    digest = sha256((_ROOT / "benchmarks/enrich/names/english.yaml").read_bytes()).hexdigest()
    packed = (Path(judging.__file__).parent / WEIGHTS).read_bytes()
    head = gzip.decompress(packed).decode().splitlines()[:3]
    assert ", ".join(ANSWERS) in head[0]
    assert digest in head[1], "run make train-names"
    assert packed[4:8] == bytes(4), "the same weights are the same bytes"


def test_a_hospital_stays_the_body_that_it_is_called_by(
    aliases: Aliases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "learned", lambda: weights("bias\t\t900"))
    found = _guessed(aliases, "She lies in Brenholm Hospital since May.", ("Brenholm Hospital", "ORG"))
    assert found["Brenholm Hospital"] == "organisation"


def test_nothing_is_put_to_a_headline_in_capitals(aliases: Aliases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "learned", lambda: weights("bias\t900"))
    article = _article("the court has ruled on it.", "New Documents Show What Skelvoe Told Congress")
    assert not {one.name for one in resolve(article, [], aliases)} & {"Skelvoe", "New Documents"}


def test_labelled_entities_give_their_proper_nouns_as_names() -> None:
    rows = [
        ("1", "The", "DET", "2", "det", "Entity=(1-person-new"),
        ("2", "physician", "NOUN", "5", "nsubj", "_"),
        ("3", "Ada", "PROPN", "2", "appos", "_"),
        ("4", "Brenk", "PROPN", "3", "flat", "Entity=1)"),
        ("5", "praised", "VERB", "0", "root", "_"),
        ("6", "Skelvoe", "PROPN", "5", "obj", "Entity=(2-object-new(3-place-new3)2)"),
        ("7-8", "Hal's", "_", "_", "_", "SpaceAfter=No"),
        ("7", "Hal", "PROPN", "6", "nmod", "Entity=(4-person-new)"),
        ("8", "'s", "PART", "7", "case", "_"),
    ]
    document = "\n".join(
        f"{number}\t{word}\t_\t{part}\t_\t_\t{head}\t{relation}\t_\t{marks}"
        for number, word, part, head, relation, marks in rows
    )
    made = labelled_entities(document)
    assert made.text == "The physician Ada Brenk praised Skelvoe Hal's "
    assert [(made.text[start:end], kind) for start, end, kind in made.names] == [
        ("Ada Brenk", "PER"),
        ("Skelvoe", "LOC"),
        ("Hal", "PER"),
    ]
