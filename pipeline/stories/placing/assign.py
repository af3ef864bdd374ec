"""Which story an article belongs to: decides on new articles, and makes the records of all decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from pipeline.records import Candidate, Decision, content_id
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.index.story_index import StoryIndex
from pipeline.stories.index.story_profile import StoryProfile
from pipeline.stories.placing.candidates import TOGETHER, Candidates, Weighing
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.placing.evidence import gather
from pipeline.stories.scoring.scorer import Scorer

By = Literal["assign", "repair", "person"]


def story_id(article: str, taken: Callable[[str], bool] = lambda _: False) -> str:
    """The id of a story that an article founds.

    Args:
        article: The founding article's id.
        taken: Whether a story with this id still exists, without its founder; the next id is then tried.
    """
    found, attempt = content_id("story", article), 1
    while taken(found):
        attempt += 1
        found = content_id("story", article, str(attempt))
    return found


def assign(member: IndexedArticle, index: StoryIndex, scorer: Scorer, constraints: Constraints) -> Decision:
    """Decides the story of a new article. The caller puts it there (`index.add(member, decision.story)`).

    Args:
        member: The article; not in the index.
        index: The active stories. Members outside the article's window do not count.
        scorer: Says how well it fits.
        constraints: What persons have corrected; it comes before any score.
    """
    return _assigned(member, Candidates([member], index, scorer, constraints).of(0), index, scorer)


def assign_all(
    members: Sequence[IndexedArticle], index: StoryIndex, scorer: Scorer, constraints: Constraints
) -> list[Decision]:
    """Decides on new articles one after another, as `assign` does, and puts each into its story."""
    decisions: list[Decision] = []
    for together in _runs(members, index.newest):
        index.enter(together)
        weighings = Candidates(together, index, scorer, constraints)
        for position, member in enumerate(together):
            decision = _assigned(member, weighings.of(position), index, scorer)
            index.settle(member.article, decision.story)
            decisions.append(decision)
    return decisions


def _runs(members: Sequence[IndexedArticle], newest: int) -> Iterator[list[IndexedArticle]]:
    """Groups articles that may come in together: at most `TOGETHER` in sequence; a late one comes alone."""
    run: list[IndexedArticle] = []
    newest_before = newest
    for member in members:
        if run and (member.seq < newest or run[0].seq < newest_before or len(run) == TOGETHER):
            yield run
            run = []
        if not run:
            newest_before = newest
        run.append(member)
        newest = max(newest, member.seq)
    if run:
        yield run


def _assigned(member: IndexedArticle, weighing: Weighing, index: StoryIndex, scorer: Scorer) -> Decision:
    """The decision on one new article."""
    best = weighing.ranked[0] if weighing.ranked else None
    chosen = weighing.forced
    if chosen is None and best is not None and best.score >= scorer.threshold(member):
        chosen = best.profile
    return decide(member, chosen, story_id(member.article, index.has_story), weighing, scorer, "assign")


def decide(
    member: IndexedArticle,
    chosen: StoryProfile | None,
    new_story: str,
    weighing: Weighing,
    scorer: Scorer,
    by: By,
) -> Decision:
    """Makes the decision record: chosen, runner-up, what each feature added, and the evidence.

    Args:
        member: The article.
        chosen: The story that it joins or stays in; None if it founds `new_story`.
        new_story: The id of the story that it founds if `chosen` is None.
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


def _record(
    member: IndexedArticle, profile: StoryProfile | None, weighing: Weighing, scorer: Scorer
) -> Candidate | None:
    """A story as a candidate in the decision; one that a person demands may have to be scored only now."""
    if profile is None:
        return None
    weighed = next((w for w in weighing.ranked if w.profile is profile), None)
    return scorer.explain(member, profile) if weighed is None else weighing.scored.explain(weighed.row)


def _margin(chosen: Candidate | None, runner_up: Candidate | None, threshold: float) -> float:
    """The chosen score minus the runner-up's; minus the threshold where there is no runner-up."""
    score = chosen.score if chosen is not None else 0.0
    return score - (runner_up.score if runner_up is not None else threshold)
