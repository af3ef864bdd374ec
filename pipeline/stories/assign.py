"""Which story an article belongs to: a decision, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pipeline.records import Candidate, Decision, content_id
from pipeline.stories.constraints import Constraints
from pipeline.stories.evidence import gather
from pipeline.stories.index import StoryIndex
from pipeline.stories.profile import Profile
from pipeline.stories.scorer import Scored, Scorer
from pipeline.stories.traits import Member

By = Literal["assign", "repair", "person"]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A story with its score for an article, and where it is among the scored."""

    score: float
    profile: Profile
    row: int


@dataclass(frozen=True, slots=True)
class Weighing:
    """All stories that were weighed for an article, best first, and what persons said about it.

    Attributes:
        ranked: Stories that are allowed, best first; ties: the older story.
        forced: The story a correction demands, or None.
        notes: The corrections that applied, in words.
        scored: What the scores are made of.
        looked_at: The ids of the candidates, those that a correction keeps it out of too.
    """

    ranked: tuple[Weighed, ...]
    forced: Profile | None
    notes: tuple[str, ...]
    scored: Scored
    looked_at: tuple[str, ...]


def story_id(article: str, taken: Callable[[str], bool] = lambda _: False) -> str:
    """The id of a story that an article founds.

    Args:
        article: The founding article's id.
        taken: Whether a story of that id lives on without its founder; the next id is then tried.
    """
    found, attempt = content_id("story", article), 1
    while taken(found):
        attempt += 1
        found = content_id("story", article, str(attempt))
    return found


def assign(member: Member, index: StoryIndex, scorer: Scorer, constraints: Constraints) -> Decision:
    """Decides the story of a new article. The caller puts it there (`index.add(member, decision.story)`).

    Args:
        member: The article; not in the index.
        index: The active stories. What is outside the article's window does not count.
        scorer: Says how well it fits.
        constraints: A person's corrections; they come before any score.
    """
    weighing = weigh(member, index, scorer, constraints)
    best = weighing.ranked[0] if weighing.ranked else None
    chosen = weighing.forced
    if chosen is None and best is not None and best.score >= scorer.threshold(member):
        chosen = best.profile
    return decide(member, chosen, story_id(member.article, index.has_story), weighing, scorer, "assign")


def weigh(
    member: Member, index: StoryIndex, scorer: Scorer, constraints: Constraints, present: str | None = None
) -> Weighing:
    """Scores the candidate stories of an article.

    Args:
        member: The article.
        index: The active stories.
        scorer: Says how well it fits.
        constraints: A person's corrections.
        present: The id of the story it is in now (a repair): always weighed, by its other members.
    """
    notes: list[str] = []
    candidates = [p for p in index.candidates(member) if p.story != present]
    if present is not None and index.profile(present).size > 1:
        candidates.append(index.profile(present))
    allowed: list[Profile] = []
    for profile in candidates:
        correction = ""
        if constraints:
            others = (m.article for m in profile.members if m.article != member.article)
            correction = constraints.forbids(member.article, others)
        if correction:
            notes.append(f"kept out of story {profile.story} by correction {correction}")
        else:
            allowed.append(profile)
    scored = scorer.weigh(member, allowed)
    ranked = [Weighed(score, allowed[row], row) for row, score in enumerate(scored.values)]
    ranked.sort(key=lambda w: (-w.score, w.profile.first_seq))
    forced = _forced(member, index, constraints, present, notes)
    looked_at = tuple(profile.story for profile in candidates)
    return Weighing(tuple(ranked), forced, tuple(sorted(notes)), scored, looked_at)


def _forced(
    member: Member, index: StoryIndex, constraints: Constraints, present: str | None, notes: list[str]
) -> Profile | None:
    """The oldest story that holds an article which this one must be with, its own story included."""
    linked = {index.story_of(article): article for article in constraints.together(member.article)}
    profiles = [index.profile(story) for story in linked if story is not None]
    if not profiles:
        return None
    if present is not None:
        profiles.append(index.profile(present))
    oldest = min(profiles, key=lambda p: (p.first_seq, p.story))
    partner = next(article for story, article in linked.items() if story is not None)
    notes.append(f"belongs with article {linked.get(oldest.story, partner)}: a person's correction")
    return oldest


def decide(
    member: Member,
    chosen: Profile | None,
    new_story: str,
    weighing: Weighing,
    scorer: Scorer,
    by: By,
) -> Decision:
    """The decision record: chosen, runner-up, what each feature gave, and what tied it.

    Args:
        member: The article.
        chosen: The story it joins or stays in; None when it founds `new_story`.
        new_story: The id of the story it founds otherwise.
        weighing: What was weighed.
        scorer: Explains the scores.
        by: Who decides.
    """
    best = weighing.ranked[0].profile if weighing.ranked else None
    shown = chosen if chosen is not None else best
    second = next((w.profile for w in weighing.ranked if shown is None or w.profile is not shown), None)
    first_record = _record(member, shown, weighing, scorer)
    second_record = _record(member, second, weighing, scorer)
    threshold = scorer.threshold(member)
    return Decision(
        article=member.article,
        story=chosen.story if chosen is not None else new_story,
        founded=chosen is None,
        chosen=first_record,
        runner_up=second_record,
        threshold=threshold,
        margin=_margin(first_record, second_record, threshold),
        constraints=weighing.notes,
        evidence=gather(member, shown) if shown is not None else (),
        by=by,
        scorer=scorer.name,
    )


def _record(member: Member, profile: Profile | None, weighing: Weighing, scorer: Scorer) -> Candidate | None:
    """A story's part in the decision; one that was not weighed (a person's word) is weighed now."""
    if profile is None:
        return None
    weighed = next((w for w in weighing.ranked if w.profile is profile), None)
    return scorer.explain(member, profile) if weighed is None else weighing.scored.explain(weighed.row)


def _margin(chosen: Candidate | None, runner_up: Candidate | None, threshold: float) -> float:
    """Chosen minus runner-up; minus the threshold where there is none."""
    score = chosen.score if chosen is not None else 0.0
    return score - (runner_up.score if runner_up is not None else threshold)
