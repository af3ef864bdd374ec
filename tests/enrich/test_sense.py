"""What a name is, where its look says otherwise: by its words, its neighbours, and the gazetteer."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

import pytest
from test_enrich import article

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.names.known.aliases import Aliases
from pipeline.enrich.names.known.gazetteer import countries, gazetteer, given_names
from pipeline.enrich.names.resolve import resolve
from pipeline.ports import Mention
from pipeline.records import Entity, Span
from tests.enrich.conftest import CONFIG


def named(enricher: Enricher, title: str, text: str, language: str = "en") -> dict[str, Entity]:
    one = article(title, text, language)
    (enriched,) = enricher.enrich([one])
    return {span.text: entity for entity in enriched.entities for span in entity.spans}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The trader sold Ivermectin to Karen Miller as a cure for Covid-19.", "Ivermectin"),
        ("Nurses said Covid-19 wards were full when Karen Miller came.", "Covid-19 wards"),
        ("Halloween was quiet, Karen Miller said on Tuesday.", "Halloween"),
        ("Officials said the Delta variant had been found in the town.", "Delta"),
    ],
)
def test_what_nobody_is_called(enricher: Enricher, text: str, name: str) -> None:
    found = named(enricher, "A quiet week in town", text)
    assert not [written for written in found if name in written]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Two walkers drowned in Buckskin Canyon on Sunday, rangers said.", "Buckskin Canyon"),
        ("Two men were held after a shooting on Clinton Drive, police said.", "Clinton Drive"),
        ("A boat sank on Lake Tanganyika on Sunday and nine people drowned.", "Lake Tanganyika"),
        ("The bus left the road near Sangla on Monday, police said.", "Sangla"),
        ("The firm will close its plants in Durban and Marseille next year.", "Durban"),
        ("The firm will close its plants in Durban and Marseille next year.", "Marseille"),
    ],
)
def test_what_is_a_place(enricher: Enricher, text: str, name: str) -> None:
    assert named(enricher, "News of the day", text)[name].kind == "place"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("She was booked into the Ada County Jail on Monday.", "Ada County Jail"),
        ("He was taken from Canby to the Grant County Jail on Friday.", "Grant County Jail"),
    ],
)
def test_a_jail_is_nobody(enricher: Enricher, text: str, name: str) -> None:
    assert named(enricher, "News of the day", text)[name].kind == "organisation"


def test_who_shares_a_name_with_a_place_is_a_person(enricher: Enricher) -> None:
    text = "Paris Hilton told lawmakers about her school. Chelsea Clinton was there as well."
    found = named(enricher, "A day of hearings", text)
    assert (found["Paris Hilton"].kind, found["Chelsea Clinton"].kind) == ("person", "person")


@pytest.mark.parametrize(
    ("short", "url", "id_"),
    [
        ("NZ", "", "place:NZ"),
        ("Qld", "", "place:AU-QLD"),
        ("NSW", "", "place:AU-NSW"),
        ("Calif.", "", "place:US-CA"),
        ("SA", "https://news.example.com.au/1", "place:AU-SA"),
        ("SA", "https://news.example.co.za/1", "place:ZA"),
    ],
)
def test_short_forms_of_newsrooms(enricher: Enricher, short: str, url: str, id_: str) -> None:
    text = f"Growers in {short} tear out their vines because nobody buys the grapes."
    (enriched,) = enricher.enrich([replace(article("Growers tear out vines", text), url=url)])
    assert id_ in {entity.id for entity in enriched.entities}


@pytest.mark.parametrize(
    ("language", "text", "name", "id_"),
    [
        ("zh", "新西兰总理周五访问东京。", "新西兰", "place:NZ"),
        ("ja", "札幌で強い揺れがあった。", "札幌", "place:sapporo"),
        ("ar", "وصل الوزير إلى مراكش يوم السبت.", "مراكش", "place:marrakesh"),
        ("ru", "Пожар на заводе в Челябинске потушен.", "Челябинске", "place:chelyabinsk"),
        ("hi", "नेपाल में बाढ़ आई है।", "नेपाल", "place:NP"),
        ("ko", "부산에서 불이 났다.", "부산에서", "place:busan"),
        ("de", "In Kassel stehen die Busse still.", "Kassel", "place:kassel"),
    ],
)
def test_places_in_languages_without_a_model(
    enricher: Enricher, language: str, text: str, name: str, id_: str
) -> None:
    assert named(enricher, "", text, language)[name].id == id_


def test_titles_of_works_stand_in_marks_of_their_own(enricher: Enricher) -> None:
    assert named(enricher, "", "导演的新片《长夜》在柏林获奖。", "zh")["长夜"].kind == "work"


def test_a_city_has_its_id_and_its_place(enricher: Enricher) -> None:
    found = named(enricher, "Fire in a bakery", "A bakery burned down in Marseille on Monday.")["Marseille"]
    assert found.geonames == 2995469
    assert found.at == pytest.approx((43.297, 5.381), abs=0.05)

    assert (found.country, found.wikidata) == ("FR", "")


@pytest.mark.parametrize(
    ("name", "country", "wikidata", "at"),
    [
        ("Kenya", "KE", "Q114", (0.2, 37.9)),
        ("Peru", "PE", "Q419", (-9.2, -75.0)),
        ("Kosovo", "XK", "Q1246", (42.6, 20.9)),
    ],
)
def test_a_country_has_its_ids_and_its_middle(
    enricher: Enricher, name: str, country: str, wikidata: str, at: tuple[float, float]
) -> None:
    found = named(enricher, f"Drought in {name}", f"Farmers in {name} wait for rain, the ministry said.")[
        name
    ]
    assert (found.id, found.country, found.wikidata) == (f"place:{country}", country, wikidata)
    assert found.geonames > 0
    assert found.at == pytest.approx(at, abs=4)


def test_a_region_is_in_its_country_and_a_person_nowhere(enricher: Enricher) -> None:
    found = named(enricher, "Fires in Queensland", "Fires burn in Queensland, Karen Miller said on Monday.")
    assert (found["Queensland"].country, found["Queensland"].at) == ("AU", None)
    assert (found["Karen Miller"].country, found["Karen Miller"].at) == ("", None)


def test_every_country_of_the_alias_table_is_known() -> None:
    codes = set(re.findall(r"place:([A-Z]{2})\b", (CONFIG / "aliases.yaml").read_text(encoding="utf-8")))
    assert len(codes) > 200
    assert codes - countries().keys() <= {"SU", "DD", "YU"}  # which are no more


def test_of_several_cities_the_one_in_a_country_that_is_named() -> None:
    wide = gazetteer().city(("hamilton",))
    there = gazetteer().city(("hamilton",), frozenset({"NZ"}))
    assert wide is not None
    assert not wide.alone
    assert there is not None
    assert (there.country, there.alone) == ("NZ", True)


def test_given_names_are_of_many_languages() -> None:
    assert {"mary", "friedrich", "narendra", "вера"} <= given_names()


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("The app is needed to fly with Ryanair. Michael O'Leary says it saves paper.", "Ryanair"),
        ("The nurses of the ward at Thornscombe wrote a letter.", "Thornscombe"),
        ("I took the ferry to Skelvoe every summer.", "Skelvoe"),
    ],
)
def test_a_single_word_is_no_person_by_the_model_alone(enricher: Enricher, text: str, doubtful: str) -> None:
    found = named(enricher, "A letter to the council", text)
    assert doubtful not in found or found[doubtful].kind != "person"


def test_residents_live_in_a_place(enricher: Enricher) -> None:
    found = named(
        enricher, "Ash falls on villages", "Ash fell for days. Residents of Lumajang slept in mosques."
    )
    assert found["Lumajang"].kind == "place"


def guessed(aliases: Aliases, title: str, text: str, *guesses: tuple[str, str]) -> dict[str, Entity]:
    """What is made of a model's guesses: (words, label), each where it stands first."""
    one = article(title, text)
    mentions = []
    for words, label in guesses:
        field: Literal["title", "text"] = "title" if words in title else "text"
        start = (title if field == "title" else text).index(words)
        mentions.append(Mention(Span(field, start, start + len(words), words), label))
    return {span.text: entity for entity in resolve(one, mentions, aliases) for span in entity.spans}


