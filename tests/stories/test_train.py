"""Choosing the numbers of the mix: what counts, who has a say, what is traded, and what is written."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.stories.choosing import UNNOTICED, Choice, counting, sources, standing, traded, without
from benchmarks.stories.labelled import Labelled
from benchmarks.stories.train import CONFIG, GRID, SHORT_LIST, rewritten, select, shipped, short_list
from pipeline.stories.scoring.scorer_config import load_scorer
from pipeline.yaml_documents import Document


def _choices(count: int) -> list[Choice]:
    return [(("threshold", 0.1 + place / 100),) for place in range(count)]


def test_training_and_development_sets_are_one_source() -> None:
    """So are the variants of both; a corrections' export, which has no ending, is a source of its own."""
    assert sources("allsides_train") == sources("allsides_dev, undated") == {"allsides"}
    assert sources("corrections") == {"corrections"}
    assert sources("a_dev, with b_dev") == {"a", "b"}


def test_a_source_left_out_has_no_say() -> None:
    """Neither its sets, nor their variants, nor what they are mixed with count."""
    low, high = _choices(2)
    table = {
        low: {"a_dev": 0.9, "a_train, undated": 0.9, "c_dev, with a_dev": 0.9, "b_dev": 0.2},
        high: {"a_dev": 0.1, "a_train, undated": 0.1, "c_dev, with a_dev": 0.1, "b_dev": 0.3},
    }
    assert counting(table, low) == [low]
    assert without(table, "a") == {low: {"b_dev": 0.2}, high: {"b_dev": 0.3}}
    assert select(table, table, low, "a") == high
    assert select(table, table, low, "") == low


def test_the_best_mean_does_not_count_where_it_loses_on_one_set() -> None:
    """What it would trade is named, both ways."""
    here, mean, even = _choices(3)
    table = {
        here: {"a_dev": 0.5, "b_dev": 0.5, "b_dev, undated": 0.4},
        mean: {"a_dev": 0.9, "b_dev": 0.5, "b_dev, undated": 0.39},
        even: {"a_dev": 0.51, "b_dev": 0.5, "b_dev, undated": 0.4 - UNNOTICED},
    }
    assert counting(table, here) == [even, here]
    assert traded(table, here)[0] == (
        "threshold 0.11: mean 0.5967 (+0.1300), worst 0.3900 (b_dev, undated); "
        "loses on 1 of 3: b_dev, undated -0.0100; gains on 1 of 3: a_dev +0.4000"
    )


def test_of_equal_means_the_better_worst_set_is_taken() -> None:
    here, first, second = _choices(3)
    table = {
        here: {"a_dev": 0.5, "b_dev": 0.5},
        first: {"a_dev": 0.8, "b_dev": 0.5},
        second: {"a_dev": 0.6, "b_dev": 0.7},
    }
    assert counting(table, here)[0] == second


FIGURES = st.lists(st.floats(0, 1), min_size=3, max_size=3)


@given(rows=st.lists(FIGURES, min_size=2, max_size=6))
def test_whatever_the_figures_what_is_chosen_loses_nowhere_and_is_chosen_again(
    rows: list[list[float]],
) -> None:
    every = _choices(len(rows))
    table = {choice: dict(zip("abc", row, strict=True)) for choice, row in zip(every, rows, strict=True)}
    chosen = counting(table, every[0])[0]
    # Figures are compared as they are told, to six digits.
    assert all(table[chosen][name] >= value - UNNOTICED - 2e-6 for name, value in table[every[0]].items())
    assert standing(table[chosen]).mean >= standing(table[every[0]]).mean
    # Nothing else that counts is better.
    assert all(standing(table[each])[:2] <= standing(table[chosen])[:2] for each in counting(table, every[0]))


def test_only_the_short_list_is_looked_at_after_repair() -> None:
    """What counted less at first is not chosen, however well it does later; what is shipped may stay."""
    every = _choices(SHORT_LIST + 2)
    first = {choice: {"a_dev": 0.5 + place / 10} for place, choice in enumerate(every)}
    assert short_list(first, every[0]) == [every[0], *reversed(every[2:])]
    mended = {choice: {"a_dev": 0.9 if choice == every[1] else 0.4} for choice in every}
    mended[every[0]] = {"a_dev": 0.5}
    assert select(first, mended, every[0], "") == every[0]


def test_what_is_shipped_is_read_from_the_file() -> None:
    assert [name for name, _ in shipped()] == list(GRID)
    weights = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["weights"]
    assert all(weights[name] == value for name, value in shipped())


def test_the_file_keeps_what_was_not_chosen() -> None:
    """Numbers and their origin are replaced; the rest, comments too, stays; the result can be read."""
    data = [Labelled("news_dev", "0123456789abcdef", [], [], [])]
    scores = {"news_dev": 0.5, "stress_mean": 0.45, "stress_worst": 0.3}
    text = rewritten({"threshold": 0.33}, data, "2031-05-04", scores, {"news_dev": 0.4})
    before, after = yaml.safe_load(CONFIG.read_text(encoding="utf-8")), yaml.safe_load(text)
    assert after["weights"] == {**before["weights"], "threshold": 0.33}
    assert after["chosen"]["data"] == {"news_dev": "0123456789abcdef"}
    assert after["chosen"]["scores"]["mean"] == 0.5
    assert after["chosen"]["scores"]["stress_worst"] == 0.3
    assert after["chosen"]["scores"]["mean_left_out"] == 0.4
    assert (
        text.partition("granularity:")[2] == CONFIG.read_text(encoding="utf-8").partition("granularity:")[2]
    )
    assert load_scorer(Document("scorer.yaml", after, {}), "normal").scorer.weights.threshold == 0.33
