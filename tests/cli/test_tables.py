"""Tables in the width there is: columns leave by importance, ids are whole, what came in is text."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from pipeline.cli.situations import situations_listing
from pipeline.cli.tables.ages import age
from pipeline.cli.tables.fitting import WIDE, Listing, TableColumn, hanging, heading, linked, number
from pipeline.cli.tables.news_tables import entity_text, hits_listing, preview_text, stories_listing
from pipeline.cli.tables.upkeep_tables import (
    backtest_listing,
    corrections_listing,
    evaluation_listing,
    feeds_listing,
    health_listing,
    messages_listing,
    rejections_listing,
    requests_listing,
)
from pipeline.text import plain

NOW = datetime(2026, 1, 5, 13, tzinfo=UTC)
STORY = {
    "id": "4d3c2b1a09f8e7d6",
    "title": "A very long title [bold]about[/bold] the harvest of wheat in the far valleys of Lorn",
    "size": 12,
    "origins": 4,
    "outlets": ["Harbour Post", "The Long Named Gazette of the Valley"],
    "topics": [{"name": "agriculture"}],
    "last_published": "2026-01-05T10:00:00Z",
    "dated": True,
    "articles": [{"url": "https://o.example/a?b=1"}],
}
HIT = {
    "id": "0123456789abcdef",
    "story": "fedcba9876543210",
    "title": "Wheat",
    "source": "Harbour Post",
    "published": None,
    "seen": "2026-01-05T10:00:00Z",
    "score": 1.25,
    "url": "https://o.example/[link=x]",
}
# Each in a way that breaks a table that is not careful.
HOSTILE = (
    "",
    "[red]markup[/red] [/] [link=https://o.example]",
    "\x1b[31mred\x1b[0m \x1b]8;;https://o.example\x1b\\link\x07 \x9b31m",
    "turned \u202eround\u2066 and \u200fback",
    "two\nlines\r\nand a\ttab\u2028and a mark",
    "地震が北部を襲い四人が死亡した" * 9,
    "👩‍👩‍👧‍👦 family 🇨🇱 flag e\u0301\u0302\u0303 accents" * 4,
    "W" * 400,
    ":smile: :warning:",
    "ends in a backslash \\",
)


def drawn(listing, width=80, *, terminal=False):
    """The lines of a listing."""
    out = io.StringIO()
    listing.show(Console(file=out, width=width, force_terminal=terminal, highlight=False))
    return out.getvalue().splitlines()


def printable(text):
    """Whether a text has no mark of control or direction; joiners of emoji and some scripts are none."""
    return text.replace("\u200d", "").isprintable()


def test_columns_leave_by_importance_and_are_named():
    assert [line.split() for line in drawn(stories_listing([STORY], NOW), 60)] == [
        ["1", "story"],
        ["story", "title", "articles"],
        ["4d3c2b1a09f8e7d6", "A", "very", "long", "title", "[bold]about[/…", "12"],
        ["Not", "shown:", "origins,", "newest,", "outlets,", "topics;", "--json", "has", "all."],
    ]
    at_80 = drawn(stories_listing([STORY], NOW), 80)[1].split()
    assert at_80 == ["story", "title", "articles", "origins", "newest"]
    assert not any("Not shown" in line for line in drawn(stories_listing([STORY], NOW), 160))


def test_into_a_pipe_goes_everything():
    shown = drawn(stories_listing([STORY], NOW), WIDE)
    assert len(shown) == 3
    for part in (STORY["title"], "Harbour Post, The Long Named Gazette of the Valley", "agriculture", "3 h"):
        assert part in shown[2]


def test_where_there_is_no_room_the_title_gets_what_there_is():
    shown = drawn(stories_listing([STORY], NOW), 40)
    assert shown[2] == "4d3c2b1a09f8e7d6  A very long title [bo…"
    assert drawn(stories_listing([STORY], NOW), 20)[2] == STORY["id"]


def test_an_id_that_is_longer_than_its_column_stands_above_its_row():
    listing = Listing((TableColumn("id"), number("status", 1)), "")
    listing.row("f" * 90, "200", below="refused: " + "why " * 30)
    listing.row("short", "304")
    shown = drawn(listing, 60)
    assert shown[1:3] == ["f" * 90, " " * 32 + "   200"]
    assert all(line.startswith("    ") and len(line) <= 60 for line in shown[3:-1])
    assert shown[-1].split() == ["short", "304"]


def test_a_title_is_a_link_on_a_terminal_and_text_elsewhere():
    assert "https://o.example/a?b=1" in "".join(drawn(stories_listing([STORY], NOW), terminal=True))
    assert "o.example" not in "".join(drawn(stories_listing([STORY], NOW)))
    for url in ("javascript:alert(1)", "https://o.example/\x1b\\", "https://o.example/a b", ""):
        assert not linked("x", url).spans, url
        assert not linked("x", url).style, url


def test_an_undated_one_says_since_when_it_is_known():
    assert "seen 3 h ago" in drawn(hits_listing([HIT], NOW), 140)[2]
    assert age(None, NOW) == "–"


@pytest.mark.parametrize("text", HOSTILE)
def test_what_came_from_outside_is_text_on_its_line(text):
    listing = stories_listing([STORY | {"title": text, "outlets": [text]}], NOW)
    for width in (60, 80, 120, WIDE):
        shown = drawn(listing, width, terminal=True)
        assert len(shown) == 3 + any("Not shown" in line for line in shown)
        assert printable("".join(drawn(listing, width)))
    out = io.StringIO()
    heading(Console(file=out, width=60), text, " (rest)")
    hanging(Console(file=out, width=60), "  who: ", text)
    assert max(map(cell_len, out.getvalue().splitlines())) <= 60
    assert printable(out.getvalue().replace("\n", ""))


IDS = st.text("0123456789abcdef", min_size=4, max_size=16)
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=120)
NUMBERS = st.integers(0, 10**7).map(str)
COLUMNS = (
    TableColumn("id"),
    TableColumn("title", 1, least=20),
    TableColumn("outlet", 4, least=12),
    TableColumn("state", 3),
    TableColumn("detail", 5, least=10, folds=True),
    TableColumn("end", 2),
)


@given(
    rows=st.lists(st.tuples(IDS, TEXTS, TEXTS, NUMBERS, TEXTS, NUMBERS, TEXTS), min_size=1, max_size=6),
    width=st.integers(60, 200),
)
def test_no_line_is_wider_than_the_terminal_and_every_id_is_whole(rows, width):
    """And what stays has at least the width that it is of use in, where it needs that."""
    listing = Listing(COLUMNS, "title")
    for *cells, below in rows:
        listing.row(*cells, below=below)
    shown = drawn(listing, width)
    assert max(map(cell_len, shown)) <= width
    for each in rows:
        assert any(line.startswith(each[0]) for line in shown)
    heads = re.findall(r"\S+ *", shown[1])
    assert heads[0].strip() == "id"
    for n, column in enumerate(COLUMNS):
        head = next((each for each in heads[:-1] if each.strip() == column.name), "")
        if head:
            needed = max(cell_len(plain(each[n])) for each in rows)
            assert len(head) - 2 >= min(column.least or needed, needed)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_table_fits(width):
    at, text = "2026-01-04T10:00:00Z", "word " * 40
    feed = {"id": "a-feed", "url": f"https://o.example/{'x' * 90}", "outlet": text, "language": "en"}
    configured = {"tags": ["a"] * 30, "pages": "never", "enabled": True}
    asked = {"ok": False, "status": 404, "entries": 0, "newest": text, "error": text}
    polled = {"last_success": at, "last_new": None, "next_poll": "2026-01-05T14:00:00Z", "error": text}
    counts = {"failures": 3, "lag_seconds": 700, "repeats": 0.5, "status": 503}
    groups = {"groups": [["a" * 16] * 9], "of": "", "undone": False, "undone_by": ""}
    said = {"kind": "merge", "at": at, "who": text, "note": text, "result": text, "state": "done"}
    message = {"to": f"mailto:{'d' * 90}@n.example", "watch": text, "since": at, "due": at, "tries": 3}
    scores = {"bcubed": {"p": 1.0, "r": 1.0, "f1": 1.0}}
    measured = {"articles": 10**6, "stories": 10**5, "gold_stories": 10**5, "nmi": 1.0, "seconds": 1.0}
    top = {"top_of_page": {name: {"mean": 1.0} for name in ("mixed", "twice", "missing")}}
    kinds = {"first_assignment": scores, "pairwise": scores["bcubed"], "situations": scores}
    row = {"file": "a/labelled.jsonl"} | measured | top | kinds | scores
    affair = {"id": "s" * 16, "title": text, "stories": [1], "articles": 9, "first": at, "last": at}
    alert = {"at": at, "due": at, "kind": "follow-up", "story": "s" * 16, "title": text, "held": "one outlet"}
    rejection = {"id": "q" * 16, "source": text, "stage": "parse", "at": at, "reason": text}
    for listing, name in (
        (feeds_listing([feed | configured]), "a-feed"),
        (feeds_listing([feed | asked]), "a-feed"),
        (health_listing([feed | polled | counts | {"enabled": True}], NOW), "a-feed"),
        (corrections_listing([{"id": "c" * 16} | groups | said], NOW), "c" * 16),
        (requests_listing([{"id": "r" * 16} | said], NOW), "r" * 16),
        (messages_listing([{"id": "m" * 32, "state": "waiting", "error": text} | message], NOW), "m" * 32),
        (
            evaluation_listing({"files": [row], "mean": {"bcubed_f1": 1.0, "pairwise_f1": 1.0}}),
            "labelled.jsonl",
        ),
        (situations_listing([affair], NOW), "s" * 16),
        (backtest_listing({"watch": "w", "alerts": [alert]}), "s" * 16),
        (rejections_listing([rejection], NOW), "q" * 16),
        (hits_listing([HIT | {"title": text, "source": text}], NOW), "0123456789abcdef"),
    ):
        shown = drawn(listing, width)
        assert max(map(cell_len, shown)) <= width, shown
        assert name in " ".join(shown)


def test_one_of_something_is_told_as_one():
    name = {"id": "e1", "name": "Lorn", "type": "place", "companions": [], "days": [], "stories": [STORY]}
    moved = [{"article": "a", "title": "Wheat", "from": "s1", "into": "s2", "named": True}]
    mails = {"looked_at_first": 1, "go_on": []}
    story = {"id": "s1", "title": "Wheat", "size": 1, "articles": [], "situation": None}
    out = io.StringIO()
    console = Console(file=out, width=80)
    entity_text(console, name | {"articles": 1}, NOW)
    preview_text(console, {"before": [story], "after": [], "moved": moved, "mails": mails})
    told = out.getvalue()
    assert "1 article in 1 story\n" in told
    assert "(1 article)" in told
    assert "1 article moves, 0 of them in consequence" in told
    assert "1 change is asked about first" in told
