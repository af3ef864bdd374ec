"""Tables at 80 columns: an id is never cut, nothing of a title becomes markup, titles are links."""

import io

from rich.console import Console

from pipeline.cli.tables import hits_table, stories_table

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


def drawn(table, width=80, *, terminal=False):
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=terminal, highlight=False).print(table)
    return out.getvalue()


def test_an_id_is_whole_at_any_width():
    for width in (60, 80, 140):
        assert STORY["id"] in drawn(stories_table([STORY] * 3), width)
        hits = drawn(hits_table([HIT]), width)
        assert HIT["id"] in hits
        assert HIT["story"] in hits
    assert max(map(len, drawn(stories_table([STORY])).splitlines())) <= 80


def test_a_title_is_a_link_on_a_terminal_and_text_elsewhere():
    assert "https://o.example/a?b=1" in drawn(stories_table([STORY]), terminal=True)
    assert "o.example" not in drawn(stories_table([STORY]))
    assert "[bold]" in drawn(stories_table([STORY]), 200)
    assert "o.example" not in drawn(hits_table([HIT]), terminal=True)
