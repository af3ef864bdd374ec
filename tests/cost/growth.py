"""A fuzzer of cost: what hostile text costs at n, 2n and 4n bytes, in every rule that reads it.

    python -m tests.cost.growth [--inputs 500] [--seed 1]

A rule whose cost grows with the square of its input costs sixteen times as much at 4n as at n, a linear one
four times. Processor time is compared with itself, the least of several runs, and only where it is enough
to be measured; so neither a slow machine nor a busy one changes what is found.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

from pipeline.alerts.watch.first_watch import first_query
from pipeline.enrich.names.look.patterns import named_spans
from pipeline.enrich.names.look.tagger import Tagger
from pipeline.errors import WirewatchError
from pipeline.normalize.article import normalize
from pipeline.normalize.plaintext.wall import is_wall_page
from pipeline.query.parse import parse
from pipeline.query.words.search_tokens import text_tokens, words
from pipeline.records import EnrichedArticle, RawItem
from pipeline.sources.fetch.article_pages import visible
from pipeline.sources.raw_items import captured, numbered
from pipeline.sources.read.payload import parse_capture
from pipeline.sources.read.webpage import describe_page
from pipeline.stories.features import features
from pipeline.stories.features.sentences import sentence_spans
from pipeline.stories.features.statistics import StreamStatistics

BYTES = 8 * 1024  # n; 4n is 32 KB
LIMIT_SECONDS = 0.5  # for 4n
# From 4n being so many times as dear as n it is more than linear: halfway to the square, and some.
_MOST_GROWTH = 9.0
_MEASURABLE_SECONDS = 0.04
_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_SPANISH = cast("Tagger", Tagger.learned("es"))
_ITEM = RawItem("", "c", 0, _NOW, title="A title of some words", body="A text of some words.")
ATOMS = (
    *("O'B", "Aa ", "A-", "a.", "A.", "(", ")", "[", "]", "{", "<", ">", "<p>", "</p>", "<a ", "<a href='"),
    *("&amp;", "&amp", "&#", "&#x41;", ";", "«", "»", "|", " - ", " – ", "—", ":", '"', "'", "''", "``", "/"),
    *("1 ", "1", "12/", "0", "2026-01-01 ", "1.", "1,", "By ", "by A ", "(AP) ", "LONDON (Reuters) - ", "="),
    *("Read more ", "\n\n", "\n", "\t", " ", "\r", "\x0b", "\u2028", "\u00a0", "Ã¼", "Москва ", "東京"),
    *(
        "E\u0301",
        "\u0301",
        "UPDATE 1-",
        "A von ",
        "de ",
        "U.S. ",
        "<!--",
        "-->",
        "<br>",
        "• ",
        "#39; ",
        "ไทย",
    ),
    *("]]>", "<script", "<script>", "</script>", "<style>", "<noscript>", "<meta ", "<div class='nav'>"),
    *("<td>", "<li>", "<h1>", "<article>", "<time datetime='", "http://", "www.", "%", "%25", "?a=", "&b="),
    *("@", "a@", ".com", "_", "*", "~", "^", "+", "!", "?", "…", "“", "”", "\u200b", "\ufeff", "é", "ß", "İ"),
    *("a", "aB", "Aaaaaaaaaa ", "the ", "Over ", "Photo: ", "AND ", "OR ", "NOT ", "h ", "ago ", "Jan ", "Z"),
    *("#", "#39; ", "â€", "..", "../", "ﬁ", "<table>", "<![CDATA[", "+0100", "and ", "\\"),
)


def _page(text: str) -> str:
    head = "<title>A title of some words</title>"
    return f"<html><head>{head}</head><body><article><h1>A title of words</h1>{text}</article></body></html>"


def _feed(text: str) -> bytes:
    item = f"<item><title>One</title><link>https://a.test/1</link><description>{text}</description></item>"
    return f"<rss version='2.0'><channel><title>A</title>{item}</channel></rss>".encode()


def _message(text: str) -> bytes:
    return f"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=B\n\n--B\n{text}".encode()


def _read(payload: str, body: bytes) -> None:
    for item in parse_capture(captured("file", payload, "a", _NOW, body), 5000)[0]:  # type: ignore[arg-type]
        normalize(item)


def _compared(text: str) -> None:
    article = normalize(replace(_ITEM, body=text))
    features.arrive([EnrichedArticle(article)], StreamStatistics.empty(), None)


def _normal(**fields: object) -> None:
    (item,) = numbered([replace(_ITEM, **fields)])  # type: ignore[arg-type]
    normalize(item)


# What is done with hostile text, by name.
RULES: dict[str, Callable[[str], object]] = {
    "body": lambda text: _normal(body=text),
    "html": lambda text: _normal(body=text, html=True),
    "title": lambda text: _normal(title=text),
    "title of html": lambda text: _normal(title=text, html=True),
    "author": lambda text: _normal(authors=(text,)),
    "authors": lambda text: _normal(authors=tuple(text.split())),
    "date": lambda text: _normal(published=text),
    "link": lambda text: _normal(url=f"https://a.test/{text}"),
    "guid": lambda text: _normal(guid=text),
    "outlet": lambda text: _normal(outlet=text),
    "page": lambda text: _normal(page=_page(text)),
    "page head": lambda text: _normal(page=f"<html><head><meta name='date' content='{text}'>{text}"),
    "page script": lambda text: _normal(page=_page(f"<script type='application/ld+json'>{text}</script>")),
    "feed": lambda text: _read("feed", _feed(text)),
    "broken feed": lambda text: _read("feed", b"<rss><channel>" + text.encode()),
    "text file": lambda text: _read("text", text.encode()),
    "message": lambda text: _read("html", _message(text)),
    "page file": lambda text: _read("html", text.encode()),
    "lines": lambda text: _read("jsonl", text.encode()),
    "array": lambda text: _read("jsonl", b"[" + text.encode()),
    "bytes": lambda text: _read("text", text.encode("cp1251", "replace")),
    "shown": visible,
    "page for a feed": lambda text: describe_page(text, "https://a.test/"),
    "wall": lambda text: is_wall_page(text, "en", "A title of some words and a teaser"),
    "names": lambda text: named_spans(text, "vi"),
    "learned names": lambda text: _SPANISH.names(text, "es"),
    "sentences": sentence_spans,
    "tokens": lambda text: text_tokens(text, words(text), "en"),
    "features": _compared,
    "query": lambda text: parse(text[:4000], _NOW),
    "first watch": lambda text: first_query(text[:4000]),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Excess:
    """A rule and a text that cost too much: seconds at n, 2n and 4n."""

    rule: str
    text: str
    seconds: tuple[float, float, float]


def shapes(count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Beginning, what is repeated, and end; the same seed gives the same ones. Single atoms come first."""
    chance = random.Random(seed)
    yield from [("", atom, "") for atom in ATOMS][:count]
    for _ in range(count - len(ATOMS)):
        unit = "".join(chance.choice(ATOMS) for _ in range(chance.choice((2, 2, 3, 4))))
        start = "".join(chance.choice(ATOMS) for _ in range(chance.choice((0, 0, 1, 2))))
        yield start, unit, "".join(chance.choice(ATOMS) for _ in range(chance.choice((0, 0, 1))))


