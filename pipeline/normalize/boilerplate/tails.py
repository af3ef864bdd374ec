"""Boilerplate at the end of lines, headings over lists of headlines, and a quick test for long lines."""

from __future__ import annotations

import re

from pipeline.normalize.boilerplate.rules import holds_any

_I = re.IGNORECASE

# A heading over a list of other headlines: lines without a full stop that follow it go as well.
LIST_HEADS = re.compile(
    r"^\W{0,4}(?:(?:related|recommended|popular|trending|top|latest|similar|other|further|recent|"
    r"more)(?: (?:stories|articles|news|posts|content|coverage|reading|links|headlines|on this(?: "
    r"story| topic)?|from .{1,40}|now|like this))+|"
    r"(?:read more|read next|see also|also read|more on this(?: story)?|most (?:read|popular|"
    r"viewed|shared)|you may(?: also)? (?:like|be interested in)|you might(?: also)? like|don'?t "
    r"miss|up next|editor'?s picks?|what to read next|in other news|elsewhere on .{1,40}|around "
    r"the web|from our partners|what else)|"
    r"(?:mehr zum thema|mehr dazu|lesen sie auch|auch interessant|das könnte sie(?: auch)? "
    r"interessieren|meistgelesen|weitere artikel|ähnliche artikel|passend dazu)|"
    r"(?:lire aussi|à lire aussi|sur le même (?:sujet|thème)|les plus lus|à lire également|"
    r"articles? (?:liés|associés|similaires))|"
    r"(?:lea también|lee también|te puede interesar|noticias relacionadas|artículos relacionados|"
    r"más noticias|lo más leído|más información)|"
    r"(?:leggi anche|leia também|lees ook|читайте также))\W{0,4}$",
    _I,
)


def _glued(name: str, needles: str, pattern: str) -> tuple[str, tuple[str, ...], re.Pattern[str]]:
    return name, tuple(needles.split("|")), re.compile(pattern, _I)


