"""What a message says of a story, in the language of the watch, before it becomes HTML, text or JSON."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pipeline.alerts.decide.watch_rule import WatchRule, query_at
from pipeline.alerts.send.mail_texts import PHRASES
from pipeline.alerts.send.schedule import zone_of
from pipeline.query import hits
from pipeline.query.hits import Prepared, WordHit
from pipeline.records import Alert, AlertKind, StoredArticle, Story, Watch
from pipeline.text import fold

MOST_ARTICLES = 12
# In a digest, each story has few lines.
BRIEF_ARTICLES = 4
MOST_NAMES = 10
MOST_SNIPPETS = 3
# Longer titles, passages and addresses are no titles, passages and addresses that a person reads.
MOST_TITLE_CHARS = 300
MOST_TEXT_CHARS = 700
MOST_URL_CHARS = 1500
# Characters around a hit that are shown.
AROUND = 70


@dataclass(frozen=True, slots=True)
class Item:
    """A story in a message.

    Attributes:
        alerts: The alerts that it is told for, in order.
        story: The story now.
        members: Its articles by ingest sequence.
        shown: Up to which ingest sequence this destination was shown it before; 0 for never.
        thread: The Message-ID of the first mail on it alone to this destination, or "".
        subject: Of that mail, or "".
    """

    alerts: tuple[Alert, ...]
    story: Story
    members: tuple[StoredArticle, ...]
    shown: int = 0
    thread: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A passage with the words that hit: pieces of text, each marked or not, and the outlet it is from."""

    outlet: str
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class MailLine:
    """One article of the story as it is listed."""

    outlet: str
    title: str
    url: str
    time: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What an outlet took back: who, the former title, its address, and what stands there now."""

    words: str
    title: str
    url: str
    notice: str


@dataclass(frozen=True, slots=True)
class MailSection:
    """What is said of one story; see the templates for where each part goes."""

    label: str
    title: str
    figures: str
    because: str
    query: str
    novelties: tuple[tuple[str, str, str], ...]
    snippets: tuple[Snippet, ...]
    summary: tuple[tuple[str, str], ...]
    fresh: tuple[MailLine, ...]
    lines: tuple[MailLine, ...]
    more: str
    names: tuple[str, ...]
    disagreements: tuple[str, ...]
    links: tuple[tuple[str, str], ...] = ()
    withdrawn: tuple[Withdrawal, ...] = ()


def clean(text: str) -> str:
    r"""One line without control characters, and without marks that turn the direction of text around.

    >>> clean("a\r\nBcc: b\u202e")
    'a Bcc: b'
    """
    kept = (
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    return " ".join("".join(kept).split())


def safe_url(url: str) -> str:
    """The address where it is one that a mail may link to, else "".

    >>> safe_url("javascript:alert(1)"), safe_url("https://example.org/a")
    ('', 'https://example.org/a')
    """
    fits = len(url) <= MOST_URL_CHARS and re.fullmatch(r"https?://[^\s\"'<>]+", url, re.IGNORECASE)
    return url if fits else ""


def phrase(language: str, key: str, **values: object) -> str:
    """A phrase in a language; English where the language has none."""
    return PHRASES.get(language, PHRASES["en"])[key].format(**values)


def cut(text: str, most: int) -> str:
    """The beginning of a text that is too long, up to a word's end.

    >>> cut("A ferry ran aground", 12), cut("A ferry", 12)
    ('A ferry ran…', 'A ferry')
    """
    if len(text) <= most:
        return text
    whole = text[:most].rpartition(" ")[0]
    return f"{whole or text[: most - 1]}…"


def _links(language: str, watch: Watch, item: Item, desk: str) -> tuple[tuple[str, str], ...]:
    """The desk's pages on a story: to open it, why it was told, and to say that it is the wrong one."""
    if not desk:
        return ()
    story, name = quote(item.story.id, safe=""), quote(watch.name, safe="")
    return (
        (phrase(language, "open"), f"{desk}/stories/{story}"),
        (phrase(language, "why_link"), f"{desk}/watches/{name}?why={story}"),
        (phrase(language, "not_this"), f"{desk}/stories/{story}?watch={name}#not-this-story"),
    )


def _newness(member: StoredArticle) -> tuple[bool, datetime, int]:
    article = member.enriched.article
    return article.published is not None, article.time, member.seq


