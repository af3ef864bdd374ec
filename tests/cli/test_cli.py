"""The command line as scripts and people use it: one JSON document, one line for an error, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import verb_runs

from dags.local.environment import ROOT
from pipeline.records import content_id

ARTICLE = {
    "title": "Flood closes the bridge at Harrow",
    "text": "The river rose by two metres on Monday and closed the only bridge at Harrow, police said. " * 2,
    "url": "https://outlet.example/flood",
    "source": "Outlet",
    "published": "2026-01-05T10:00:00Z",
}


@pytest.fixture
def run(tmp_path, verb_server) -> Callable[..., Any]:
    """Runs the command in a home of its own; returns exit code, stdout and stderr."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "settings.yaml").write_text(f"base: {ROOT / 'config'}\nstories:\n  vectors: none\n")

    def call(*arguments, config=config, **environment):
        words = ["--home", tmp_path / "home", "--config", config, *arguments]
        return verb_runs.run(verb_server, tmp_path, *words, **environment)

    return call


NOTHING_TOLD = {"alerts": [], "delivered": 0, "failed": 0, "suppressed": 0, "errors": [], "set_aside": []}


def as_json(answer):
    code, out, err = answer
    assert code == 0, err
    return json.loads(out)


def jsonl(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_load_then_read_back_by_every_reading_verb(run, tmp_path):
    file = jsonl(tmp_path / "a.jsonl", ARTICLE)
    loaded = as_json(run("load", file, "--json"))
    assert {k: loaded[k] for k in ("seen", "new", "updated", "duplicate", "quarantined", "stories_new")} == {
        "seen": 1,
        "new": 1,
        "updated": 0,
        "duplicate": 0,
        "quarantined": 0,
        "stories_new": 1,
    }
    (story,) = as_json(run("stories", "--json"))
    assert story["size"] == story["origins"] == 1
    assert story["outlets"] == ["Outlet"]
    (member,) = story["articles"]
    assert member["published"] == "2026-01-05T10:00:00Z"
    assert as_json(run("story", story["id"], "--json"))["lineage"] == []
    (hit,) = as_json(run("search", 'title:flood AND "river rose"', "--json"))
    assert hit["story"] == story["id"]
    assert hit["published_from"] == "feed"
    decision = as_json(run("why", member["id"], "--json"))
    assert decision["founded"] is True
    assert decision["story"] == story["id"]
    assert as_json(run("why", ARTICLE["url"], "--json")) == decision
    (tmp_path / "config" / "watches.yaml").write_text("watches:\n  - {name: floods, query: flood}\n")
    silent = as_json(run("watch", "why", "floods", story["id"][:8], "--json"))
    assert silent == as_json(run("watch", "why", "floods", story["id"], "--json"))
    assert as_json(run("replay", "--json"))["duplicate"] == 1
    code, out, _ = run("stories")
    assert code == 0
    assert "Flood closes" in out


def test_a_text_file_that_names_no_outlet_is_among_the_stories(run, tmp_path):
    (tmp_path / "a.txt").write_text(f"{ARTICLE['title']}\n\n{ARTICLE['text']}\n")
    assert as_json(run("load", tmp_path / "a.txt", "--json"))["stories_new"] == 1
    (story,) = as_json(run("stories", "--json"))
    assert story["outlets"] == []
    assert as_json(run("stories", "--min-outlets", "1", "--json")) == []


def test_quarantine_says_why_and_tries_again(run, tmp_path):
    file = jsonl(tmp_path / "a.jsonl", ARTICLE, {"title": "", "text": "  "}, {"url": "https://x.example/"})
    file.write_text(file.read_text() + "{not json\n")
    loaded = as_json(run("load", file, "--json"))
    assert (loaded["seen"], loaded["new"], loaded["quarantined"]) == (4, 1, 3)
    entries = as_json(run("quarantine", "list", "--json"))
    assert len(entries) == 3
    assert all(entry["reason"] and entry["stage"] and entry["at"] for entry in entries)
    shown = as_json(run("quarantine", "show", entries[0]["id"], "--json"))
    assert shown["reason"] == entries[0]["reason"]
    again = as_json(run("quarantine", "replay", "--json"))
    assert again["quarantined"] == 3
    assert len(as_json(run("quarantine", "list", "--json"))) == 3


BAD_FILES = {
    "empty.xml": b"",
    "truncated.xml": b"<?xml version='1.0'?><rss><channel><title>x",
    "page.xml": b"<!doctype html><html><body><p>Not a feed</p></body></html>",
    "binary.txt": bytes(range(256)) * 10,
    "blank.txt": b"  \n\n",
}


def test_bad_files_go_to_quarantine_with_a_reason(run, tmp_path):
    for name, content in BAD_FILES.items():
        (tmp_path / name).write_bytes(content)
    loaded = as_json(run("load", *(tmp_path / name for name in BAD_FILES), "--json"))
    assert loaded["seen"] == loaded["quarantined"] == len(BAD_FILES)
    entries = as_json(run("quarantine", "list", "--json"))
    assert {entry["source"].rpartition("/")[2] for entry in entries} == set(BAD_FILES)
    assert all(entry["reason"] for entry in entries)


def test_odd_articles_are_taken(run, tmp_path):
    (tmp_path / "latin.txt").write_bytes(
        "Überschwemmung in Köln\n\nDer Rhein stieg um zwei Meter.".encode("cp1252")
    )
    (tmp_path / "huge.txt").write_text(
        "A very long article\n\n" + "The river rose again on Monday. " * 20_000
    )
    jsonl(
        tmp_path / "dates.jsonl",
        ARTICLE | {"url": "https://o.example/1", "published": "1970-01-01T00:00:00Z"},
        ARTICLE
        | {"url": "https://o.example/2", "title": "Another flood", "published": "2099-01-01T00:00:00Z"},
    )
    loaded = as_json(
        run("load", tmp_path / "latin.txt", tmp_path / "huge.txt", tmp_path / "dates.jsonl", "--json")
    )
    assert loaded["new"] == 4
    hits = as_json(run("search", "*:*", "--json"))
    assert {hit["published"] for hit in hits} == {None}
    assert "Überschwemmung in Köln" in {hit["title"] for hit in hits}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("load", "nowhere.txt"), "nowhere.txt"),
        (("stories", "--since", "yesterday-ish"), "--since"),
        (("stories", "--kind", "gossip"), "--kind"),
        (("search", '"open phrase'), "quotation mark"),
        (("search", "colour:red"), "colour"),
        (("fetch", "--feed", "nobody"), "nobody"),
        (("nonsense",), "nonsense"),
        (("--store", "postgres://x", "stories"), "postgres"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(run, arguments, expected):
    code, out, err = run(*arguments)
    assert code == 2
    assert expected in err
    assert len(err.strip().splitlines()) == 1
    assert out == ""


def test_what_is_not_there_is_one_line_and_exit_1(run, tmp_path):
    run("load", jsonl(tmp_path / "a.jsonl", ARTICLE))
    for arguments, expected in (
        (("story", "0000000000000000"), "no story has this id"),
        (("why", "0000000000000000"), "not in the store"),
        (("quarantine", "show", "0000"), "no entry has this id"),
        (("merge", "a", "b"), "no story has this id"),
        (("watch", "why", "nobody", "x"), "nobody"),
    ):
        code, _, err = run(*arguments)
        assert code == 1, arguments
        assert expected in err
        assert len(err.strip().splitlines()) == 1


def test_an_error_with_json_is_one_document_too(run):
    code, out, _ = run("story", "0000000000000000", "--json")
    assert code == 1
    assert "error" in json.loads(out)


@pytest.mark.parametrize(
    ("file", "content", "line", "key"),
    [
        ("settings.yaml", "base: {base}\nstories:\n  window_weeks: 2\n", 3, "stories.window_weeks"),
        ("settings.yaml", "base: {base}\nfetch:\n  timeout_seconds: soon\n", 3, "fetch.timeout_seconds"),
        ("watches.yaml", "watches:\n  - name: a\n    query: 'title:(open'\n", 3, "watches.0.query"),
        ("watches.yaml", "watches:\n  - name: a\n    query: x\n    mails: [b]\n", 4, "watches.0.mails"),
        (
            "feeds.yaml",
            "feeds:\n  - id: a\n    url: https://a.example/\n  - id: a\n    url: b\n",
            4,
            "feeds.1.id",
        ),
        ("feeds.yaml", "feeds:\n  - id: a\n    url: ${{NOT_SET}}/x\n", 3, "feeds.0.url"),
        ("topics.yaml", "topics:\n  - id: x\n    name: {{en: x}}\n    wurds: {{}}\n", 4, "topics.0.wurds"),
    ],
)
def test_a_broken_configuration_names_file_line_and_key(run, tmp_path, file, content, line, key):
    config = tmp_path / "broken"
    config.mkdir()
    (config / "settings.yaml").write_text(f"base: {ROOT / 'config'}\n")
    (config / file).write_text(content.format(base=ROOT / "config"))
    verb = ("watch", "check") if file == "watches.yaml" else ("load", ROOT / "seeds" / "articles")
    code, _, err = run(*verb, config=config)
    assert code == 2
    assert f"{file}:{line}" in err
    assert key in err


def test_a_home_that_cannot_be_written_is_one_line(run, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = run("--home", tmp_path / "file", "stories")
    assert code == 1
    assert str(tmp_path / "file") in err


def test_doctor_and_lists_answer(run, tmp_path):
    run("load", jsonl(tmp_path / "a.jsonl", ARTICLE))
    checks = as_json(run("doctor", "--json"))
    assert {"configuration", "store", "archive", "models", "mail", "feeds", "disk"} <= {
        c["check"] for c in checks
    }
    assert all(check["ok"] for check in checks)
    assert len(as_json(run("feeds", "list", "--json"))) == 13
    assert len(as_json(run("feeds", "health", "--json"))) == 13
    assert all(not watch["enabled"] for watch in as_json(run("watch", "list", "--json")))
    assert as_json(run("alert", "--json")) == NOTHING_TOLD
    assert as_json(run("repair", "--json")) == {"merged": 0, "split": 0, "moved": 0}


def test_evaluate_answers_as_the_contract_says(run, tmp_path):
    other = (
        "Parliament passed the budget by one vote after a night of talks in the capital, ministers said. " * 2
    )
    rows = [
        ARTICLE | {"id": "1", "cluster": "flood", "url": ""},
        ARTICLE
        | {
            "id": "2",
            "cluster": "flood",
            "url": "",
            "source": "B",
            "title": "Bridge at Harrow shut by flood",
        },
        {
            "id": "3",
            "title": "Budget passes by one vote",
            "text": other,
            "published": None,
            "cluster": "budget",
        },
    ]
    answer = as_json(run("evaluate", jsonl(tmp_path / "g.jsonl", *rows), "--json"))
    (row,) = answer["files"]
    assert (row["articles"], row["stories"], row["gold_stories"]) == (3, 2, 2)
    assert row["bcubed"] == {"p": 1.0, "r": 1.0, "f1": 1.0}
    assert row["first_assignment"]["pairwise"]["f1"] == 1.0
    assert row["nmi"] == pytest.approx(1.0)
    assert row["ari"] == pytest.approx(1.0)
    nothing = {"mean": 0.0, "worst": 0}
    top = {"shown": 20, "moments": 3, "mixed": nothing, "twice": nothing, "missing": nothing}
    assert row["top_of_page"] == top
    assert answer["mean"] == {"bcubed_f1": 1.0, "pairwise_f1": 1.0}


def test_a_page_that_is_listed_again_is_no_event_of_two_articles(run, tmp_path):
    letters = str.maketrans("0123456789", "ghijklmnop")
    fresh = []
    for n in range(22):
        words = [content_id("word", str(n), str(place)).translate(letters)[:8] for place in range(12)]
        line = {"title": " ".join(words[:5]), "text": f"{' '.join(words)}. " * 3, "source": words[0]}
        fresh.append(line | {"published": "2026-01-06T09:00:00Z", "cluster": f"event {n}"})
    listed = ARTICLE | {"cluster": "page", "published": "2026-01-05T09:00:00Z"}
    rows = [listed, *fresh, listed | {"published": "2026-01-06T09:00:00Z"}]
    (row,) = as_json(run("evaluate", jsonl(tmp_path / "g.jsonl", *rows), "--json"))["files"]
    assert row["stories"] > 20
    assert row["top_of_page"]["missing"]["worst"] == 0


def test_an_id_may_be_shortened_wherever_one_is_taken_and_who_is_meant_is_asked_in_one_line(run, tmp_path):
    told = "The mayor of town number {} opened a bridge, a school and a swimming pool. "
    rows = [
        ARTICLE | {"title": f"{n}", "text": told.format(n) * 3, "url": f"https://o{n}.example/"}
        for n in range(17)
    ]
    broken = tmp_path / "b.jsonl"
    broken.write_text("{\n" * 17)
    assert run("load", jsonl(tmp_path / "a.jsonl", *rows), broken)[0] == 0
    stories = as_json(run("stories", "--json", "--limit", 99))
    articles = [each["id"] for story in stories for each in story["articles"]]
    refused = [each["id"] for each in as_json(run("quarantine", "list", "--json"))]
    for verb, kind, ids in (
        (("article",), "articles", articles),
        (("why",), "articles", articles),
        (("quarantine", "show"), "entries", refused),
        (("quarantine", "replay"), "entries", refused),
    ):
        assert run(*verb, ids[0][:12])[0] == 0
        # Of seventeen ids two begin with the same of sixteen digits.
        first = next(digit for digit in "0123456789abcdef" if sum(each[0] == digit for each in ids) > 1)
        code, out, err = run(*verb, first)
        meant = sorted(each for each in ids if each[0] == first)
        named = ", ".join(meant[:5]) + (" and more" if len(meant) > 5 else "")
        assert (code, out) == (2, "")
        assert err == (
            f"wirewatch: {first}: several {kind} have an id that begins like that: {named}; give more of it\n"
        )
    for words in (["story"], ["watch", "why", "earthquakes"], ["merge", stories[0]["id"]]):
        assert run(*words, "no")[0] == 1
