"""What retention leaves of a story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.query.fields import from_micros
from pipeline.records import Story


def shrunk(story: Story, members: tuple[str, ...], seqs: Sequence[int], times: Sequence[int]) -> Story:
    """The story with the members that are left; facts that need their texts stay as they were.

    Args:
        story: The story before.
        members: Ids of the members left; at least one.
        seqs: Their sequence numbers, in any order.
        times: Their times in microseconds since 1970, in any order.
    """
    return replace(
        story,
        members=members,
        origins=min(story.origins, len(members)),
        first_seq=min(seqs),
        last_seq=max(seqs),
        first_published=from_micros(min(times)),
        last_published=from_micros(max(times)),
        version=story.version + 1,
    )
