"""Feed ids that a person can read: the outlet and, where it has several feeds, the section."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from urllib.parse import unquote, urlsplit

from pipeline.domains import registrable_domain

_MOST_CHARS = 60
_MOST_SECTION_WORDS = 3  # what is longer is a slogan
# Words of addresses and titles that say how a feed is made, not what it is about.
# fmt: off
_MECHANICS = frozenset({
    "rss", "rss1", "rss2", "feed", "feeds", "xml", "atom", "rdf", "json", "index", "default", "channel",
    "device", "id", "php", "html", "htm", "aspx", "asp", "cms", "xsl", "www", "http", "https", "outbound",
    "arc", "service", "services", "portal", "mrss", "site", "page", "pages", "query", "type", "format",
    "all", "com", "net", "org", "content", "api", "v1", "v2", "newsfeed", "syndication", "latest",
    "full", "text", "category", "categories", "tag", "tags", "section", "seccion", "posts", "rssfeed",
    "rssfeeds",
    "main", "home",
})
# fmt: on
# Letters of Latin scripts that are more than a letter with a mark.
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ə": "e"}
)
_ADDRESS = re.compile(r"^[\d.:\[\]]+$|^localhost$")


def feed_id(
    outlet: str, title: str, url: str, folders: Sequence[str] = (), taken: Collection[str] = ()
) -> str:
    """An id that none of `taken` is.

    Args:
        outlet: Whose it is, "" where nobody said.
        title: The feed's best name; what it holds beside the outlet is the section.
        url: Its path and host tell feeds of one outlet apart.
        folders: Of the list it came in, the outermost first.
        taken: Ids that are given already.

    >>> feed_id("The Guardian", "World news | The Guardian", "https://www.theguardian.com/world/rss")
    'the-guardian-world-news'
    >>> feed_id("CNN", "CNN", "http://rss.cnn.com/rss/edition_asia.rss")
    'cnn-edition-asia'
    >>> feed_id("", "", "http://127.0.0.1:8000/feeds/harbour-news.xml")
    'harbour-news'
    """
    head = slug(outlet) or _host_name(url) or slug(title)
    for name in _names(head, title, url, folders):
        if name and name not in taken and not _ADDRESS.match(name.replace("-", ".")):
            return name
    number = 2  # two addresses that differ in nothing that a word could name
    while f"{head or 'feed'}-{number}" in taken:
        number += 1
    return f"{head or 'feed'}-{number}" if (head or "feed") in taken else head or "feed"


def _names(head: str, title: str, url: str, folders: Sequence[str]) -> Iterator[str]:
    """Names that could be it, the best first."""
    path = [word for word in _words(url) if word not in head.split("-")]
    query = _told(slug(unquote(urlsplit(url).query)).split("-"), digits=True)
    section = _without(slug(title), head) or "-".join(path[-2:])
    whole = _cut(head, section)
    yield whole
    yield _cut(head, "-".join(path[-2:]))
    fuller = _cut(whole, "-".join(word for word in path if word not in whole.split("-")))
    yield fuller
    yield _cut(fuller, "-".join(query[-2:]))
    for folder in reversed(folders):
        yield _cut(whole, slug(folder))
    yield _cut(whole, _host_words(url))


def slug(text: str) -> str:
    """Text in lower-case letters, digits and hyphens; "" where none of it can be written so."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    plain = plain.encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")


def _cut(*parts: str) -> str:
    return "-".join(filter(None, parts))[:_MOST_CHARS].strip("-")


def _without(title: str, head: str) -> str:
    """A title's words without the outlet's, and without those that every feed has."""
    if not title or _ADDRESS.match(title.replace("-", ".")) or title.startswith(("http-", "https-")):
        return ""
    rest = f"-{title}-".replace(f"-{head}-", "-", 1) if head else title
    words = _told(rest.strip("-").split("-"))
    return "-".join(words) if len(words) <= _MOST_SECTION_WORDS else ""


def _told(words: Iterable[str], *, digits: bool = False) -> list[str]:
    return [
        word
        for word in words
        if len(word) > 1 and word not in _MECHANICS and (digits or not re.search(r"\d.*\d", word))
    ]


def _words(url: str) -> list[str]:
    path = re.sub(r"\.(xml|rss|rdf|atom|json|php|html?|aspx?|cms)$", "", unquote(urlsplit(url).path).lower())
    return _told(slug(path).split("-"))


def _host_name(url: str) -> str:
    """The word of a host that names its owner; "" for an address."""
    host = urlsplit(url).hostname or ""
    return "" if _ADDRESS.match(host) else slug(registrable_domain(host).partition(".")[0])


def _host_words(url: str) -> str:
    host = urlsplit(url).hostname or ""
    return "" if _ADDRESS.match(host) else "-".join(_told(slug(host).split("-")))
