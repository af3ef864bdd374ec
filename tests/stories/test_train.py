"""Choosing the numbers of the mix: who has a say, and what is written."""

from __future__ import annotations

import yaml

from benchmarks.stories.labelled import Labelled
from benchmarks.stories.train import CONFIG, SHORT_LIST, Choice, ranked, rewritten, select, source
from pipeline.settings import Document
from pipeline.stories.scoring.scorer_config import load_scorer


def _choices(count: int) -> list[Choice]:
    return [(("threshold", 0.1 + place / 100),) for place in range(count)]


def test_training_and_development_sets_are_one_source() -> None:
    """A corrections' export, which has no ending, is a source of its own."""
    assert source("allsides_train") == source("allsides_dev") == "allsides"
    assert source("corrections") == "corrections"


def test_a_source_left_out_has_no_say() -> None:
    """Neither its development set nor its training set counts, not even for the short list."""
    low, high = _choices(2)
    table = {
        low: {"a_dev": 1.0, "a_train": 1.0, "b_dev": 0.2},
        high: {"a_dev": 0.1, "a_train": 0.1, "b_dev": 0.3},
    }
    assert ranked(table)[0] == low
    assert ranked(table, "a")[0] == high
    assert select(table, table, "a") == high


def test_only_the_short_list_is_looked_at_after_repair() -> None:
    """What was poor at first is not chosen, however well it does after repair; ties: the first."""
    every = _choices(SHORT_LIST + 1)
    first = {choice: {"a_dev": 0.9 - place / 10} for place, choice in enumerate(every)}
    repaired = {choice: {"a_dev": 0.5} for choice in every[:-1]}
    assert select(first, repaired, "") == every[0]


def test_the_file_keeps_what_was_not_chosen() -> None:
    """Numbers and their origin are replaced; the rest, comments too, stays; the result can be read."""
    data = [Labelled("news_dev", "0123456789abcdef", [], [], [], [])]
    text = rewritten({"threshold": 0.33}, data, "2031-05-04", {"news_dev": 0.5}, {"news_dev": 0.4})
    before, after = yaml.safe_load(CONFIG.read_text(encoding="utf-8")), yaml.safe_load(text)
    assert after["weights"] == {**before["weights"], "threshold": 0.33}
    assert after["chosen"]["data"] == {"news_dev": "0123456789abcdef"}
    assert after["chosen"]["scores"]["mean_left_out"] == 0.4
    assert (
        text.partition("granularity:")[2] == CONFIG.read_text(encoding="utf-8").partition("granularity:")[2]
    )
    assert load_scorer(Document("scorer.yaml", after, {}), "normal").scorer.weights.threshold == 0.33
