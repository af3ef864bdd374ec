"""What a chat or push message says: short, as plain text and as Markdown, and where to read on."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from pipeline.alerts.send.content import MailLine, MailSection, phrase
from pipeline.records import Watch

# Phones show a few lines, and Discord takes no more than 2,000 characters.
MOST_STORIES = 5
MOST_LINES = 3
MOST_CHARS = 1800


def chat_text(watch: Watch, sections: Sequence[MailSection], watch_url: str) -> bytes:
    """The message as JSON: its title, its text, and the same text as Markdown.

    Args:
        watch: Whose language it is in.
        sections: A story each.
        watch_url: The desk's page of the watch, or "".
    """
    first = sections[0]
    title = (
        f"{first.label}: {first.title}"
        if len(sections) == 1
        else phrase(watch.language, "digest_subject", count=len(sections), watch=watch.name)
    )
    forms = {
        form: _text(watch, sections, watch_url, markdown=form == "markdown") for form in ("text", "markdown")
    }
    return json.dumps({"title": title[:200], **forms}, ensure_ascii=False).encode("utf-8", "replace")


def _text(watch: Watch, sections: Sequence[MailSection], watch_url: str, *, markdown: bool) -> str:
    blocks: list[str] = []
    for part in sections[:MOST_STORIES]:
        block = _block(part, alone=len(sections) == 1, markdown=markdown)
        if blocks and sum(map(len, blocks)) + len(block) > MOST_CHARS:
            break
        blocks.append(block)
    hidden = len(sections) - len(blocks)
    if hidden:
        rest = phrase(watch.language, "rest_one" if hidden == 1 else "rest_many", count=hidden)
        blocks.append(f"{rest} {watch_url}".rstrip())
    return "\n\n".join(blocks)[: 2 * MOST_CHARS]


def _block(part: MailSection, *, alone: bool, markdown: bool) -> str:
    said = _marked if markdown else str
    lines = [] if alone else [said(f"{part.label}: {part.title}"[:300])]
    lines.append(said(part.figures))
    lines += [
        _line(MailLine(each.words, each.title, each.url, "", True), markdown=markdown)
        for each in part.withdrawn
    ]
    lines += [said(text[:300]) for text, _ in part.summary[:1]]
    lines += [_line(line, markdown=markdown) for line in (*part.fresh, *part.lines)[:MOST_LINES]]
    for label, url in part.links[:1]:
        lines.append(f"[{said(label)}]({url})" if markdown else f"{label}: {url}")
    return ("\n\n" if markdown else "\n").join(line for line in lines if line)


def _line(line: MailLine, *, markdown: bool) -> str:
    title = line.title[:200]
    if markdown:
        linked = f"[{_marked(title)}]({line.url})" if line.url else _marked(title)
        return f"{_marked(line.outlet)}: {linked}"
    return f"{line.outlet}: {title}" + (f"\n{line.url}" if line.url else "")


def _marked(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~-])", r"\\\1", text)
