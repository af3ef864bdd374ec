"""Languages are ISO 639: a country's code is none, and a short text is known by its script."""

from __future__ import annotations

import pytest

from pipeline.normalize.plaintext.language import identify
from pipeline.sources.raw_items import language_code


@pytest.mark.parametrize("claim", ["us", "cz", "jp", "cn", "gr", "dk", "ua", "xx", "zz", "at"])
def test_a_country_is_no_language(claim: str) -> None:
    language, _ = identify("12", claim)
    assert language != claim


@pytest.mark.parametrize(
    ("text", "claim", "language"),
    [
        ("Broen åbnede", "dk", "da"),
        ("Most otevřen", "cz", "cs"),
        ("地震", "", "zh"),
        ("地震", "ja", "ja"),
        ("地震", "en", "zh"),
        ("地震だ", "en", "ja"),
        ("日本首相辞职", "", "zh"),
        ("日本首相辞職会見", "", "ja"),
        ("解放军台海演习", "ja", "zh"),
        ("大桥因裂缝关闭六个月", "", "zh"),
        ("iPhone 17 发布", "", "zh"),
        ("지진", "en", "ko"),
        ("ไฟไหม้", "en", "th"),
        ("OK", "de-AT", "de"),
        ("OK", "us", "und"),
        ("OK", "", "und"),
        ("El puente se abrió de nuevo al tráfico el viernes", "us", "es"),
        ("El puente se abrió de nuevo al tráfico el viernes", "en", "es"),
    ],
)
def test_what_a_source_claims_and_a_text_shows(text: str, claim: str, language: str) -> None:
    assert identify(text, claim)[0] == language


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        ("US", ""),
        ("us", ""),
        ("xx", ""),
        ("eng", "en"),
        ("ger", "de"),
        ("zh-Hant-TW", "zh"),
        ("dk", "da"),
        ("in", "id"),
    ],
)
def test_two_letters_are_no_language_by_themselves(claim: str, code: str) -> None:
    assert language_code(claim) == code
