"""Where parts of a text are after other parts were taken out."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from pipeline.records import Span

_PROBES = (48, 24, 12, 6, 3, 1)


@dataclass(frozen=True, slots=True)
class Block:
    """A run of characters that stayed: from `old` on in the former text, from `new` on in the present one."""

    old: int
    new: int
    length: int


def kept_blocks(old: str, new: str) -> tuple[Block, ...]:
    """The runs of `old` that `new` is made of, in order; white space between them may have changed.

    >>> kept_blocks("One. Two. Three.", "One. Three.")
    (Block(old=0, new=0, length=6), Block(old=11, new=6, length=5))
    """
    blocks: list[Block] = []
    at_old = at_new = 0
    while at_old < len(old) and at_new < len(new):
        length = _common(old, at_old, new, at_new)
        if length:
            blocks.append(Block(at_old, at_new, length))
            at_old, at_new = at_old + length, at_new + length
            continue
        if new[at_new].isspace():
            at_new += 1
            continue
        place = _next(old, at_old, new, at_new)
        if place < 0:
            at_new += 1
        else:
            at_old = place
    return tuple(blocks)


def _common(old: str, at_old: int, new: str, at_new: int) -> int:
    """How many characters are the same from here on."""
    step, length = 1 << 12, 0
    while step:
        left = old[at_old + length : at_old + length + step]
        if left and len(left) == step and left == new[at_new + length : at_new + length + step]:
            length += step
        else:
            step >>= 1
    return length


def _next(old: str, at_old: int, new: str, at_new: int) -> int:
    """Where in `old` the text from `at_new` on goes on, or -1."""
    for probe in _PROBES:
        place = old.find(new[at_new : at_new + probe], at_old)
        if place >= 0:
            return place
    return -1


def moved_span(span: Span, blocks: tuple[Block, ...], text: str) -> Span | None:
    """A span in the present text, or None where it went with its part.

    Args:
        span: In the former text.
        blocks: Of that field.
        text: The present text.
    """
    at = bisect_right(blocks, span.start, key=lambda block: block.old) - 1
    if at < 0:
        return None
    block = blocks[at]
    if span.end > block.old + block.length:
        return None
    start = span.start - block.old + block.new
    end = start + (span.end - span.start)
    return Span(span.field, start, end, span.text) if text[start:end] == span.text else None
