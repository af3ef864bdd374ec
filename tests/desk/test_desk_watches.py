"""A watch is changed on the page: tried, saved in its own lines, and never over somebody else's word."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
import yaml
from desk_site import Desk
from desk_store import everyday
from html_reader import PageReader
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerts.watch.edited_file import entry_of, with_changed
from pipeline.errors import UsageError

HERE = {"sec-fetch-site": "same-origin"}
FILE = """# Ours.
watches:
  # Storms, as the harbour wants them.
  - name: storms
    query: storm   # any
    deliver:
      mail: [dora@newsroom.example]

  # The other one.
  - name: "ferries"
    query: >
      ferry OR
      ship
    enabled: false
"""


@pytest.fixture
def edited(tmp_path) -> Iterator[Desk]:
    made = Desk(tmp_path, everyday())
    (made.config / "watches.yaml").write_text(FILE)
    yield made
    made.close()


def post(client, path, entry, state, **more):
    return client.post(path, headers=HERE, data={"entry": entry, "state": state} | more)


def form(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert PageReader(answer.text).problems() == []
    (state,) = [a["value"] for a in PageReader(answer.text).all("input") if a.get("name") == "state"]
    return state


def test_the_editor_shows_the_lines_of_the_watch(edited):
    text = edited.client().get("/watches/storms/edit").text
    assert "query: storm   # any\n" in text
    (shown,) = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", text, re.DOTALL)
    assert yaml.safe_load(html.unescape(shown)) == yaml.safe_load(FILE)["watches"][:1]
    assert "ferry" not in text


def test_a_change_is_tried_against_the_one_in_force(loaded):
    client = loaded.client()
    state = form(client, "/watches/storms/edit")
    before = (loaded.config / "watches.yaml").read_bytes()
    entry = "- name: storms\n  query: storm OR flood\n"
    answer = post(client, "/watches/storms/edit", entry, state, days="90")
    assert answer.status_code == 200, answer.text
    found = PageReader(answer.text)
    assert found.problems() == []
    assert "Against the one in force" in found.words
    assert "newly told: 1" in found.words
    assert "Flood closes the bridge" in found.words
    assert (loaded.config / "watches.yaml").read_bytes() == before


def test_a_save_changes_the_lines_of_the_watch_alone(edited):
    client = edited.client()
    state = form(client, "/watches/storms/edit")
    entry = "- name: storms\r\n  query: storm AND lake\r\n"
    answer = post(client, "/watches/storms/edit", entry, state, save="1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/watches/storms")
    made = (edited.config / "watches.yaml").read_text()
    head, tail = FILE.split("  - name: storms", maxsplit=1)[0], FILE[FILE.index("\n  # The other one.") :]
    assert made == f"{head}  - name: storms\n    query: storm AND lake\n{tail}"
    (former,) = (edited.home / "desk" / "watches").iterdir()
    assert former.read_text() == FILE
    assert "storm AND lake" in edited.client().get("/watches/storms").text


def test_a_new_watch_is_added(edited):
    client = edited.client()
    state = form(client, "/watches/new?query=%22lake%22+OR+it%27s")
    entry = "- name: lakes\n  query: lake\n"
    answer = post(client, "/watches/new", entry, state, save="1")
    assert answer.headers["location"] == "/watches/lakes"
    assert [
        each["name"] for each in yaml.safe_load((edited.config / "watches.yaml").read_text())["watches"]
    ] == ["storms", "ferries", "lakes"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("- name: storms\n  query: (storm\n", "parenthesis"),
        ("- name: storms\n  query: storm\n  colour: red\n", "colour"),
        ("- name: storms\n  query: a\n- name: more\n  query: b\n", "one watch"),
        ("- name: ferries\n  query: storm\n", "ferries"),
        ("{{{", "the watch"),
        ("", "one watch"),
        ("- name: storms\n  query: &a [*a]\n", ""),
        ("!!python/object/apply:os.system ['true']", ""),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(edited, entry, said):
    client = edited.client()
    state = form(client, "/watches/storms/edit")
    for more in ({"save": "1"}, {"try": "1"}) if "ferries" not in entry else ({"save": "1"},):
        answer = post(client, "/watches/storms/edit", entry, state, **more)
        assert answer.status_code == 400, answer.text
        assert said in PageReader(answer.text).words
    assert (edited.config / "watches.yaml").read_text() == FILE


def test_two_who_change_one_file_see_each_other(edited):
    client = edited.client()
    state = form(client, "/watches/storms/edit")
    file = edited.config / "watches.yaml"
    file.write_text(FILE.replace("query: storm", "query: tempest"))
    data = {"entry": "- name: storms\n  query: gale\n", "state": state, "save": "1"}
    answer = client.post("/watches/storms/edit", headers=HERE, data=data)
    assert answer.status_code == 409
    assert "tempest" in answer.text
    assert "gale" in answer.text
    assert "tempest" in file.read_text()


def test_a_folder_that_cannot_be_written_says_so(edited):
    client = edited.client()
    state = form(client, "/watches/storms/edit")
    (edited.config / "watches.yaml.new").mkdir()
    data = {"entry": "- name: storms\n  query: gale\n", "state": state, "save": "1"}
    answer = client.post("/watches/storms/edit", headers=HERE, data=data)
    assert answer.status_code == 400
    assert "cannot be written" in PageReader(answer.text).words
    assert (edited.config / "watches.yaml").read_text() == FILE


NAMES = st.text("abcdefghij -", min_size=1, max_size=10).map(str.strip).filter(bool)


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True), st.data())
def test_by_law_the_other_watches_stay_as_they_are(names, data):
    gap = st.sampled_from(["", "\n", "\n# between\n", "\n\n"])
    entries = [f"- name: '{name}'\n  query: |\n    a\n    b\n{data.draw(gap)}" for name in names]
    text = "watches:\n" + "".join(entries)
    chosen = data.draw(st.sampled_from(names))
    assert f"'{chosen}'" in entry_of(text, chosen)
    made = with_changed(text, chosen, f"- name: '{chosen}'\n  query: changed\n")
    before, after = (yaml.safe_load(each)["watches"] for each in (text, made))
    assert [each["name"] for each in after] == names
    assert [each for each in after if each["name"] != chosen] == [e for e in before if e["name"] != chosen]
    assert made.count("# between") == text.count("# between")


def test_a_list_without_lines_of_its_own_is_left_alone():
    with pytest.raises(UsageError, match="by hand"):
        entry_of("watches: [{name: a, query: b}]", "a")
