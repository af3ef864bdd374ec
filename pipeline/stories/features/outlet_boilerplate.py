"""Cleaning by outlet habits: lines and title segments that an outlet repeats under other titles tell nothing.

The largest single gain measured on real feeds (docs/benchmarks.md): an outlet's appeals to subscribe, its
programme names and its slogans make unlike articles look alike.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from pipeline.records import Removed
from pipeline.stories.features.sentences import sentence_spans
from pipeline.stories.features.statistics import StreamStatistics

RULE = "outlet repeats it"

_FIGURES = re.compile(r"\d+")
_URL = re.compile(r"https?://\S+|www\.\S+")
# Title | Programme - Outlet: a bar anywhere, a dash only with white space on both sides.
_MARKS = " |·•»–—-:"
_SEGMENT = re.compile(r"\s*\|\s*|\s+(?:[·•»–—-]|::)\s+")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A title and text without what the outlet repeats.

    Attributes:
        title: The title; never empty when it was not before.
        text: The text, with its remaining lines and paragraphs as they were.
        removed: What was taken out, in order.
        title_kept: Spans (start, end) of the given title that remain, in order.
        text_kept: Likewise of the text.
    """

    title: str
    text: str
    removed: tuple[Removed, ...] = ()
    title_kept: tuple[tuple[int, int], ...] = ()
    text_kept: tuple[tuple[int, int], ...] = ()


def line_digest(line: str) -> int:
    """A line as 64 bits, blind to case, figures, addresses and white space; never 0."""
    folded = " ".join(_FIGURES.sub("0", _URL.sub("@", line.lower())).split())
    digest = hashlib.blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1


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


def clean(title: str, text: str, outlet: str, learned: StreamStatistics) -> Cleaned:
    """Takes out what the outlet wrote before under another title.

    Args:
        title: As normalized.
        text: As normalized.
        outlet: The outlet's name; "" has no habits.
        learned: StreamStatistics state of what came before; it is not changed.
    """
    segments, sentences = title_segments(title), sentence_spans(text)
    if not outlet:
        return Cleaned(title, text, (), ((0, len(title)),), ((0, len(text)),))
    lines, own = learned.lines(outlet), line_digest(title)

    def kept(source: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        return [s for s in spans if not lines.repeated(line_digest(source[s[0] : s[1]]), own)]

    title_spans = kept(title, segments) or segments
    text_spans = kept(text, sentences)
    removed_title = [title[a:b] for a, b in segments if (a, b) not in title_spans]
    remaining = set(text_spans)
    removed = removed_title + [text[a:b] for a, b in sentences if (a, b) not in remaining]
    title_kept = _joined(title_spans, segments, len(title))
    text_kept = _joined(text_spans, sentences, len(text))
    return Cleaned(
        title=_cut(title, title_kept).rstrip(_MARKS) if removed_title else title,
        text=_cut(text, text_kept).rstrip(),
        removed=tuple(Removed(line, RULE) for line in removed),
        title_kept=title_kept,
        text_kept=text_kept,
    )


def observe(title: str, text: str, outlet: str, learned: StreamStatistics) -> None:
    """Notes what one more article of an outlet says, as it was before cleaning."""
    if outlet:
        lines = {line_digest(title[a:b]) for a, b in title_segments(title)}
        lines |= {line_digest(text[a:b]) for a, b in sentence_spans(text)}
        learned.observe_lines(outlet, sorted(lines), line_digest(title))


def _cut(text: str, kept: tuple[tuple[int, int], ...]) -> str:
    return "".join(text[a:b] for a, b in kept)


def _joined(
    kept: list[tuple[int, int]], all_spans: list[tuple[int, int]], length: int
) -> tuple[tuple[int, int], ...]:
    """Joins neighbouring kept spans, each with the white space or mark that follows it."""
    if len(kept) == len(all_spans):
        return ((0, length),) if length else ()
    starts = [start for start, _ in all_spans[1:]] + [length]
    following = dict(zip(all_spans, starts, strict=True))
    joined: list[tuple[int, int]] = []
    for span in kept:
        if joined and joined[-1][1] == span[0]:
            joined[-1] = (joined[-1][0], following[span])
        else:
            joined.append((span[0], following[span]))
    return tuple(joined)
