"""Names by their look, for languages without a model: runs of capitalised words."""

from __future__ import annotations

import re

from pipeline.enrich.names.forms import is_title
from pipeline.text import fold, word_set

_UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽА-ЯЁЂЄІЇЈЉЊЋЎҐΑ-ΩΆΈΉΊΌΎΏ"
_WORD = rf"[{_UPPER}][\w'’.-]{{0,60}}+"  # bounded and possessive: a long run of O'BO'BO'B must cost no more
_JOIN = r"(?:de|del|della|di|da|do|dos|das|du|des|la|le|van|von|der|den|ter|ten|zu|bin|al|el|y|e|of|und|et)"
_RUN = re.compile(rf"{_WORD}(?:[ \u00a0](?:{_JOIN}[ \u00a0])?{_WORD})+")
_ORG = re.compile(
    r"\b(?:AG|GmbH|SE|SA|S\.A\.|SpA|S\.p\.A|Inc|Corp|Ltd|NV|AB|ASA|Oyj|Bank|Banco|Banque|Partei|"
    r"Partido|Parti|Partito|"
    r"Ministerio|Ministère|Ministero|Ministerium|Universität|Universidad|Université|Università|"
    r"Bundes\w+|Verband|"
    r"Gewerkschaft|Sindicato|Syndicat|Agentur|Agencia|Agence|Institut\w*|Club|Real|Atlético|FC|SC|"
    r"Comisión|Commission|"
    r"Kommission|Consejo|Conseil|Gericht\w*|Tribunal|Corte|Polizei|Policía|Police|Congreso|Senado|"
    r"Sénat|Assemblée|"
    r"Zeitung|Presse|Radio|Group|Gruppe|Grupo|Groupe|Union|Unión|Federación|Fédération|Asociación|"
    r"Association|Konzern)\b"
)
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n\"“„«»¿¡(\[]\s*|[-–—]\s)$")
# Words that open sentences or are capitalised by rule, and begin no name.
_OPENERS = word_set(
    "the a an in on at by for with from as and but or if when while after before this that these "
    "those it he she they we "
    "der die das ein eine einer im am beim vom zum zur in an auf aus bei mit nach seit von vor "
    "und aber oder wenn als wie "
    "auch doch dies diese dieser es er sie wir ich nicht nur noch so was wer wo warum mehr neue "
    "neuer neues nun "
    "le la les un une des du au aux en dans sur sous par pour avec et mais ou si quand comme ce "
    "cet cette ces il elle ils "
    "el los las una unos unas al del por para con sin y pero o si cuando como este esta estos "
    "estas ese su sus lo "
    "il lo gli uno nel della dello dei per con e ma o se quando come questo questa "
    "o os as um uma no na nos nas do da dos das por para com e mas ou se quando como este esta"
)


def named_spans(text: str, language: str) -> list[tuple[int, int, str]]:
    """Runs of two to six capitalised words as (start, end, label), label PERSON, ORG or NAME.

    In German, which capitalises every noun, a run counts only when it is no more than three words and
    follows an office ("Kanzlerin Angela Merkel") or holds a word that marks an organisation.

    Args:
        text: One field of an article.
        language: ISO 639-1.
    """
    found: list[tuple[int, int, str]] = []
    for match in _RUN.finditer(text):
        start, end = match.span()
        words = match[0].split()
        while len(words) > 1 and fold(words[0]) in _OPENERS:
            start += len(words[0]) + 1
            words = words[1:]
        titled = False
        while len(words) > 1 and is_title(fold(words[0]).strip(".")):
            titled = True
            start += len(words[0]) + 1
            words = words[1:]
        label = _label(words, titled=titled, language=language)
        end -= len(text[start:end]) - len(text[start:end].rstrip(".'’-"))
        if (label and 2 <= len(words) <= 6) or (label and titled):
            found.append((start, end, label))
    return found


def _label(words: list[str], *, titled: bool, language: str) -> str:
    run = " ".join(words)
    if _ORG.search(run):
        return "ORG"
    if titled:
        return "PERSON"
    if language == "de":
        return ""
    if (
        len(words) in {2, 3}
        and all(len(word) > 1 for word in words)
        and not any(word.isupper() for word in words)
    ):
        return "PERSON"
    return "ORG" if len(words) > 1 else ""
