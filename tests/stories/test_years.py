"""Years as evidence against: what an undated text names beside the date of another article."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from invented_news import article

from pipeline.stories.features import years
from pipeline.stories.features.features import arrive
from pipeline.stories.features.packed import Features, IndexedArticle
from pipeline.stories.features.statistics import StreamStatistics
from pipeline.stories.index.story_profile import SMALL, StoryProfile
from pipeline.stories.scoring.scorer import Mix
from pipeline.stories.scoring.scorer_config import ScorerConfig

TEXT = "A quake of magnitude 6.1 hit the island of Qeshm, officials in Bandar Abbas said."


def _bits(*named: int) -> int:
    return sum(1 << (year - 1990) for year in named)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("In 2008 and again in 2010", (2008, 2010)),
        ("2008年に", (2008,)),
        ("on 2,008 islands, at 1:2008, call 555-2008 or 2008-555 or 20081", ()),
        ("no year", ()),
    ],
)
def test_years_are_four_figures_and_no_part_of_another_number(text: str, found: tuple[int, ...]) -> None:
    """Telephone numbers, times and thousands are no years."""
    assert years.named(text) == _bits(*found)


def test_what_is_outside_the_range_falls_to_its_ends() -> None:
    """1950 and 1990 are one to it; such years are all long ago."""
    assert years.named("1950") == years.named("1990") == years.around(datetime(1950, 6, 1, tzinfo=UTC)) == 1


@given(st.integers(0, 20_000))
@example(669)  # the first of December of a leap year
def test_a_date_belongs_to_the_years_less_than_a_month_away(days: int) -> None:
    """So a story around New Year is in both years."""
    day = datetime(1991, 2, 1, tzinfo=UTC) + timedelta(days=days)
    margin = timedelta(days=30)
    both = {(day - margin).year, day.year, (day + margin).year}
    assert years.around(day) == _bits(*both)


def _member(number: int, published: datetime | None, more: str = "") -> IndexedArticle:
    plain = article(number, "Quake hits Qeshm", f"{TEXT} {more}")
    known = replace(plain.article, published=published)
    return IndexedArticle(
        known.id, number, arrive([replace(plain, article=known)], StreamStatistics.empty(), None)[0].traits
    )


@pytest.mark.parametrize("size", [1, 3, SMALL + 2])
def test_other_years_tell_against_a_story(artefact: ScorerConfig, size: int) -> None:
    """By the share of the members that can be compared; small stories and large ones alike."""
    scorer = artefact.scorer
    story = StoryProfile.of(
        "s", [_member(n, datetime(2005, 11, 27, n, tzinfo=UTC)) for n in range(1, size + 1)]
    )
    same = _member(97, None, "It was the worst since 2005.")
    other = _member(98, None, "It was the worst since 2008.")
    none = _member(99, None)
    assert [_feature(scorer, m, story) for m in (same, other, none)] == [
        1.0,
        1.0 - scorer.weights.years_loss,
        1.0,
    ]


def _feature(scorer: Mix, member: IndexedArticle, story: StoryProfile) -> float:
    explained = scorer.explain(member, story)
    assert sum(c.contribution for c in explained.contributions) == pytest.approx(explained.score)
    return next(c.value for c in explained.contributions if c.feature == "years")


def test_an_undated_member_is_weighed_against_a_dated_article_too(artefact: ScorerConfig) -> None:
    """The evidence is symmetric, and two dates or two undated texts are not compared by it."""
    scorer = artefact.scorer
    undated = _member(1, None, "It was the worst since 2008.")
    dated = _member(2, datetime(2013, 9, 1, tzinfo=UTC))
    assert _feature(scorer, dated, StoryProfile.of("s", [undated])) == 1.0 - scorer.weights.years_loss
    assert _feature(scorer, undated, StoryProfile.of("s", [dated])) == 1.0 - scorer.weights.years_loss
    assert _feature(scorer, _member(3, None, "Since 1991."), StoryProfile.of("s", [undated])) == 1.0
    assert (
        _feature(scorer, _member(4, datetime(2013, 1, 31, tzinfo=UTC)), StoryProfile.of("s", [dated])) == 1.0
    )


def test_years_survive_storing() -> None:
    """They are part of the frozen traits."""
    member = _member(1, None, "In 2008 and 2049.")
    assert Features.from_bytes(member.data).years == member.traits.years == _bits(2008, 2049)


@pytest.mark.parametrize("published", [datetime(2013, 1, 9, tzinfo=UTC), None])
def test_traits_stored_before_years_counted_are_read(published: datetime | None) -> None:
    """A store made by the version before works on: a date tells its years, an undated text has none."""
    now = _member(1, published, "In 2008.").data
    before = b"WWA\x02" + now[4:36] + now[44:]
    member = IndexedArticle("a", 1, before)
    assert member.traits.years == (_bits(2012, 2013) if published else 0)
    assert member.traits.title == Features.from_bytes(before).title == "Quake hits Qeshm"
    assert StoryProfile.of("s", [member]).body["en"].count == 1
    if published:
        assert member.data == now
