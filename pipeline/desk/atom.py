"""Atom out of the desk: one entry a story, updated in place; and how a reader asks what changed."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Final
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

from pipeline.alerts.send.content import safe_url
from pipeline.app import App
from pipeline.app.names import NAMED_LATELY
from pipeline.desk.desk_texts import say
from pipeline.desk.read import PAGE, language_tag, looked_at, query_of, wanted_of
from pipeline.desk.view import MOST_LINE_CHARS, Ask, cut, link, part
from pipeline.errors import NotFoundError
from pipeline.query.parse import is_relative
from pipeline.records import ArticleRow, Story
from pipeline.stories.situations.timeline import title_of as situation_title
from pipeline.text import plain

KIND: Final = "application/atom+xml"
# Sources that an entry lists; the story's page has all of them.
SOURCES: Final = 40
# Raised when entries are written in another way, so that readers fetch them once more.
_FORM: Final = "1"
_SPACE: Final = "http://www.w3.org/2005/Atom"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_REMEMBERED: Final = 1000


@dataclass(frozen=True, slots=True)
class FollowedList:
    """What a feed holds.

    Attributes:
        title: Of the feed.
        page: The path of the page that shows the same, below where the pages are mounted.
        stories: One entry each.
    """

    title: str
    page: str
    stories: Sequence[Story]


Source = Callable[[App, Ask], FollowedList]


def _listed(app: App, ask: Ask, title: str) -> FollowedList:
    origins = ask.number("origins", 1, 1, 1000)
    wanted = wanted_of(app, ask, min_origins=origins)
    asked = ask.one("q")
    return FollowedList(
        f"{title}: {asked}" if asked else title, ask.path, app.read.listed(wanted, "new", PAGE)
    )


def _stories(app: App, ask: Ask) -> FollowedList:
    return _listed(app, ask, say(ask.language, "stories_now"))


def _search(app: App, ask: Ask) -> FollowedList:
    if not query_of(ask):
        raise NotFoundError(f"{ask.path}: a feed needs a query (q=…)")
    return _listed(app, ask, say(ask.language, "search"))


def _story(app: App, ask: Ask) -> FollowedList:
    found, _ = app.read.current(ask.given["id"])
    return FollowedList(found.title, f"/stories/{part(found.id)}", [found])


def _watch(app: App, ask: Ask) -> FollowedList:
    """The stories that a watch told of, newest first; a merged one is its heir, once."""
    name = ask.given["name"]
    told = app.watches.told_by(name)
    found: dict[str, Story] = {}
    for old in told:
        try:
            story, _ = app.read.current(old)
        except NotFoundError:  # older than what the store keeps
            continue
        found.setdefault(story.id, story)
        if len(found) == PAGE:
            break
    return FollowedList(name, f"/watches/{part(name)}", list(found.values()))


def _name(app: App, ask: Ask) -> FollowedList:
    found, _ = app.names.entity(ask.given["id"], NAMED_LATELY, PAGE)
    stories = app.stored.stories([each["id"] for each in found["stories"]])
    return FollowedList(found["name"], f"/names/{part(found['id'])}", list(stories.values()))


def _situation(app: App, ask: Ask) -> FollowedList:
    """The stories of a long affair, newest first."""
    name, entries = app.read.situation(ask.given["id"])
    newest = [entry.story for entry in entries[-PAGE:]]
    return FollowedList(situation_title(entries), f"/situations/{part(name)}", newest[::-1])


# The pages with a feed, by their template.
FOLLOWED: Final[Mapping[str, Source]] = {
    "stories": _stories,
    "search": _search,
    "story": _story,
    "watch": _watch,
    "name": _name,
    "situation": _situation,
}


def tag_of(app: App, ask: Ask, base: str) -> str:
    """What changes whenever the feed may: from one small read (of a watch, three).

    Where the query says now, or an age is given, it changes every hour too.
    """
    moving = ask.one("since") or (ask.one("q") and is_relative(query_of(ask)))
    marks = [
        _FORM,
        base,
        ask.path,
        repr(ask.query),
        ask.language,
        str(app.stored.last_change()),
        app.watches.told_mark() if "name" in ask.given else "",
        f"{ask.now:%Y-%m-%dT%H}" if moving else "",
    ]
    return f'"{hashlib.sha256(repr(marks).encode(errors="replace")).hexdigest()[:32]}"'


class Validators:
    """When this desk first saw each state of a feed: what `Last-Modified` says.

    Two states of one feed never have the same second, so that a reader that knows no `ETag` misses nothing.
    """

    def __init__(self) -> None:
        self._of: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def modified(self, address: str, tag: str, now: datetime) -> str:
        """The date of a state, as HTTP writes it."""
        with self._lock:
            known, at = self._of.pop(address, ("", now - timedelta(seconds=1)))
            if known != tag:
                at = max(now, at + timedelta(seconds=1)).replace(microsecond=0)
            self._of[address] = tag, at
            if len(self._of) > _MOST_REMEMBERED:
                del self._of[next(iter(self._of))]
        return format_datetime(at, usegmt=True)


def not_modified(headers: Mapping[str, str], tag: str, modified: str) -> bool:
    """Whether the asker has this state already; a date must be the very one that was given out.

    >>> not_modified({"if-none-match": 'W/"a", "b"'}, '"b"', ""), not_modified({}, '"b"', "")
    (True, False)
    """
    given = headers.get("if-none-match")
    if given is not None:
        return any(each.strip().removeprefix("W/") in {tag, "*"} for each in given.split(","))
    return bool(modified) and headers.get("if-modified-since") == modified


def as_atom(app: App, ask: Ask, source: Source, base: str) -> str:
    """A feed as Atom 1.0 (RFC 4287).

    Args:
        app: The store.
        ask: What was asked.
        source: One of `FOLLOWED`.
        base: Where the pages are mounted, with scheme and host.
    """
    found = source(app, ask)
    members = app.read.lines([name for story in found.stories for name in looked_at(story)])
    changed = app.read.changed(found.stories)
    dated = [(changed.get(each.id) or _fetched(each, members), each) for each in found.stories]
    dated.sort(key=lambda pair: (pair[0], pair[1].id), reverse=True)
    pairs = [(name, value) for name, value in ask.query if name not in {"key", "token"}]
    same = link(quote(ask.path.encode(errors="replace"), safe="/:"), sorted(pairs))
    feed = Element("feed", xmlns=_SPACE)
    SubElement(feed, "id").text = f"tag:wirewatch,2026:feed:{same}"
    SubElement(feed, "title").text = f"{_line(found.title)} · Wirewatch"
    SubElement(feed, "updated").text = _time(max([at for at, _ in dated], default=_NEVER))
    SubElement(SubElement(feed, "author"), "name").text = "Wirewatch"
    SubElement(feed, "generator").text = "Wirewatch"
    itself = link(base + quote(f"{ask.path}.atom".encode(errors="replace"), safe="/:"), ask.query)
    SubElement(feed, "link", rel="self", type=KIND, href=itself)
    SubElement(feed, "link", rel="alternate", type="text/html", href=link(base + found.page, pairs))
    for at, story in dated:
        feed.append(_entry(story, members, at, base))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(feed, encoding="unicode")}'


def _entry(story: Story, members: Mapping[str, ArticleRow], at: datetime, base: str) -> Element:
    entry = Element("entry")
    SubElement(entry, "id").text = f"tag:wirewatch,2026:story:{part(story.id)}"
    title = SubElement(entry, "title")
    title.text = _line(story.title) or "–"
    present = [members[name] for name in story.members if name in members]
    named = (each.language for each in present if each.title == story.title)
    if language := language_tag(next(named, "")):
        title.set(_LANGUAGE, language)
    SubElement(entry, "published").text = _time(min(story.first_published, at))
    SubElement(entry, "updated").text = _time(at)
    SubElement(entry, "link", rel="alternate", type="text/html", href=f"{base}/stories/{part(story.id)}")
    for topic in story.topics[:3]:
        SubElement(entry, "category", term=_line(topic.id), label=_line(topic.name))
    SubElement(entry, "content", type="html").text = _content(story, present)
    return entry


def _content(story: Story, present: Sequence[ArticleRow]) -> str:
    """The summary and the sources as HTML; every text of others is escaped."""
    articles = {each.id: each for each in present}
    pieces = []
    for sentence in story.summary:
        article = articles.get(sentence.article)
        whose = f" – {_anchor(article.link or article.url, article.outlet)}" if article else ""
        pieces.append(f"<p>{escape(_line(sentence.text, 700))}{whose}</p>")
    items = [
        f"<li>{_anchor(article.link or article.url, article.outlet)}: {escape(_line(article.title))}</li>"
        for article in articles.values()
    ]
    more = f"<p>+{len(story.members) - SOURCES}</p>" if len(items) > SOURCES else ""
    return "".join([*pieces, "<ul>", *items[-SOURCES:], "</ul>", more])


def _anchor(url: str, outlet: str) -> str:
    shown = escape(_line(outlet, 80)) or "–"
    address = safe_url(url) and plain(url)
    return f'<a href="{escape(address)}">{shown}</a>' if address else shown


def _fetched(story: Story, members: Mapping[str, ArticleRow]) -> datetime:
    """When its newest article came: for stores that kept no changes yet."""
    times = (members[name].fetched for name in story.members if name in members)
    return max(times, default=story.last_published)


def _line(text: str, most: int = MOST_LINE_CHARS) -> str:
    return " ".join(plain(cut(text, most)).split())


def _time(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
