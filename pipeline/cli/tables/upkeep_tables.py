"""What keeps the system well, what people asked for and what was measured, as tables; times are ages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from pipeline.cli.tables.ages import NEVER, age, minute
from pipeline.cli.tables.fitting import Listing, TableColumn, number
from pipeline.cli.tables.news_tables import Json, counted


def counts_listing(counts: Json) -> Listing:
    """Named numbers in two columns."""
    listing = Listing((TableColumn(""), TableColumn("", least=20, folds=True)))
    for name, value in counts.items():
        if isinstance(value, float):
            listing.row(name, f"{value:.1f}")
        elif isinstance(value, int | str):
            listing.row(name, str(value))
        elif isinstance(value, dict):
            listing.row(name, " ".join(f"{key}={part}" for key, part in value.items()))
    return listing


def tokens_listing(tokens: Sequence[Json], now: datetime) -> Listing:
    """What may come in at the read API."""
    columns = (
        TableColumn("name"),
        TableColumn("may read", 1, least=20, folds=True),
        number("a minute", 3),
        TableColumn("made", 2),
    )
    listing = Listing(columns, counted(len(tokens), "token"))
    for each in tokens:
        listing.row(each["name"], " ".join(each["scopes"]), str(each["per_minute"]), age(each["made"], now))
    return listing


def feeds_listing(feeds: Sequence[Json]) -> Listing:
    """Feeds with what is known of them: as configured, as added, or how they answered; errors below."""
    known = {
        "id": TableColumn("id"),
        "ok": TableColumn("ok", 2),
        "status": number("status", 3),
        "entries": number("entries", 4),
        "outlet": TableColumn("outlet", 1, least=16),
        "enabled": TableColumn("on", 2),
        "tags": TableColumn("tags", 3, least=12),
        "language": TableColumn("language", 4),
        "pages": TableColumn("pages", 5),
        "newest": TableColumn("newest", 5, least=20),
        "url": TableColumn("url", 6),
    }
    names = [name for name in known if name == "id" or any(name in feed for feed in feeds)]
    listing = Listing([known[name] for name in names], counted(len(feeds), "feed"))
    for feed in feeds:
        listing.row(*(_said(feed[name]) for name in names), below=feed.get("error") or "")
    return listing


def health_listing(feeds: Sequence[Json], now: datetime) -> Listing:
    """How each feed is doing; its error below it."""
    columns = (
        TableColumn("id"),
        number("status", 1),
        TableColumn("last success", 3),
        TableColumn("last new", 2),
        number("failures", 4),
        TableColumn("next poll", 5),
        number("lag", 6),
        number("repeats", 7),
        TableColumn("on", 8),
    )
    listing = Listing(columns, counted(len(feeds), "feed"))
    for feed in feeds:
        listing.row(
            feed["id"],
            _said(feed["status"]),
            age(feed["last_success"], now),
            age(feed["last_new"], now),
            _said(feed["failures"]),
            age(feed["next_poll"], now),
            NEVER if feed["lag_seconds"] is None else f"{feed['lag_seconds'] / 60:.0f} min",
            _said(feed["repeats"]),
            _said(feed["enabled"]),
            below=feed["error"],
        )
    return listing


def corrections_listing(corrections: Sequence[Json], now: datetime) -> Listing:
    """Corrections that people made, and whether they are in force; the note below."""
    columns = (
        TableColumn("id"),
        TableColumn("what", 1),
        TableColumn("state", 2),
        TableColumn("articles", 4, least=18),
        TableColumn("at", 3),
        TableColumn("who", 5, least=8),
    )
    listing = Listing(columns, counted(len(corrections), "correction"))
    for entry in corrections:
        listing.row(
            entry["id"],
            f"undo of {entry['of'][:8]}" if entry["of"] else entry["kind"],
            f"undone by {entry['undone_by'][:8]}" if entry["undone"] else "in force",
            " | ".join(", ".join(article[:8] for article in group) for group in entry["groups"]),
            age(entry["at"], now),
            entry["who"],
            below=entry["note"],
        )
    return listing


def requests_listing(requests: Sequence[Json], now: datetime) -> Listing:
    """What was asked for, and below what became of it."""
    columns = (
        TableColumn("id"),
        TableColumn("kind", 1),
        TableColumn("state", 2),
        TableColumn("at", 3),
        TableColumn("who", 4, least=8),
    )
    listing = Listing(columns, counted(len(requests), "request"))
    for each in requests:
        listing.row(
            each["id"], each["kind"], each["state"], age(each["at"], now), each["who"], below=each["result"]
        )
    return listing


def messages_listing(messages: Sequence[Json], now: datetime) -> Listing:
    """What was not sent, and below why."""
    from pipeline.records.alerts import UNFINISHED  # a help screen needs no records

    columns = (
        TableColumn("id"),
        TableColumn("to", 1, least=20),
        TableColumn("state", 2),
        TableColumn("failed since", 5),
        TableColumn("next try", 3),
        number("tries", 6),
        TableColumn("watch", 4, least=10),
    )
    listing = Listing(columns, counted(len(messages), "message"))
    for each in messages:
        listing.row(
            each["id"],
            each["to"],
            each["state"],
            age(each["since"], now),
            age(each["due"], now) if each["state"] in UNFINISHED else NEVER,
            str(each["tries"]),
            each["watch"] or "operator",
            below=each["error"],
        )
    return listing


def rejections_listing(entries: Sequence[Json], now: datetime) -> Listing:
    """The quarantine; the reason below."""
    columns = (
        TableColumn("id"),
        TableColumn("source", 1, least=20),
        TableColumn("stage", 2),
        TableColumn("at", 3),
    )
    listing = Listing(columns, f"{len(entries)} in quarantine")
    for entry in entries:
        listing.row(
            entry["id"], entry["source"], entry["stage"], age(entry["at"], now), below=entry["reason"]
        )
    return listing


def checks_listing(checks: Sequence[Json]) -> Listing:
    """What the doctor found."""
    listing = Listing((TableColumn("check"), TableColumn(""), TableColumn("detail", least=20, folds=True)))
    for check in checks:
        mark = Text("ok", "green") if check["ok"] else Text("fails", "red")
        listing.row(check["check"], mark, check["detail"])
    return listing


def evaluation_listing(document: Json) -> Listing:
    """Story quality, a row a file; `top`: mixed stories, events twice and events missing on top of a page.

    `affairs`: BCubed F1 of the articles by situation instead of by story.
    """
    columns = (
        TableColumn("file"),
        number("articles", 4),
        number("stories", 5),
        number("gold", 6),
        number("BCubed P", 2),
        number("R", 2),
        number("F1", 1),
        number("first F1", 7),
        number("pair F1", 3),
        number("affairs", 8),
        number("NMI", 9),
        number("top", 10),
        number("s", 11),
    )
    listing = Listing(columns)
    for row in document["files"]:
        quality = row["bcubed"]
        listing.row(
            row["file"].rsplit("/", 1)[-1],
            str(row["articles"]),
            str(row["stories"]),
            str(row["gold_stories"]),
            *(f"{quality[key]:.3f}" for key in ("p", "r", "f1")),
            f"{row['first_assignment']['bcubed']['f1']:.3f}",
            f"{row['pairwise']['f1']:.3f}",
            f"{row['situations']['bcubed']['f1']:.3f}",
            f"{row['nmi']:.3f}",
            "/".join(f"{row['top_of_page'][wrong]['mean']:.1f}" for wrong in ("mixed", "twice", "missing")),
            f"{row['seconds']:.0f}",
        )
    mean = document["mean"]
    listing.row("mean", *[""] * 5, f"{mean['bcubed_f1']:.3f}", "", f"{mean['pairwise_f1']:.3f}", *[""] * 4)
    return listing


def backtest_listing(document: Json) -> Listing:
    """What a watch would have alerted, a row each."""
    columns = (
        TableColumn("when (UTC)"),
        TableColumn("story", 2),
        TableColumn("title", 1, least=20),
        TableColumn("kind", 3),
        TableColumn("mailed", 4),
        TableColumn("held by", 5),
    )
    listing = Listing(columns, document["watch"])
    for alert in document["alerts"]:
        listing.row(
            minute(alert["at"]),
            alert["story"],
            alert["title"],
            alert["kind"],
            minute(alert["due"]),
            alert["held"],
        )
    return listing


def _said(value: object) -> str:
    """A value in a cell.

    >>> [_said(value) for value in (None, True, ["a", "b"], 304)]
    ['–', 'yes', 'a, b', '304']
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return NEVER if value is None else str(value)