def section(watch: Watch, rule: WatchRule, item: Item, *, brief: bool = False, desk: str = "") -> MailSection:
    """Puts together what is said of a story; `brief` as one of several, with links where there is a desk."""
    most = BRIEF_ARTICLES if brief else MOST_ARTICLES
    language = watch.language
    # What else there is to tell of the story gives the label; a withdrawal is said beside it in any case.
    told: list[AlertKind] = [alert.kind for alert in item.alerts if alert.kind != "withdrawn"]
    told = told or ["withdrawn"]
    kind = told[0] if told[0] == "new" else told[-1]
    withdrawn = _withdrawals(language, item)
    title = withdrawn[-1].title if kind == "withdrawn" else cut(clean(item.story.title), MOST_TITLE_CHARS)
    # The newest first, by the time that stands beside each; those without a date last.
    newest = sorted(item.members, key=_newness, reverse=True)
    lines = [_line(watch, member, item.shown) for member in newest]
    follow_up = kind != "new" and item.shown > 0
    fresh = tuple(line for line in lines if line.fresh) if follow_up else ()
    listed = tuple(line for line in lines if not line.fresh) if follow_up else tuple(lines)
    # What is new speaks first in a follow-up.
    passages = sorted(item.members, key=lambda each: each.seq <= item.shown) if follow_up else item.members
    hidden = len(fresh[most:]) + len(listed[most:])
    return MailSection(
        label=phrase(language, kind),
        title=title or phrase(language, "untitled"),
        figures=_figures(language, item),
        because="" if brief and kind == "new" else _because(watch, kind, item),
        query="" if brief or kind != "new" else clean(watch.query),
        novelties=_novelties(language, item.alerts) if kind == "news" else (),
        snippets=snippets(rule, passages, phrase(language, "unknown_outlet")),
        summary=_summary(language, item),
        fresh=fresh[:most],
        lines=listed[:most],
        more=phrase(language, "more", count=hidden) if hidden else "",
        names=tuple(cut(clean(entity.name), 100) for entity in item.story.entities[:MOST_NAMES]),
        disagreements=_disagreements(language, item),
        links=_links(language, watch, item, desk),
        withdrawn=withdrawn,
    )


def _withdrawals(language: str, item: Item) -> tuple[Withdrawal, ...]:
    found = []
    for alert in item.alerts:
        if alert.kind == "withdrawn":
            was = dict(alert.evidence)
            outlet = clean(was.get("outlet", "")) or phrase(language, "unknown_outlet")
            found.append(
                Withdrawal(
                    phrase(language, "withdrawn_words", outlet=outlet),
                    cut(clean(was.get("title", "")), MOST_TITLE_CHARS) or phrase(language, "untitled"),
                    safe_url(was.get("link", "")),
                    cut(clean(was.get("notice", "")), MOST_TEXT_CHARS),
                )
            )
    return tuple(found)


def _because(watch: Watch, kind: str, item: Item) -> str:
    if kind == "withdrawn":
        story = cut(clean(item.story.title), MOST_TITLE_CHARS) or phrase(watch.language, "untitled")
        return phrase(watch.language, "why_withdrawn", story=story)
    if kind == "growth":
        # Several may have come together: from what the first found to what there is now.
        first = dict(next(alert for alert in item.alerts if alert.kind == "growth").evidence)
        if "texts_before" in first:
            return phrase(
                watch.language, "why_growth_texts", texts=item.story.texts, before=first["texts_before"]
            )
        before, origins = first.get("origins_before", ""), item.story.origins
        return phrase(watch.language, "why_growth", origins=origins, before=before)
    if kind == "news":
        affair = any(name == "situation" for alert in item.alerts for name, _ in alert.evidence)
        return phrase(watch.language, "why_affair" if affair else "why_news")
    return phrase(watch.language, "why_new", watch=clean(watch.name))


def _novelties(language: str, alerts: Sequence[Alert]) -> tuple[tuple[str, str, str], ...]:
    """What is new: the kind in words, the name or number, and the sentence that says it."""
    found: dict[tuple[str, str], str] = {}
    for alert in alerts:
        last = None
        for kind, value in alert.evidence if alert.kind == "news" else ():
            if kind == "situation":
                continue
            if kind != "sentence":
                last = (kind, value)
                found.setdefault(last, "")
            elif last and not found[last]:
                found[last] = value
    return tuple(
        (phrase(language, kind), clean(name), clean(sentence)) for (kind, name), sentence in found.items()
    )


