"""Every command in the documents exists; the tutorial runs as written, and the demo ends as README shows."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from pipeline.cli import cli

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *(page for page in sorted(DOCS.glob("*.md")) if page.name != "licenses.md"),
    *sorted((DOCS / "users").glob("*.md")),
]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
# The parts of a line of the shell; what a command is given by another is not its own.
PARTS = re.compile(r"\s*(?:&&|\|\||[|;])\s*")


def lines(page):
    """The lines of a page's code, a continued one as one."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.strip() for line in re.findall(r"^(?: {4,}|\t)(.*)$", text, re.MULTILINE)]


def commands(page):
    """The arguments of each `wirewatch …` of a page's code."""
    for line in lines(page):
        if not re.match(r"(?:\S*/)?(?:wirewatch|uvx|docker compose run)\b|cd \S+ && ", line):
            continue
        for part in PARTS.split(re.sub(r"\s#.*$", "", line)):
            words = shlex.split(part)
            at = next((n for n, word in enumerate(words) if Path(word).name == "wirewatch"), None)
            if at is not None:
                ended = next((n for n, word in enumerate(words) if word in (">", "…", "2>")), len(words))
                yield words[at + 1 : ended]


def parsed(command, name, arguments, parent=None):
    """Reads the arguments as the command line would, down to the last verb; nothing is carried out."""
    with command.make_context(name, list(arguments), parent=parent) as context:
        rest = [*getattr(context, "_protected_args", []), *context.args]
        if hasattr(command, "commands") and rest:
            below, found, left = command.resolve_command(context, rest)
            parsed(found, below, left, context)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_each_command_is_understood(page):
    for arguments in commands(page):
        try:
            parsed(get_command(cli), "wirewatch", [word for word in arguments if word != "--json"])
        except typer.Exit:  # --help and --version
            continue
        except typer.TyperException as refused:
            pytest.fail(f"wirewatch {shlex.join(arguments)}: {refused}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_each_target_exists(page):
    named = {found for line in lines(page) for found in re.findall(r"(?:^|&& )make ([a-z-]+)", line)}
    assert named <= TARGETS


def make_lines(page):
    """The `make …` lines of a page's code, without remarks."""
    for line in lines(page):
        for part in PARTS.split(re.sub(r"\s#.*$", "", line)):
            if re.match(r"make [a-z]", part):
                yield part.strip()


def made(*arguments):
    """Carries out a line of make; fails unless it succeeds."""
    make = shutil.which("make")
    assert make is not None
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        [make, *arguments], cwd=ROOT, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"make {shlex.join(arguments)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.mark.parametrize("line", sorted({line for page in PAGES for line in make_lines(page)}))
def test_each_line_of_make_can_be_made(line):
    """With what the page gives it; what it would carry out is asked for, and not done."""
    words = shlex.split(line)[1:]
    made("--dry-run", *words)
    target = re.search(rf"^{words[0]}:.*\n((?:\t.*\n)*)", MAKEFILE, re.MULTILINE)
    assert target is not None
    asked = set(re.findall(r'test -[nd] "\$\(([A-Z_]+)\)"', target[1]))
    given = {word.partition("=")[0] for word in words if "=" in word}
    remark = next(each for page in PAGES for each in lines(page) if each.startswith(line))
    assert asked <= given | set(re.findall(r"[A-Z_]+", remark)), f"{line} asks for {asked - given}"


@pytest.mark.slow
@pytest.mark.parametrize("line", ["make setup", "make help", "make test ROOM=query"])
def test_a_first_walk_through_the_code(line):
    """As CONTRIBUTING.md and docs/develop.md begin; the demo and all tests have runs of their own."""
    assert any(line in make_lines(page) for page in PAGES)
    told = made(*shlex.split(line)[1:])
    if line == "make help":
        assert {found[1] for found in re.finditer(r"^  make ([a-z-]+) ", told, re.MULTILINE)} == TARGETS


def test_each_module_and_script_that_is_named_exists():
    named = [
        word for page in PAGES for line in lines(page) for word in re.findall(r"python -m ([\w.]+)", line)
    ]
    named = [
        name
        for name in named
        if name.partition(".")[0] in {"benchmarks", "deploy", "pipeline", "seeds", "tests"}
    ]
    assert len(named) > 10
    assert [name for name in named if importlib.util.find_spec(name) is None] == []


def test_the_pages_have_commands_at_all():
    assert sum(1 for page in PAGES for _ in commands(page)) > 80


def blocks(page):
    """The blocks of indented code of a page."""
    return re.findall(r"(?:^ {4}.*\n)+", page.read_text(encoding="utf-8"), re.MULTILINE)


def is_code(block):
    """Whether a block is typed, and not what comes of it."""
    typed = ("wirewatch ", "export ", "cp ", "cat ", "rm ", "source ", "make ", "deactivate")
    return block.strip().startswith(typed)


def shown(block):
    """The ids that a block of output promises; tables break longer words over lines."""
    return re.findall(r"\b[0-9a-f]{16}\b", block)


def check_what_the_readme_shows(home):
    """The stories and mails that the README says the demo ends with, against what it ended with."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^ {5}([0-9a-f]{16}) +(\S.*?)… +(\d+) +(\d+) +(\S.*), …$", readme, re.MULTILINE)
    command = [
        Path(sys.executable).with_name("wirewatch"),
        "--json",
        "--home",
        home,
        "stories",
        "--limit",
        str(len(rows)),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    stories = [
        (each["id"], each["title"], each["size"], each["origins"], each["outlets"][0])
        for each in json.loads(done.stdout)
    ]
    assert [
        (story, title, int(size), int(origins), outlet) for story, title, size, origins, outlet in rows
    ] == [
        (story, title[: len(shown)], *rest)
        for (story, title, *rest), (_, shown, *_) in zip(stories, rows, strict=True)
    ]
    files = sorted((home / "spool").rglob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    assert re.findall(r"^ {5}(\S+@newsroom\.example) +(.*)$", readme, re.MULTILINE) == [
        (mail["To"], mail["Subject"]) for mail in mails
    ]


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_the_tutorial_runs_as_written(tmp_path, monkeypatch):
    """On what the demo makes, without Airflow: every command succeeds, and what is shown comes."""
    from pipeline.app import App
    from pipeline.app.wiring import Wiring, now
    from seeds.demo import outlets

    for name in ("seeds", "config"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.pyc"))
    home, config = tmp_path / "data" / "demo", tmp_path / "seeds" / "config"
    store = f"sqlite:///{home / 'wirewatch.db'}"
    with outlets() as server, App(Wiring(home, config, store, os.environ, now)) as app:
        app.ingest.fetch([], every=True)
        app.ingest.load([str(tmp_path / "seeds" / "articles")], alert=True)
        server.publish()
        app.ingest.fetch([], every=True)
        app.watches.alert()
    with App(Wiring(home, config, store, os.environ, lambda: now() + timedelta(days=1))) as later:
        later.watches.alert()
    check_what_the_readme_shows(home)

    typed, promised = [], []
    for block in blocks(DOCS / "tutorial.md"):
        if is_code(block):
            typed += [
                line.removeprefix("    ")
                for line in block.splitlines()
                if not re.match(r" {4}(?:make demo|source |deactivate)", line)
            ]
        else:
            promised += shown(block)
    script = tmp_path / "tutorial.sh"
    script.write_text("set -ex\n" + "\n".join(typed) + "\n", encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WIREWATCH_")}
    clean["PATH"] = f"{Path(sys.executable).parent}:{clean['PATH']}"
    done = subprocess.run(
        ["/bin/bash", script], cwd=tmp_path, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(promised) > 4
    assert [word for word in promised if word not in done.stdout] == []
