"""Watches: the list, one of them, and why one was silent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pipeline.app import App
from pipeline.app.shapes import message_shape, stamp
from pipeline.desk.view import Ask, View, address
from pipeline.errors import NotFoundError

MONTH: Final = timedelta(days=30)
TOLD: Final = 50


def delivers(ask: Ask, known: dict[str, Any]) -> str:
    """Where a watch writes to, as this person may see it."""
    return ", ".join(address(ask, to) for to in known["delivers"].split(", ") if to)


def watches(app: App, ask: Ask) -> View:
    """The watches, and what each has told in a month."""
    known = app.watches.all()
    recent: dict[str, list[Any]] = {}
    for alert in app.watches.alerts(since=ask.now - MONTH):
        recent.setdefault(alert.watch, []).append(alert)
    rows = [
        each
        | {
            "delivers": delivers(ask, each),
            "month": len(recent.get(each["name"], ())),
            "last": max((alert.at for alert in recent.get(each["name"], ())), default=None),
        }
        for each in known
    ]
    document = [row | {"last": stamp(row["last"])} for row in rows]
    head = ("name", "query", "enabled", "when", "month", "alerts", "last")
    return View(
        "watches",
        {"watches": rows, "broken": app.watches.broken()},
        document,
        (head, *([str(row[key] if row[key] is not None else "") for key in head] for row in document)),
    )


def watch(app: App, ask: Ask) -> View:
    """One watch: what it means, what it told and to whom, what it held back, and why."""
    name = ask.given["name"]
    known = next((each for each in app.watches.all() if each["name"] == name), None)
    if known is None:
        raise NotFoundError(f"watch {name}: watches.yaml has none of this name")
    alerts = sorted(app.watches.alerts(watch=name), key=lambda alert: (alert.at, alert.id), reverse=True)
    shown = alerts[: TOLD if not ask.one("all") else len(alerts)]
    messages = app.watches.messages([alert.id for alert in shown], name)
    misses = [state for state in app.watches.tellings(name) if not state.alerts and state.miss]
    misses.sort(key=lambda state: (state.at is None, state.at, state.story), reverse=True)
    checked = app.watches.check_one(name)
    for to in known["delivers"].split(", ") if known["delivers"] else ():
        checked = checked | {"meaning": checked["meaning"].replace(to, address(ask, to))}
    question = ask.one("why")
    answer = app.watches.why(name, story_of(app, question)).as_json() if question else None
    titles = app.read.titles(
        [
            *(alert.story for alert in shown),
            *(state.story for state in misses[:TOLD]),
            *([answer["story"]] if answer else []),
        ]
    )
    told = [
        {
            "alert": alert,
            "messages": [
                message_shape(each) | {"to": address(ask, each.to), "sent": each.sent}
                for each in messages
                if alert.id in each.alerts
            ],
        }
        for alert in shown
    ]
    document = checked | {
        "alerts": [
            {"id": a.id, "kind": a.kind, "story": a.story, "at": stamp(a.at), "reason": a.reason}
            for a in alerts
        ],
        "why": answer,
    }
    return View(
        "watch",
        {
            "watch": known | {"delivers": delivers(ask, known)},
            "checked": checked,
            "told": told,
            "hidden": len(alerts) - len(shown),
            "misses": misses[:TOLD],
            "titles": titles,
            "answer": answer,
            "question": question,
        },
        document,
    )


def story_of(app: App, text: str) -> str:
    """The id of the story that a person means by a link or an id of a story or an article."""
    path = urlsplit(text).path if "://" in text else text
    kind, _, name = path.strip("/").rpartition("/")
    name = unquote(name)
    if kind.endswith("articles"):
        return app.read.stored(name).story
    if kind.endswith("stories"):
        return app.read.current(name)[0].id
    try:
        return app.read.current(text if "://" in text else name)[0].id
    except NotFoundError:
        return app.read.stored(text).story
