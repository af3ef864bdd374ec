"""Topics by vectors: what the shipped weights say, in several languages, and where they come from."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.topics.classifier import WEIGHTS, TopicClassifier
from pipeline.enrich.topics.taxonomy import Taxonomy
from pipeline.enrich.vectors.embedder import E5Embedder
from pipeline.records import Article
from pipeline.stories.features.features import embedded_text
from pipeline.yaml_documents import Document

_ROOT = Path(__file__).parents[2]


def article(title: str, text: str, language: str = "en") -> Article:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    return Article(
        id="a", keys=("url:a",), url="", title=title, text=text, outlet="", published=now,
        published_from="feed", fetched=now, language=language,
    )  # fmt: skip


def _tops(enricher: Enricher, title: str, text: str, language: str = "en") -> set[str]:
    one = article(title, text, language)
    vectors = E5Embedder().embed([embedded_text(one.title, one.text)])
    (enriched,) = enricher.enrich([one], vectors)
    return {topic.id[7:9] for topic in enriched.topics if topic.id.endswith("000000")}


def test_the_weights_are_of_the_lines_that_are_there() -> None:
    lines = (_ROOT / "benchmarks/enrich/topics/texts.yaml").read_bytes()
    head = (_ROOT / "pipeline/enrich/topics" / WEIGHTS).read_text(encoding="utf-8").splitlines()[:2]
    assert hashlib.sha256(lines).hexdigest() in head[1], "run make train-topics"


@pytest.mark.parametrize(
    ("language", "title", "text", "wanted"),
    [
        (
            "de",
            "Rotterdam holt den Pokal",
            "Nach Verlängerung gewann der Außenseiter das Endspiel 2:1.",
            "15",
        ),
        (
            "el",
            "Σεισμός 5,8 ρίχτερ",
            "Σπίτια κατέρρευσαν και δύο άνθρωποι τραυματίστηκαν, λένε διασώστες.",
            "03",
        ),
        ("vi", "Ngân hàng trung ương tăng lãi suất", "Lạm phát vẫn cao, các nhà kinh tế cho biết.", "04"),
        ("fi", "Vaalit: hallituspuolueet menettivät paikkoja", "Eduskunnan oppositio voitti.", "11"),
    ],
)
def test_a_language_without_words_in_the_taxonomy_has_topics(
    enricher: Enricher, language: str, title: str, text: str, wanted: str
) -> None:
    assert wanted in _tops(enricher, title, text, language)


@pytest.mark.parametrize(
    ("title", "text", "wrong"),
    [
        ("African Union opens office in Nairobi", "Envoys of the African Union met ministers.", "09"),
        (
            "By all accounts a happy childhood",
            "He grew up beside a canal, by all accounts a merry boy.",
            "04",
        ),
        ("Senator casts deciding vote", "Casting her ballot after midnight, she ended the debate.", "01"),
        ("Bridge to close for a week", "Drivers must go round.\n\nFind us on Facebook and Instagram.", "13"),
    ],
)
def test_a_word_in_another_sense_is_no_topic(enricher: Enricher, title: str, text: str, wrong: str) -> None:
    assert wrong not in _tops(enricher, title, text)


def test_nothing_fits_nothing_is_named(enricher: Enricher) -> None:
    assert _tops(enricher, "About this page", "Here you find how we work and how to reach us.") == set()


def test_neighbours_change_nothing() -> None:
    classifier = TopicClassifier.trained()
    rows = np.random.default_rng(0).normal(size=(5, 384)).astype(np.float32)
    assert classifier.log_odds(rows) == [classifier.log_odds(row[None])[0] for row in rows]


def test_a_taxonomy_of_ones_own_goes_by_its_words(enricher: Enricher) -> None:
    own = Document(
        "topics.yaml",
        {"topics": [{"id": "bees", "name": {"en": "Bees"}, "words": {"en": [{"hive": 3}]}}]},
        {},
    )
    taxonomy = Taxonomy.from_document(own)
    odds = TopicClassifier.trained().log_odds(np.ones((1, 384), dtype=np.float32))[0]
    found = taxonomy.classify(article("A hive on the roof", "Bees moved in."), odds)
    assert [topic.id for topic in found] == ["bees"]
