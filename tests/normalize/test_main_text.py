"""The main text of pages of many layouts: the figure of all, and what must not be lost or come in."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from pipeline.normalize.plaintext.page import read_page

_PATH = Path(__file__).with_name("pages.py")
_SPEC = importlib.util.spec_from_file_location("invented_pages", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
pages = importlib.util.module_from_spec(_SPEC)
sys.modules["invented_pages"] = pages
_SPEC.loader.exec_module(pages)
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


@pytest.mark.parametrize(
    "page", ["<html>", "<h1>x</h1>", "<" * 3000, "<div>" * 3000 + "a", "<table><tr><td>" * 400]
)
def test_a_strange_page_is_read_as_far_as_it_goes(page: str) -> None:
    assert isinstance(read_page(page).text, str)
