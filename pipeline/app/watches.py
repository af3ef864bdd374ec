"""What the verbs on watches answer with: list, check, backtest, why."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

from pipeline.alerts.backtest.backtest import Backtest, compare
from pipeline.alerts.backtest.report import render_backtest_html
from pipeline.alerts.decide.explain import Why
from pipeline.alerts.watch.watch_file import load_watches
from pipeline.app.read import moment
from pipeline.app.wiring import Wiring
from pipeline.errors import NotFoundError, UsageError
from pipeline.records import Watch
from pipeline.settings import Document, read_document
from pipeline.stages.alerting.questions import backtest_watch, check_watches, why_story


def watch_list(wiring: Wiring) -> list[dict[str, Any]]:
    """The watches as configured, and how many alerts each has made."""
    made: dict[str, int] = {}
    for entry in wiring.store.alerts():
        made[entry.watch] = made.get(entry.watch, 0) + 1
    return [
        {
            "name": watch.name,
            "description": watch.description,
            "query": watch.query,
            "delivers": ", ".join([*watch.deliver.mail, *filter(None, [watch.deliver.webhook])]),
            "when": "digest" if watch.deliver.digest else "immediately",
            "follow_up": watch.follow_up,
            "match": watch.match,
            "language": watch.language,
            "enabled": watch.enabled,
            "alerts": made.get(watch.name, 0),
        }
        for watch in wiring.watches
    ]


def watch_check(wiring: Wiring) -> list[dict[str, Any]]:
    """What each watch means, in words, and what cannot work about it.

    Raises:
        ConfigError: A watch is broken, or the file; the runs go on without.
    """
    load_watches(wiring.settings.watches)  # what is broken is this verb's answer
    entries = wiring.settings.topics.content.get("topics", ())
    topics = [text for entry in entries for text in (entry["id"], *dict(entry["name"]).values())]
    return [
        {"name": each.watch.name, "meaning": each.meaning, "warnings": list(each.findings)}
        for each in check_watches(wiring.store, wiring.watches, wiring.clock(), topics)
    ]


def _named(watches: tuple[Watch, ...], name: str, where: str) -> Watch:
    for watch in watches:
        if watch.name == name:
            return watch
    raise NotFoundError(
        f"watch {name}: there is none of this name in {where}; `wirewatch watch list` lists them"
    )


def watch_why(wiring: Wiring, name: str, story: str) -> Why:
    """Why a watch did or did not alert on a story.

    Raises:
        NotFoundError: There is no such watch or story.
    """
    watch = _named(wiring.watches, name, wiring.settings.watches.path)
    return why_story(wiring.store, watch, story, wiring.clock())


def watch_backtest(
    wiring: Wiring, name: str, since: str, against: str | None, page: Path | None
) -> tuple[Backtest, dict[str, Any]]:
    """What a watch would have done on the history in the store.

    Args:
        wiring: The parts.
        name: The watch.
        since: From when on: an age or a date.
        against: Another version of the watch to compare with: a file, or `git:REVISION` of `watches.yaml`.
        page: Where to write the result as one HTML page.

    Returns:
        The result, and its JSON with the difference when there is one.

    Raises:
        NotFoundError: There is no watch of this name.
        UsageError: `against` cannot be read.
    """
    now = wiring.clock()
    start = moment(since, now) or now
    result = backtest_watch(wiring.store, _named(wiring.watches, name, "watches.yaml"), start, now)
    document = result.as_json()
    before = difference = None
    if against:
        other = _named(load_watches(_version(wiring, against)), name, against)
        before = backtest_watch(wiring.store, other, start, now)
        difference = compare(before, result)
        document["difference"] = difference.as_json()
    if page:
        watch = _named(wiring.watches, name, "watches.yaml")
        page.write_text(render_backtest_html(watch, result, before, difference), encoding="utf-8")
    return result, document


def _version(wiring: Wiring, against: str) -> Document:
    if not against.startswith("git:"):
        return read_document(Path(against))
    path = Path(wiring.settings.watches.path)
    revision = against.removeprefix("git:") or "HEAD"
    if revision.startswith("-"):
        raise UsageError(f"--against {against}: not a revision")
    shown = subprocess.run(  # noqa: S603 - a fixed command; the revision cannot be an option
        ["git", "show", f"{revision}:./{path.name}"],  # noqa: S607 - git is where the user has it
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if shown.returncode:
        reason = shown.stderr.strip().splitlines()[-1:] or ["git failed"]
        raise UsageError(f"--against {against}: {reason[0]}")
    return Document(f"{against}:{path.name}", yaml.safe_load(shown.stdout) or {}, {})
