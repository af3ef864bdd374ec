"""Whose picture it is is a credit; whose text it is stays; the lead is what the article says itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.normalize.article import normalize
from pipeline.normalize.credits.pictures import strip_picture_credits
from pipeline.records import Article, RawItem, SourceText

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SAID = "Cars queue on the east bank on Tuesday."


def article(body: str, *texts: SourceText, html: bool = False) -> Article:
    return normalize(RawItem("", "", 0, NOW, title="Old bridge closed", body=body, texts=texts, html=html))


@pytest.mark.parametrize(
    "credit",
    [
        "(Photo by Ines Talbot/Getty Images)",
        "(AP Photo/Ines Talbot)",
        "(Ines Talbot/AFP)",
        "(Ines Talbot, AFP)",
        "(Ines Talbot via AP)",
        "Photograph: Ines Talbot/Reuters",
        "REUTERS/Ines Talbot/File Photo",
        "— Reuters pic",
        "(File photo)",
        "© Ines Talbot, AFP",
        "Foto: Ines Talbot/dpa",
        "(Photo de Ines TALBOT / AFP)",
        "Foto: EFE/Ines Talbot",
        "(Ines Talbot / EFE)",
    ],
)
def test_a_photographer_is_a_credit(credit: str) -> None:
    made = article("", SourceText("caption", f"{SAID} {credit}"))
    assert made.text == SAID
    assert credit.strip("— ") in " ".join(each.text for each in made.removed)
    assert made.agency == ""
    assert made.authors == ()


@pytest.mark.parametrize(
    "line",
    [
        "He spoke to Reuters.",
        "The photo shows the bridge (built in 1931)",
        "The ship is owned by Talbot and Sons (London)",
        "She said the file was lost.",
        "It was first told by the paper (The Courier)",
    ],
)
def test_a_sentence_is_no_credit(line: str) -> None:
    assert strip_picture_credits((line,)) == ((line,), ())


def test_the_agency_of_a_text_stays_its_agency() -> None:
    assert article(f"{SAID} The council closed the bridge for six months, it said. (AFP)").agency == "AFP"
    assert article(f"{SAID} The council closed the bridge for six months.\n\nReuters").agency == "Reuters"


def test_the_lead_is_not_the_caption_however_long() -> None:
    lead = SourceText("summary", "The council closed the bridge.")
    picture = (
        "<figure><img src='x.jpg'><figcaption>A very long caption of a picture of cars that queue on the "
        "east bank, with the name of Ines Talbot who took it</figcaption></figure>"
    )
    made = article(picture, lead, SourceText("caption", f"{SAID} {SAID} Ines Talbot/AFP"), html=True)
    assert made.text == lead.text


def test_a_credit_alone_is_no_text_and_is_kept_as_removed() -> None:
    made = article("", SourceText("caption", "Getty Images"))
    assert made.text == ""
    assert [each.text for each in made.removed] == ["Getty Images"]
