"""RawItem → Article: the order in which the rules of this room are applied."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline.errors import RejectedError
from pipeline.normalize.boilerplate.strip import is_text_date, strip_boilerplate
from pipeline.normalize.credits.bylines import author_names, strip_bylines
from pipeline.normalize.credits.datelines import strip_dateline
from pipeline.normalize.credits.pictures import strip_picture_credits
from pipeline.normalize.date.published import settle
from pipeline.normalize.date.zones import country_of
from pipeline.normalize.identity.keys import identity_keys
from pipeline.normalize.identity.landing import article_url, is_page_of
from pipeline.normalize.identity.urls import canonical_url, host_of
from pipeline.normalize.plaintext.characters import one_line, repair
from pipeline.normalize.plaintext.html import plain_text, title_text
from pipeline.normalize.plaintext.language import claimed_language, identify
from pipeline.normalize.plaintext.page import Page, read_page
from pipeline.normalize.plaintext.paragraphs import paragraphs_of
from pipeline.normalize.plaintext.wall import is_wall
from pipeline.normalize.title.title import clean_title
from pipeline.records import (
    Article,
    DateSource,
    RawItem,
    Removed,
    SourceText,
    TextFrom,
    TextKind,
    content_id,
)

_TITLE_CHARS = 400
# A page's text replaces a feed's when it is this much longer; else the feed's own, cleaner text stays.
_PAGE_GAIN = 1.15
_RANKED: tuple[TextKind, ...] = ("summary", "description", "caption")
_ASIDE_CHARS = 1000
_SECTIONS, _SECTION_CHARS = 16, 80


@dataclass(slots=True)
class _Body:
    """A text while it is cleaned: the paragraphs left, what was learned of them, and what was removed."""

    paragraphs: tuple[str, ...]
    authors: list[str] = field(default_factory=list)
    agency: str = ""
    dateline: str = ""
    removed: list[Removed] = field(default_factory=list)
    source: TextFrom = "feed"


def normalize(item: RawItem) -> Article:
    """Makes a clean article of a raw item. Pure: the item holds all it needs, the fetch time included.

    Args:
        item: As a source sent it.

    Returns:
        The article; what was taken out of title and text is in `removed`, each with its rule.

    Raises:
        RejectedError: Neither title nor text holds a word.
    """
    page = read_page(item.page)
    title_written = title_text(item.title, html=item.html)
    same = is_page_of(title_written, page.title)
    url = article_url(item.url, item.found, page.canonical, item.home, same=same)
    host = host_of(url)
    outlet = one_line(item.outlet) or one_line(page.site) or host
    removed: list[Removed] = []
    title = _title(item, page, outlet, host, removed)
    claim = item.language or page.language
    body, (language, confidence) = _body(item, page, title, claim)
    if not title:
        title = clean_title(_title_from(body), outlet, host).text
        body.paragraphs = _cleaned("\n\n".join(body.paragraphs), title, language).paragraphs
    text = "\n\n".join(body.paragraphs)
    if not any(char.isalnum() for char in title + text):
        raise RejectedError("no title and no text")
    authors, agency = author_names(tuple(one_line(name) for name in item.authors or page.authors))
    country = country_of(host, item.locale, item.language, page.language, language)
    # A feed that claims English may be wrong, and one of another language writes its dates in that language.
    said = claimed_language(claim)[0]
    languages = (language, said) if said in {"", "en"} else (said, language)
    dated = settle(_date_candidates(item, page, body), url, item.fetched, languages, country, item.beside)
    if dated.note:
        removed.append(Removed(item.published or item.updated, dated.note))
    keys = identity_keys(url, item.guid, outlet, title, text, canonical_url(item.url))
    return Article(
        id="",
        keys=keys,
        url=url,
        title=title,
        text=text,
        outlet=outlet,
        published=dated.published,
        published_from=dated.source,
        fetched=item.fetched,
        language=language,
        language_confidence=confidence,
        authors=authors or tuple(dict.fromkeys(body.authors)),
        agency=body.agency or agency,
        dateline=body.dateline,
        feeds=(item.feed,) if item.feed else (),
        raw=(item.id,) if item.id else (),
        removed=tuple(removed + body.removed),
        digest=content_id(title, text),
        link=_link(item.url),
        capture=item.capture,
        sections=_sections(item, page),
        page_types=page.types,
        text_from=body.source,
    )


def _sections(item: RawItem, page: Page) -> tuple[str, ...]:
    """Sections of the page, then categories of the feed."""
    named = [one_line(title_text(name, html=True))[:_SECTION_CHARS] for name in (*page.sections, *item.tags)]
    return tuple(dict.fromkeys(name for name in named if name))[:_SECTIONS]


def _link(url: str) -> str:
    """The link as it was published, where it is one that can be opened."""
    link = url.strip()
    return link if canonical_url(link) and "://" in link else ""


def _title(item: RawItem, page: Page, outlet: str, host: str, removed: list[Removed]) -> str:
    own = bool(item.title.strip())
    line = one_line(title_text(item.title if own else page.title, html=item.html and own))
    if len(line) > _TITLE_CHARS:
        line = line[:_TITLE_CHARS].rsplit(" ", 1)[0]
    if not any(char.isalnum() for char in line):
        return ""
    for _ in range(3):  # a tag that stood behind a prefix may stand first now
        cleaned = clean_title(line, outlet, host)
        removed.extend(cleaned.removed)
        line = one_line(title_text(cleaned.text, html=False))
        if line == cleaned.text:
            break
    return line


def _body(item: RawItem, page: Page, title: str, claim: str) -> tuple[_Body, tuple[str, float]]:
    """The text, cleaned by the rules of its language, and that language with its confidence.

    What the rules take out may be what made the language doubtful, so both are settled together.
    """
    page_text = repair(page.text)
    written = page_text or " ".join(
        [plain_text(item.body, html=item.html), *(text.text for text in item.texts)]
    )
    found = identify(f"{title}\n{written[:2000]}", claim)  # a wall's language is that of its outlet
    for _ in range(3):
        body = _fuller(item, page_text, title, found[0])
        again = identify(f"{title}\n{' '.join(body.paragraphs)[:2000]}", claim)
        if again[0] == found[0]:
            return body, again
        found = again
    return _fuller(item, page_text, title, found[0]), found


def _fuller(item: RawItem, page_text: str, title: str, language: str) -> _Body:
    """The feed's text or the page's; what the other held is in `removed`."""
    from_feed = _of_feed(item, title, language)
    if not page_text:
        return from_feed
    if is_wall(page_text, language, f"{item.title} {item.body}" if item.title.strip() else ""):
        from_feed.removed.append(Removed(page_text[:300], "page text: a wall, not the article"))
        return from_feed
    from_page = _cleaned(page_text, title, language)
    from_page.source = "page"
    feed_chars, page_chars = _chars(from_feed), _chars(from_page)
    better_page = page_chars >= _PAGE_GAIN * feed_chars and (page_chars > 200 or not feed_chars)
    chosen, other, rule = (
        (from_page, from_feed, "feed body: the page's text is fuller")
        if better_page
        else (from_feed, from_page, "page text: the feed's body is no less")
    )
    if other.paragraphs:
        chosen.removed.append(Removed(" ".join(other.paragraphs)[:300], rule))
    chosen.agency = chosen.agency or other.agency
    chosen.dateline = chosen.dateline or other.dateline
    chosen.authors = chosen.authors or other.authors
    return chosen


def _chars(body: _Body) -> int:
    return sum(map(len, body.paragraphs))


def _of_feed(item: RawItem, title: str, language: str) -> _Body:
    """The feed's text: the article's own; where there is none, what describes its video; else a caption.

    By what they are, not by length: the caption of a picture is often longer than the lead beside it.
    """
    texts = [SourceText("summary", item.body, item.html), *item.texts]
    bodies = [(text.kind, _cleaned(plain_text(text.text, html=text.html), title, language)) for text in texts]
    # Content and summary are the article's own, both: the fuller one of them, cleaned.
    bodies.sort(key=lambda each: (_RANKED.index(each[0]), -_chars(each[1]) if each[0] == "summary" else 0))
    said = [(kind, body) for kind, body in bodies if body.paragraphs]
    if not said:
        empty = bodies[0][1]
        empty.removed = [each for _, body in bodies for each in body.removed]
        return empty
    chosen = said[0][1]
    known = " ".join(chosen.paragraphs)
    for kind, other in said[1:]:
        text = " ".join(other.paragraphs)
        if text not in known:
            chosen.removed.append(Removed(text[:_ASIDE_CHARS], f"{kind} beside the text"))
    return chosen


def _cleaned(text: str, title: str, language: str) -> _Body:
    """All rules for lines, again and again until none applies: cleaning a clean text changes nothing."""
    body = _Body(paragraphs_of(text))
    for _ in range(6):
        before = body.paragraphs
        plain = strip_boilerplate(body.paragraphs, title, language)
        pictured, picture_credits = strip_picture_credits(plain.paragraphs)
        named = strip_bylines(pictured)
        credits_ = strip_dateline(named.paragraphs)
        body.paragraphs = credits_.paragraphs
        body.removed += [*plain.removed, *picture_credits, *named.removed, *credits_.removed]
        body.authors += named.authors
        body.agency = body.agency or credits_.agency or named.agency
        body.dateline = body.dateline or credits_.dateline
        if body.paragraphs == before:
            break
    return body


def _title_from(body: _Body) -> str:
    """A title for a text that came without: its first line or sentence, cut at a word."""
    if not body.paragraphs:
        return ""
    first = body.paragraphs[0]
    if len(first) <= 150:
        return first
    sentence = re.split(r"(?<=[.!?。！？])\s", first[:160])[0]
    if len(sentence) <= 150:
        return sentence
    return sentence[:120].rsplit(" ", 1)[0] + " ..."


def _date_candidates(item: RawItem, page: Page, body: _Body) -> list[tuple[str, DateSource]]:
    candidates: list[tuple[str, DateSource]] = [(item.published, "feed")]
    candidates += [(date, "page") for date in page.dates[:4]]
    candidates.append((item.updated, "feed"))
    candidates += [(line.text, "text") for line in body.removed if is_text_date(line)][:3]
    if re.search(r"\b(?:19|20)\d{2}\b", body.dateline):
        candidates.append((body.dateline, "text"))
    return [(one_line(text), source) for text, source in candidates if text]
