"""Lines that are the article's, and lines that are not: each rule in its own language alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.normalize.article import normalize
from pipeline.normalize.boilerplate.rules import KINDS
from pipeline.normalize.boilerplate.strip import rule_for
from pipeline.records import Article, RawItem

FETCHED = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEAD = {
    "en": "The council of Harrow voted on Tuesday to close the old bridge before the winter comes.",
    "de": "Der Rat von Harrow hat am Dienstag beschlossen, die alte Brücke vor dem Winter zu sperren.",
    "fr": "Le conseil de Harrow a décidé mardi de fermer le vieux pont avant l'hiver.",
    "es": "El ayuntamiento de Harrow decidió el martes cerrar el viejo puente antes del invierno.",
    "nl": "De raad van Harrow besloot dinsdag de oude brug voor de winter te sluiten.",
    "hi": "नगर परिषद ने मंगलवार को पुराने पुल को सर्दियों से पहले बंद करने का फैसला किया।",
}


def cleaned(*lines: str, language: str = "en") -> Article:
    text = "\n\n".join(lines)
    raw = RawItem(id="i", capture="c", position=0, fetched=FETCHED, title="A bridge closes", body=text)
    return normalize(replace(raw, language=language))


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "Over 60 houses lost their roofs."),
        ("en", "Over the river the lights went out."),
        ("en", "Copyright law was what they fought over."),
        ("en", "Join us, he shouted."),
        ("es", "Síganos, gritó el guardia."),
        ("fr", "Suivez-nous, cria le gardien."),
        ("de", "Folgen Sie uns, rief der Wirt."),
        ("nl", "Volg ons, riep de gids."),
        ("en", "Published in Science on Thursday, the study covers nine valleys."),
        ("en", "Published in Science on Thursday"),
        ("en", "Filed under protest, the claim was heard in May."),
        ("en", "All rights reserved for members of the guild were struck out."),
        ("en", "Reporting by nurses of the ward led to the inquiry."),
        ("en", "Sign up for the race closed within an hour."),
        ("en", "Listen to the farmers, bishop tells ministers."),
        ("en", "Watch out for black ice, police tell drivers."),
        ("en", "Read more books this winter, librarians urge."),
        ("en", "Follow the money, prosecutor tells jury."),
        ("en", "More on the ballot than a mayor, voters say."),
        ("en", "Share prices fell by a tenth."),
        ("en", "Comments by the minister were met with silence."),
        ("en", "Contact with the ship was lost at dawn."),
        ("en", "Getty Images sued the start-up on Monday."),
        ("en", "Support for the bill grew over the summer."),
        ("en", "Get the children out first, she shouted."),
        ("en", "Click here was the last thing he wrote."),
        ("en", "Related deaths rose to nine."),
        ("en", "Next week the court will hear the appeal."),
        ("en", "Full text messages were read to the court."),
        ("en", "Start your engines, the marshal cried."),
        ("en", "Play resumed after the rain."),
        ("en", "Register of voters found in a skip."),
        ("en", "Source of the leak is still unknown."),
        ("en", "Video of the crash was shown in court."),
        ("en", "Photos of the scene show two cars."),
        ("en", "Summary executions were reported in the north."),
        ("en", "Teachers want children to read more"),
        ("de", "Mehr Geld für Schulen forderte die Opposition."),
        ("de", "Über den Autor der Schrift ist nichts bekannt."),
        ("de", "Foto und Film zeigen den Unfall."),
        ("de", "Weitere Artikel der Verfassung werden geändert."),
        ("de", "Over and out, sagte der Funker."),
        ("fr", "Suivez la flèche, dit le panneau."),
        ("fr", "Recevez un chèque de cent euros, promet le maire."),
        ("fr", "La suite de l'affaire se joue lundi."),
        ("es", "Ver para creer, dijo el alcalde."),
        ("es", "Sigue la búsqueda de tres montañeros."),
        ("es", "Recibe cien euros cada vecino."),
        ("nl", "Over de brug ligt nu een laag ijs."),
        ("hi", "Read more"),
    ],
)
def test_prose_stays(language: str, line: str) -> None:
    article = cleaned(LEAD[language], line, LEAD[language].replace("Harrow", "Corby"), language=language)
    assert line in article.text.split("\n\n")


@pytest.mark.parametrize(
    ("language", "line", "kind"),
    [
        ("en", "Leave a comment", "comments"),
        ("en", "Show all 14 comments", "comments"),
        ("en", "Comments (14)", "comments"),
        ("en", "Sign up for our morning briefing", "newsletter"),
        ("en", "Read more: Old mill to be sold", "read_more"),
        ("en", "Photo: A crane lifts the span at Harrow.", "photo_credit"),
        ("en", "Harrow bridge in 2019. Getty Images", "photo_credit"),
        ("en", "© 2026 Harrow Echo. All rights reserved.", "copyright"),
        ("en", "Reporting by Ada Byron in Leeds; editing by Tom Poole", "copyright"),
        ("en", "Article continues below", "advertisement"),
        ("en", "5 min read", "player"),
        ("en", "Follow us on Facebook", "follow"),
        ("en", "This article is for subscribers only", "appeal"),
        ("en", "Tags: bridges, winter", "tags"),
        ("de", "Lesen Sie auch: Alte Mühle wird verkauft", "read_more"),
        ("de", "Foto: dpa", "photo_credit"),
        ("de", "Jetzt Newsletter abonnieren", "newsletter"),
        ("de", "14 Kommentare", "comments"),
        ("fr", "Lire aussi : Le vieux moulin est à vendre", "read_more"),
        ("fr", "La suite après cette publicité", "advertisement"),
        ("es", "Síguenos en Facebook", "follow"),
        ("es", "Te puede interesar: El molino se vende", "read_more"),
        ("nl", "Over de auteur", "tags"),
        ("nl", "Lees ook: Oude molen te koop", "read_more"),
    ],
)
def test_furniture_goes_and_says_why(language: str, line: str, kind: str) -> None:
    article = cleaned(LEAD[language], line, LEAD[language].replace("Harrow", "Corby"), language=language)
    assert line not in article.text
    assert any(gone.text == line and gone.rule == KINDS[kind] for gone in article.removed)


@pytest.mark.parametrize(
    "line",
    ["Watch the river, engineers say.", "Photo: A crane lifts the span at Harrow.", "Over 60 were hurt."],
)
def test_the_only_paragraph_stays_or_is_told(line: str) -> None:
    article = cleaned(line)
    assert article.text == line or any(gone.text == line for gone in article.removed)
    assert cleaned("Sign up to the scheme and your inbox will fill, MPs warn.").text


def test_a_briefing_keeps_its_items_and_a_box_of_links_goes() -> None:
    items = [f"Item {name} of the day without a full stop" for name in ("one", "two", "three", "four")]
    briefing = cleaned(
        LEAD["en"], "Top stories", *items, "Clouds in the north, sun in the south, nine degrees."
    )
    assert all(item in briefing.text for item in items)
    only = cleaned("Good morning from the valley.", "Top stories", *items)
    assert all(item in only.text for item in items)
    second = LEAD["en"].replace("Harrow", "Corby")
    box = cleaned(
        LEAD["en"], second, "Related stories", "Old mill to be sold", LEAD["en"].replace("old", "new")
    )
    assert "Old mill" not in box.text
    end = cleaned(
        LEAD["en"], second, "Related stories", "Old mill to be sold", "New dam planned", "Mayor resigns"
    )
    assert end.text == f"{LEAD['en']}\n\n{second}"


def test_a_route_is_no_dateline() -> None:
    line = "Berlin – Prague night trains return in May after a gap of six years, the railways said on Monday."
    assert cleaned(line, LEAD["en"]).text.startswith("Berlin – Prague")
    line = "Iran – Israel talks are to begin in Geneva next week, diplomats of both sides said on Monday."
    assert cleaned(line, LEAD["en"]).text.startswith("Iran – Israel")
    assert (
        cleaned("Berlin – The railways said on Monday that trains would run.", LEAD["en"]).dateline
        == "Berlin"
    )


def test_rules_of_one_language_do_not_act_in_another() -> None:
    assert "Lees ook" in cleaned(LEAD["hi"], "Lees ook: Oude molen te koop", LEAD["hi"], language="hi").text


def test_the_only_paragraph_goes_by_an_exact_phrase_alone() -> None:
    assert cleaned("Watch: the moment the bridge fell").text
    assert cleaned("Read more").text == ""


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "🔔 Subscribe for more! 👉 https://youtu.be/abc"),
        ("en", "SUBSCRIBE ► https://example.org/join"),
        ("de", "Abonniert unseren Kanal!"),
        ("fr", "👉 Abonnez-vous à notre chaîne YouTube : https://example.org/c"),
        ("es", "Suscríbete a nuestro canal de noticias: https://example.org/c"),
        ("it", "Attivate la campanella"),
        ("ru", "Подписывайтесь на наш канал: https://example.org/c"),
        ("ar", "اشتركوا في قناتنا"),
        ("zh", "订阅我们的频道"),
        ("ja", "チャンネル登録はこちら https://example.org/c"),
        ("hi", "हमारे चैनल को सब्सक्राइब करें"),
        ("tr", "Kanalımıza abone olun"),
    ],
)
def test_an_appeal_to_subscribe_to_a_channel_is_no_lead(language: str, line: str) -> None:
    assert rule_for(line, language, first=True)


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "Subscribers to the channel doubled in a year."),
        ("en", "Subscribe rates fall at streaming firms"),
        ("es", "Suscríbete: cada vez más diarios cobran por leer."),
        ("ko", "구독 서비스 이용자가 늘었다"),
        ("ja", "チャンネル登録者数が百万人を超えた"),
    ],
)
def test_news_of_subscribing_stays(language: str, line: str) -> None:
    assert not rule_for(line, language, first=True)
