"""Mending: what was said, what would change, and what became of a request."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from pipeline.app import App
from pipeline.app.requests import Request
from pipeline.app.shapes import correction_shape, stamp
from pipeline.desk.care import place_of
from pipeline.desk.carrier import name_of
from pipeline.desk.read import Source, source_of
from pipeline.desk.view import Ask, View
from pipeline.errors import NotFoundError, UsageError
from pipeline.records import Rejection, content_id

MOST_ARTICLES: Final = 200
MOST_NOTE_CHARS: Final = 500


def corrections(app: App, _: Ask) -> View:
    """What persons have said, and the requests, newest first."""
    said = app.correct.all()[::-1]
    articles = app.read.lines([name for c in said[:100] for group in c.groups for name in group[:5]])
    return View(
        "corrections",
        {"corrections": said[:100], "lines": articles, "requests": app.requests.all()[::-1]},
        [correction_shape(each) for each in said],
        (
            ("id", "kind", "at", "note"),
            *((each.id, each.kind, stamp(each.at) or "", each.note) for each in said),
        ),
    )


def preview(app: App, ask: Ask) -> View:
    """What would change, before anything does."""
    kind, stories, articles = asked(ask)
    found = app.requests.plan(kind, stories, articles)

    def lines(names: tuple[str, ...]) -> list[Source]:
        present = [found.members[name] for name in names if name in found.members]
        return [source_of(each, -1) for each in sorted(present, key=lambda each: each.seq)]

    after = [lines(group) for group in found.groups]
    if kind == "merge":
        after = [[line for group in after for line in group]]
    return View(
        "preview",
        {
            "kind": kind,
            "before": [(story, lines(story.members)) for story in found.before],
            "after": after,
            "versions": [f"{story.id}:{story.version}" for story in found.before],
            "articles": articles,
        },
    )


def asked(ask: Ask) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """What a form asks for: kind, stories and articles.

    Raises:
        UsageError: It names too many.
    """
    stories, articles = (
        ask.all_posted("story", MOST_ARTICLES + 1),
        ask.all_posted("article", MOST_ARTICLES + 1),
    )
    if max(len(stories), len(articles)) > MOST_ARTICLES:
        raise UsageError(f"at most {MOST_ARTICLES} at once")
    return ask.posted("kind"), stories, articles


def file_request(app: App, ask: Ask) -> View:
    """Keeps a request; it is carried out by somebody else."""
    kind, looked_at, names = asked(ask)
    who = ask.person.name if ask.person else "desk"
    if kind == "retry":
        looked_at = ()
        if ask.posted("all"):
            names = tuple(entry.id for entry in app.care.quarantine() if fits(entry, ask))[:MOST_ARTICLES]
        if not names:
            raise UsageError("name the entries to try again")
    identity = content_id("request", kind, *sorted(looked_at), "", *sorted(names), who, _round(ask, kind))
    known = {each.id: each.state for each in app.requests.all()}
    if known.get(identity) in {None, "refused", "stale"}:
        if kind != "retry":  # what cannot be is refused here and not later
            app.requests.plan(kind, [name_of(each) for each in looked_at], names)
        note = " ".join(ask.posted("note").split())[:MOST_NOTE_CHARS]
        app.requests.keep(Request(identity, kind, looked_at, names, who, ask.now.isoformat(), note))
    return View(to=f"{ask.root}/requests/{identity}", status=303)


def _round(ask: Ask, kind: str) -> str:
    """Entries may be tried again as often as somebody likes, but pressing twice is once."""
    return f"{ask.now:%Y%m%d%H%M}" if kind == "retry" else ""


def fits(entry: Rejection, ask: Ask) -> bool:
    """Whether a quarantine entry is of the reason and source that a form names."""
    wanted = ask.posted("reason"), ask.posted("source")
    return wanted[0] in {"", entry.reason} and wanted[1] in {"", place_of(entry.source)}


def request(app: App, ask: Ask) -> View:
    """What became of a request."""
    found = next((each for each in app.requests.all() if each.id == ask.given["id"]), None)
    if found is None:
        raise NotFoundError(f"request {ask.given['id']}: there is none of this id, or it was long ago")
    titles = app.read.titles([*found.into, *map(name_of, found.stories)])
    return View(
        "request",
        {"request": found, "titles": titles, "looked_at": [name_of(each) for each in found.stories]},
        asdict(found),
    )
