"""A home with stories that the stages made of the seeds, for programs to read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from pipeline.app import open_app

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def made_home(tmp_path_factory) -> Path:
    """Made once: two seed articles and the recorded feeds, with the alerts that they make."""
    home = tmp_path_factory.mktemp("programs")
    (home / "config").mkdir()
    settings = {"base": str(ROOT / "config"), "stories": {"vectors": "none"}, "enrich": {"processes": 1}}
    (home / "config" / "settings.yaml").write_text(yaml.safe_dump(settings))
    shutil.copy(ROOT / "seeds" / "config" / "watches.yaml", home / "config")
    with open_app(home=home, config=home / "config", environment={}) as app:
        feeds = sorted((ROOT / "seeds" / "feeds" / "first").glob("*.xml"))
        app.ingest.load([str(each) for each in (ROOT / "seeds" / "articles", *feeds)], alert=True)
    return home


@pytest.fixture
def home(made_home, tmp_path) -> Path:
    """A copy for one test."""
    shutil.copytree(made_home, tmp_path / "home")
    return tmp_path / "home"
