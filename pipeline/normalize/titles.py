"""Titles without what an outlet hangs on them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.normalize.outlets import looks_like_outlet, names_outlet
from pipeline.records import Removed

# " | ", " - ", " – ", " — ", " :: ", " » ", " · ", " • ", " › "; a bar or » needs no blanks.
_SEPARATOR = re.compile(r"\s+(?:--?|–|—|::|·|•|/|›|~|⋆|\*)\s+|\s*[|»«¦]\s*|\s+(?:–|—)(?=\S)")
_STRONG = re.compile(r"[|»«¦]|::|·|•|›|⋆")

_WORD_LABEL = (
    # English
    r"(?:just in|breaking(?: news)?|news alert|news flash|newsflash|alert|urgent|flash|developing(?: story)?|"
    r"live(?: blog| updates?| news| ?stream| coverage| now)?|liveblog|updates?|updated|report|reports|latest|"
    r"the latest|exclusive|watch(?: live| now| video)?|video|videos|photos?|pictures|in pictures|in photos|"
    r"gallery|photo gallery|slideshow|podcast|listen|audio|opinion|op-ed|editorial|analysis|news analysis|"
    r"commentary|comment|column|explainer|explained|fact ?box|fact check|timeline|interview|q&a|feature|"
    r"special report|insight|briefing|morning briefing|review|graphic|infographic|profile|obituary|"
    r"sponsored|paid post|advertorial|press release|read|must read|letter|letters|correction|corrected|"
    r"first on [a-z]{2,5}|world news|business news|scoop|"
    # German
    r"eilmeldung|eil|live-?ticker|liveticker|newsticker|ticker|live-?blog|kommentar|analyse|exklusiv|bericht|"
    r"medienbericht|bericht|aktuell|interview|faktencheck|video|bilder|überblick|hintergrund|glosse|"
    # French
    r"en direct|direct|alerte(?: info)?|info [a-z ]{2,20}|exclusif|vidéos?|urgent|reportage|analyse|tribune|"
    r"éditorial|édito|entretien|enquête|décryptage|dernière minute|en images|"
    # Spanish, Portuguese
    r"última hora|ultima hora|en vivo|en directo|directo|minuto a minuto|urgente|exclusiva|exclusivo|vídeos?|"
    r"fotos|análisis|opinión|entrevista|reportaje|ao vivo|urgente|opinião|análise|"
    # Italian, Dutch
    r"ultim'?ora|in diretta|diretta|esclusiva|esclusivo|foto|intervista|live|liveblog|exclusief|"
    # Russian
    r"срочно|молния|эксклюзив|видео|фото|онлайн)"
)
# Such as Report: … or LIVE: … or Watch | … or EN DIRECT - …
_LABEL = re.compile(
    rf"^{_WORD_LABEL}(?:\s*[:|»]\s+|\s*[:|»](?=\S)|\s+(?:-|–|—|//)\s+|\s*(?:–|—)\s+)(?=\S)", re.IGNORECASE
)
_DOTTED = re.compile(
    r"^(?:VIDÉOS?|VIDEOS?|EN IMAGES|PHOTOS?|INFOGRAPHIE|DIRECT|EN DIRECT|ENQUÊTE|REPORTAGE|"
    r"ENTRETIEN|EXCLUSIF|VÍDEOS?|FOTOS)\.\s+(?=\S)"
)
# Such as +++ Eilmeldung +++ … or (2nd LD) … or Update 3: …
_DECKED = re.compile(
    rf"^(?:\+{{2,}}\s*{_WORD_LABEL}\s*\+{{2,}}\s*:?|"
    r"\((?:\d\w\w )?(?:LEAD|LD|ADD|WRAP)\)|(?i:update|wrapup) \d{1,2}:)\s+(?=\S)",
    re.IGNORECASE,
)
# Reuters: "UPDATE 2-", "WRAPUP 3-", "RPT-UPDATE 1-", "EXCLUSIVE-"; capitals only, no blank before the dash.
_SLUG = re.compile(
    r"^(?:(?:UPDATE|WRAPUP|WRAP|RPT|REFILE|CORRECTED|REPEAT|RECAP|ADVISORY|PREVIEW|EXCLUSIVE|"
    r"FACTBOX|ANALYSIS|"
    r"EXPLAINER|INSIGHT|INTERVIEW|NEWSMAKER|TIMELINE|SPECIAL REPORT|BREAKINGVIEWS|COLUMN|FEATURE|FOCUS|POLL|"
    r"LIVE|TEXT|GRAPHIC|OBITUARY|PRESS DIGEST|CORRECTION|DIARY|KLIMAWANDEL|ROUNDUP|WDH|KORREKTUR|PRESSE|"
    r"GESAMT-ROUNDUP|AKTIE IM FOKUS|OTS|DGAP-[A-Za-z]+|EQS-[A-Za-z]+)(?:[ /]?\d{1,2})?(?:/[A-Z ]+)?"
    r"(?:\s?-\s?|:\s*))(?=\S)"
)
_SLUG_LOOSE = re.compile(
    r"^(?:update|wrapup|rpt|refile|corrected|exclusive|factbox|analysis|explainer|insight|special report|"
    r"newsmaker|roundup)\s*\d{0,2}\s?-\s?(?=[A-Z\"'])",
    re.IGNORECASE,
)
_BRACKET_WORD = (
    rf"(?:{_WORD_LABEL}|with video|\+ ?(?:video|photos?|vidéo|fotos)|(?:video|photos?)(?: and |/|, "
    rf"?)(?:video|photos?)|"
    r"video inside|subscription|paywall|premium|abo|plus|reuters|ap|afp|dpa|pdf|archive|sponsored content|"
    r"updated[ :][^()\[\]]{1,30}|update[ :]\d?[^()\[\]]{0,20}|e-?paper|full story|read more|infographic|"
    r"vidéo|vídeo|mit video|galería|abonnés|réservé aux abonnés|bezahlinhalt)"
)
_BRACKETED = re.compile(
    rf"^[\[(]\s*{_BRACKET_WORD}\s*[\])]\s*[:\-–—|]?\s*(?=\S)|\s*[\[(]\s*{_BRACKET_WORD}\s*[\])]$",
    re.IGNORECASE,
)
_TAIL_LABEL = re.compile(
    r"\s*(?:[|]|\s[-–—]|,|:(?= live (?:updates?|blog)))\s*"
    r"(?:live(?: updates?| blog| news)?|as it happened|live reporting|latest updates?|"
    r"video|in pictures|photos|pictures|live-?ticker|liveblog|en direct|en vivo|minuto a minuto|vidéo|vídeo|"
    r"report|reports|source|sources|opinion|analysis|explainer)\.?$",
    re.IGNORECASE,
)
# A trailing ", report says" or " - report" belongs to the meaning when it says who; only formats go.
_KEPT_TAIL = re.compile(
    r"(?:,|\s[-–—])\s*(?:report|reports|source|sources|opinion|analysis)\.?$", re.IGNORECASE
)
_SECTION = re.compile(
    r"^(?:(?:world|us|u\.s\.|uk|national|international|local|top|latest|business|sports?|"
    r"tech(?:nology)?|politics|"
    r"science|health|entertainment|culture|money|markets?|economy|europe|asia|africa|americas|middle east|"
    r"environment|climate|travel|lifestyle|life|style|football|soccer|arts|music|film|books|food|education|"
    r"media|crime|law|society|weather|opinion|news|video|live|nachrichten|politik|wirtschaft|sport|kultur|"
    r"wissen(?:schaft)?|panorama|ausland|inland|gesellschaft|international|monde|politique|économie|société|"
    r"actualités?|actu|internacional|españa|economía|deportes|política|sociedad|mundo|noticias|"
    r"cronaca|esteri)"
    r"(?: news| headlines| stories| updates?)?)$",
    re.IGNORECASE,
)
_WORDS = re.compile(r"\w+")


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
        if not rule and removed and removed[-1].rule == "outlet in title":
            shorter, rule = _section_off(text)
        if not rule or not _WORDS.search(shorter):
            break
        cut = text.replace(shorter, "", 1).strip() if shorter in text else text
        removed.append(Removed(cut, rule))
        text = shorter
    return Title(text, tuple(removed))


def _step(text: str, outlet: str, host: str) -> tuple[str, str]:
    for pattern, rule in (
        (_SLUG, "agency slug"),
        (_SLUG_LOOSE, "agency slug"),
        (_LABEL, "title label"),
        (_DOTTED, "title label"),
    ):
        found = pattern.match(text)
        if found and _enough(text[found.end() :], 2):
            return text[found.end() :].strip(), rule
    found = _DECKED.match(text)
    if found and _enough(text[found.end() :], 2):
        return text[found.end() :].strip(), "title label"
    found = _BRACKETED.search(text)
    if found and _enough(text[: found.start()] + text[found.end() :], 2):
        return (text[: found.start()] + " " + text[found.end() :]).strip(), "title bracket"
    found = _TAIL_LABEL.search(text)
    if found and not _KEPT_TAIL.search(text) and _enough(text[: found.start()], 3):
        return text[: found.start()].strip(), "title label"
    return _affix(text, outlet, host)


def _section_off(text: str) -> tuple[str, str]:
    """A section's name that stood before the outlet's: "… - Noticias - El Faro"."""
    last = list(_SEPARATOR.finditer(text))[-1:]
    if last and _SECTION.match(text[last[0].end() :].strip()) and _enough(text[: last[0].start()], 2):
        return text[: last[0].start()].strip(), "section in title"
    return text, ""


def _enough(text: str, words: int) -> bool:
    return len(_WORDS.findall(text)) >= words or (len(text) >= 6 and not text.isascii())


def _affix(text: str, outlet: str, host: str) -> tuple[str, str]:
    separators = list(_SEPARATOR.finditer(text))
    if separators:
        last = separators[-1]
        tail, body = text[last.end() :].strip(), text[: last.start()].strip()
        if _goes(tail, body, outlet, host, strong=bool(_STRONG.search(last[0]))):
            return body, "outlet in title"
        first = separators[0]
        front, rest = text[: first.start()].strip(), text[first.end() :].strip()
        if _front_goes(front, rest, outlet, host, strong=bool(_STRONG.search(first[0]))):
            return rest, "outlet in title"
    colon = re.match(r"^([^:]{2,40}):\s+(?=\S)", text)
    if colon and names_outlet(colon[1], outlet, host) and _enough(text[colon.end() :], 3):
        return text[colon.end() :].strip(), "outlet in title"
    colon = re.search(r":\s+([^:]{2,40})$", text)
    if colon and names_outlet(colon[1], outlet, host) and _enough(text[: colon.start()], 3):
        return text[: colon.start()].strip(), "outlet in title"
    return _bracketed_outlet(text, outlet, host)


def _bracketed_outlet(text: str, outlet: str, host: str) -> tuple[str, str]:
    found = re.search(r"\s[(\[]([^()\[\]]{2,40})[)\]]$", text)
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
    if names_outlet(tail, outlet, host):
        return True
    if strong and (_SECTION.match(tail) or _is_label(tail)):
        return True
    if looks_like_outlet(tail, strong=strong):
        return len(_WORDS.findall(body)) >= len(_WORDS.findall(tail)) or not body.isascii()
    return not strong and _SECTION.match(tail) is not None and "news" in tail.lower() and _enough(body, 4)


def _front_goes(front: str, rest: str, outlet: str, host: str, *, strong: bool) -> bool:
    if not _enough(rest, 3) or not front:
        return not front
    if names_outlet(front, outlet, host):
        return True
    return strong and (_SECTION.match(front) is not None or _is_label(front))


def _is_label(text: str) -> bool:
    return re.fullmatch(_WORD_LABEL, text, re.IGNORECASE) is not None
