"""docs/operating.md says what is: its verbs, targets, keys, files and services exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))
from compose_file import ROOT, services, variables
from typer.core import TyperGroup
from typer.main import get_command

from deploy import env
from pipeline.app.care import housekeeping
from pipeline.cli import cli
from pipeline.records import FeedState
from pipeline.settings import SettingsFile

GUIDE = (ROOT / "docs" / "operating.md").read_text()


def _groups():
    command = get_command(cli)
    assert isinstance(command, TyperGroup)
    return command.commands


def _verbs():
    """Every `wirewatch VERB [VERB]` of the guide."""
    groups = _groups()
    for found in re.findall(
        r"(?<![/\w-])wirewatch(?: --[a-z]+ \S+)* ([a-z]+(?:-[a-z]+)*)(?: ([a-z]+))?", GUIDE
    ):
        if found[0] in groups or re.search(rf"`wirewatch {found[0]}", GUIDE):
            yield found


@pytest.mark.parametrize("found", sorted(set(_verbs())), ids=" ".join)
def test_each_verb_exists(found):
    groups = _groups()
    assert found[0] in groups
    below = getattr(groups[found[0]], "commands", None)
    if below is not None:
        assert found[1] in below


def test_the_guide_names_the_verbs_for_feeds_quarantine_and_stores():
    named = {" ".join(found).strip() for found in _verbs()}
    wanted = {
        "feeds health",
        "feeds import",
        "feeds export",
        "quarantine list",
        "store migrate",
        "store copy",
    }
    assert wanted <= named


def test_each_make_target_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^ +|`|&& |\s)make ([a-z-]+)(?=[`\s,;)])", GUIDE, re.MULTILINE))
    assert {"setup", "env", "kibana", "airflow"} <= named
    assert named <= targets


def _keys():
    for name, field in SettingsFile.model_fields.items():
        section = getattr(field.annotation, "model_fields", None)
        if section is None:
            yield name, field.default
        for inner, key in (section or {}).items():
            yield f"{name}.{key.alias or inner}", key.default


def test_each_key_of_the_settings_is_told_with_its_default():
    rows: dict[str, str] = {}
    for line in GUIDE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for key in re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)`", cells[0]) if line.startswith("| `") else ():
            rows.setdefault(key, cells[1].strip("`"))
    known = dict(_keys())
    assert set(known) <= set(rows)
    assert {key for key in rows if "." in key and not key.endswith(".yaml")} <= set(known)
    for key, default in known.items():
        shown = f"{default:g}" if isinstance(default, float) else default
        if isinstance(default, (int, float)) or (isinstance(default, str) and default):
            assert rows[key] == str(shown), key


def test_each_field_of_feeds_health_is_explained():
    for field in housekeeping._health("x", FeedState("x"), True):
        assert field in ("id", "enabled") or f"| `{field}` |" in GUIDE, field


def test_each_service_page_secret_and_variable_exists():
    named = set(re.findall(r"`([A-Z][A-Z_]+)`", GUIDE))
    known = {name for name, _, _ in variables()} | set(env.SECRETS)
    for name in named:
        if name.endswith(("_PORT", "_PASSWORD", "_HEAP", "_PARALLELISM")) and name != "KIBANA_PASSWORD":
            assert name in known, name
    for name in re.findall(r"`([a-z]+-init)`", GUIDE):
        assert name in services()


def test_each_file_and_link_exists():
    for target in re.findall(r"\]\(([^)#]+\.md)", GUIDE):
        # benchmarks.md is written by those who measure.
        assert (ROOT / "docs" / target).exists() or target == "benchmarks.md", target
    for path in re.findall(r"`((?:tests|deploy|config)/[\w./-]+\.\w+)`", GUIDE):
        assert (ROOT / path).exists(), path
    headings = {
        re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-")
        for h in re.findall(r"^##+ (.*)$", GUIDE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", GUIDE)) <= headings


def test_the_feed_of_the_guide_is_a_feed():
    block = re.search(r"^    - id: harbour-post\n(?:      .*\n)+", GUIDE, re.MULTILINE)
    from pipeline.settings import FeedsFile

    assert block is not None
    entries = yaml.safe_load(block[0])
    assert FeedsFile.model_validate({"feeds": entries}).feeds[0].pages == "short"


def test_the_sqlite_backup_of_the_guide_works(tmp_path):
    import sqlite3

    (tmp_path / "data").mkdir()
    with sqlite3.connect(tmp_path / "data" / "wirewatch.db") as store:
        store.execute("CREATE TABLE t (x)")
        store.execute("INSERT INTO t VALUES (1)")
    store.close()
    code = re.search(r'python -c "(import sqlite3; .*)"$', GUIDE, re.MULTILINE)
    assert code is not None
    subprocess.run([sys.executable, "-c", code[1]], cwd=tmp_path, check=True)
    copy = sqlite3.connect(tmp_path / "backup.db")
    assert copy.execute("SELECT x FROM t").fetchall() == [(1,)]
    copy.close()
