"""How a language model asks for a correction: it looks at what would change, and asks for exactly that."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pipeline.app import App
from pipeline.app.shapes import correction_shape, preview_shape, request_shape
from pipeline.errors import UsageError
from pipeline.programs.answers import MOST, bounded, cut, story_told
from pipeline.records import content_id

Json = dict[str, Any]
# What a person can say of stories and articles, as `app.requests` knows it.
MendingKind = Literal["merge", "split", "move", "tie", "untie", "apart", "undo"]
WHO: Final = "mcp"
_MOST_REMEMBERED: Final = 200
_MOST_NOTE: Final = 300


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What was previewed.

    Attributes:
        kind: What is to be done.
        stories: That were named, each with its version: "ID:VERSION".
        names: Articles, a situation, forms or a correction, as the kind asks for.
        before: All stories that it would touch, with their versions.
    """

    kind: MendingKind
    stories: tuple[str, ...]
    names: tuple[str, ...]
    before: tuple[tuple[str, int], ...]


class Mending:
    """Corrections as previewed requests: nothing can be asked for that was not looked at before.

    What was previewed is remembered here, by an id that says nothing of it; so a program can ask for what it
    was shown, and cannot change a word of that on the way.
    """

    def __init__(self) -> None:
        self._seen: dict[str, LookedAt] = {}
        self._lock = threading.Lock()

    def preview(self, app: App, kind: MendingKind, stories: Sequence[str], names: Sequence[str]) -> Json:
        """What a correction would change; nothing is changed.

        Raises:
            UsageError: It names nothing that can be done.
            ContradictionError: What a person said before is against it.
        """
        found = app.correct.preview(*app.requests.words(kind, tuple(stories), tuple(names)))
        named = {story.id: story for story in map(app.correct.current, stories)}.values()
        looked_at = LookedAt(
            kind,
            tuple(f"{story.id}:{story.version}" for story in named),
            tuple(names),
            tuple((story.id, story.version) for story in found.before),
        )
        shape = preview_shape(found)
        return {
            "preview": self._remember(looked_at),
            "kind": kind,
            "before": [story_told(story, found.articles) for story in found.before[:MOST]],
            "after": [story_told(story, found.articles) for story in found.after[:MOST]],
            "moved": [{**each, "title": cut(each["title"])} for each in shape["moved"][:MOST]],
            "more_moved": max(len(shape["moved"]) - MOST, 0),
            "watches_that_told": shape["mails"]["go_on"][:MOST],
        }

    def request(self, app: App, preview: str, note: str) -> Json:
        """Keeps a request for what was previewed; somebody else carries it out.

        Raises:
            UsageError: It was not previewed here, or a story that it touches has changed since.
        """
        with self._lock:
            seen = self._seen.get(preview)
        if seen is None:
            raise UsageError("preview it first, and give the `preview` of that answer")
        now = app.stored.stories([name for name, _ in seen.before])
        if {name: story.version for name, story in now.items()} != dict(seen.before):
            raise UsageError("a story changed since that preview; look at it again")
        note = cut(" ".join(note.split()), _MOST_NOTE)
        kept = app.requests.file(seen.kind, seen.stories, seen.names, note, WHO)
        return {
            "request": kept.id,
            "state": kept.state,
            "see": "`corrections` here, `wirewatch corrections requests`, or the desk's /corrections",
        }

    def _remember(self, looked_at: LookedAt) -> str:
        versions = (f"{name}:{version}" for name, version in looked_at.before)
        name = content_id("preview", looked_at.kind, *looked_at.stories, "", *looked_at.names, "", *versions)
        with self._lock:
            self._seen.pop(name, None)
            self._seen[name] = looked_at
            if len(self._seen) > _MOST_REMEMBERED:
                del self._seen[next(iter(self._seen))]
        return name


def said(app: App, limit: int = MOST) -> Json:
    """What was said and asked for, newest first: for whoever wants to take something back."""
    shown, undone = app.correct.all()[::-1][: bounded(limit)], app.correct.undone()
    homes = app.correct.homes(shown)
    shapes = [correction_shape(each, undone.get(each.id, ""), homes[each.id]) for each in shown]
    requests = [request_shape(each) for each in app.stored.requests()[::-1][: bounded(limit)]]
    return {
        "corrections": [
            {name: each[name] for name in ("id", "kind", "of", "who", "at", "undone_by")}
            | {
                "note": cut(each["note"]),
                "stories": each["stories"][:MOST],
                "articles": each["articles"][:MOST],
            }
            for each in shapes
        ],
        "requests": [
            {name: each[name] for name in ("id", "kind", "who", "at", "state", "said")}
            | {
                "note": cut(each["note"]),
                "result": cut(each["result"]),
                "stories": each["stories"][:MOST],
                "names": each["names"][:MOST],
            }
            for each in requests
        ],
    }
