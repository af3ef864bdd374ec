"""Titles without what an outlet hangs on them."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from pipeline.normalize.credits.agencies import AGENCIES
from pipeline.normalize.title.affixes import (
    BRACKETED,
    CAPITALS,
    CRY,
    DECKED,
    DOTTED,
    EAST_ASIAN,
    KEPT_TAIL,
    LABEL,
    MARKED,
    SECTION,
    SLUG,
    SLUG_LOOSE,
    TAIL_FORMAT,
    TAIL_LABEL,
)
from pipeline.normalize.title.labels import WORD_LABEL
from pipeline.normalize.title.outlet_names import has_unparted_marker, looks_like_outlet, names_outlet
from pipeline.records import Removed

# " | ", " - ", " – ", " — ", " :: ", " » ", " · ", " • ", " › "; a bar or » needs no blanks.
_SEPARATOR = re.compile(
    r"\s+(?:--?|–|—|::|·|•|//?|›|‹|~|⋆|\*)\s+|\s*[|｜│┃»«¦]\s*|\s+(?:–|—)(?=\S)|"
    # Chinese and Japanese set no blanks around theirs.
    r"(?<=[\u3040-\u9fff\"])(?:_+|——|-{1,2}(?=[\u3040-\u9fff]))"
)
_STRONG = re.compile(r"[|｜│┃»«¦]|::|·|•|›|‹|⋆|_|//")
# «…», « … » and »…« are quotation marks, as in French, Russian, Spanish and German.
_QUOTED = re.compile(r"«[^«»]+»|(?<!\S)»(?=\S)[^«»]+(?<=\S)«|(?<!\S)›(?=\S)[^‹›]+(?<=\S)‹")
_SPACED_COLON = re.compile(r"\s:\s+")
_DAY = re.compile(r"^\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})$|^\d{4}-\d{2}-\d{2}$")
_WORDS = re.compile(r"\w+")
# Hebrew, Arabic, Indian and East Asian letters: no capitals tell a name from a sentence.
_UNCASED = re.compile(r"[\u0590-\u08ff\u0900-\u0dff\u3040-\u9fff\uac00-\ud7af]")
# Of these, those whose words are parted by blanks and have no names of outlets in one piece.
_SPACED_UNCASED = re.compile(r"[\u0590-\u08ff\u0900-\u0dff]")


@dataclass(frozen=True, slots=True)
class Title:
    """A clean title, and what was taken off."""

    text: str
    removed: tuple[Removed, ...] = ()


def clean_title(title: str, outlet: str, host: str) -> Title:
    """Takes labels ("LIVE:", "UPDATE 2-"), brackets ("[Video]") and the outlet's name off a title.

    What stands between separators goes when it names the outlet as known, names the host, is a section's
    name, or looks like an outlet's name; a title that would be empty stays as it was.

    Args:
        title: One repaired line.
        outlet: The outlet's name as known, or "".
        host: The host of the article's URL without "www.", or "".
    """
    removed: list[Removed] = []
    text = title
    for _ in range(8):
        shorter, rule = _step(text, outlet, host)
        if not rule and removed and removed[-1].rule in {"outlet in title", "section in title"}:
            shorter, rule = _section_off(text)
        if not rule or not _WORDS.search(shorter):
            break
        cut = text.replace(shorter, "", 1).strip() if shorter in text else text
        removed.append(Removed(cut, rule))
        text = shorter
    return Title(text, tuple(removed))


def _step(text: str, outlet: str, host: str) -> tuple[str, str]:
    for pattern, rule in (
        (SLUG, "agency slug"),
        (SLUG_LOOSE, "agency slug"),
        (LABEL, "title label"),
        (DOTTED, "title label"),
        (CRY, "title label"),
        (MARKED, "title label"),
        (DECKED, "title label"),
    ):
        found = pattern.match(text)
        if found and _enough(text[found.end() :], 2):
            return text[found.end() :].strip(), rule
    found = CAPITALS.match(text)
    if found and found[0].isupper() and _enough(text[found.end() :], 2):
        return text[found.end() :].strip(), "title label"
    found = BRACKETED.search(text) or EAST_ASIAN.search(text)
    if found and _enough(text[: found.start()] + text[found.end() :], 2):
        return (text[: found.start()] + " " + text[found.end() :]).strip(), "title bracket"
    found = TAIL_LABEL.search(text)
    # A format of several words ("live updates") is sure after two words of title, "live" only after three.
    least = 2 if found and len(_WORDS.findall(found[0])) > 1 else 3
    if found and not KEPT_TAIL.search(text) and _enough(text[: found.start()], least):
        return text[: found.start()].strip(), "title label"
    found = TAIL_FORMAT.search(text)
    if (
        found
        and not found["format"][0].islower()
        and not KEPT_TAIL.search(text)
        and _enough(text[: found.start()], 4)
    ):
        return text[: found.start()].strip(), "title label"
    return _affix(text, outlet, host)


def _section_off(text: str) -> tuple[str, str]:
    """A section's name or a day that stood before the outlet's: "… - 12/03/2019 - Noticias - El Faro"."""
    last = _separators(text)[-1:] or list(_SPACED_COLON.finditer(text))[-1:]
    if not last:
        return text, ""
    tail, body = text[last[0].end() :].strip(), text[: last[0].start()].strip()
    if (SECTION.match(tail) or _DAY.match(tail)) and _enough(body, 2):
        return body, "section in title"
    return text, ""


def _separators(text: str) -> list[re.Match[str]]:
    """The separators of a title, without those that are quotation marks."""
    quoted = [found.span() for found in _QUOTED.finditer(text)]
    return [
        found
        for found in _SEPARATOR.finditer(text)
        if not any(left < found.end() and found.start() < right for left, right in quoted)
    ]


def _enough(text: str, words: int) -> bool:
    return len(_WORDS.findall(text)) >= words or (len(text) >= 6 and not text.isascii())


def _affix(text: str, outlet: str, host: str) -> tuple[str, str]:
    separators = _separators(text)
    if separators:
        body = _without_end(text, separators, outlet, host)
        if body:
            return body, "outlet in title"
    colon = re.match(r"^([^:：]{2,40})(?::\s+|：\s*)(?=\S)", text)
    named = colon and (names_outlet(colon[1], outlet, host) or AGENCIES.get(colon[1].lower()) == colon[1])
    if colon and named and _enough(text[colon.end() :], 3):
        return text[colon.end() :].strip(), "outlet in title"
    colon = re.search(r"(?::\s+|：\s*)([^:：]{2,40})$", text)
    named = colon and (names_outlet(colon[1], outlet, host) or has_unparted_marker(colon[1]))
    if colon and named and _enough(text[: colon.start()], 3):
        return text[: colon.start()].strip(), "outlet in title"
    return _bracketed_outlet(text, outlet, host)


def _without_end(text: str, separators: list[re.Match[str]], outlet: str, host: str) -> str:
    """A title without the outlet's name at its end or start, or ""."""
    first, last = separators[0], separators[-1]
    tail, body = text[last.end() :].strip(), text[: last.start()].strip()
    if _goes(tail, body, outlet, host, strong=bool(_STRONG.search(last[0]))):
        return body
    if len(separators) > 1 and _ends_chain(tail, text[separators[-2].end() : last.start()].strip()):
        return body
    front, rest = text[: first.start()].strip(), text[first.end() :].strip()
    if _front_goes(front, rest, outlet, host, strong=bool(_STRONG.search(first[0]))):
        return rest
    return _before_outlet(text, separators, outlet, host)


