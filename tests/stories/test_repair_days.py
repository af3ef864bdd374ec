"""Thirty replayed days with a repair after each: nothing flaps, and repairing again changes nothing."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from invented_news import EVENTS, write

from pipeline.stories.placing.reassign import repair

DAYS = 30
PER_DAY = 6


@pytest.mark.slow
def test_thirty_days_do_not_flap(newsroom):
    room = newsroom()
    rng = random.Random(30)
    homes: dict[str, list[str]] = {}
    moved: Counter[str] = Counter()
    number = 0
    for day in range(DAYS):
        fresh = []
        for hour in sorted(rng.uniform(0, 24) for _ in range(PER_DAY)):
            # An event is news for six days; its reports quote it from another sentence each time.
            event = (day // 6 + rng.randrange(2)) % len(EVENTS)
            fresh.append(write(number, event, rng.randrange(4), rng.randrange(4), 24 * day + hour))
            number += 1
        room.take(fresh, batch=2)
        earliest = fresh[0].article.published
        assert earliest is not None
        recent = {
            p.story
            for p in room.index.stories()
            if any(m.time >= earliest.timestamp() - 7 * 86_400 for m in p.members)
        }
        first = repair(room.index, room.artefact.scorer, room.constraints, recent)
        again = repair(room.index, room.artefact.scorer, room.constraints, recent)
        assert not again.changes
        assert not again.decisions
        moved.update(decision.article for decision in first.decisions)
        for name, story in room.placement().items():
            seen = homes.setdefault(name, [])
            if not seen or seen[-1] != story:
                seen.append(story)
    back_and_forth = [name for name, seen in homes.items() if len(seen) != len(set(seen))]
    assert not back_and_forth
    assert max(moved.values(), default=0) <= 2