LONG = (
    " The committee will hear more witnesses on Thursday and vote before the recess, its chairwoman said, "
    "and nobody expects the outcome to be close this time."
)


@pytest.mark.parametrize(
    ("title", "text", "guess", "left"),
    [
        (
            "Halvard Brenk Speaks Truth to the Mighty",
            "When Halvard Brenk speaks, people listen.",
            "Halvard Brenk Speaks",
            "Halvard Brenk",
        ),
        (
            "Panel Flips Quorndale Rule on Endangered Species",
            "The panel on Monday changed the rule.",
            "Flips Quorndale",
            "",
        ),
        (
            "Locusts Encroach on the Rice Fields of the North",
            "Swarms of locusts reached the fields.",
            "Locusts Encroach",
            "",
        ),
        (
            "Leaked Audio Captures Brenk Defending the Policy",
            "Halvard Brenk defended it.",
            "Captures Brenk",
            "Halvard Brenk",
        ),
        (
            "Karen Miller Quits the Race for Mayor of Town",
            "The race for mayor has one candidate less.",
            "Karen Miller Quits",
            "Karen Miller",
        ),
    ],
)
def test_names_of_a_headline_in_capitals_are_held_against_the_text(
    aliases: Aliases, title: str, text: str, guess: str, left: str
) -> None:
    told = [("Halvard Brenk", "PERSON")] if "Halvard Brenk" in text and guess not in text else []
    found = guessed(aliases, title, text + LONG, (guess, "PERSON"), *told)
    assert {entity.name for entity in found.values()} == ({left} if left else set())


