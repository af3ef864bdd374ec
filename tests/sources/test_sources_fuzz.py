"""Five hundred mutated inputs; `python -m tests.sources.fuzz` runs ten thousand."""

from __future__ import annotations

from fuzz import inputs, run


def test_every_mutated_input_ends_as_items_or_as_a_rejection():
    tally = run(500, seed=2026)
    assert tally.failures == []
    assert tally.with_items > 100
    assert tally.rejected > 50


def test_the_same_seed_gives_the_same_inputs():
    assert list(inputs(20, seed=7)) == list(inputs(20, seed=7))
