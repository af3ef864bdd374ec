"""A row as ninjs, the form in which newsrooms exchange news as JSON (IPTC ninjs 3.0, https://iptc.org/std/ninjs/).

An article is a `text`, a story a `composite` with its articles as associations. What the standard has no
property for (why an article is in its story, say) is left out; JSON lines have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

Json = dict[str, Any]

STANDARD: Final = {
    "name": "ninjs",
    "version": "3.0",
    "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.0.json#",
}
# Where the ids of IPTC's media topics are described, by their number; ids of another taxonomy stay texts.
_MEDIA_TOPICS: Final = "http://cv.iptc.org/newscodes/mediatopic/"
_NAMED: Final = {
    "person": "people",
    "organisation": "organisations",
    "place": "places",
    "event": "events",
    "work": "objects",
}
# What a URI may have of signs that mean something in it (RFC 3986), besides letters and digits.
_KEPT: Final = "%/:=&?~#+!$,;'@()*[]"


def ninjs(kind: str, row: Mapping[str, Any]) -> Json:
    """An item of a row as `pipeline.app.shapes` has it.

    Args:
        kind: "articles" or "stories".
        row: The article or the story.
    """
    item = _article(row) if kind == "articles" else _story(row)
    return {name: value for name, value in item.items() if value not in (None, "", [])}


def _article(row: Mapping[str, Any]) -> Json:
    sources = [{"name": row["source"], "role": "outlet"}, {"name": row["agency"], "role": "agency"}]
    ids = [("story", row["story"]), ("url", row["url"])]
    return {
        "standard": STANDARD,
        "uri": _identifier("article", row["id"]),
        "type": "text",
        "version": str(row["version"]),
        "firstCreated": row["published"],
        "versionCreated": row["updated"] or row["published"] or row["fetched"],
        "pubStatus": "canceled" if row["withdrawn"] else "usable",
        "language": row["language"],
        "title": row["title"],
        "headlines": [{"role": "main", "value": row["title"]}],
        "by": "; ".join(row["authors"]),
        "located": row["dateline"],
        "bodies": [
            {
                "contentType": "text/plain",
                "charCount": len(row["text"]),
                "wordCount": len(row["text"].split()),
                "value": row["text"],
            }
        ],
        "infoSources": [each for each in sources if each["name"]],
        "genres": [{"literal": row["kind"]}],
        "altIds": [{"role": role, "value": value} for role, value in ids if value],
        "renditions": _renditions(row["link"]),
    } | _subjects(row)


def _story(row: Mapping[str, Any]) -> Json:
    summary = " ".join(each["text"] for each in row["summary"])
    return {
        "standard": STANDARD,
        "uri": _identifier("story", row["id"]),
        "type": "composite",
        "firstCreated": row["first_published"],
        "versionCreated": row["last_published"],
        "pubStatus": "usable",
        "language": row["languages"][0] if len(row["languages"]) == 1 else "",
        "title": row["title"],
        "headlines": [{"role": "main", "value": row["title"]}],
        "descriptions": [{"role": "summary", "contentType": "text/plain", "value": summary}]
        if summary
        else [],
        "infoSources": [{"name": name, "role": "outlet"} for name in row["outlets"] if name],
        "associations": [_member(each) for each in row["articles"]],
    } | _subjects(row)


def _member(row: Mapping[str, Any]) -> Json:
    item = {
        "name": row["title"] or row["id"],
        "rel": "member",
        "uri": _identifier("article", row["id"]),
        "type": "text",
        "title": row["title"],
        "firstCreated": row["published"],
        "infoSources": [{"name": row["source"], "role": "outlet"}] if row["source"] else [],
        "renditions": _renditions(row["url"]),
    }
    return {name: value for name, value in item.items() if value not in (None, "", [])}


def _subjects(row: Mapping[str, Any]) -> Json:
    found: dict[str, list[Json]] = {name: [] for name in _NAMED.values()}
    for each in row["entities"]:
        found[_NAMED[each["type"]]].append({"name": each["name"], "literal": each["id"]})
    return found | {"subjects": [_subject(each) for each in row["topics"]]}


def _subject(topic: Mapping[str, Any]) -> Json:
    scheme, _, number = topic["id"].partition(":")
    known = {"uri": _MEDIA_TOPICS + number} if scheme == "medtop" and number.isdecimal() else {}
    return {"name": topic["name"], "literal": topic["id"]} | known


def _renditions(link: str) -> list[Json]:
    """The page of an outlet, where its address can be a URI.

    >>> _renditions("https://example.org/a b?q=ü"), _renditions("javascript:alert(1)")
    ([{'name': 'web', 'contentType': 'text/html', 'href': 'https://example.org/a%20b?q=%C3%BC'}], [])
    """
    try:
        parts = urlsplit(link)
    except ValueError:
        return []
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return []
    href = quote(link, safe=_KEPT, errors="replace")
    return [{"name": "web", "contentType": "text/html", "href": href}]


def _identifier(kind: str, name: str) -> str:
    return f"tag:wirewatch,2026:{kind}:{quote(name, safe='')}"
