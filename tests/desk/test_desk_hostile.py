"""Texts made to break pages: what comes out has no element and no attribute but those of the templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_site import Desk
from desk_store import NOW, everyday
from html_reader import PageReader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient
from test_desk_pages import PAGES

from pipeline.desk.access import Person
from pipeline.desk.view import Ask, View, as_csv, as_html, as_json
from pipeline.text import plain

DESK = Path(__file__).resolve().parents[2] / "pipeline" / "desk"
HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b>",
    "schemes": 'javascript:alert(1)//https://x.example/" onclick="alert(1)',
    "bidi": "a\u202eb\u2066c\u200fd",
    "controls": "a\x01b\x1bc\x7fd",
    "templates": "{{ 7*7 }}{% raw %}${7*7}</textarea><!-- ]]>",
    "long": "x" * 300_000,
}
TEMPLATES = "".join(path.read_text() for path in DESK.glob("pages/*.html"))
ALLOWED = set(re.findall(r"<([a-z][a-z0-9]*)", TEMPLATES))


def attributes_of_templates():
    return set(re.findall(r"[\s\"}]([a-z][a-zA-Z-]*)=[\"{]", TEMPLATES)) | {
        "required",
        "autofocus",
        "checked",
        "selected",
        "open",
        "defer",
    }


@pytest.fixture(scope="module", params=sorted(HOSTILE))
def hostile(request, tmp_path_factory) -> Iterator[TestClient]:
    made = Desk(tmp_path_factory.mktemp("hostile"), everyday(HOSTILE[request.param]))
    yield made.client()
    made.close()


@pytest.mark.parametrize("path", [path for path in PAGES if not path.startswith("/names/")])
def test_a_hostile_store_makes_ordinary_pages(hostile, path):
    answer = hostile.get(path)
    assert answer.status_code in {200, 400}
    found = PageReader(answer.text)
    assert found.problems() == []
    assert {tag for tag, _ in found.elements} <= ALLOWED
    assert {name for _, a in found.elements for name in a} <= {
        name.lower() for name in attributes_of_templates()
    }
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]", answer.text)
    assert len(answer.content) < 200_000


LINES = st.text(st.characters(exclude_categories=()), max_size=60)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(LINES, LINES, LINES)
def test_no_text_adds_an_element_or_an_attribute(query, heading, value):
    """By law: the same page with any texts has the same elements and attributes."""

    def shape(first, second, third):
        ask = Ask("/search", (("q", third),), {}, (), Person(second, "editor"), NOW)
        page = View(
            "error", {"heading": second, "line": first, "query": third or "q", "column": 1, "refresh": None}
        )
        found = PageReader(as_html(ask, page))
        return [(tag, sorted(attributes)) for tag, attributes in found.elements], found.unclosed

    assert shape(query, heading, value) == shape("a", "b", "c")


@given(LINES)
def test_what_is_shown_turns_nothing_around_and_can_be_encoded(text):
    shown = plain(text)
    assert shown.encode("utf-8").decode() == shown
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x1f\x7f-\x9f\ud800-\udfff]", shown)


@given(st.lists(st.lists(LINES, min_size=1, max_size=3), max_size=3))
def test_no_cell_is_a_formula_and_every_document_is_json(rows):
    import csv
    import io
    import json

    text = as_csv(rows)
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    json.loads(as_json(rows))


def test_no_template_marks_a_text_as_safe():
    for path in [*DESK.glob("pages/*.html"), *DESK.glob("*.py")]:
        text = path.read_text()
        assert "|safe" not in text.replace(" ", ""), path
        assert "Markup(" not in text, path
        assert "autoescape false" not in text, path


def test_no_template_has_a_style_or_a_script_of_its_own():
    for path in DESK.glob("pages/*.html"):
        text = path.read_text()
        assert not re.search(r"<style|style=|<script(?! src=)|\son[a-z]+=", text), path


def test_what_every_page_loads_is_small():
    assert (DESK / "static" / "desk.css").stat().st_size <= 10_000
    assert (DESK / "static" / "desk.js").stat().st_size <= 6_000


def test_the_room_is_small():
    files = [path.read_text().count("\n") for path in DESK.glob("[a-z]*.py")]
    assert len(files) <= 16
    assert len(list(DESK.glob("pages/*.html"))) <= 24
