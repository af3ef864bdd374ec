"""Assignment, repair and corrections on a handful of articles."""

from __future__ import annotations

import pytest
import yaml
from invented_news import EVENTS, SCORER, START, article, write

from pipeline.errors import ConfigError, ContradictionError
from pipeline.records import Correction
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.placing.reassign import repair
from pipeline.stories.scoring.scorer_config import load_scorer
from pipeline.yaml_documents import Document


def correction(name, kind, *groups):
    return Correction(name, kind, tuple(tuple(f"{n:016x}" for n in group) for group in groups), START)


@pytest.mark.parametrize("vectors", [True, False])
def test_five_events_are_five_stories(newsroom, vectors):
    room = newsroom() if vectors else newsroom(embedder=None)
    room.take([write(n, n % 5, n // 5, n % 3, n * 1.0) for n in range(20)])
    repair(room.index, room.artefact.scorer, Constraints())
    assert [p.size for p in room.index.stories()] == [4] * len(EVENTS)


def test_the_decision_says_what_tied_and_what_came_second(newsroom):
    room = newsroom()
    room.take([write(n, n % 2, n // 2, n % 3, 0.0) for n in range(5)])
    last = room.decisions[-1]
    assert last.story == room.decisions[0].story
    assert {c.feature for c in last.chosen.contributions} >= {"text", "lead", "vector", "time", "outlet"}
    assert last.runner_up.story == room.decisions[1].story
    assert last.margin == last.chosen.score - last.runner_up.score > 0
    assert "Brenta gorge" in last.evidence[0].story
    assert last.scorer.startswith("mix:")


def test_titles_alike_but_for_a_figure_are_different_shows(newsroom):
    room = newsroom()
    titles = [f"Evening prayer with Brother Anselm, day {day}" for day in (1, 2, 3)]
    room.take([article(n, title, "", "Abbey TV", 24.0 * n) for n, title in enumerate(titles)])
    assert len(list(room.index.stories())) == 3


def test_a_merge_by_hand_is_kept_by_repair(newsroom):
    room = newsroom(constraints=Constraints([correction("c1", "merge", (0, 1))]))
    room.take([write(0, 0, 0, 0, 0), write(1, 1, 0, 1, 0)])
    assert len(list(room.index.stories())) == 1
    assert "correction" in room.decisions[1].constraints[0]
    assert repair(room.index, room.artefact.scorer, room.constraints).changes == ()


def test_repair_carries_out_a_later_merge_and_split(newsroom):
    room = newsroom()
    room.take([write(n, n % 2, n // 2, n % 3, 0.0) for n in range(6)])
    older, younger = (p.story for p in room.index.stories())
    merge = Constraints([correction("c1", "merge", (0, 1, 2, 3, 4, 5))])
    done = repair(room.index, room.artefact.scorer, merge)
    assert [(c.kind, c.story, c.into) for c in done.changes] == [("merge", younger, older)]
    split = Constraints([correction("c2", "split", (0, 2), (4,))])
    done = repair(room.index, room.artefact.scorer, split)
    assert room.index.story_of(f"{4:016x}") != room.index.story_of(f"{0:016x}")
    assert {c.kind for c in done.changes} == {"split"}


def test_contradicting_corrections_are_refused():
    with pytest.raises(ContradictionError, match="c2 splits what c1 merged"):
        Constraints([correction("c1", "merge", (0, 1), (2,)), correction("c2", "split", (0,), (2,))])


def test_an_unknown_key_in_the_scorer_is_named():
    content = yaml.safe_load(SCORER.read_text())
    lines = {"weights.wheels": 7}
    content["weights"]["wheels"] = 4
    with pytest.raises(ConfigError, match=r"scorer.yaml:7: weights.wheels"):
        load_scorer(Document("scorer.yaml", content, lines), "normal")


def test_a_broken_center_is_named():
    content = yaml.safe_load(SCORER.read_text())
    content["vectors"]["center"] = "no base64!"
    with pytest.raises(ConfigError, match=r"vectors\.center"):
        load_scorer(Document("scorer.yaml", content, {}), "normal")


def test_granularity_orders_the_thresholds():
    document = Document("scorer.yaml", yaml.safe_load(SCORER.read_text()), {})
    broad, normal, strict = (
        load_scorer(document, g).scorer.weights.threshold for g in ("broad", "normal", "strict")
    )
    assert broad < normal < strict
