"""Feed lists as OPML (http://opml.org/spec2.opml): folders are tags; credentials never go out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import quoteattr

from defusedxml import DefusedXmlException, ElementTree

from pipeline.addresses import host_of, shown, without_credentials
from pipeline.errors import ConfigError, StoreError, UsageError
from pipeline.ports import FeedSource
from pipeline.settings import FeedsFile
from pipeline.sources.feeds.feed_ids import feed_id
from pipeline.sources.raw_items import language_code
from pipeline.sources.read.charset import decode, without_controls
from pipeline.sources.read.syndication.outlet import outlet_in
from pipeline.yaml_documents import read_document, validated

_SCHEME = re.compile(r"^(?:feed:(?://)?)?https?:|^feed:", re.IGNORECASE)
_MAX_DEPTH = 20
_EMPTY_LIST = re.compile(r"^feeds:[ \t]*(\[\s*\]|~|null)?[ \t]*(#.*)?$", re.MULTILINE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
# A DOCTYPE that only names a DTD is dropped; one that declares anything is refused with the rest.
_DOCTYPE = re.compile(
    r"(?<=^)\s*(?:<!--(?:(?!-->).)*-->\s*)*<!DOCTYPE[^\[\]<>]{0,1000}>", re.IGNORECASE | re.DOTALL
)
# Many programs write addresses into attributes with bare ampersands.
_BARE_AMPERSAND = re.compile(r"&(?!#\d{1,7};|#[xX][0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)")
_ITEM = re.compile(r"^([ ]*)-[ ]", re.MULTILINE)


def read_opml(body: bytes, name: str) -> list[FeedSource]:
    """The feeds of an OPML file, each URL once, with ids made from their titles.

    Outlines without an http or https URL are passed over, and so is a URL with `${`: in `feeds.yaml` it would
    send a variable of the environment to whoever wrote the file.

    Args:
        body: The file's bytes.
        name: The file's name, for messages.

    Raises:
        UsageError: It is not OPML, or holds no feed.
    """
    text = _DECLARATION.sub("", without_controls(decode(body)).lstrip("\ufeff"), count=1)
    text = _BARE_AMPERSAND.sub("&amp;", text)
    try:
        root = ElementTree.fromstring(_DOCTYPE.sub("", text, count=1), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise UsageError(f"{name}: not OPML ({type(error).__name__}: {str(error)[:100]})") from None
    feeds: dict[str, FeedSource] = {}
    for outline, folders in _outlines(root, ()):
        feed = _feed(outline, folders, {known.id for known in feeds.values()})
        if feed is not None:
            known = feeds.setdefault(feed.url, feed)
            if known is not feed:  # in several folders: the tags of all of them
                feeds[feed.url] = replace(known, tags=tuple(dict.fromkeys((*known.tags, *feed.tags))))
    if not feeds:
        raise UsageError(f"{name}: no feed in it (an outline with xmlUrl)")
    return list(feeds.values())


def read_opml_file(file: Path) -> list[FeedSource]:
    """The feeds of an OPML file, as `read_opml`.

    Raises:
        UsageError: It cannot be read, is not OPML, or holds no feed.
    """
    try:
        body = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from None
    return read_opml(body, str(file))


def write_opml(feeds: Sequence[FeedSource]) -> str:
    """Feeds as OPML: tags as folders within folders, passwords and keys left out of URLs."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">']
    lines += ["  <head><title>Wirewatch feeds</title></head>", "  <body>"]
    open_tags: tuple[str, ...] = ()
    for feed in sorted(feeds, key=lambda feed: (feed.tags, feed.id)):
        shared = _shared(open_tags, feed.tags)
        lines += [_indent(depth) + "</outline>" for depth in range(len(open_tags) - 1, shared - 1, -1)]
        lines += [
            _indent(depth) + f"<outline text={quoteattr(feed.tags[depth])}>"
            for depth in range(shared, len(feed.tags))
        ]
        lines.append(_indent(len(feed.tags)) + _outline(feed))
        open_tags = feed.tags
    lines += [_indent(depth) + "</outline>" for depth in range(len(open_tags) - 1, -1, -1)]
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def add_feeds(target: Path, found: Iterable[FeedSource], existing: Sequence[FeedSource]) -> list[FeedSource]:
    """Appends feeds to `feeds.yaml`, whose comments and order stay.

    Args:
        target: The file.
        found: What is to be added; a feed whose URL is there already is not.
        existing: What is configured now.

    Returns:
        The feeds that were added, with the ids they got.

    Raises:
        ConfigError: The file cannot be read or written, or its list is not written as a list of lines.
    """
    known = {without_credentials(feed.url) for feed in existing}
    ids = {feed.id for feed in existing}
    added = []
    for feed in found:
        if without_credentials(feed.url) in known:
            continue
        known.add(without_credentials(feed.url))
        named = _named(feed, ids)
        ids.add(named.id)
        added.append(named)
    if added:
        _append(target, added, existing)
    return added


