"""The last good version of each watch: what goes on while a newer version is broken.

It lies in the store, as one mark: whoever runs the alerts, on whatever machine, finds the same, and it is
backed up and copied together with what the watches have told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.alerts.watch.watch_file import BrokenWatch, WatchList, watch_from
from pipeline.errors import ConfigError
from pipeline.records import Watch

MARK = "watches.last-good"


def completed(found: WatchList, kept: str, zone: str = "UTC") -> WatchList:
    """The watches of the file, with the last good version of each that is broken.

    Args:
        found: What the file has.
        kept: What `to_keep` gave before; "" where nothing was kept.
        zone: The time zone of the local rules that name none.
    """
    former = _kept(kept)
    if not found.readable:
        watches = tuple(watch for entry in former.values() if (watch := _again(entry, zone)))
        unread = tuple(replace(each, goes_on=bool(watches)) for each in found.broken)
        return replace(found, watches=watches, broken=unread)
    brought: dict[str, Watch] = {}
    broken = []
    for each in found.broken:
        watch = _again(former[each.name], zone) if each.name in former else None
        goes_on = watch is not None and each.name not in found.entries and not each.off
        if watch and goes_on:
            brought[watch.name] = watch
        broken.append(replace(each, goes_on=goes_on))
    return replace(found, watches=(*found.watches, *brought.values()), broken=tuple(broken))


def to_keep(found: WatchList, kept: str) -> str:
    """What is kept after a run with these watches: what is broken keeps its former version."""
    former = _kept(kept)
    if not found.readable:
        return kept
    broken = {each.name: former[each.name] for each in found.broken if each.name in former}
    return json.dumps(broken | dict(found.entries), ensure_ascii=False, sort_keys=True)


def changed(found: WatchList, kept: str) -> frozenset[str]:
    """The good watches of the file that are new, or not as they were kept."""
    former = _kept(kept)
    return frozenset(name for name, entry in found.entries.items() if former.get(name) != entry)


def said(broken: BrokenWatch) -> str:
    """What is broken and what happens meanwhile, in one line."""
    what = f"watch {broken.name!r}" if broken.name else "watches.yaml"
    if broken.goes_on:
        version = "its last good version goes on" if broken.name else "the last good version of all goes on"
    else:
        version = "there is no good version of it to go on with"
    return f"{what} is set aside, {version}: {broken.error}"


def _kept(kept: str) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = json.loads(kept) if kept else {}
    return found


def _again(entry: Mapping[str, Any], zone: str) -> Watch | None:
    try:
        return watch_from(entry, zone)
    except ConfigError:  # a newer Wirewatch may ask for more; the file's own error says what to do
        return None
