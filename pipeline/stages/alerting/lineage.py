"""What alerting and delivery ask of stories: their ancestors, their heirs."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.ports import Store
from pipeline.records import Lineage, Story


def ancestry(lineage: Sequence[Lineage], story: str) -> tuple[tuple[str, ...], bool]:
    """The stories that went into a story or that it was split off, and whether it ever was split."""
    found: dict[str, None] = {}
    wanted = [story]
    while wanted:
        into = wanted.pop()
        for step in lineage:
            if step.into == into and step.story != story and step.story not in found:
                found[step.story] = None
                wanted.append(step.story)
    split = any(step.kind == "split" and story in (step.story, step.into) for step in lineage)
    return tuple(found), split


def heir(store: Store, story: str) -> Story | None:
    """The story that an id stands for today, across merges; None where it is gone."""
    passed: set[str] = set()
    while story not in passed:
        passed.add(story)
        found = store.stories([story]).get(story)
        if found is not None:
            return found
        steps = [step for step in store.lineage(story) if step.story == story and step.kind == "merged"]
        if not steps:
            return None
        story = steps[-1].into
    return None
