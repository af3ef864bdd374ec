"""Lines of nothing but buttons, and lines of nothing but a date."""

from __future__ import annotations

import re

from pipeline.normalize.date.date_words import date_word
from pipeline.text import word_set

_I = re.IGNORECASE

_SHARE_WORDS = word_set(
    "share this article story post page on via with friends facebook twitter tweet x whatsapp "
    "linkedin email mail e "
    "print pinterest reddit telegram copy link messenger flipboard pocket tumblr line save sms "
    "viber skype threads "
    "bluesky mastodon instagram snapchat youtube gift icon button opens in new window click to "
    "share and or more "
    "teilen drucken merken versenden auf per kopieren artikel senden weiterempfehlen "
    "partager imprimer envoyer sur par l article cet enregistrer copier le lien "
    "compartir imprimir enviar en por correo guardar copiar enlace "
    "condividi stampa compartilhar compartilhe delen google plus vk ok xing rss feed like comment comments"
)
_SHARE_CORE = word_set(
    "share facebook twitter tweet whatsapp linkedin email print pinterest reddit telegram flipboard "
    "teilen drucken "
    "partager imprimer compartir imprimir condividi compartilhar compartilhe delen xing copy save messenger "
    "e-mail bluesky mastodon instagram"
)
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W_]+")

_ALWAYS_DATE = re.compile(
    r"^(?:(?:last |first |originally )?(?:updated|modified|published|posted|created|revised|"
    r"edited)|update|date|"
    r"aktualisiert|veröffentlicht|stand|erstellt|zuletzt aktualisiert|publié|mis à jour|modifié|mise à jour|"
    r"actualizado|publicado|actualizada|publicada|aggiornato|pubblicato|atualizado|gepubliceerd|bijgewerkt|"
    r"posted on|updated on|updated at|published on|published at)$",
    _I,
)
_DATE_LEAD = re.compile(
    r"^(?:\W{0,3}(?:(?:last|first|originally|zuletzt|article|story|this article was|this story "
    r"was|artikel|am|date|"
    r"post|page|edited|date de publication)\s+)*(?:updated?|modified|published|posted|created|revised|"
    r"aktualisiert|veröffentlicht|stand|publiée?|mise? à jour|modifiée?|actualizad[oa]|"
    r"publicad[oa]|aggiornato|"
    r"pubblicato|atualizado|gepubliceerd|bijgewerkt|geändert|erschienen|date)\b)",
    _I,
)
_DATE_TOKEN = re.compile(rf"(?:{date_word()}|\d{{1,4}}(?:st|nd|rd|th|er|º|h)?|[apAP]\.?[mM]\.?)$", _I)
_FILLER = word_set(
    "on at by the of um am den der das uhr le la à a a\u0300 las el los de del h hrs hours hour "
    "minutes minute min mins ago "
    "vor stunden stunde minuten il y heures heure hace horas hora alle ore and und et last first "
    "updated modified published posted update created aktualisiert veröffentlicht publié publie "
    "mis mise jour modifié "
    "actualizado publicado date local time days day weeks week months month years jours jour tagen tage"
)


def is_share_bar(line: str) -> bool:
    """Whether a line is nothing but words of sharing buttons."""
    if len(line) > 200:
        return False
    words = [word.lower() for word in _WORD.findall(line) if not word.isdigit()]
    return (
        bool(words) and any(word in _SHARE_CORE for word in words) and all(w in _SHARE_WORDS for w in words)
    )


def is_date_line(line: str) -> bool:
    """Whether a line is nothing but a date or time, with or without "Updated" before it."""
    if len(line) > 160 or not (_DIGIT.search(line) or _ALWAYS_DATE.match(line.strip(" :|-–—•·*()[]"))):
        return False
    bare = line.strip(" :|-–—•·*()[]")
    if _ALWAYS_DATE.match(bare):
        return True
    lead = _DATE_LEAD.match(line)
    rest = line[lead.end() :] if lead else line
    words = re.findall(r"[^\W\d_]+\.?(?:[mM]\.)?|\d+[^\W\d_]*", rest)
    if not words or len(words) > 22:
        return False
    if not all(w.lower().rstrip(".") in _FILLER or _DATE_TOKEN.match(w.rstrip(".")) for w in words):
        return False
    if lead:
        return True
    named = sum(1 for word in words if _DATE_TOKEN.match(word.rstrip(".")) and not word.isdigit())
    digits = any(char.isdigit() for char in rest)
    numeric = re.search(r"\b\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b", rest) is not None
    clock = (
        re.fullmatch(r"\W*\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?\s*(?:[ap]\.?m\.?|uhr|h)?\W*", rest, _I) is not None
    )
    ago = re.search(r"\d+ \w+ ago|vor \d+ \w+|il y a \d+|hace \d+", rest, _I) is not None
    return digits and (numeric or clock or ago or (named >= 1 and len(words) >= 2))