def _before_outlet(text: str, separators: list[re.Match[str]], outlet: str, host: str) -> str:
    """What stands before the outlet's name where its slogan or sections follow: "… | NU - Het laatste"."""
    for separator, following in itertools.pairwise(separators):
        body, named = text[: separator.start()].strip(), text[separator.end() : following.start()].strip()
        if _enough(body, 3) and names_outlet(named, outlet, host):
            return body
    return ""


def _bracketed_outlet(text: str, outlet: str, host: str) -> tuple[str, str]:
    found = re.match(r"\[([^\[\]]{2,40})\]\s*(?=\S)", text)
    if found and names_outlet(found[1], outlet, host) and _enough(text[found.end() :], 2):
        return text[found.end() :].strip(), "outlet in title"
    found = re.search(
        r"(?:\s[(\[<]|[（［【＜]|(?<=[\u3040-\u9fff])\()([^()\[\]<>（）［］【】＜＞]{2,40})[)\]>）］】＞]$",
        text,
    )
    if (
        found
        and (names_outlet(found[1], outlet, host) or looks_like_outlet(found[1], strong=False))
        and _enough(text[: found.start()], 3)
    ):
        return text[: found.start()].strip(), "outlet in title"
    return text, ""


def _goes(tail: str, body: str, outlet: str, host: str, *, strong: bool) -> bool:
    if not _enough(body, 2) or not tail:
        return not tail
    if (
        names_outlet(tail, outlet, host)
        or AGENCIES.get(tail.lower()) == tail
        or _led_by_outlet(tail, outlet, host, strong=strong)
    ):
        return True
    if (strong and (SECTION.match(tail) or _is_label(tail))) or (_DAY.match(tail) and _enough(body, 4)):
        return True
    if strong and _SPACED_UNCASED.search(tail):
        short, long = len(tail.split()), len(body.split())
        return short <= 3 and long > 2 * short
    if looks_like_outlet(tail, strong=strong):
        return len(_WORDS.findall(body)) >= len(_WORDS.findall(tail)) or not body.isascii()
    return not strong and SECTION.match(tail) is not None and "news" in tail.lower() and _enough(body, 4)


def _ends_chain(tail: str, before: str) -> bool:
    """Whether a short name follows a section's name or a day: "… - Esportes - Estadão"."""
    words = _WORDS.findall(tail)
    named = len(words) <= 4 and all(not word[0].islower() for word in words)
    return named and (SECTION.match(before) or _DAY.match(before)) is not None


def _led_by_outlet(tail: str, outlet: str, host: str, *, strong: bool) -> bool:
    """Whether the outlet's name comes first, then a day, a town or a slogan: "Talbote, 3 May 2021"."""
    if strong and _UNCASED.search(tail) and names_outlet(tail.split(" ", 1)[0], outlet, host):
        return True
    head = re.match(r"^([^,:;(（]{2,40}?)\s*[,:;(（]", tail)
    if head is None or not names_outlet(head[1], outlet, host):
        return False
    return strong or len(_WORDS.findall(tail[head.end() :])) <= 4


def _front_goes(front: str, rest: str, outlet: str, host: str, *, strong: bool) -> bool:
    if not _enough(rest, 3) or not front:
        return not front
    if names_outlet(front, outlet, host):
        # "Sun - and the spots that nobody explains" is one sentence.
        return strong or not rest[0].islower()
    return strong and (SECTION.match(front) is not None or _is_label(front))


def _is_label(text: str) -> bool:
    return re.fullmatch(WORD_LABEL, text, re.IGNORECASE) is not None