# Without a blank before it, a phrase is cut only where a sentence ended: after a full stop or a quote.
_G = r"(?:(?<=[.!?\"')\]…])\s*|\s+[|•·»>–—-]\s*)"
# (rule, words of which the end of the line must hold one, pattern)
GLUED: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    _glued(
        "comments",
        "comment|reply",
        rf"{_G}(?:leave|post|add) a (?:comment|reply)\W*$|(?<=[.!?\"')\]])\s*(?:\d+ )?comments?(?: "
        rf"\(\d+\))?$",
    ),
    _glued(
        "comments",
        "kommentar schreiben|un commentaire|un comentario",
        r"(?<=[.!?\"')\]])\s*(?:kommentar schreiben|laisser un commentaire|deja un comentario)\W*$",
    ),
    _glued(
        "wordpress footer", "appeared", r"\s*\bthe post .{1,200} (?:first )?appeared (?:first )?on .{1,80}$"
    ),
    _glued(
        "wordpress footer",
        "zuerst auf|en premier|se publicó|apareció primero|proviene da",
        r"\s*\b(?:der beitrag .{1,200} erschien zuerst auf|l'article .{1,200} est apparu en premier "
        r"sur|la entrada .{1,200} (?:se publicó primero|apareció primero) en|l'articolo .{1,200} "
        r"proviene da) .{1,80}$",
    ),
    _glued(
        "read more",
        "read more|read the full|read full|reading|full story|click here|learn more|see more|find "
        "out more|view article|weiterlesen|mehr lesen|la suite|lire plus|savoir plus|leer más|"
        "leyendo|leggi tutto|leia mais|lees verder|lees meer|читать далее|подробнее",
        rf"(?:{_G}|\s+|(?<=\.\.\.)|(?<=…))\W{{0,2}}(?:read more|read the full (?:story|article)|read "
        rf"full (?:story|article)|continue reading|full story|click here(?: to (?:read|"
        rf"continue)[^.]{{0,40}}| for more[^.]{{0,40}})?|learn more|see more|find out more|keep "
        rf"reading|view article|weiterlesen|mehr lesen|lire la suite|lire plus|en savoir plus|leer más|"
        rf"seguir leyendo|sigue leyendo|leggi tutto|leia mais|lees verder|lees meer|читать далее|"
        rf"подробнее)(?: here| on [\w .]{{1,40}}| at [\w .]{{1,40}})?[\s.…»›→>\])]*$",
    ),
    _glued(
        "read more",
        "read more|reading|related|also read|see also|lesen sie auch|lire aussi|lea también",
        r"(?<=[.!?\"')…])\s*(?:read more|continue reading|related|also read|see also|lesen sie auch|"
        r"lire aussi|lea también)\s*(?::|\.\.\.)\s?[^.!?]{3,150}$",
    ),
    _glued(
        "read more",
        "→|&rarr;|»|...|…|[more|(more",
        r"\s*(?:continue reading .{3,160} (?:→|&rarr;|»)|\[\s?(?:\.\.\.|…|more)\s?\]|\(more(?:\.\.\.|"
        r"…)?\)|\(\.\.\.\)|→|»)\s*$",
    ),
    _glued(
        "follow us",
        "follow ",
        r"(?<=[.!?\"')])\s*follow (?:us|@?\w+(?: \w+)?) on (?:twitter|facebook|x|"
        r"instagram)[^.]{0,60}\.?$",
    ),
    _glued(
        "newsletter",
        "sign up|subscribe",
        r"(?<=[.!?\"')])\s*(?:sign up|subscribe) (?:for|to) (?:our|the) [^.]{0,80}(?:newsletters?|"
        r"emails?|alerts)[^.]{0,40}\.?$",
    ),
    _glued(
        "copyright",
        "©|copyright|(c)|rights reserved",
        r"(?<=[.!?\"')])\s*(?:\(?©|copyright ©?|\(c\)) ?\d{4}[^.]{0,80}\.?(?: all rights "
        r"reserved\.?)?$|(?<=[.!?\"')])\s*all rights reserved\.?$",
    ),
    _glued(
        "copyright",
        "by ",
        r"(?<=[.!?\"')])\s*\((?:additional )?(?:reporting|writing|editing|compiled) (?:and \w+ )?by "
        r"[^()]{3,250}\)\s*$|(?<=[.!?\"')])\s*(?:reporting|writing) by [A-Z][^.]{3,120}; ?(?:editing|"
        r"writing|additional)[^.]{3,120}\.?$",
    ),
    _glued(
        "photo credit",
        "photo|image|picture|file|credit|foto|bild|crédit",
        r"(?<=[.!?\"')])\s*\((?:photo|image|picture|file|ap photo|credit|foto|bild|"
        r"crédit)s?\b[^()]{0,100}\)$|(?<=[.!?\"')])\s*(?:photo(?:graph)?|image|picture|foto|bild)(?: "
        r"credit)?:\s?[^.!?]{2,60}$",
    ),
    _glued(
        "share bar",
        "share|facebook|twitter|whatsapp|linkedin|email|print|tweet|pin it",
        r"(?<=[.!?\"')])\s*(?:share (?:this|on)\b.{0,40}|(?:facebook|twitter|whatsapp|linkedin|email|"
        r"print|share|tweet|pin it)(?:[ |/]*(?:facebook|twitter|whatsapp|linkedin|email|print|share|"
        r"tweet|pinterest|reddit))+)\W*$",
    ),
)


_TELLTALES = [
    "cookie",
    "newsletter",
    "subscri",
    "sign up",
    "inbox",
    "email",
    "e-mail",
    "rights",
    "copyright",
    "©",
    "(c)",
    "photo",
    "image",
    "picture",
    "http",
    "www",
    "@",
    "click",
    "read ",
    "continu",
    "more ",
    "visit",
    "appeared",
    "published",
    "proviene",
    "entrada",
    "beitrag",
    "privacy",
    "device",
    "consent",
    "contribut",
    "reporting",
    "editing",
    "editor",
    "correct",
    "clarif",
    "disclaim",
    "journalis",
    "contact",
    "feedback",
    "question",
    "donat",
    "support",
    "download",
    "app ",
    "follow ",
    "share ",
    "comment",
    "browser",
    "javascript",
    "getty",
    "shutterstock",
    "alamy",
    "credit",
    "caption",
    "courtesy",
    "file ",
    "material",
    "watch",
    "listen",
    "abonn",
    "suscr",
    "foto",
    "bild",
    "rechte",
    "droits",
    "derechos",
    "lire",
    "lesen",
    "lea ",
    "leer",
    "lees",
    "related",
    "also ",
    "see ",
    "loading",
    "advert",
    "anzeige",
    "tag:",
    "tags:",
    "filed",
    "topics",
    "categor",
    "log in",
    "login",
    "register",
    "check",
    "refresh",
    "free ",
    "source",
    "quelle",
    "fuente",
    "partag",
    "compart",
    "teilen",
    "kommentar",
    "inscri",
    "recevez",
    "newsroom",
    "tip",
    "terms",
    "twitter",
    "facebook",
    "report",
    "by ",
]


def may_be_boilerplate(line: str) -> bool:
    """Whether a long line holds one of the words without which no rule for long lines fits; much quicker."""
    return holds_any(line.lower(), _TELLTALES)
