"""A request as the pages see it, and an answer as HTML, JSON or CSV."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.alerts.send.content import safe_url
from pipeline.desk.access import Person, feed_signature
from pipeline.desk.desk_texts import say, texts
from pipeline.errors import UsageError
from pipeline.text import plain

MOST_QUERY_CHARS: Final = 1000
# Longer than this is no title, and no text, that a person reads on a page.
MOST_LINE_CHARS: Final = 300
# Beyond so many seconds a date says more than an age.
_LONG_AGO: Final = 30 * 86400
# No template shows more than this of one text; longer ones come in pieces.
MOST_SHOWN_CHARS: Final = 4000
# Of a text that keeps its lines: as long as a watch that is written on a page may be.
MOST_LINES_CHARS: Final = 20_000
# The parts of a score that have words of their own.
FEATURES: Final = frozenset(key.removeprefix("f_") for key in texts()["en"] if key.startswith("f_"))
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked, without the web around it.

    Attributes:
        path: Of the page, below where the pages are mounted, without ".json".
        query: What stands behind the "?", in order.
        given: What the path names.
        form: What was posted, in order.
        person: Who asks; None where no login was needed.
        now: The present time (UTC).
        language: To answer in.
        zone: The time zone of the settings.
        root: Where the pages are mounted, "" for the top.
        seen: The ingest sequence that the reader has marked as seen; -1 for never.
        read_only: Whether nobody may write.
        key: For the addresses of feeds, which open without a login.
    """

    path: str
    query: tuple[tuple[str, str], ...]
    given: Mapping[str, str]
    form: tuple[tuple[str, str], ...]
    person: Person | None
    now: datetime
    language: str = "en"
    zone: str = "UTC"
    root: str = ""
    seen: int = -1
    read_only: bool = False
    keys: bool = True
    key: bytes = field(default=b"", repr=False)

    def one(self, name: str, otherwise: str = "") -> str:
        """The last value of a name in the address.

        Raises:
            UsageError: It is too long to be one that a person wrote.
        """
        found = next((value for key, value in reversed(self.query) if key == name), otherwise)
        if len(found) > MOST_QUERY_CHARS:
            raise UsageError(f"{name}: longer than {MOST_QUERY_CHARS} characters")
        return found.strip()

    def number(self, name: str, otherwise: int, least: int, most: int) -> int:
        """A whole number in the address, kept within bounds.

        Raises:
            UsageError: It is none.
        """
        text = self.one(name)
        if not text:
            return otherwise
        if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > 12:
            raise UsageError(f"{name}={text}: give a whole number")
        return min(max(int(text), least), most)

    def many(self, name: str, most: int = 200) -> tuple[str, ...]:
        """All different values of a name in the address, in order."""
        return tuple(dict.fromkeys(value for key, value in self.query if key == name and value))[:most]

    def posted(self, name: str, otherwise: str = "") -> str:
        """The last value of a field of the form."""
        return next((value for key, value in reversed(self.form) if key == name), otherwise)

    def all_posted(self, name: str, most: int = 200) -> tuple[str, ...]:
        """All different values of a field of the form."""
        return tuple(dict.fromkeys(value for key, value in self.form if key == name and value))[:most]

    @property
    def may_write(self) -> bool:
        """Whether buttons are drawn for this person."""
        return not self.read_only and self.person is not None and self.person.role == "editor"

    def and_one(self, name: str, value: str) -> str:
        """The address of this page with one more value of a name."""
        return link(self.root + self.path, [*self.query, (name, value)])

    def here(self, **changes: str | None) -> str:
        """The address of this page with other values; None takes a name out."""
        pairs = [(k, v) for k, v in self.query if k not in changes and k != "lang"]
        pairs += [(name, value) for name, value in changes.items() if value is not None]
        return link(self.root + self.path, pairs)


def link(path: str, pairs: Sequence[tuple[str, str]] = ()) -> str:
    """An address."""
    shown = [(name, value.encode(errors="replace")) for name, value in pairs if value]
    return path + (f"?{urlencode(shown)}" if shown else "")


# What the address of a feed keeps of the page's: the place in a list and the basket are a person's.
_FOLLOWED: Final = ("q", "since", "topic", "name", "outlet", "language", "origins")


def feed_address(ask: Ask) -> str:
    """The address of a page's Atom twin; an editor's has the key with which no login is needed."""
    path = f"{'/stories' if ask.path == '/' else ask.path}.atom"
    pairs = [(name, ask.one(name)) for name in _FOLLOWED if ask.one(name)]
    if ask.person is not None and ask.person.role == "editor":
        pairs.append(("key", feed_signature(ask.key, path, pairs)))
    return link(ask.root + quote(path.encode(errors="replace"), safe="/:"), pairs)


def part(name: object) -> str:
    """An id as a part of a path; one that ends like a twin of a page keeps its dot for itself."""
    text = str(name)
    if text.isalnum() and text.isascii():
        return text
    written = quote(text.encode(errors="replace"), safe=":")
    head, dot, tail = written.rpartition(".")
    return f"{head}%2E{tail}" if dot and tail in {"json", "csv", "atom"} else written


