"""Watches: the list, one of them, and why one was silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pipeline.app import App
from pipeline.app.shapes import message_shape, stamp
from pipeline.desk.view import Ask, View, address, part
from pipeline.errors import ConfigError, ContradictionError, NotFoundError, QueryError, UsageError

MONTH: Final = timedelta(days=30)
TOLD: Final = 50


def delivers(ask: Ask, known: dict[str, Any]) -> str:
    """Where a watch writes to, as this person may see it."""
    return ", ".join(address(ask, to) for to in known["delivers"].split(", ") if to)


def watches(app: App, ask: Ask) -> View:
    """The watches, and what each has told in a month."""
    known = app.watches.all()
    recent: dict[str, list[Any]] = {}
    for alert in app.stored.alerts(since=ask.now - MONTH):
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
        raise NotFoundError(f"watch {name}: no watch in watches.yaml has this name")
    alerts = sorted(app.stored.alerts(watch=name), key=lambda alert: (alert.at, alert.id), reverse=True)
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
        followed=True,
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


NEW: Final = """- name: my-watch
  description: What it is for
  query: '{query}'
  conditions: {{outlets: 1}}
  deliver:
    mail: [{mail}]
    when: immediately
  follow_up: none
"""
DAYS: Final = (7, 30, 90)


def edit(app: App, ask: Ask) -> View:
    """The text of a watch, or a new one, to change, try and save."""
    name = ask.given.get("name", "")
    entry, state = app.watches.source(name)
    if not name:
        query = (ask.one("query") or "storm AND coast").replace("'", "''")
        entry = NEW.format(query=query, mail="me@example.org")
    return _editor(name, entry, state)


def _editor(name: str, entry: str, state: str, **more: Any) -> View:
    shown = {"tried": None, "wrong": "", "days": 30, "all_days": DAYS, "current": ""} | more
    return View("edit", {"name": name, "entry": entry, "state": state, **shown})


def edited(app: App, ask: Ask) -> View:
    """Tries a watch that was written, or saves it."""
    name = ask.given.get("name", "")
    entry = ask.posted("entry").replace("\r\n", "\n")[:20_000]
    days = int(ask.posted("days")) if ask.posted("days") in {str(each) for each in DAYS} else 30
    state = ask.posted("state")
    try:
        if ask.posted("save"):
            saved = app.watches.save(name, entry, state)
            return View(to=f"{ask.root}/watches/{part(saved)}", status=303)
        tried = app.watches.tried(entry, days, name)
        tried["shown"] = [each for each in (tried["backtest"], tried["before"]) if each]
        tried["moved"] = [each["after"] for each in tried.get("difference", {"moved": ()})["moved"]]
        return _editor(name, entry, state, tried=tried, days=days)
    except (ConfigError, UsageError, QueryError) as error:
        return replace(_editor(name, entry, state, wrong=str(error), days=days), status=400)
    except ContradictionError as error:
        # Both versions stay in sight: what was written, and the file as it is now.
        current, now = app.watches.source(name)
        return replace(_editor(name, entry, now, wrong=str(error), current=current, days=days), status=409)
