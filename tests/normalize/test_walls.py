"""A page that hides its article is not believed, and an article about such pages is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.normalize.article import normalize
from pipeline.normalize.plaintext.wall import is_wall
from pipeline.records import RawItem

FETCHED = datetime(2026, 11, 20, 12, tzinfo=UTC)
KNOWN = "Mill in Corby to become a museum. The council of Corby bought the old mill on Monday for a museum."
WALLS = {
    "consent": (
        "en",
        (
            "Your privacy choices. We and our 214 partners store information on your "
            "device, such as cookies, and read "
            "personal data to show you personalised ads. You can accept all, reject "
            "all or manage your choices at any "
            "time. Some of them rest on legitimate interest."
        ),
    ),
    "consent de": (
        "de",
        (
            "Wir und unsere Partner möchten Informationen auf einem Gerät speichern. "
            "Ihre Einwilligung können Sie in "
            "den Datenschutzeinstellungen widerrufen. Manche berufen sich auf ein berechtigtes Interesse."
        ),
    ),
    "consent fr": (
        "fr",
        (
            "Nous et nos partenaires souhaitons stocker et accéder à des "
            "informations sur votre appareil. Vous pouvez "
            "continuer sans accepter, gérer mes choix ou retirer votre consentement. Intérêt légitime."
        ),
    ),
    "login": (
        "en",
        "Subscribe to continue. Already a subscriber? Sign in to continue. Unlock this article for $1.",
    ),
    "human": (
        "en",
        "Checking your browser before you are let in. Are you a robot? Enable JavaScript and cookies.",
    ),
    "error": (
        "en",
        "Sorry! The server is having a long lunch. Our engineers have been told and will look into it.",
    ),
    "front page": (
        "en",
        (
            "Ministers quarrel over tariffs. Storm takes roofs in the north. "
            "Striker joins rivals for record fee. "
            "Recipe: lentils with smoked bacon. Weather: cloudy with some sun in western counties."
        ),
    ),
}
ARTICLE = (
    "The council of Corby bought the old mill by the river on Monday and wants "
    "to open a museum there in two years. "
    "The price was not told. Readers of this page see no cookies."
)


@pytest.mark.parametrize("name", WALLS)
def test_a_wall_is_none_of_the_article(name: str) -> None:
    language, text = WALLS[name]
    assert is_wall(text, language, KNOWN)
    page = f"<html><body><main><h1>One moment</h1><p>{text}</p><p>{text[:120]}</p></main></body></html>"
    raw = RawItem(
        id="i", capture="c", position=0, fetched=FETCHED, title=KNOWN[:34], body=KNOWN[35:], page=page
    )
    article = normalize(raw)
    assert article.text == KNOWN[35:]
    assert any(gone.rule == "page text: a wall, not the article" for gone in article.removed)


def test_an_article_is_none() -> None:
    assert not is_wall(ARTICLE, "en", KNOWN)
    about = "Court: sites must let readers reject all cookies"
    text = (
        "Sites must offer a button to reject all cookies, the court ruled on "
        "Monday. Banners that say only accept all "
        "break the law, and legitimate interest is no excuse for tracking readers, it said."
    )
    assert not is_wall(
        text, "en", f"{about}. The court ruled that banners must offer a button to reject cookies."
    )


def test_a_title_alone_may_be_answered_in_other_words() -> None:
    assert not is_wall("Nine people died when a boat sank off the coast.", "en", "Drama at sea")


def test_scripts_without_spaces() -> None:
    known = "港の新しい橋が金曜日に開通した。市長が式典に出席した。"
    assert not is_wall("港の新しい橋が開通し、市長が式典に出席したと市は発表した。", "ja", known)
    assert is_wall("このページを表示するにはログインが必要です。会員登録はこちらから。", "ja", known)
