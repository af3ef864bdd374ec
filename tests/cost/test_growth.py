"""No rule costs more than linear time: each over random shapes of hostile text; `make fuzz` tries more."""

from __future__ import annotations

import time

import pytest
from growth import RULES, excess, run

# What counts here is growth. `make fuzz` insists on half a second, which a machine may be too slow for.
SLOW_MACHINE_SECONDS = 5.0


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("rule", RULES)
def test_cost_grows_with_its_input_and_not_faster(rule):
    assert run(24, seed=20261129, rules=[rule], limit=SLOW_MACHINE_SECONDS) == []


def test_a_quadratic_rule_is_found(monkeypatch):
    def square(text: str) -> None:
        end = time.process_time() + (len(text) / 32_000) ** 2 / 5
        while time.process_time() < end:
            pass

    monkeypatch.setitem(RULES, "square", square)
    monkeypatch.setitem(RULES, "straight", lambda text: square("a" * int((32_000 * len(text)) ** 0.5)))
    assert excess("square", ("", "a", ""))
    assert excess("straight", ("", "a", "")) is None


@pytest.mark.parametrize(
    ("rule", "unit"),
    [
        ("tokens", "1"),
        ("tokens", "ﬁ"),
        ("shown", "<"),
        ("shown", "<script"),
        ("names", "By "),
        ("page", "<p>"),
        ("page", "<h1>"),
        ("page", "<p><a>"),
        ("page", "<table><tr><td>a"),
        ("features", "a@"),
    ],
)
def test_what_the_fuzzer_found_stays_linear(rule, unit):
    assert excess(rule, ("", unit, ""), limit=SLOW_MACHINE_SECONDS) is None


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["<p><i>A text of some words.</i></p>", "<div><p>Some words.</div>"])
def test_a_page_of_megabytes_costs_no_more_than_its_length(unit):
    def cost(size: int) -> float:
        began = time.process_time()
        RULES["page"](unit * (size // len(unit)))
        return time.process_time() - began

    cost(1_000)  # what is loaded once
    assert cost(6_000_000) < 10 * cost(1_000_000)
