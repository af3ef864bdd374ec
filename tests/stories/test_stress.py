"""The stress set: each variant changes one thing, and the same thing each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from benchmarks.stories.stress import in_a_week, interleaved, sized, stress_set, undated, variants
from pipeline.app.evaluate import Labelled
from pipeline.records import RawItem, content_id

START = datetime(2031, 5, 1, 9, 30, tzinfo=UTC)


def _line(number: int, *, days: float | None = 0.0, cluster: str = "flood", outlet: str = "Post") -> Labelled:
    when = None if days is None else START + timedelta(days=days)
    item = RawItem(
        content_id("line", str(number)),
        "capture",
        number,
        START,
        title=f"Title {number}",
        body="The river rose over its banks again. " * 20,
        outlet=outlet,
        published=when.isoformat() if when else "",
    )
    return Labelled(item, cluster, when)


def _news() -> list[Labelled]:
    return [
        _line(n, days=n * 3, cluster=f"event {n // 2}", outlet="Post" if n % 3 else "Mail") for n in range(12)
    ]


def test_variants_are_the_same_each_time_and_each_is_another() -> None:
    lines = _news()
    made = variants(lines)
    assert made == variants(list(lines))
    assert all(changed != lines for changed in made.values())
    assert {len(line.item.body) for line in made["200 characters"]} == {200}
    assert {line.item.body for line in made["titles"]} == {""}
    assert {line.item.outlet for line in made["without an outlet"]} == {"Mail"}
    assert {(line.published, line.item.published) for line in made["undated"]} == {(None, "")}


def test_half_of_the_events_are_whole_events() -> None:
    lines = _news()
    kept = variants(lines)["half of the events"]
    clusters = {line.cluster for line in kept}
    assert kept == [line for line in lines if line.cluster in clusters]


def test_a_week_holds_what_months_held_in_the_same_order() -> None:
    week = in_a_week(_news())
    times = [line.published for line in week if line.published is not None]
    assert len(times) == len(week)
    assert times == sorted(times)
    assert times[-1] - times[0] == timedelta(days=7)
    assert datetime.fromisoformat(week[3].item.published) == times[3]


def test_two_files_in_one_stream_keep_their_own_labels_and_orders() -> None:
    """The second begins when the first does; one without a date stays behind the line before it."""
    first = [_line(1), _line(2, days=None), _line(3, days=2)]
    later = [_line(4, days=100), _line(5, days=101)]
    mixed = interleaved(first, later)
    assert [line.item.title[-1] for line in mixed] == ["1", "2", "4", "5", "3"]
    assert [line.cluster for line in mixed] == ["0 flood", "0 flood", "1 flood", "1 flood", "0 flood"]


def test_the_stress_set_holds_each_file_in_sizes_variants_and_with_the_next() -> None:
    """Of a large file variants are made of a part; a subset holds whole events; names are said once."""
    large = [
        _line(n, days=n / 50, cluster=f"event {n // 4}", outlet="Post" if n % 3 else "Mail")
        for n in range(1300)
    ]
    files = {"large_dev": large, "small_dev": _news()}
    made = list(stress_set(files))
    sets = dict(made)
    assert len(sets) == len(made)
    assert sets["large_dev"] == large
    assert "small_dev, 200 articles" not in sets
    for size in (200, 1000):
        subset = sets[f"large_dev, {size} articles"]
        assert len(subset) == size
        clusters = {line.cluster for line in subset}
        assert subset == [line for line in large if line.cluster in clusters]
    assert sets["large_dev, undated"] == undated(sized(large, 1000))
    assert len(sets["small_dev, with large_dev"]) == len(sets["large_dev, with small_dev"]) == 1012
    assert made == list(stress_set(files))
