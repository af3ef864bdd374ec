"""A backtest as one self-contained page: figures, a timeline, and the stories."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from pipeline.alerts.backtest.backtest import Backtest, Difference, Fired
from pipeline.alerts.send.content import clean, local
from pipeline.alerts.send.schedule import zone_of
from pipeline.records import Watch

# The timeline's drawing area in its own units.
WIDTH, BARS, LANE = 960, 90, 78
# The first row of dots lies below the version's name.
TOP = 22


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the timeline: its place, and the mails of each version."""

    x: float
    width: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One alert of the timeline."""

    x: float
    y: float
    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of alerts."""

    at: str
    title: str
    kind: str
    delay: str
    sent: str
    held: str
    reason: str


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline.alerts.backtest", "templates"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("backtest.html")


def render_backtest_html(
    watch: Watch, result: Backtest, before: Backtest | None = None, difference: Difference | None = None
) -> str:
    """Draws a backtest.

    Args:
        watch: The watch that was tried.
        result: What it would have done.
        before: What another version of it would have done.
        difference: Between the two.
    """
    zone = zone_of(watch.deliver)
    tests = [(watch.name, result)] if before is None else [("new", result), ("former", before)]
    # One scale for both versions, so that their bars can be compared.
    most = max(1, *(each.busiest for _, each in tests))
    return _template().render(
        watch=watch,
        name=clean(watch.name),
        query=clean(watch.query),
        since=local(result.since, zone),
        until=local(result.until, zone),
        figures=_figures(result),
        former=_figures(before) if before else None,
        lanes=[(label, _bars(each, zone, most), _dots(each)) for label, each in tests],
        most=most,
        ticks=_ticks(result, zone),
        width=WIDTH,
        bars=BARS,
        lane=LANE,
        rows=[_row(each, zone) for each in result.fired],
        misses=[(clean(miss.title), miss.miss, miss.story) for miss in result.misses],
        difference=difference,
        gone=[_row(each, zone) for each in difference.gone] if difference else [],
        added=[_row(each, zone) for each in difference.added] if difference else [],
        moved=[(_row(a, zone), _row(b, zone)) for a, b in difference.moved] if difference else [],
    )


def _figures(result: Backtest) -> list[tuple[str, str]]:
    stories = len({each.alert.story for each in result.fired})
    held = ", ".join(f"{count} by {what}" for what, count in sorted(result.held.items())) or "none"
    delay = result.median_delay
    return [
        ("articles hit", str(result.articles)),
        ("stories alerted", str(stories)),
        ("alerts", str(len(result.fired))),
        ("mails", str(result.mails)),
        ("mails a day", f"{result.mails_per_day:.2f}"),
        ("busiest day", str(result.busiest)),
        ("median delay", _span(delay) if delay is not None else "–"),
        ("held back", held),
    ]


def _span(delay: timedelta) -> str:
    """A length of time to two units.

    >>> _span(timedelta(hours=26, minutes=5))
    '1 d 2 h'
    """
    minutes = int(delay.total_seconds() // 60)
    parts = [(minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min")]
    said = [f"{number} {unit}" for number, unit in parts if number][:2]
    return " ".join(said) or "under 1 min"


def _place(result: Backtest, at: datetime) -> float:
    whole = max((result.until - result.since).total_seconds(), 1.0)
    return round(min(max((at - result.since).total_seconds() / whole, 0.0), 1.0) * WIDTH, 1)


def _bars(result: Backtest, zone: str, most: int) -> list[Bar]:
    bars = []
    for day, _, mails in result.days:
        start = datetime.combine(date.fromisoformat(day), datetime.min.time(), ZoneInfo(zone))
        if not mails or start >= result.until:
            continue
        left, right = _place(result, start), _place(result, start + timedelta(days=1))
        width = max(right - left - 1, 2.0)
        bars.append(Bar(left, round(width, 1), round(mails / most * BARS, 1), f"{day}: {mails} mails"))
    return bars


def _dots(result: Backtest) -> list[Dot]:
    dots: list[Dot] = []
    last: dict[int, float] = {}
    for each in result.fired:
        x = _place(result, each.alert.at)
        # The first row where the dot does not cover its neighbour; the last takes what is left over.
        row = next((row for row in range(4) if x - last.get(row, -99.0) >= 9), 4)
        last[row] = x
        at = f"{each.alert.at:%Y-%m-%d %H:%M} UTC"
        dots.append(Dot(x, TOP + row * 11, each.alert.kind, f"{at}: {clean(each.title)}"))
    return dots


def _ticks(result: Backtest, zone: str) -> list[tuple[float, str]]:
    days = max((result.until - result.since).days, 1)
    step = max(1, -(-days // 10))
    where = ZoneInfo(zone)
    first = result.since.astimezone(where).date() + timedelta(days=1)
    ticks = []
    for number in range(0, days, step):
        day = first + timedelta(days=number)
        at = datetime.combine(day, datetime.min.time(), where)
        if at <= result.until:
            ticks.append((_place(result, at), f"{day:%m-%d}"))
    return ticks


def _row(fired: Fired, zone: str) -> Row:
    return Row(
        at=local(fired.alert.at, zone),
        title=clean(fired.title),
        kind=fired.alert.kind,
        delay=_span(fired.delay),
        sent=local(fired.due, zone),
        held=fired.held,
        reason=clean(fired.alert.reason),
    )
