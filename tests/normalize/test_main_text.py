"""The main text of pages of many layouts: the figure of all, and what must not be lost or come in."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.normalize.plaintext.page import read_page


def _loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"invented_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


pages = _loaded("pages")
world = _loaded("pages_of_the_world")
WORLD = list(world.pages())
wild = _loaded("pages_in_the_wild")
WILD = list(wild.pages(world.TEXTS))
SAMPLES = list(pages.samples())
# F1 over all pages, the figure of the issue; and of each page by itself.
LEAST_F1 = 0.975
LEAST_OF_ONE = 0.9


def extracted(html: str) -> str:
    return "\n".join(line for line in read_page(html).text.split("\n\n") if line != "Water in the valley")


def test_pages_are_read_as_well_as_promised() -> None:
    scores = [pages.score(extracted(sample.html), "\n".join(sample.article)) for sample in SAMPLES]
    assert sum(f1 for _, _, f1 in scores) / len(scores) >= LEAST_F1
    assert sum(recall for _, recall, _ in scores) / len(scores) >= 0.985


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_each_layout(sample: pages.Sample) -> None:
    precision, recall, f1 = pages.score(extracted(sample.html), "\n".join(sample.article))
    assert f1 >= LEAST_OF_ONE, (precision, recall)


def test_pages_of_many_publishing_systems_are_read_as_well_as_promised() -> None:
    scores = [
        pages.score(read_page(page).text.replace("\n\n", "\n"), "\n".join(article))
        for _, page, article in WORLD
    ]
    assert sum(f1 for _, _, f1 in scores) / len(scores) >= LEAST_F1
    assert sum(recall for _, recall, _ in scores) / len(scores) >= 0.985
    assert min(f1 for _, _, f1 in scores) >= LEAST_OF_ONE


def test_pages_built_as_in_the_wild_are_read_as_well_as_promised() -> None:
    scores = {}
    for name, page, article in WILD:
        lines = [line for line in read_page(page).text.split("\n\n") if line not in wild.standfirsts()]
        scores[name] = pages.score("\n".join(lines), "\n".join(article))
    assert {name: f1 for name, (_, _, f1) in scores.items() if f1 < LEAST_OF_ONE} == {}
    assert sum(f1 for _, _, f1 in scores.values()) / len(scores) >= LEAST_F1
    assert sum(recall for _, recall, _ in scores.values()) / len(scores) >= 0.985


def test_text_deep_within_others_is_kept() -> None:
    line = "The bridge over the Lorn was closed on Friday after a lorry had struck its middle pier."
    page = f"<html><body><h1>Bridge closed</h1>{'<div>' * 400}<p>{line}</p><p>{line[::-1]}.</p></body></html>"
    assert line in read_page(page).text


@pytest.mark.parametrize(
    "page", ["<html>", "<h1>x</h1>", "<" * 3000, "<div>" * 3000 + "a", "<table><tr><td>" * 400]
)
def test_a_strange_page_is_read_as_far_as_it_goes(page: str) -> None:
    assert isinstance(read_page(page).text, str)
