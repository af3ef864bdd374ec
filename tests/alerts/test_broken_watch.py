"""One broken watch stops no other, goes on with its last good version, and is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.alerts.watch.last_good import completed, said, to_keep
from pipeline.alerts.watch.watch_file import load_watches, read_watches
from pipeline.errors import ConfigError
from pipeline.settings import load_settings

GOOD = "  - {name: quakes, query: quake, deliver: {mail: [a@example.org]}}\n"
OTHER = "  - {name: floods, query: flood}\n"
BROKEN = "  - {name: quakes, query: 'quake AND ('}\n"


@pytest.fixture
def read(tmp_path) -> Callable[[str], Any]:
    """Reads a list of watches the way a run does: within a whole configuration."""
    for name in ("settings", "feeds", "topics", "aliases", "scorer"):
        (tmp_path / f"{name}.yaml").write_text("{}\n")

    def document(text):
        (tmp_path / "watches.yaml").write_text(text, encoding="utf-8")
        return load_settings(tmp_path, {}).watches

    return document


def names(found):
    return [watch.name for watch in found.watches]


@pytest.mark.parametrize(
    ("entry", "name", "said_of_it"),
    [
        (BROKEN, "quakes", ":2: watches.0.query: "),
        ("  - {name: quakes, query: quake, mach: any}\n", "quakes", "unknown key"),
        ("  - {name: quakes, query: quake, deliver: {when: digest}}\n", "quakes", "needs a digest"),
        ("  - {query: quake}\n", "", "watches.0.name: Field required"),
        ("  - {name: [1], query: quake}\n", "", "watches.0.name"),
        ("  - quakes\n", "", "watches.0: "),
        ("  -\n", "", "watches.0: "),
    ],
)
def test_what_is_wrong_with_one_watch_stops_no_other(read, entry, name, said_of_it):
    document = read(f"watches:\n{entry}{OTHER}")
    found = read_watches(document)
    assert names(found) == ["floods"]
    assert [each.name for each in found.broken] == [name]
    assert said_of_it in str(found.broken[0].error)
    with pytest.raises(ConfigError):
        load_watches(document)


def test_of_two_with_one_name_the_first_stands(read):
    found = read_watches(read(f"watches:\n{GOOD}{OTHER}  - {{name: quakes, query: other}}\n"))
    assert {watch.name: watch.query for watch in found.watches} == {"quakes": "quake", "floods": "flood"}
    kept = to_keep(found, "")
    assert [each.goes_on for each in completed(found, kept).broken] == [False]


def test_the_last_good_version_goes_on(read):
    kept = to_keep(read_watches(read(f"watches:\n{GOOD}{OTHER}")), "")
    found = completed(read_watches(read(f"watches:\n{BROKEN}{OTHER}")), kept)
    assert {watch.name: watch.query for watch in found.watches} == {"floods": "flood", "quakes": "quake"}
    assert found.watches[-1].deliver.mail == ("a@example.org",)
    assert "watch 'quakes' is set aside, its last good version goes on" in said(found.broken[0])
    # However often it is broken in other ways, what is kept is what was good.
    again = to_keep(found, kept)
    assert completed(read_watches(read(f"watches:\n{BROKEN}")), again).watches == found.watches[-1:]


def test_a_watch_that_was_never_good_is_only_named(read):
    found = completed(read_watches(read(f"watches:\n{BROKEN}{OTHER}")), "")
    assert names(found) == ["floods"]
    assert "there is no good version of it" in said(found.broken[0])


def test_a_watch_that_was_taken_out_or_switched_off_does_not_come_back(read):
    kept = to_keep(read_watches(read(f"watches:\n{GOOD}{OTHER}")), "")
    gone = to_keep(read_watches(read(f"watches:\n{OTHER}")), kept)
    assert names(completed(read_watches(read(f"watches:\n{BROKEN}")), gone)) == []
    off = read_watches(read("watches:\n  - {name: quakes, query: '(', enabled: false}\n"))
    assert names(completed(off, kept)) == []


@pytest.mark.parametrize(
    "text",
    [
        "watches:\n  - {name: quakes, query: [}\n",
        "watches:\n\t- name: quakes\n",
        "- a list\n",
        "watches: all of them\n",
        "watchs:\n  - {name: quakes, query: quake}\n",
        "watches: []\nwatches: []\n",
    ],
)
def test_a_file_that_cannot_be_read_leaves_the_last_good_version_of_all(read, text):
    kept = to_keep(read_watches(read(f"watches:\n{GOOD}{OTHER}")), "")
    found = completed(read_watches(read(text)), kept)
    assert sorted(names(found)) == ["floods", "quakes"]
    assert "watches.yaml is set aside, the last good version of all goes on" in said(found.broken[0])
    assert to_keep(found, kept) == kept


def test_a_strange_key_beside_the_watches_is_named_and_stops_none(read):
    found = completed(read_watches(read(f"wachtes: 1\nwatches:\n{GOOD}")), "")
    assert names(found) == ["quakes"]
    assert "unknown key" in said(found.broken[0])


def test_quotes_dates_and_any_script_survive_being_kept(read):
    text = (
        "watches:\n  - name: 'Köln \"天気\"'\n    query: '\"東京\" AND published:>2024-01-01'\n"
        '    deliver: {mail: [a@example.org], quiet_hours: {from: "22:00", to: "06:30"}}\n'
    )
    found = read_watches(read(text))
    assert completed(read_watches(read("[")), to_keep(found, "")).watches == found.watches
