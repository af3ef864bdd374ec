"""One article: its text with names marked, its versions, and why it is in its story."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rapidfuzz.distance import LCSseq

from pipeline.app import App
from pipeline.app.shapes import article_shape, decision_shape, version_shapes
from pipeline.desk.read import source_of
from pipeline.desk.view import Ask, View, cut
from pipeline.records import Article, Decision, StoredArticle

MOST_TEXT_CHARS: Final = 60_000


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a text: plain, or the name of an entity."""

    text: str
    entity: str = ""


@dataclass(frozen=True, slots=True)
class WordDiff:
    """A word diff: pieces that stayed (""), went ("-") or came ("+")."""

    at: datetime
    feed: str
    title: tuple[tuple[str, str], ...]
    text: tuple[tuple[tuple[str, str], ...], ...]


def article(app: App, ask: Ask) -> View:
    """One article: its text, what was found in it, and why it is where it is."""
    stored, versions = app.read.article(ask.given["id"])
    record = stored.enriched.article
    if record.id != ask.given["id"]:
        return View(to=f"{ask.root}/articles/{record.id}", status=303)
    decision, stories = app.read.decided(stored)
    story_now = stories.get(stored.story) or app.read.current(stored.story)[0]
    # Each replaced version beside the one that came after it; the article as it is now came last.
    replaced = list(zip(versions, [*(v.article for v in versions), record][1:], strict=True))
    document = article_shape(stored) | {
        "versions": version_shapes(versions, record),
        "decision": decision_shape(decision, stored) if decision else None,
    }
    return View(
        "article",
        {
            "article": record,
            "line": source_of(stored.line, ask.seen),
            "paragraphs": paragraphs(stored),
            "long": len(record.text) > MOST_TEXT_CHARS,
            "recurring": [span.text for span in stored.enriched.recurring],
            "removed": record.removed,
            "entities": stored.enriched.entities[:40],
            "topics": stored.enriched.topics,
            "changes": [change(old.article, after, old.replaced) for old, after in reversed(replaced)],
            "decision": decision,
            "table": list(_features(decision)) if decision else [],
            "titles": {name: cut(story.title) for name, story in stories.items()},
            "story": story_now,
            "forms": record.forms,
        },
        document,
    )


def _features(decision: Decision) -> Iterator[tuple[str, Any, Any]]:
    """The parts of a decision as rows: the feature, and what it gave to the chosen and to the runner-up."""
    chosen, other = decision.chosen, decision.runner_up
    mine = {c.feature: c for c in chosen.contributions} if chosen else {}
    theirs = {c.feature: c for c in other.contributions} if other else {}
    for name in dict.fromkeys([*mine, *theirs]):
        pair = mine.get(name), theirs.get(name)
        if any(each is not None and abs(each.contribution) >= 0.0005 for each in pair):
            yield name, *pair


def paragraphs(stored: StoredArticle) -> list[list[TextPiece]]:
    """The text in paragraphs, its names marked, without the lines that its outlet repeats."""
    record = stored.enriched.article
    names = sorted(
        (span.start, span.end, entity.id)
        for entity in stored.enriched.entities
        for span in entity.spans
        if span.field == "text"
    )
    gone = [(span.start, span.end, None) for span in stored.enriched.recurring if span.field == "text"]
    marks: list[tuple[int, int, str | None]] = sorted(
        [*names, *gone], key=lambda mark: (mark[0], mark[2] or "")
    )
    pieces: list[TextPiece] = []
    at, text = 0, record.text[:MOST_TEXT_CHARS]
    for start, end, entity in marks:
        if start < at or end > len(text):
            continue
        pieces.append(TextPiece(text[at:start]))
        if entity is not None:
            pieces.append(TextPiece(text[start:end], entity))
        at = end
    pieces.append(TextPiece(text[at:]))
    found: list[list[TextPiece]] = [[]]
    for piece in pieces:
        if piece.entity:
            found[-1].append(piece)
            continue
        for number, line in enumerate(piece.text.split("\n\n")):
            if number:
                found.append([])
            found[-1] += [TextPiece(line[at : at + 2000]) for at in range(0, len(line), 2000)]
    return [each for each in found if any(piece.text.strip() for piece in each)]


def change(old: Article, new: Article, at: datetime) -> WordDiff:
    """What one version changed, word by word; of the text only the paragraphs that changed."""
    before, after = (each.text[:MOST_TEXT_CHARS].split("\n\n")[:2000] for each in (old, new))
    text = []
    was: list[str] = []
    became: list[str] = []
    for each in [*LCSseq.opcodes(before, after), None]:
        if each is not None and each.tag != "equal":
            was += before[each.src_start : each.src_end]
            became += after[each.dest_start : each.dest_end]
        elif was or became:
            text.append(words_changed("\n\n".join(was), "\n\n".join(became)))
            was, became = [], []
    title = words_changed(old.title, new.title) if old.title != new.title else ()
    return WordDiff(at, new.revised_by, title, tuple(text))


def words_changed(old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Two texts as pieces: "" stayed, "-" went, "+" came.

    >>> words_changed("four dead", "six dead")
    (('-', 'four '), ('+', 'six '), ('', 'dead'))
    """
    before, after = (re.findall(r"\S+\s*", text)[:4000] for text in (old, new))
    pieces: list[tuple[str, str]] = []
    gone, come = "", ""
    for each in LCSseq.opcodes(before, after):
        was = "".join(before[each.src_start : each.src_end])
        if each.tag != "equal":
            gone, come = gone + was, come + "".join(after[each.dest_start : each.dest_end])
            continue
        pieces += [("-", gone), ("+", come), ("", was)]
        gone, come = "", ""
    return tuple(piece for piece in [*pieces, ("-", gone), ("+", come)] if piece[1])