@dataclass(frozen=True, slots=True)
class View:
    """An answer.

    Attributes:
        template: Of `pages/`, without ".html".
        context: What the template shows.
        document: Its JSON twin, or what makes it when it is asked for; None where it has none.
        rows: What makes its CSV twin, the head and the rows, when that is asked for; None where it has none.
        status: The HTTP status.
        to: Where to go instead: with status 301 or 303.
        cookies: To set: name, value, days.
        body, kind: Instead of a template: what is sent as it is, and its media type.
        name: Of the file that is saved.
        followed: Whether it has an Atom twin.
    """

    template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    document: Any = None
    rows: Sequence[Sequence[str]] | Callable[[], Sequence[Sequence[str]]] | None = None
    status: int = 200
    to: str = ""
    cookies: tuple[tuple[str, str, int], ...] = ()
    body: str = ""
    kind: str = ""
    name: str = ""
    followed: bool = False


def as_json(document: Any) -> str:
    """JSON with what is not text taken out of its texts."""
    text = json.dumps(document, ensure_ascii=False, default=str, indent=1)
    return text.encode("utf-8", "replace").decode()


def as_csv(rows: Sequence[Sequence[object]]) -> str:
    r"""RFC 4180; a cell that a spreadsheet would take for a formula begins with an apostrophe.

    >>> as_csv([["title"], ["=1+1"]])
    "title\r\n'=1+1\r\n"
    """
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: object) -> str:
    text = plain("" if value is None else str(value))
    return f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, int | float) else text


def cut(text: str, most: int = MOST_LINE_CHARS) -> str:
    """The beginning of a text that is too long for a line."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


class Lines(str):
    """A text whose lines stay lines: of a field, or as it was sent."""

    __slots__ = ()


def _final(value: object) -> object:
    """What every expression of a template goes through before it is escaped."""
    if type(value) is str and len(value) <= MOST_SHOWN_CHARS and value.isprintable():
        return value  # nearly all: a page has thousands
    if isinstance(value, Lines):
        return "\n".join(plain(line) for line in cut(value, MOST_LINES_CHARS).splitlines())
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return plain(cut(value, MOST_SHOWN_CHARS))


@cache
def digest_of_static() -> str:
    """Changes with the files that pages load, so that they can be kept for long."""
    folder = files("pipeline.desk").joinpath("static")
    files_ = sorted(folder.iterdir(), key=lambda each: each.name)
    return hashlib.sha256(b"".join(each.read_bytes() for each in files_)).hexdigest()[:10]


def address(ask: Ask, to: str) -> str:
    """Where a message goes, as this person may see it: readers see the domain alone.

    A webhook's address often is its secret, so nobody sees more of it than the host.
    """
    if "://" in to:
        return f"{urlsplit(to).scheme}://{urlsplit(to).hostname or ''}/…"
    local, at, domain = to.rpartition("@")
    return to if not at or (ask.person and ask.person.role == "editor") else f"{local[:1]}…{at}{domain}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("pipeline.desk", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_final,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True, slots=True)
class Joined:
    """Why an article is in its story, in a few words."""

    founded: bool
    score: float
    needed: float
    reasons: tuple[str, ...]
    by: str


class ViewWords:
    """What templates may ask: phrases, links and times in the words of one request."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._zone = ZoneInfo(ask.zone)

    def say(self, key: str, **values: object) -> str:
        """A phrase."""
        return say(self._ask.language, key, **values)

    def to(self, *parts: object, **pairs: object) -> str:
        """The address of a page."""
        path = "/".join(["", *(part(each) for each in parts)])
        return link(self._ask.root + path, [(k, str(v)) for k, v in pairs.items() if v is not None])

    def clock(self, time: datetime) -> str:
        """A time as the settings' zone has it."""
        return f"{time.astimezone(self._zone):%Y-%m-%d %H:%M}"

    def stamp(self, time: datetime) -> str:
        """A time for machines."""
        return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    def ago(self, time: datetime) -> str:
        """How long ago, in the largest unit that fits."""
        seconds = (self._ask.now - time).total_seconds()
        if abs(seconds) > _LONG_AGO:
            return self.clock(time)[:10]
        for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
            if abs(seconds) >= size:
                return self.say(
                    f"ago_{unit}" if seconds > 0 else f"in_{unit}", count=int(abs(seconds) // size)
                )
        return self.say("just_now")

    def feature(self, name: str) -> str:
        """What a decision calls one of its parts."""
        return self.say(f"f_{name}") if name in FEATURES else name

    def reason(self, joined: Joined) -> str:
        """Why an article is in its story, in a line."""
        if joined.founded:
            text = self.say("founded")
        else:
            text = self.say("joined_by", score=f"{joined.score:.3f}", needed=f"{joined.needed:.3f}")
            if joined.reasons:
                text += f": {', '.join(map(self.feature, joined.reasons))}"
        return text if joined.by == "assign" else f"{text} · {self.say(f'by_{joined.by}')}"


def as_html(ask: Ask, page: View) -> str:
    """Renders a page."""
    words = ViewWords(ask)
    template = _environment().get_template(f"{page.template}.html")
    text = template.render(
        page.context,
        ask=ask,
        say=words.say,
        to=words.to,
        clock=words.clock,
        stamp=words.stamp,
        moment=datetime.fromisoformat,
        ago=words.ago,
        outward=cache(safe_url),  # the same address is asked for twice in a line
        cut=cut,
        as_lines=Lines,
        address=lambda to: address(ask, to),
        feature=words.feature,
        reason=words.reason,
        none=None,
        twin=lambda form: link(f"{ask.root}{'/stories' if ask.path == '/' else ask.path}.{form}", ask.query),
        languages=sorted(texts()),
        atom_address=feed_address(ask) if page.followed else "",
        has_json=page.document is not None,
        has_csv=page.rows is not None,
        version=digest_of_static(),
    )
    return text.encode("utf-8", "replace").decode()
