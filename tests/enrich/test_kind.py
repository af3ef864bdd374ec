"""What kind of article it is: told by label, page, address, title, section and text, and why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.enrich.kind import kind_of
from pipeline.languages.article_kinds import SIGNS, kind_words
from pipeline.languages.calendar_names import is_language
from pipeline.normalize.article import normalize
from pipeline.normalize.words.vocabulary import LANGUAGES
from pipeline.records import RawItem

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEAD = "The council voted on Tuesday to close the old bridge over the river for at least six months."


def told(title: str, body: str = LEAD, **fields: object) -> tuple[str, str]:
    item = RawItem(id="", capture="", position=0, fetched=NOW, title=title, body=body)
    for name, value in fields.items():
        object.__setattr__(item, name, value)
    return kind_of(normalize(item))


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Opinion | The bridge should have been closed years ago", "opinion"),
        ("Op-Ed: The bridge should have been closed years ago", "opinion"),
        ("Night Harbour review – a thriller that drowns in fog", "review"),
        ("Council orders safety review - bridge to close", "news"),
        ("Election live: count goes on in the north", "live"),
        ("Ten minutes with the keeper of the clocks", "interview"),
        ("Lena Moss, who taught a town to bake, dies at 88", "obituary"),
        ("Baker of the harbour dies at 88", "news"),
        ("Week in pictures: snow and lanterns", "gallery"),
        ("Watch the moment the bridge falls", "video"),
        ("Wordle today: a hint and the answer", "service"),
        ("What the deal means for ferries: an analysis", "analysis"),
        ("Paid content: A bank that listens", "advert"),
        ("Column: A bridge too far gone for patching", "opinion"),
        ("Analysis: Why the council ran out of money for bridges", "analysis"),
        ("ANALYSIS-Bridge closure leaves the port with one road", "analysis"),
        ("The bridge was a promise to the east bank | Letters", "opinion"),
        ("LIVE: Bridge closed as water rises", "live"),
        ("River floods the east bank - live updates", "live"),
        ("PODCAST: Who will pay for the bridge?", "audio"),
        ("Watch: Crane lifts the last arch of the bridge", "video"),
        ("Obituary: Ines Talbot, who built the east bridge", "obituary"),
        ("In pictures: The last day of the old bridge", "gallery"),
        ("Explainer: How engineers measure a bridge's age", "explainer"),
        ("Review: A play about a bridge that never was", "review"),
        ("Morning briefing: Bridge closed, school reopens", "briefing"),
        ("Sponsored: Ten reasons to visit the east bank", "advert"),
        ("Correction: The bridge was opened in 1931", "correction"),
        ("Who is Ines Talbot?", "explainer"),
        ("Can I get a ticket for the last train?", "explainer"),
        ("Covid-19: What happened on Sunday, 17 October", "briefing"),
        ("How a village moved its bridge uphill", "feature"),
        ("What happened to the bridge builders' money", "news"),
        ("Council closes the old bridge for six months", "news"),
        ("Exclusive: Council knew of cracks in the bridge", "news"),
        ("CNN Poll: Most residents want a new bridge", "news"),
        ("Review of bridge safety ordered after cracks found", "news"),
        ("Column of tanks crosses the bridge at dawn", "news"),
        ("Police watch bridge after threats", "news"),
        ("Q&A with bridge builder Tomas Ekdahl", "interview"),
        ("Seven things to know about the new bridge toll", "explainer"),
        ("Traffic: Lorry blocks bridge near the port", "service"),
        ("Traffic over the bridge doubles in a year", "news"),
    ],
)
def test_labels_and_forms_of_english_titles(title: str, kind: str) -> None:
    assert told(title, language="en")[0] == kind


@pytest.mark.parametrize(
    ("language", "title", "kind"),
    [
        ("de", "Kommentar: Die Brücke hätte längst gesperrt gehört", "opinion"),
        ("de", "Filmkritik: Hafen bei Nacht", "review"),
        ("de", "In Bildern: das Lichterfest am Hafen", "gallery"),
        ("de", "Liveticker: Brücke gesperrt, Züge fallen aus", "live"),
        ("de", "Die alte Brücke wird für Monate gesperrt", "news"),
        ("fr", "ÉDITO. Le pont que personne ne voulait voir", "opinion"),
        ("fr", "EN DIRECT - Inondations : le pont fermé", "live"),
        ("es", "Entrevista: «El puente no aguanta otro invierno»", "interview"),
        ("es", "El viejo puente cierra seis meses", "news"),
        ("it", "L'editoriale: Il ponte che nessuno voleva vedere", "opinion"),
        ("ru", "Колонка: Мост, который никто не чинил", "opinion"),
        ("zh", "【评论】大桥为何迟迟不修缮", "opinion"),
        ("ja", "社説：老朽化した橋をどう守るのか", "opinion"),
        ("ko", "[사설] 낡은 다리를 언제까지 둘 것인가", "opinion"),
        ("ar", "رأي: الجسر القديم ومسؤولية البلدية عن سلامة الناس", "opinion"),
        ("de", "Bilder der Woche: Brücken im Nebel", "gallery"),
        ("fr", "Mort de l'actrice Odile Marchand", "obituary"),
        ("fr", "Mort de trois ouvriers sur un chantier", "news"),
        ("fr", "Le récap du jour : un pont, deux grèves et une chèvre", "briefing"),
        ("es", "Lo que debes saber hoy, lunes 9 de marzo", "briefing"),
        ("ja", "【写真特集】冬の橋", "gallery"),
    ],
)
def test_labels_of_other_languages(language: str, title: str, kind: str) -> None:
    assert told(title, body="", language=language)[0] == kind


def test_an_address_tells_and_says_so() -> None:
    link = "https://www.example.org/opinion/2026/03/01/the-bridge"
    assert told("The bridge and us", url=link) == ("opinion", "address: opinion")
    assert told("The bridge and us", url="https://example.org/news/opinion-poll-bridge")[0] == "news"
    assert told("The bridge and us", url="https://www.youtube.com/watch?v=abcdef")[0] == "video"


def test_a_section_tells_and_a_topic_does_not() -> None:
    assert told("The bridge and us", tags=("Bridges", "Comment"))[0] == "opinion"
    assert told("The bridge and us", tags=("Opinion polls", "Bridges"))[0] == "news"


def test_a_video_beside_a_long_text_is_no_video() -> None:
    long = "\n\n".join(f"{LEAD} Paragraph {n} says what the engineers found at pier {n}." for n in range(20))
    assert told("Video: Bridge closed", LEAD)[0] == "video"
    assert told("Video: Bridge closed for at least six months", long)[0] == "news"
    assert told("Bridge closed for six months (VIDEO)", LEAD)[0] == "news"


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        ('"OpinionNewsArticle"', "opinion"),
        ('["NewsArticle", "AnalysisNewsArticle"]', "analysis"),
        ('"LiveBlogPosting"', "live"),
        ('"NewsArticle"', "news"),
    ],
)
def test_a_page_says_what_it_is(types: str, kind: str) -> None:
    page = (
        '<html><head><title>The bridge and us</title><script type="application/ld+json">'
        f'{{"@type": {types}, "headline": "The bridge and us"}}</script></head>'
        f"<body><article><p>{LEAD}</p></article></body></html>"
    )
    assert told("The bridge and us", "", page=page)[0] == kind


def test_the_section_of_a_page_is_kept() -> None:
    page = (
        '<html><head><title>The bridge and us</title><meta property="article:section" content="Obituaries">'
        f"</head><body><article><p>{LEAD}</p></article></body></html>"
    )
    item = RawItem("", "", 0, NOW, title="The bridge and us", page=page, tags=("Bridges",))
    article = normalize(item)
    assert article.sections == ("Obituaries", "Bridges")
    assert kind_of(article) == ("obituary", "section: Obituaries")


def test_every_language_with_words_has_kinds() -> None:
    assert set(kind_words()) == {*LANGUAGES, SIGNS}
    assert all(code == SIGNS or is_language(code) for code in kind_words())


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("US orders a review of its bridges", "news"),
        ("Harbour town waits for a representation review", "news"),
        ("Mayor answers critics with a newspaper op-ed", "news"),
        ("The mayor's angry op-ed", "news"),
        ("Contact us", "reference"),
        ("Old bridge closed: what we know so far", "explainer"),
        ("Bridge tolls, explained", "explainer"),
        ("Ines Talbot obituary", "obituary"),
        ("The Last Arch, review", "review"),
    ],
)
def test_the_form_of_a_title_is_no_single_word_of_it(title: str, kind: str) -> None:
    assert told(title, language="en")[0] == kind


def test_the_deepest_folder_says_most() -> None:
    assert told("The bridge and us", url="https://example.org/video/opinion/the-bridge")[0] == "opinion"