def _figures(language: str, item: Item) -> str:
    counts = {
        "articles": len(item.members),
        "outlets": len({fold(m.enriched.article.outlet) for m in item.members} - {""}),
        "origins": item.story.origins,
    }
    said = (
        phrase(language, f"{name}_{'one' if count == 1 else 'many'}", count=count)
        for name, count in counts.items()
        if count
    )
    return " · ".join(said)


def _outlet(language: str, member: StoredArticle | None) -> str:
    return clean(member.enriched.article.outlet if member else "") or phrase(language, "unknown_outlet")


def _line(watch: Watch, member: StoredArticle, shown: int) -> MailLine:
    article = member.enriched.shown
    return MailLine(
        outlet=_outlet(watch.language, member),
        title=cut(clean(article.title), MOST_TITLE_CHARS) or phrase(watch.language, "untitled"),
        url=safe_url(article.link) or safe_url(article.url),
        time=local(article.time, zone_of(watch.deliver)),
        fresh=member.seq > shown,
    )


def local(time: datetime, zone: str) -> str:
    """A time as a reader's clock has it.

    >>> from datetime import UTC
    >>> local(datetime(2026, 7, 1, 12, tzinfo=UTC), "Europe/Berlin")
    '2026-07-01 14:00 CEST'
    """
    return f"{time.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"


def _summary(language: str, item: Item) -> tuple[tuple[str, str], ...]:
    members = {member.enriched.article.id: member for member in item.members}
    return tuple(
        (cut(clean(sentence.text), MOST_TEXT_CHARS), _outlet(language, members.get(sentence.article)))
        for sentence in item.story.summary[:2]
    )


def _disagreements(language: str, item: Item) -> tuple[str, ...]:
    members = {member.enriched.article.id: member for member in item.members}
    return tuple(
        f"{clean(each.subject)}: "
        + ", ".join(
            f"{clean(number)} ({_outlet(language, members.get(who))})" for number, who, _ in each.sides
        )
        for each in item.story.disagreements[:3]
    )


def snippets(rule: WatchRule, members: Sequence[StoredArticle], unknown: str = "") -> tuple[Snippet, ...]:
    """Passages of the articles with the words that the query hits; distinct ones first, at most three."""
    found: dict[str, Snippet] = {}
    for member in members:
        ready = Prepared(member)
        outlet = clean(member.enriched.article.outlet) or unknown
        for field, content in (("title", ready.article.title), ("text", ready.article.text)):
            marks = [h for h in hits.hits(query_at(rule, ready), ready) if h.field == field and h.start >= 0]
            if marks:
                snippet = _cut(outlet, content, marks)
                found.setdefault(fold("".join(text for text, _ in snippet.pieces)), snippet)
        if len(found) >= MOST_SNIPPETS:
            break
    return tuple(found.values())[:MOST_SNIPPETS] or _values(rule, members, unknown)


def _values(rule: WatchRule, members: Sequence[StoredArticle], unknown: str) -> tuple[Snippet, ...]:
    for member in members:
        ready = Prepared(member)
        texts = list(dict.fromkeys(clean(h.text) for h in hits.hits(query_at(rule, ready), ready)))[:4]
        if texts:
            pieces = [piece for text in texts for piece in ((text, True), (", ", False))][:-1]
            return (Snippet(clean(member.enriched.article.outlet) or unknown, tuple(pieces)),)
    return ()


def _cut(outlet: str, content: str, marks: Sequence[WordHit]) -> Snippet:
    """The window around the first hit, with each hit in it marked."""
    start = max(0, marks[0].start - AROUND)
    end = min(len(content), marks[0].end + 2 * AROUND)
    start = 0 if start == 0 else max(content.find(" ", start) + 1, start)
    start = min(start, marks[0].start)
    end = len(content) if end == len(content) else max(content.rfind(" ", 0, end), marks[0].end)
    pieces: list[tuple[str, bool]] = [("… ", False)] if start else []
    at = start
    for mark in sorted(marks, key=lambda each: (each.start, -each.end)):
        if mark.start < at or mark.end > end:
            continue
        pieces += [(_kept(content[at : mark.start]), False), (clean(content[mark.start : mark.end]), True)]
        at = mark.end
    pieces.append((_kept(content[at:end]), False))
    if end < len(content):
        pieces.append((" …", False))
    return Snippet(outlet, tuple(piece for piece in pieces if piece[0]))


def _kept(text: str) -> str:
    """Cleaned, but with the white space at its ends, which parts it from what stands beside it."""
    lead, tail = " " * text[:1].isspace(), " " * text[-1:].isspace()
    inner = clean(text)
    return f"{lead}{inner}{tail}" if inner else lead
