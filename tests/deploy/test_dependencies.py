"""What is imported is declared, so that an installation without the lock has it, too."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def bare(requirement):
    """The name of a distribution, as PyPI compares names."""
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def imported():
    """The top-level modules that the program imports, wherever in a file."""
    for path in (ROOT / "pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield (node.module or "").partition(".")[0]


def test_every_library_that_is_imported_is_declared():
    extras = PROJECT["optional-dependencies"].values()  # what a verb asks for when it is used
    declared = {bare(each) for group in (PROJECT["dependencies"], *extras) for each in group}
    found = packages_distributions()
    missing = {
        module: found.get(module, ["not installed"])
        for module in set(imported()) - set(sys.stdlib_module_names) - {"pipeline"}
        if not declared & {bare(each) for each in found.get(module, [])}
    }
    assert sorted(missing) == []


def test_what_older_installers_miss_is_declared():
    """Pip 23 does not match the extra `html_clean` that justext (of trafilatura) asks lxml for."""
    assert "lxml-html-clean" in {bare(each) for each in PROJECT["dependencies"]}
