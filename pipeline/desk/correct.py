"""Mending: what was said, what would change, and what became of a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from pipeline.app import App
from pipeline.app.requests import MOST_NAMES
from pipeline.app.shapes import correction_shape, preview_shape, request_shape
from pipeline.desk.carrier import name_of
from pipeline.desk.read import Source, source_of
from pipeline.desk.view import Ask, View
from pipeline.errors import ContradictionError, UsageError
from pipeline.ports import RejectionFilter
from pipeline.records import Story

MOST_NOTE_CHARS: Final = 500
_ADDRESS: Final = re.compile(r"/(?:stories|situations)/([^/?#]+)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A story of a preview, its situation, its articles, and whether each of them comes from elsewhere."""

    id: str
    title: str
    situation: str
    sources: tuple[tuple[Source, bool], ...]


def corrections(app: App, _: Ask) -> View:
    """What persons have said, and the requests, newest first."""
    said, undone = app.correct.all()[::-1], app.correct.undone()
    shown = said[:100]
    homes = app.correct.homes(shown)
    articles = app.read.articles([name for c in shown for group in c.groups for name in group[:5]])
    document = [correction_shape(each, undone.get(each.id, ""), homes.get(each.id, ())) for each in said]
    columns = ("id", "kind", "of", "who", "at", "note", "undone_by")
    return View(
        "corrections",
        {
            "corrections": shown,
            "undone": undone,
            "lines": articles,
            "requests": app.stored.requests()[::-1],
            "homes": homes,
            "titles": app.read.titles([name for names in homes.values() for name in names]),
        },
        document,
        (columns, *([str(row[name] or "") for name in columns] for row in document)),
    )


def preview(app: App, ask: Ask) -> View:
    """What would change, before anything does."""
    kind, stories, names = asked(ask)
    stories = tuple(dict.fromkeys(map(_id_of, stories)))
    try:
        found = app.correct.preview(*app.requests.words(kind, stories, names))
    except ContradictionError as error:
        return _contradicted(app, error)
    looked_at = {each: app.correct.current(each) for each in stories}
    home = {a: story.id for story in found.before for a in story.members}

    def shown(story: Story) -> Outcome:
        present = [found.articles[name] for name in story.members if name in found.articles]
        return Outcome(
            story.id,
            story.title,
            story.situation,
            tuple(
                (source_of(each.line, -1), home.get(each.enriched.article.id, story.id) != story.id)
                for each in present
            ),
        )

    lines = {name: source_of(each.line, -1) for name, each in found.articles.items()}
    document = preview_shape(found)
    whole = (*found.before, *found.after)
    affairs = {story.situation for story in whole if story.situation}
    return View(
        "preview",
        {
            "kind": kind,
            "before": [shown(story) for story in found.before],
            "after": [shown(story) for story in found.after],
            "consequences": [(lines[a], old, new) for a, old, new, named in found.moved if not named],
            "titles": app.read.titles(sorted(affairs)) | {story.id: story.title for story in whole},
            "affairs": bool(affairs),
            "moves": bool(found.moved),
            "mails": document["mails"],
            "versions": list(dict.fromkeys(f"{s.id}:{s.version}" for s in looked_at.values())),
            "names": names,
        },
        document,
    )


def _contradicted(app: App, error: ContradictionError) -> View:
    """What stands against it, each with what takes it back."""
    against = [each for each in app.correct.all() if each.id in error.against]
    articles = app.read.articles([name for c in against for group in c.groups for name in group[:5]])
    return View(
        "contradiction",
        {"line": str(error), "corrections": against, "lines": articles},
        {"error": str(error)},
        status=409,
    )


def asked(ask: Ask) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """What a form asks for: kind, stories and names."""
    stories = ask.all_posted("story", MOST_NAMES + 1)
    kind = ask.posted("kind")
    names = (*ask.all_posted("article", MOST_NAMES + 1), *ask.all_posted("correction", 2))
    return kind, stories, tuple(map(_id_of, names)) if kind == "tie" else names


def _id_of(story: str) -> str:
    """The id in what a form says of a story: an id, one with its version, or a page's address."""
    text = story.strip()
    found = _ADDRESS.search(text)
    text = unquote(found[1]) if found else text
    name, colon, version = text.rpartition(":")
    return name if colon and version.isdigit() else text


def file_request(app: App, ask: Ask) -> View:
    """Keeps a request; it is carried out by somebody else."""
    kind, looked_at, names = asked(ask)
    if kind == "retry":
        looked_at = ()
        if ask.posted("all"):
            wanted = RejectionFilter(reason=ask.posted("reason"), place=ask.posted("source"))
            names = tuple(entry.id for entry in app.stored.rejections(wanted, MOST_NAMES))
        if not names:
            raise UsageError("name the entries to try again")
    note = " ".join(ask.posted("note").split())[:MOST_NOTE_CHARS]
    who = ask.person.name if ask.person else "desk"
    kept = app.requests.file(kind, looked_at, names, note, who)
    return View(to=f"{ask.root}/requests/{kept.id}", status=303)


def request(app: App, ask: Ask) -> View:
    """What became of a request, and what takes it back."""
    found = app.requests.one(ask.given["id"])
    titles = app.read.titles([*found.into, *map(name_of, found.stories)])
    undone = app.correct.undone() if found.said else {}
    return View(
        "request",
        {
            "request": found,
            "titles": titles,
            "looked_at": [name_of(each) for each in found.stories],
            "standing": [each for each in found.said if each and each not in undone],
        },
        request_shape(found),
    )
