"""Keywords: what an article and a story say that the last weeks did not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.records import Article, EnrichedArticle, StoredArticle
from pipeline.stories.describing.describe import describe
from pipeline.stories.features.features import arrive, read_again
from pipeline.stories.features.keywords import KEYWORDS_KEPT, article_keywords
from pipeline.stories.features.statistics import StreamStatistics

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def enriched(number: int, title: str, text: str, language: str = "en") -> EnrichedArticle:
    return EnrichedArticle(
        Article(
            id=f"a{number}", keys=(f"url:{number}",), url="", title=title, text=text, outlet="",
            published=T0 + timedelta(minutes=number), published_from="feed", fetched=T0, language=language,
        )
    )  # fmt: skip


def stream(count: int) -> list[EnrichedArticle]:
    """A month in which everything is about an election."""
    subjects = ["harbour", "school", "hospital", "railway", "library", "theatre", "bakery", "orchard"]
    return [
        enriched(
            n,
            f"Election divides the {subjects[n % 8]}",
            f"The {subjects[n % 8]} waits for the election. Voters {n} spoke of the election all week.",
        )
        for n in range(count)
    ]


QUAKE = ("Quake before the election", "The quake woke voters. A quake this strong was never felt in Ostland.")


def test_without_history_the_language_is_the_contrast() -> None:
    (found,) = arrive([enriched(0, *QUAKE)], StreamStatistics.empty(), None)
    assert {"quake", "election"} <= set(found.enriched.keywords)
    assert not {"the", "this", "was", "never"} & set(found.enriched.keywords)


def test_what_the_last_weeks_were_full_of_is_no_keyword() -> None:
    learned = StreamStatistics.empty()
    arrive(stream(3000), learned, None)
    (found,) = arrive([enriched(9000, *QUAKE)], learned, None)
    assert found.enriched.keywords[0] == "quake"
    assert "election" not in found.enriched.keywords


@pytest.mark.parametrize("size", [1, 7, 60])
def test_batches_do_not_matter(size: int) -> None:
    articles = stream(60)
    learned, found = StreamStatistics.empty(), []
    for start in range(0, 60, size):
        found += [a.enriched.keywords for a in arrive(articles[start : start + size], learned, None)]
    assert found == [a.enriched.keywords for a in arrive(articles, StreamStatistics.empty(), None)]


def test_a_restart_does_not_matter() -> None:
    learned = StreamStatistics.empty()
    arrive(stream(50), learned, None)
    kept = learned.dirty()
    again = StreamStatistics.load(lambda keys: {key: kept[key] for key in keys if key in kept})
    (one,) = arrive([enriched(99, *QUAKE)], learned, None)
    (two,) = arrive([enriched(99, *QUAKE)], again, None)
    assert one.enriched.keywords == two.enriched.keywords


def test_a_new_form_of_an_article_has_keywords_and_teaches_nothing() -> None:
    learned = StreamStatistics.empty()
    arrive(stream(5), learned, None)
    learned.dirty()
    assert "quake" in read_again(enriched(7, *QUAKE), learned).keywords
    assert learned.dirty() == {}


def test_forms_of_one_word_are_one_keyword() -> None:
    counts = Counter({"flood": 3, "floods": 2, "flooding": 2, "dyke": 2})
    found = article_keywords(counts, StreamStatistics.empty().language("en"))
    assert len([word for word in found if word.startswith("flood")]) == 1
    assert "dyke" in found


@pytest.mark.parametrize(
    ("language", "title", "text", "wanted"),
    [
        ("de", "Deich bricht bei Husum", "Der Deich war alt. Am Deich arbeiten Helfer aus Husum.", "deich"),
        ("ru", "Плотина прорвана", "Плотина была старой. Люди ушли от плотины.", "плотина"),
        ("zh", "地震后停电", "地震发生在夜里。地震之后城市停电。", "地震"),
        ("und", "Zgrbl frobnicates", "Zgrbl zgrbl the the the.", None),
    ],
)  # fmt: skip
def test_any_language(language: str, title: str, text: str, wanted: str | None) -> None:
    (found,) = arrive([enriched(0, title, text, language)], StreamStatistics.empty(), None)
    words = found.enriched.keywords
    assert wanted in words if wanted else words == ()
    assert len(words) <= KEYWORDS_KEPT


def test_a_story_has_the_keywords_of_its_members() -> None:
    texts = [
        QUAKE,
        ("Quake shakes Ostland", "The quake broke windows in Ostland. Miners fled the quake."),
        ("Ostland counts the damage", "After the quake Ostland counts cracked walls. Walls fell in Ostland."),
    ]
    learned = StreamStatistics.empty()
    arrive(stream(500), learned, None)
    arrivals = arrive([enriched(n, *text) for n, text in enumerate(texts)], learned, None)
    stored = [StoredArticle(a.enriched, n + 1, "s", a.traits.to_bytes()) for n, a in enumerate(arrivals)]
    story = describe("s", stored)
    assert set(story.keywords[:2]) == {"quake", "ostland"}
    assert "the" not in story.keywords
    assert describe("s", stored[::-1]).keywords == story.keywords
    bare = [replace(s, enriched=replace(s.enriched, keywords=())) for s in stored]
    assert describe("s", bare).keywords == ()
