"""Bodies and places that capitals and a list tell, and what is no name after all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.normalize.article import normalize
from pipeline.records import RawItem

FETCHED = datetime(2026, 3, 4, 12, tzinfo=UTC)


def named(enricher: Enricher, title: str, text: str, language: str = "en") -> dict[str, str]:
    """The kind of each entity by the names it is written with."""
    item = RawItem(
        id="item", capture="c", position=0, fetched=FETCHED, title=title, body=text, language=language
    )  # fmt: skip
    (enriched,) = enricher.enrich([normalize(item)])
    return {span.text: entity.kind for entity in enriched.entities for span in entity.spans}


@pytest.mark.parametrize(
    ("language", "text", "name", "kind"),
    [
        ("es", "Miles de viajeros de Renfe esperaron el lunes en la capital.", "Renfe", "organisation"),
        ("es", "Las bardas cayeron en Tepexco durante la madrugada.", "Tepexco", "place"),
        ("fr", "Les chercheurs de l'Inserm ont suivi des souris pendant un an.", "Inserm", "organisation"),
        ("de", "Am Sonntag hat Bayern München in der Stadt gewonnen.", "Bayern München", "organisation"),
        ("de", "Am Abend lobte Trainer Vincent Lorentz die Abwehr der Gäste.", "Vincent Lorentz", "person"),
        ("it", "Secondo la Bce i prezzi scenderanno in estate.", "Bce", "organisation"),
    ],
)  # fmt: skip
def test_a_name_that_no_model_knows_is_found(
    enricher: Enricher, language: str, text: str, name: str, kind: str
) -> None:
    assert named(enricher, "", text, language).get(name) == kind


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("es", "Las familias se reúnen en Navidad para cenar.", "Navidad"),
        ("fr", "Il a tout raconté à Camille avant de partir pour la mer.", "Camille"),
        ("pl", "Premier mówił o tym w Internecie przez godzinę.", "Internecie"),
    ],
)
def test_a_feast_a_person_and_a_network_are_no_places(
    enricher: Enricher, language: str, text: str, name: str
) -> None:
    assert named(enricher, "", text, language).get(name) != "place"


def test_plain_words_with_capitals_are_nobody(enricher: Enricher) -> None:
    title = "Cardiac arrest survivor urges people to learn first aid"
    found = named(
        enricher, title, "The survivor of a cardiac arrest speaks at Alert Level 3, and Boy Scouts listen."
    )
    assert not {"Cardiac", "Alert Level", "Boy Scouts"} & set(found)


def test_what_is_a_known_place_in_the_text_is_one_in_the_title(enricher: Enricher) -> None:
    found = named(
        enricher,
        "Victoria records 2179 new cases as border reopens",
        "Victoria has recorded 2179 new cases and six deaths in a day. Victoria must wait.",
    )
    assert set(found.values()) & {"place"}
    assert found["Victoria"] == "place"


def test_a_family_name_with_an_apostrophe_is_one_word(enricher: Enricher) -> None:
    text = "Police say Shannon Marie O'Connor gave the teens alcohol. Shannon Marie O'Connor denies it."
    assert named(enricher, "", text).get("Shannon Marie O'Connor") == "person"
