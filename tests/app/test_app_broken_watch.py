"""A watch that breaks at night: news still comes and is told, and everybody hears what is broken."""

from __future__ import annotations

import email
import email.policy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.app import App
from pipeline.errors import ConfigError

TEXT = "A dam gave way above the town of Larkfield on Monday, and two hundred people were led to safety. "
WATCH = "  - {name: %s, query: '%s', deliver: {mail: [%s@example.org]}}\n"
DAMS, ROADS = WATCH % ("dams", "dam", "dams"), WATCH % ("roads", "motorway", "roads")


def line(title, text=TEXT, number=1):
    url = f"https://outlet.example/{number}"
    return json.dumps({"title": title, "text": text, "source": "Outlet", "url": url})


@pytest.fixture
def place(configured, make_wiring, tmp_path) -> Any:
    """A folder whose watches are rewritten between runs; each run is a new process's."""

    class Place:
        folder = configured(mail={"operator": ["ops@example.org"]})
        now = datetime(2026, 3, 2, 20, tzinfo=UTC)

        def watches(self, *entries, text=None):
            (self.folder / "watches.yaml").write_text(text or "watches:\n" + "".join(entries))

        def app(self):
            self.now += timedelta(minutes=5)
            return App(make_wiring(config=self.folder, at=self.now))

        def load(self, *lines):
            file = tmp_path / f"{len(list(tmp_path.glob('*.jsonl')))}.jsonl"
            file.write_text("\n".join(lines))
            return self.app().ingest.load([str(file)], alert=True).as_json()

        def mails(self):
            files = (tmp_path / "home" / "spool").glob("*.eml")
            return [email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files]

        def to(self, who):
            return [mail for mail in self.mails() if mail["To"] == f"{who}@example.org"]

    made = Place()
    made.watches(DAMS, ROADS)
    made.load(line("Nothing is new", "The council of Overton met and went home.", 9))
    return made


def test_a_broken_watch_goes_on_as_it_was_and_stops_no_other(place):
    place.watches(DAMS.replace("dam'", "dam AND ('"), ROADS)
    place.load(line("Dam gives way"), line("Motorway closed", "The motorway to Lund is closed. " * 4, 2))
    assert len(place.to("dams")) == len(place.to("roads")) == 1
    report = place.app().watches.alert()
    assert [(each.name, each.goes_on) for each in report.broken] == [("dams", True)]
    assert "watches.yaml:2: watches.0.query" in str(report.broken[0].error)


def test_a_file_that_is_no_yaml_leaves_all_as_they_were(place):
    place.watches(text="watches: [{name: dams\n")
    place.load(line("Dam gives way"))
    assert len(place.to("dams")) == 1
    assert place.app().correct.repair() == {"merged": 0, "split": 0, "moved": 0}
    story = place.app().read.stories(query="dam")[0][0]
    assert place.app().watches.why("dams", story.id).alerted


def test_a_night_with_a_broken_watch_loses_nothing(place):
    place.watches(WATCH % ("new", "(", "x"))
    place.load(line("Dam gives way"))
    place.app().correct.repair()
    assert place.load(line("Bank raises rates", "The bank of Norden raised its rate. " * 4, 2))["new"] == 1
    place.watches("")
    assert place.load(line("Tunnel opens", "The tunnel under the bay is open. " * 4, 3))["new"] == 1


def test_the_operator_is_told_once_for_each_way_of_being_broken(place):
    for _ in range(2):
        place.watches(DAMS, ROADS.replace("motorway", "motorway)"))
        place.app().watches.alert()
    mails = place.to("ops")
    assert [mail["Subject"] for mail in mails] == ["Wirewatch: watches.yaml needs a look"]
    said = " ".join(mails[0].get_content().split())
    assert "watch 'roads' is set aside" in said
    assert "watches.yaml:3: watches.1.query" in said
    place.watches(DAMS, ROADS)
    place.app().watches.alert()
    place.watches(DAMS, ROADS.replace("motorway", "motorway)"))
    place.app().watches.alert()
    assert len(place.to("ops")) == 2


def test_doctor_and_check_name_it(place):
    place.watches(DAMS, ROADS.replace("motorway", "motorway)"))
    found = {check["check"]: check for check in place.app().care.doctor()}
    assert found["configuration"]["ok"]
    assert not found["watches"]["ok"]
    assert "watch 'roads' is set aside, its last good version goes on" in found["watches"]["detail"]
    with pytest.raises(ConfigError, match=r"watches\.yaml:3: watches\.1\.query"):
        place.app().watches.check()


def marks(place):
    store = place.app()._wiring.store
    return [store.mark(name) for name in ("watches.last-good", "watches.mailed")]


def test_a_dry_run_keeps_nothing_and_mails_nobody(place):
    place.watches(DAMS, WATCH % ("third", "three", "c"), ROADS.replace("motorway", "motorway)"))
    before = marks(place)
    report = place.app().watches.alert(dry_run=True)
    assert [each.name for each in report.broken] == ["roads"]
    assert marks(place) == before
    assert place.to("ops") == []


@pytest.mark.parametrize("verb", ["load", "repair", "merge"])
def test_no_entry_is_written_that_cannot_be_carried_out(place, verb):
    place.load(line("Dam gives way"), line("Motorway closed", "The motorway to Lund is closed. " * 4, 2))
    stories = [story.id for story in place.app().read.stories()[0]]
    (place.folder / "scorer.yaml").write_text("nonsense: 1\n")
    entries = len(list(place.app()._wiring.archive.entries()))
    app = place.app()
    with pytest.raises(ConfigError):
        {
            "load": lambda: place.load(line("Tunnel opens", "The tunnel is open. " * 9, 3)),
            "repair": app.correct.repair,
            "merge": lambda: app.correct.merge(stories[:2]),
        }[verb]()
    assert len(list(app._wiring.archive.entries())) == entries
    (place.folder / "scorer.yaml").unlink()
    assert place.load(line("Tunnel opens", "The tunnel is open. " * 9, 3))["new"] == 1
