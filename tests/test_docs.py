"""The documents hold together: every link leads somewhere, and every page is reached from an index."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from pipeline.records import Article, EnrichedArticle, StoredArticle, Story

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
STATUS = re.compile(r"^Status: (accepted|proposed|superseded by \[.+\]\(.+\.md\))", re.MULTILINE)


def anchors(text):
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", title.replace("`", "").lower()).strip().replace(" ", "-") for title in titles
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page):
    text = re.sub(r"^( {4}|```).*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("folder", ["decisions", "research"])
def test_an_index_lists_every_page_of_its_folder(folder):
    inside = ROOT / "docs" / folder
    listed = set(re.findall(r"\]\(([\w.-]+\.md)\)", (inside / "README.md").read_text(encoding="utf-8")))
    assert listed == {page.name for page in inside.glob("*.md")} - {"README.md"}


def test_a_decision_says_whether_it_holds():
    for page in (ROOT / "docs" / "decisions").glob("20*.md"):
        assert STATUS.search(page.read_text(encoding="utf-8")), page.name


def test_the_navigation_of_the_site_names_every_page():
    """A new page under `docs/` needs a line in `nav` of mkdocs.yml; the other folders list themselves."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r": ([\w/.-]+\.md)$", text, re.MULTILINE))
    there = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    there = {page for page in there if not page.startswith(("decisions/", "research/"))}
    assert named - {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"} == there


def test_the_page_of_fields_names_each_stored_field_and_code_that_is_there():
    text = (ROOT / "docs" / "fields.md").read_text(encoding="utf-8")
    named = {name for line in text.splitlines() for name in re.findall(r"`(\w+)`", line.split(" | ")[0])}
    stored = {each.name for kind in (Article, EnrichedArticle, StoredArticle, Story) for each in fields(kind)}
    assert stored - {"article", "enriched"} <= named
    paths = set(re.findall(r"`([a-z]+(?:/[\w.]+)+)`", text))
    assert paths
    assert not [path for path in paths if not any((at / path).exists() for at in (ROOT, ROOT / "pipeline"))]


def test_the_floors_of_the_house_are_those_that_are_checked():
    """docs/architecture.md says who may import whom; import-linter holds the code to it."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    floors = [
        {room.strip().removeprefix("pipeline.") for room in floor.split("|")}
        for floor in contracts["contracts"][0]["layers"]
    ]
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    block = re.search(r"^Who may import whom.*\n\n((?: {4}.*\n)+)", text, re.MULTILINE)
    assert block is not None
    told = [set(re.findall(r"[a-z_]+", floor)) - {"dags"} for floor in block[1].split("→")]
    assert told == floors