def test_a_sentence_as_title_keeps_its_names(aliases: Aliases) -> None:
    found = guessed(
        aliases, "Quorndale reverses a rule on rare frogs", "The rule was old." + LONG, ("Quorndale", "ORG")
    )
    assert "Quorndale" in found


@pytest.mark.parametrize(
    ("text", "guess", "label", "left", "kind"),
    [
        (
            "The Halvard J. Brenk Foundation is sued.",
            "Halvard J. Brenk Foundation",
            "PERSON",
            "Halvard J. Brenk Foundation",
            "organisation",
        ),
        ("That is a lie, spokesman Jodd Deerling said.", "Jodd Deerling", "ORG", "Jodd Deerling", "person"),
        (
            "Rep. Tony Garzell R-Texas spoke first.",
            "Tony Garzell R-Texas",
            "PERSON",
            "Tony Garzell",
            "person",
        ),
        (
            "Watch Quill News Channel (QNC) at nine.",
            "Quill News Channel (QNC",
            "ORG",
            "Quill News Channel",
            "organisation",
        ),
        (
            "The state lists the Pacific leatherback sea turtle.",
            "Pacific leatherback sea",
            "LOC",
            "Pacific",
            "place",
        ),
        ("Concerts were put off due to COVID-19 concerns.", "COVID-19", "ORG", "", ""),
        ("He was stopped on suspicion of DUI at noon.", "DUI", "ORG", "", ""),
        ("She was struck by a grey Toyota Camry.", "Toyota", "ORG", "Toyota", "organisation"),
    ],
)
def test_what_a_model_takes_in_and_is_no_part_of_the_name(
    aliases: Aliases, text: str, guess: str, label: str, left: str, kind: str
) -> None:
    found = guessed(aliases, "A quiet week in town", text, (guess, label))
    assert {written: entity.kind for written, entity in found.items()} == ({left: kind} if left else {})


@pytest.mark.parametrize(
    ("language", "title", "persons"),
    [
        ("es", "Judoca Sancha Quiroga gana el bronce en la Villa Olímpica", {"Sancha Quiroga"}),
        ("es", "La Selección Quirina pierde ante el Comité Vecinal", set()),
        ("pt", "Brasileiro Ítalo Varanda vence nos Jogos Olímpicos", {"Ítalo Varanda"}),
        ("pt", "Conheça Rayana Lobato, a esperança da Vila Nova", {"Rayana Lobato"}),
        ("fr", "La Française Odile Marvenne retrouve la Première Dame", {"Odile Marvenne"}),
        ("fr", "Grâce à Brunard et Cannette, la France engrange", set()),
    ],
)
def test_persons_by_their_look_in_romance_languages(
    enricher: Enricher, language: str, title: str, persons: set[str]
) -> None:
    (enriched,) = enricher.enrich([article(title, "", language)])
    assert {entity.name for entity in enriched.entities if entity.kind == "person"} == persons


@pytest.mark.parametrize(
    ("language", "text", "code"),
    [
        ("de", "Die Hockey-Damen besiegen Großbritannien am Abend in der Halle", "GB"),
        ("fr", "Les joueuses de la Grande-Bretagne ont gagné hier soir le tournoi", "GB"),
        ("es", "La selección de Costa de Marfil ganó ayer el partido de vuelta", "CI"),
        ("pt", "A seleção perdeu ontem à noite com o Japão e volta para casa", "JP"),
        ("it", "La nazionale ha battuto ieri sera l'Olanda e torna a casa oggi", "NL"),
        ("ru", "Сборная обыграла вчера вечером Южную Корею и вышла в финал", "KR"),
    ],
)
def test_a_country_has_its_id_by_the_name_of_every_day(
    enricher: Enricher, language: str, text: str, code: str
) -> None:
    [one] = enricher.enrich([replace(article(text, text), language=language)], None)
    assert code in {entity.country for entity in one.entities}


def test_an_origin_before_a_name_and_two_capitals_are_no_part_of_it(enricher: Enricher) -> None:
    text = "Россиянка Таймазова одолела соперницу и вышла в полуфинал ОИ по дзюдо"
    [one] = enricher.enrich([replace(article(text, text), language="ru")], None)
    assert {entity.name for entity in one.entities} == {"Таймазова"}
