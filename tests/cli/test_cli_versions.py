"""What changed between two versions of an article, as the command tells it."""

from datetime import UTC, datetime

from pipeline.app.shapes import version_shapes
from pipeline.ports import Version
from pipeline.records import Article

AT = datetime(2026, 1, 5, tzinfo=UTC)


def test_each_version_says_what_the_next_one_changed():
    def made(version, title, text, updated=None):
        return Article(
            id="a",
            keys=("k",),
            url="",
            outlet="o",
            published=AT,
            published_from="feed",
            title=title,
            text=text,
            version=version,
            updated=updated,
            fetched=AT,
        )

    one = made(1, "Flood", "Same.\n\nTwo are missing.")
    two = made(2, "Flood, bridge closed", "Same.\n\nTwo are missing.")
    now = made(3, "Flood, bridge closed", "Same.\n\nTwo were found.", AT.replace(day=6))
    first, second = version_shapes([Version(one, AT), Version(two, AT)], now)
    assert first["changed"] == {"title": {"out": ["Flood"], "in": ["Flood, bridge closed"]}}
    assert second["changed"] == {
        "text": {"out": ["Two are missing."], "in": ["Two were found."]},
        "date": {"out": ["2026-01-05T00:00:00Z"], "in": ["2026-01-06T00:00:00Z"]},
    }
