"""What keeps the system well: feeds, quarantine, doctor; and what this desk is."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from pipeline.app import App
from pipeline.app.shapes import rejection_shape
from pipeline.desk.view import Ask, View
from pipeline.errors import NotFoundError, UsageError
from pipeline.ports import RejectionFilter

ENTRIES: Final = 50
# Reasons and sources that are counted.
COUNTED: Final = 20


def doctor(app: App, _: Ask) -> View:
    """Checks everything a run needs."""
    checks = app.care.doctor()
    return View("doctor", {"checks": checks}, checks)


def metrics(app: App, _: Ask) -> View:
    """What the doctor knows, for Prometheus: each check, and the gauges."""
    well = "# HELP wirewatch_check_ok Whether a check of `wirewatch doctor` is well.\n"
    well += "# TYPE wirewatch_check_ok gauge\n"
    well += "".join(
        f'wirewatch_check_ok{{check="{each["check"]}"}} {int(bool(each["ok"]))}\n'
        for each in app.care.doctor()
    )
    for each in app.care.gauges():
        name = f"wirewatch_{each.name}"
        well += f"# HELP {name} {each.help}\n# TYPE {name} gauge\n{name} {each.value:.15g}\n"
    return View(body=well, kind="text/plain; version=0.0.4; charset=utf-8")


def feeds(app: App, ask: Ask) -> View:
    """How each feed does, the unwell first."""
    configured = {feed["id"]: feed for feed in app.care.feeds()}
    health = [configured[each["id"]] | each for each in app.care.feed_health()]
    health.sort(key=lambda feed: (not feed["error"], not feed["enabled"], feed["id"]))
    wanted = ask.one("q").casefold()
    shown = [
        feed
        for feed in health
        if (wanted in f"{feed['id']} {feed['outlet']} {feed['url']}".casefold())
        and not (ask.one("ill") and not feed["error"])
    ]
    head = ("id", "outlet", "url", "status", "error", "last_success", "last_new", "next_poll")
    return View(
        "feeds",
        {"feeds": shown, "ill": sum(1 for feed in health if feed["error"]), "all": len(health)},
        shown,
        (head, *([str(feed[key] or "") for key in head] for feed in shown)),
    )


def feed(app: App, ask: Ask) -> View:
    """One feed: its state, and what came of it."""
    name = ask.given["id"]
    known = next((feed for feed in app.care.feeds() if feed["id"] == name), None)
    if known is None:
        raise NotFoundError(f"feed {name}: no feed in feeds.yaml has this id")
    state = next(each for each in app.care.feed_health() if each["id"] == name)
    quoted = name.replace('"', "")
    hits = app.read.search(f'feed:"{quoted}"', since=None, limit=50)
    found = sorted((hit.article for hit in hits), key=lambda each: -each.seq)[:20]
    refused = app.stored.rejections(RejectionFilter(source=known["url"]), 20)
    return View("feed", {"feed": known | state, "articles": found, "refused": refused}, known | state)


def opml(app: App, _: Ask) -> View:
    """The feeds for another reader."""
    return View(body=app.care.export_feeds(), kind="text/x-opml; charset=utf-8", name="feeds.opml")


def quarantine(app: App, ask: Ask) -> View:
    """What could not be processed, counted by reason and by source."""
    wanted = RejectionFilter(reason=ask.one("reason"), place=ask.one("source"))
    found = app.stored.rejections(wanted, ENTRIES + 1, _behind(ask.one("after")))
    shown = found[:ENTRIES]

    def document() -> list[dict[str, Any]]:
        return [rejection_shape(entry) for entry in app.stored.rejections(wanted)]

    head = ("id", "source", "stage", "reason", "at")
    return View(
        "quarantine",
        {
            "entries": shown,
            "reasons": app.stored.count_rejections("reason", COUNTED),
            "sources": app.stored.count_rejections("place", COUNTED),
            "older": f"{shown[-1].at.isoformat()}~{shown[-1].id}" if len(found) > ENTRIES else None,
        },
        document,
        lambda: (head, *([str(row[key]) for key in head] for row in document())),
    )


def _behind(text: str) -> tuple[datetime, str] | None:
    """The place in the list that an address names; None for its beginning.

    Raises:
        UsageError: It is none.
    """
    if not text:
        return None
    at, _, name = text.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise UsageError(f"after={text}: begin at the first page") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC), name


def entry(app: App, ask: Ask) -> View:
    """One entry, with the beginning of what was refused."""
    found = app.care.quarantined(ask.given["id"])
    document: dict[str, Any] = rejection_shape(found) | {"excerpt": found.excerpt, "capture": found.capture}
    return View("entry", {"entry": found}, document)


def about(app: App, ask: Ask) -> View:
    """What this is, its keys, and the settings without secrets."""
    try:
        ours = version("wirewatch")
    except PackageNotFoundError:
        ours = "?"
    del ask
    return View("about", {"ours": ours, "kept": app.care.settings()}, {"version": ours})
