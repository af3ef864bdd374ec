"""What `wirewatch why` says to people."""

from __future__ import annotations

import io

from rich.console import Console

from pipeline.cli.why import why_text


def candidate(story, **features):
    values = {name: abs(value) for name, value in features.items()}
    return {"story": story, "score": sum(features.values()), "features": features, "values": values}


def said(**given):
    decision = {
        "article": "a1", "story": "s1", "founded": False, "by": "assign", "threshold": 0.2,
        "chosen": None, "runner_up": None, "evidence": [], "constraints": [], **given,
    }  # fmt: skip
    written = io.StringIO()
    why_text(
        Console(file=written, width=300), decision, "Ferry [sinks]", {"s1": "Ferry lost", "s2": "Train lost"}
    )
    return written.getvalue()


def test_what_told_against_the_runner_up_is_what_it_has_less_of():
    text = said(
        chosen=candidate("s1", text=0.2, vector=0.15, contrast=-0.01, time=-0.02),
        runner_up=candidate("s2", text=0.19, vector=0.05, contrast=-0.1, time=-0.01),
    )
    (against,) = [line for line in text.splitlines() if "against" in line]
    assert against.strip() == (
        "against the runner-up: 0.130 of the 0.200 needed, meaning, by vectors -0.100, "
        "shared with its other candidates too -0.090, words in common -0.010"
    )
    assert "Ferry lost" in text
    assert "Train lost" in text
    assert "Ferry [sinks]" in text


def test_what_told_against_the_best_story_of_a_founder_is_what_it_lost():
    text = said(founded=True, chosen=candidate("s2", text=0.1, time=-0.03), runner_up=None)
    assert "against the best: 0.070 of the 0.200 needed, distance in time -0.030" in text


def test_what_counts_for_nothing_is_left_out():
    text = said(chosen=candidate("s1", text=0.3, outlet=-0.0001))
    assert "words in common" in text
    assert "outlet" not in text


def test_a_founder_without_any_candidate_has_no_empty_table():
    text = said(founded=True)
    assert "no story that it could be compared with" in text
    assert "needed" not in text
