"""What keeps the system well: feeds, quarantine, doctor; and what this desk is."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final
from urllib.parse import urlsplit

from pipeline.app import App
from pipeline.app.shapes import rejection_shape
from pipeline.desk.view import Ask, View
from pipeline.errors import NotFoundError

ENTRIES: Final = 50


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
    refused = [entry for entry in app.stored.quarantine() if entry.source == known["url"]][:20]
    return View("feed", {"feed": known | state, "articles": found, "refused": refused}, known | state)


def opml(app: App, _: Ask) -> View:
    """The feeds for another reader."""
    return View(body=app.care.export_feeds(), kind="text/x-opml; charset=utf-8", name="feeds.opml")


@lru_cache(10_000)
def place_of(source: str) -> str:
    """Where an entry of the quarantine came from, short: a host, or the path as it is."""
    try:
        return urlsplit(source).hostname or source
    except ValueError:
        return source


def quarantine(app: App, ask: Ask) -> View:
    """What could not be processed, counted by reason and by source."""
    entries = app.stored.quarantine()
    reasons = Counter(entry.reason for entry in entries).most_common(20)
    sources = Counter(place_of(entry.source) for entry in entries).most_common(20)
    reason, source = ask.one("reason"), ask.one("source")
    kept = [
        entry
        for entry in entries
        if reason in {"", entry.reason.strip()} and source in {"", place_of(entry.source)}
    ]
    start = ask.number("after", 0, 0, 10**9)
    shown = kept[start : start + ENTRIES]

    def document() -> list[dict[str, Any]]:
        return [rejection_shape(entry) for entry in kept]

    head = ("id", "source", "stage", "reason", "at")
    return View(
        "quarantine",
        {
            "entries": shown,
            "reasons": reasons,
            "sources": sources,
            "total": len(kept),
            "older": start + ENTRIES if len(kept) > start + ENTRIES else None,
        },
        document,
        lambda: (head, *([str(row[key]) for key in head] for row in document())),
    )


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
