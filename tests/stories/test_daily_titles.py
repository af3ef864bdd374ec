"""Tickers, weather, columns: what an outlet writes under one title day by day is no story of thousands."""

import random

from invented_news import article

from pipeline.stories.placing.reassign import repair

SKIES = ("snow", "rain", "fog", "sun", "hail", "sleet")


def ticker(days, a_day=24, outlet="Tick"):
    """Rates under one title, hour by hour."""
    chance = random.Random(1)
    return [
        article(
            100 + n,
            "Crown against dollar",
            f"The crown stood at {chance.randint(100, 999)} in the morning of trading hour {n}, with "
            f"{chance.choice(SKIES)} over the exchange and {chance.randint(100, 999)} lots sold. "
            f"Dealers named {chance.choice(SKIES)} and {chance.choice(SKIES)} as reasons.",
            outlet,
            n * 24 / a_day,
        )
        for n in range(days * a_day)
    ]


def sizes(room):
    return [profile.size for profile in room.index.stories()]


def test_a_ticker_is_a_story_a_day_in_any_cutting_and_stays_so_in_repair(newsroom):
    room = newsroom()
    room.take(ticker(6))
    assert max(sizes(room)) <= 24
    assert len(sizes(room)) <= 9
    before = room.placement()
    other = newsroom()
    other.take(ticker(6), batch=7)
    assert other.placement() == before
    repair(room.index, room.artefact.scorer, room.constraints)
    assert max(sizes(room)) <= 24
    mended = room.placement()
    assert sum(mended[name] != story for name, story in before.items()) <= 3, "at the seams of two days"
    repair(room.index, room.artefact.scorer, room.constraints)
    assert room.placement() == mended
    assert any("writes this title day by day" in note for d in room.decisions for note in d.constraints)


def test_the_weather_of_each_day_comes_again_under_a_new_story(newsroom):
    room = newsroom()
    room.take(ticker(12, a_day=1))
    assert max(sizes(room)) <= 4


def test_a_report_that_comes_again_word_for_word_stays_with_its_story(newsroom):
    room = newsroom()
    told = ticker(1, a_day=1)[0].article
    room.take([article(n, told.title, told.text, "Tick", n * 24.0) for n in range(5)])
    assert sizes(room) == [5]


def test_several_outlets_under_one_title_are_no_column(newsroom):
    room = newsroom()
    told = ticker(2, a_day=4)
    room.take(
        [
            article(n, each.article.title, each.article.text, f"Outlet {n}", n * 6.0)
            for n, each in enumerate(told)
        ]
    )
    before = sizes(room)
    again = newsroom()
    again.take(
        [article(n, each.article.title, each.article.text, "", n * 6.0) for n, each in enumerate(told)]
    )
    assert len(before) == 1
    assert max(sizes(again)) == 8
