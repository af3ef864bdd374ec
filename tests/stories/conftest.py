"""Fixtures of the story tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from invented_news import SCORER, Newsroom

from pipeline.stories.scoring.scorer_config import ScorerConfig, load_scorer
from pipeline.yaml_documents import Document


@pytest.fixture(scope="session")
def artefact() -> ScorerConfig:
    content = yaml.safe_load(SCORER.read_text())
    return load_scorer(Document(str(SCORER), content, {}), "normal")


@pytest.fixture
def newsroom(artefact: ScorerConfig) -> Callable[..., Newsroom]:
    return lambda **options: Newsroom(artefact, **options)
