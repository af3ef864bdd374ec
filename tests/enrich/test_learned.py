"""Names by learned weights: what they find that no list holds, how they are worked out, whence they come."""

from __future__ import annotations

import gzip
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.enrich.names.look import tagger
from pipeline.enrich.names.look.signs import signs
from pipeline.enrich.names.look.tagger import LABELS, LANGUAGES, WEIGHTS, Tagger, read

_ROOT = Path(__file__).parents[2]


def _names(text: str, language: str) -> dict[str, str]:
    learned = Tagger.learned(language)
    assert learned is not None
    return {text[start:end]: label for start, end, label in learned.names(text, language)}


@pytest.mark.parametrize(
    ("language", "text", "person", "other", "label"),
    [
        ("es", "La ministra Elvira Zuñeda vive en Villarmea.", "Elvira Zuñeda", "Villarmea", "GPE"),
        ("pt", "O presidente Tomé Lamarosa vive em Chafurdal.", "Tomé Lamarosa", "Chafurdal", "GPE"),
        ("de", "Der Trainer Knud Ahlbrecht lebt in Oberwinzig.", "Knud Ahlbrecht", "Oberwinzig", "GPE"),
        ("it", "Il sindaco Duilio Marzorra vive a Castelvuoto.", "Duilio Marzorra", "Castelvuoto", "GPE"),
        ("ru", "Министр Сергей Злотников прибыл в Новомышск.", "Сергей Злотников", "Новомышск", "GPE"),
        ("el", "Ο Γιώργος Παπανδρέου πήγε στην Κόρινθο.", "Γιώργος Παπανδρέου", "Κόρινθο", "GPE"),
    ],
)  # fmt: skip
def test_names_that_stand_on_no_list_are_found(
    language: str, text: str, person: str, other: str, label: str
) -> None:
    assert {person: "PERSON", other: label}.items() <= _names(text, language).items()


def test_a_language_that_nothing_was_learned_from_keeps_the_persons_that_capitals_tell() -> None:
    assert _names("Amandine Buchard prend l'argent à Paris", "fr")["Amandine Buchard"] == "PERSON"
    assert "Израилю" not in _names("Сборная проиграла, уступив Израилю.", "ru"), "the gazetteer knows it"


def test_capitals_alone_make_no_name() -> None:
    assert _names("Heute kostet das Brot mehr. Die Bäcker klagen über teures Mehl.", "de") == {}
    assert _names("Hoy sube el pan. Los panaderos se quejan.", "es") == {}


def test_a_name_ends_at_no_hyphen_and_holds_no_quotation_mark() -> None:
    text = "Касым-Жомарт Токаев посетил Алматы."
    assert all(not name.startswith("Жомарт") and not name.endswith("Касым") for name in _names(text, "ru"))
    assert all("«" not in name for name in _names("Московский «Спартак» выиграл матч.", "ru"))


def test_languages_with_a_model_or_without_capitals_have_no_weights() -> None:
    assert Tagger.learned("en") is Tagger.learned("zh") is Tagger.learned("und") is None
    assert Tagger.learned("es") is Tagger.learned("pt")


def test_the_likeliest_row_of_labels_wins_and_no_name_goes_on_that_was_not_begun() -> None:
    # "I-PER" is likelier for each word alone, but nothing begins before the first.
    table = "w=ana\t\t50\t90\nw=berg\t\t\t90\nx\t500\nfrom B-PER\t\t\t30\nfrom I-PER\t\t\t10\nfrom O\t20"
    text = "Ana Berg vino"
    assert read(table).names(text, "es") == [(0, 8, "PERSON")]
    assert read("w=ana\t\t\t90\nx\t500\nb\t10").names("Ana vino", "es") == []


def test_a_word_of_any_length_leaves_signs_of_bounded_length() -> None:
    words = tagger.tokens_of("A" + "b" * 50_000 + " en " + "C" * 50_000)
    assert max(len(sign) for row in signs("x" * 100_005, words, "es") for sign in row) < 100


def test_the_weights_say_what_they_were_learned_from() -> None:
    digest = sha256((_ROOT / "benchmarks/enrich/names/corpora.yaml").read_bytes()).hexdigest()
    for alphabet in LANGUAGES:
        packed = (_ROOT / "pipeline/enrich/names/look" / WEIGHTS.format(alphabet)).read_bytes()
        head = gzip.decompress(packed).decode().splitlines()[:3]
        assert head[0].split("labels ")[1].startswith(" ".join(LABELS))
        assert digest in head[1], "run make train-names"
        assert packed[4:8] == bytes(4), "the same weights are the same bytes"