def _append(target: Path, added: Sequence[FeedSource], existing: Sequence[FeedSource]) -> None:
    if not target.exists():
        if existing:
            raise ConfigError(
                "is not there, and the feeds come from the base folder: copy it here first", str(target)
            )
        before = "feeds:\n"
    else:
        read_document(target)
        before = target.read_text(encoding="utf-8").rstrip("\n") + "\n"
        before = _EMPTY_LIST.sub("feeds:", before, count=1)
    indent = (_ITEM.findall(before) or ["  "])[-1]
    text = before + "".join(_entry(feed, indent) for feed in added)
    beside = target.with_name(f".{target.name}.writing")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        _check(beside, added)
        beside.replace(target)
    except OSError as error:
        raise StoreError(f"{target}: cannot be written ({error.strerror})") from None
    except ConfigError as error:
        raise ConfigError(f"feeds cannot be appended: {error}", str(target)) from None
    finally:
        beside.unlink(missing_ok=True)


def _check(written: Path, added: Sequence[FeedSource]) -> None:
    entries = validated(FeedsFile, read_document(written)).feeds
    if [entry.id for entry in entries[-len(added) :]] != [feed.id for feed in added]:
        raise ConfigError("the list of feeds must come last in the file, one entry after the other")


def _entry(feed: FeedSource, indent: str) -> str:
    fields = {"id": feed.id, "url": feed.url, "outlet": feed.outlet, "language": feed.language}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items() if value]
    if feed.tags:
        lines.append(f"tags: {json.dumps(list(feed.tags), ensure_ascii=False)}")
    return f"{indent}- " + f"\n{indent}  ".join(lines) + "\n"


def _outlines(element: Element, folders: tuple[str, ...]) -> Iterable[tuple[Element, tuple[str, ...]]]:
    for child in element:
        if child.tag.lower() != "outline":
            yield from _outlines(child, folders)
        elif _attribute(child, "xmlUrl"):
            yield child, folders
        elif len(folders) < _MAX_DEPTH:
            name = _attribute(child, "text") or _attribute(child, "title")
            yield from _outlines(child, (*folders, name) if name else folders)


def _feed(outline: Element, folders: tuple[str, ...], ids: set[str]) -> FeedSource | None:
    written = _SCHEME.sub(lambda scheme: scheme[0].lower(), _attribute(outline, "xmlUrl").strip())
    url = re.sub(r"^feed:(?://)?(?=https?://)|^feed(?=://)", _as_http, written)
    if not url.startswith(("http://", "https://")) or "${" in url or not host_of(url):
        return None
    title = _best_name(outline, url)
    categories = re.split(r"[,/]", _attribute(outline, "category"))
    tags = dict.fromkeys(tag for tag in (*folders, *(part.strip() for part in categories)) if tag)
    outlet = outlet_in(title, (_attribute(outline, "htmlUrl"), url))
    return FeedSource(
        id=feed_id(outlet, title, url, folders, ids),
        url=url,
        outlet=outlet,
        language=language_code(_attribute(outline, "language")),
        tags=tuple(tags),
    )


def _as_http(found: re.Match[str]) -> str:
    return "http" if found[0] == "feed" else ""


def _best_name(outline: Element, url: str) -> str:
    """The name that says most: feed readers write a URL, or nothing, where they know no name."""
    names = [_attribute(outline, each) for each in ("title", "text", "description")]
    said = [name for name in names[:2] if name and "://" not in name and name != host_of(url)]
    return next(iter(said), names[2][:80] if len(names[2]) <= 80 else "")


def _named(feed: FeedSource, taken: set[str]) -> FeedSource:
    if feed.id not in taken:
        return replace(feed, secrets=())
    return replace(feed, id=feed_id(feed.id, "", feed.url, feed.tags, taken), secrets=())


def _attribute(element: Element, name: str) -> str:
    """An attribute by its name in any case: programs write `xmlurl` and `XMLURL`, too."""
    said = next((value for key, value in element.items() if key.lower() == name.lower()), "")
    return " ".join(said.split())[:2000]


def _outline(feed: FeedSource) -> str:
    title = feed.outlet or feed.id
    fields = {"type": "rss", "text": title, "title": title, "xmlUrl": _without_secrets(feed)}
    if feed.language:
        fields["language"] = feed.language
    return "<outline " + " ".join(f"{name}={quoteattr(value)}" for name, value in fields.items()) + "/>"


def _without_secrets(feed: FeedSource) -> str:
    """A feed's URL without password and keys; of the query, what would be shown as "…" is left out."""
    head, mark, query = shown(feed.url, feed.secrets).partition("?")
    kept = [pair for pair in query.split("&") if "…" not in pair]
    return head + mark + "&".join(kept) if kept and mark else head


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many elements two sequences have in common at the beginning."""
    for position, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return position
    return min(len(one), len(other))


def _indent(depth: int) -> str:
    return "  " * (depth + 2)