def excess(
    rule: str, shape: tuple[str, str, str], size: int = BYTES, limit: float = LIMIT_SECONDS
) -> Excess | None:
    """What is wrong with the cost of a rule over a shape; None where nothing is."""
    start, unit, end = shape

    def text(length: int) -> str:
        return start + (unit * (length // len(unit.encode()) + 1))[:length] + end

    work = RULES[rule]
    _seconds(work, text(64))  # tables and caches fill first
    if _seconds(work, text(4 * size)) < _MEASURABLE_SECONDS:
        return None
    one, two, four = (_least(work, text(size * times)) for times in (1, 2, 4))
    grows = four > _MOST_GROWTH * max(one, 0.001) and four > _MEASURABLE_SECONDS
    return Excess(rule, repr(unit)[:80], (one, two, four)) if grows or four > limit else None


def _least(work: Callable[[str], object], text: str) -> float:
    return min(_seconds(work, text) for _ in range(3))


def _seconds(work: Callable[[str], object], text: str) -> float:
    gc.collect(0)
    started = time.process_time()
    with contextlib.suppress(WirewatchError):
        work(text)
    return time.process_time() - started


def run(
    count: int, seed: int = 1, rules: Iterable[str] | None = None, limit: float = LIMIT_SECONDS
) -> list[Excess]:
    """Tries each rule on so many shapes; measured again before it is believed."""
    tried = ((rule, shape) for rule in rules or RULES for shape in shapes(count, seed))
    return [
        worse
        for rule, shape in tried
        if excess(rule, shape, limit=limit) and (worse := excess(rule, shape, limit=limit))
    ]


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--inputs", type=int, default=500, help="shapes for each rule")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--rule", action="append", choices=sorted(RULES))
    given = options.parse_args()
    excesses = run(given.inputs, given.seed, given.rule)
    sys.stdout.writelines(f"{worse}\n" for worse in excesses)
    sys.stdout.write(
        f"{len(given.rule or RULES)} rules, {given.inputs} shapes each, {len(excesses)} cost too much\n"
    )
    sys.exit(bool(excesses))
