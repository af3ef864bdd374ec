"""Who may touch the world, and with what."""

from __future__ import annotations

import ast
import doctest
import importlib
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "pipeline" / "sources"
FILES = sorted(SOURCES.glob("*.py"))


def imported(path):
    """The modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize(
    ("library", "file"),
    [
        ("feedparser", "feed.py"),
        ("httpx", "http.py"),
        ("httpcore", "network.py"),
        ("warcio", "warc.py"),
        ("protego", "robots.py"),
        ("socket", "network.py"),
        ("brotli", "unpack.py"),
    ],
)
def test_each_library_is_imported_by_one_file(library, file):
    users = {path.name for path in FILES for name in imported(path) if name.partition(".")[0] == library}
    assert users == {file}


def test_the_room_imports_only_what_is_below_it():
    allowed = (
        "pipeline.sources",
        "pipeline.errors",
        "pipeline.records",
        "pipeline.ports",
        "pipeline.settings",
    )
    outside = {
        (path.name, name) for path in FILES for name in imported(path) if name.startswith("pipeline.")
    } - {(path.name, name) for path in FILES for name in imported(path) if name.startswith(allowed)}
    assert outside == set()


def test_no_rule_reads_the_clock_or_prints():
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert "datetime.now" not in text
        assert "utcnow" not in text
        assert "time.time()" not in text
        assert "print(" not in text
        assert len(text.splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_examples_in_docstrings_hold(path):
    module = importlib.import_module(f"pipeline.sources.{path.stem}".removesuffix(".__init__"))
    assert doctest.testmod(module).failed == 0
