"""What hostile input costs: 32 KB of anything, repeated, stays far below half a second in every rule."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace

import pytest
from source_samples import NOW

from pipeline.enrich.names.look.patterns import named_spans
from pipeline.errors import RejectedError
from pipeline.normalize.article import normalize
from pipeline.records import RawItem
from pipeline.sources.raw_items import numbered

BYTES = 32 * 1024
LIMIT_SECONDS = 0.5
ATOMS = [
    *("O'B", "Aa ", "A-", "a.", "(", "[", "<", "<p>", "<a ", "&amp;", "«", "|", " - ", "—", ":", '"', "''"),
    *("1 ", "12/", "2026-01-01 ", "By ", "(AP) ", "LONDON (Reuters) - ", "Read more ", "\n\n", "\t", "Ã¼"),
    *("Москва ", "東京", "ไทย", "E\u0301", "UPDATE 1-", "A von ", "U.S. ", "<!--", "<br>", "• ", "#39; "),
]
ITEM = RawItem(id="", capture="c", position=0, fetched=NOW, title="A title of some words")
FIELDS = {
    "body": lambda text: replace(ITEM, body=text),
    "html": lambda text: replace(ITEM, body=text, html=True),
    "title": lambda text: replace(ITEM, title=text),
    "author": lambda text: replace(ITEM, authors=(text,)),
    "published": lambda text: replace(ITEM, published=text),
    "url": lambda text: replace(ITEM, url=f"https://outlet.test/{text}"),
}


def seconds_of(work):
    started = time.process_time()
    with contextlib.suppress(RejectedError):
        work()
    return time.process_time() - started


@pytest.mark.slow
@pytest.mark.parametrize("field", FIELDS)
def test_no_field_costs_more_than_half_a_second(field):
    slow = []
    for atom in ATOMS:
        seconds_of(lambda atom=atom: normalize(FIELDS[field](atom * 8)))  # caches and tables fill first
        (item,) = numbered([FIELDS[field]((atom * BYTES)[:BYTES])])
        seconds = seconds_of(lambda item=item: normalize(item))
        if seconds > LIMIT_SECONDS:
            slow.append((atom, round(seconds, 2)))
    assert slow == []


@pytest.mark.parametrize("atom", ["O'B", "A ", "A von ", "Aa-", "A.", "É’"])
def test_names_by_their_look_cost_linear_time(atom):
    assert seconds_of(lambda: named_spans((atom * BYTES)[:BYTES], "fr")) < LIMIT_SECONDS
