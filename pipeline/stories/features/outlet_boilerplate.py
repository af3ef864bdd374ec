"""Outlet boilerplate: lines and title segments that an outlet repeats under many titles are no news.

An outlet's appeals to subscribe, its programme names and its slogans make different articles look alike;
leaving them out of the comparison is the largest single gain measured on real feeds (docs/benchmarks.md). The
record stays whole. Two things are made from it and from what was learned:

- the comparison text, by which stories are found: without any line that the outlet wrote before under another
  title, figures aside;
- marks on the lines that recur word for word under several titles over time: these are left out where the
  article is shown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.records import Article, Span
from pipeline.stories.features.sentences import sentence_spans
from pipeline.stories.features.statistics import StreamStatistics
from pipeline.stories.features.tokens import tokens

_FIGURES = re.compile(r"\d+")
_URL = re.compile(r"https?://\S+|www\.\S+")
# Title | Programme - Outlet: a bar anywhere, a dash only with white space on both sides.
_MARKS = " |·•»–—-:"
_SEGMENT = re.compile(r"\s*\|\s*|\s+(?:[·•»–—-]|::)\s+")
_LOW: Final = 0xFFFF_FFFF
_HOUR_SECONDS: Final = 3600
# A sentence that shares a word this rare (idf) with the title is background to the news, not boilerplate.
_TELLING_IDF: Final = 3.0


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of a text or a segment of a title.

    Attributes:
        start, end: Its place in that field.
        digest: Of the line without its figures and addresses, 64 bits; see `line_digest`.
        wording: Digest of the line with its figures, 32 bits; never 0.
    """

    start: int
    end: int
    digest: int
    wording: int


@dataclass(frozen=True, slots=True)
class ArticleLines:
    """An article cut into lines, each hashed once.

    Attributes:
        outlet: The outlet's name; without one ("") no boilerplate is looked for.
        title, text: As in the record.
        own: The title's digest.
        hour: The article's time in hours since 1970.
        segments: Of the title.
        sentences: Of the text.
    """

    outlet: str
    title: str
    text: str
    own: int
    hour: int
    segments: tuple[Line, ...]
    sentences: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ComparisonText:
    """What of an article is compared.

    Attributes:
        title: The title; never empty when the record's is not.
        text: The text, with its remaining lines and paragraphs as they were.
        title_kept: Spans (start, end) of the record's title that remain, in order.
        text_kept: Spans (start, end) of the record's text that remain, in order.
    """

    title: str
    text: str
    title_kept: tuple[tuple[int, int], ...]
    text_kept: tuple[tuple[int, int], ...]


def line_digest(line: str) -> int:
    """A line as 64 bits, blind to case, figures, addresses and white space; never 0."""
    return _digest(_FIGURES.sub("0", _URL.sub("@", line.lower())))


def _digest(folded: str) -> int:
    spaced = " ".join(folded.split()).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(spaced, digest_size=8).digest(), "little") or 1


def title_segments(title: str) -> list[tuple[int, int]]:
    """The parts of a title between bars and dashes, as (start, end) offsets.

    >>> title_segments("Quake in Peru | Evening News")
    [(0, 13), (16, 28)]
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _SEGMENT.finditer(title):
        spans.append((start, match.start()))
        start = match.end()
    spans.append((start, len(title)))
    return [(left, right) for left, right in spans if title[left:right].strip()]


def read_lines(article: Article) -> ArticleLines:
    """Cuts an article into lines."""
    named = bool(article.outlet)
    return ArticleLines(
        outlet=article.outlet,
        title=article.title,
        text=article.text,
        own=line_digest(article.title),
        hour=int(article.time.timestamp() // _HOUR_SECONDS),
        segments=_lines(article.title, title_segments(article.title)) if named else (),
        sentences=_lines(article.text, sentence_spans(article.text)) if named else (),
    )


def _lines(content: str, spans: Sequence[tuple[int, int]]) -> tuple[Line, ...]:
    return tuple(
        Line(a, b, line_digest(content[a:b]), _digest(content[a:b].casefold()) & _LOW or 1) for a, b in spans
    )


def comparison_text(lines: ArticleLines, learned: StreamStatistics) -> ComparisonText:
    """The article without what its outlet wrote before under another title; a title is never emptied.

    Args:
        lines: The article.
        learned: What was learned before it; not changed.
    """
    title, text = lines.title, lines.text
    if not lines.outlet:
        return ComparisonText(title, text, ((0, len(title)),), ((0, len(text)),))
    known = learned.lines(lines.outlet)

    def kept(every: Sequence[Line]) -> list[Line]:
        return [line for line in every if not known.repeated(line.digest, lines.own)]

    segments = kept(lines.segments) or list(lines.segments)
    title_kept = _joined(segments, lines.segments, len(title))
    text_kept = _joined(kept(lines.sentences), lines.sentences, len(text))
    return ComparisonText(
        title=title if len(segments) == len(lines.segments) else _cut(title, title_kept).rstrip(_MARKS),
        text=_cut(text, text_kept).rstrip(),
        title_kept=title_kept,
        text_kept=text_kept,
    )


def recurring(lines: ArticleLines, language: str, learned: StreamStatistics) -> tuple[Span, ...]:
    """The lines that the outlet repeats word for word under several titles over time.

    Never the whole title, never the first sentence, and no sentence that shares a rare word with the title,
    because the background of a running story recurs too.

    Args:
        lines: The article.
        language: Its language.
        learned: What was learned before it; not changed.
    """
    if not lines.outlet:
        return ()
    known = learned.lines(lines.outlet)

    def found(every: Sequence[Line]) -> list[Line]:
        return [line for line in every if known.recurs(line.digest, line.wording, lines.hour)]

    segments, sentences = found(lines.segments), found(lines.sentences[1:])
    if len(segments) == len(lines.segments):
        segments = []
    if not segments and not sentences:
        return ()
    gone = {(line.start, line.end) for line in segments}
    heading = " ".join(
        lines.title[line.start : line.end] for line in lines.segments if (line.start, line.end) not in gone
    )
    telling = {word for word in tokens(heading) if learned.language(language).idf(word) >= _TELLING_IDF}
    return (
        *(Span("title", each.start, each.end, lines.title[each.start : each.end]) for each in segments),
        *(
            Span("text", each.start, each.end, lines.text[each.start : each.end])
            for each in sentences
            if not _tells(lines.text[each.start : each.end], telling)
        ),
    )


def _tells(line: str, telling: Collection[str]) -> bool:
    return any(word in telling for word in tokens(line))


def observe(lines: ArticleLines, learned: StreamStatistics) -> None:
    """Learns the lines of one more article of an outlet."""
    if lines.outlet:
        found = {line.digest: line.wording for line in (*lines.segments, *lines.sentences)}
        learned.observe_lines(lines.outlet, sorted(found.items()), lines.own, lines.hour)


def _cut(text: str, kept: tuple[tuple[int, int], ...]) -> str:
    return "".join(text[a:b] for a, b in kept)


def _joined(kept: Sequence[Line], every: Sequence[Line], length: int) -> tuple[tuple[int, int], ...]:
    """The spans (start, end) of kept lines, each with the mark that follows it; neighbours are joined."""
    if len(kept) == len(every):
        return ((0, length),) if length else ()
    starts = [line.start for line in every[1:]] + [length]
    following = {line.start: start for line, start in zip(every, starts, strict=True)}
    joined: list[tuple[int, int]] = []
    for line in kept:
        if joined and joined[-1][1] == line.start:
            joined[-1] = (joined[-1][0], following[line.start])
        else:
            joined.append((line.start, following[line.start]))
    return tuple(joined)
