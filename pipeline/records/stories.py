"""Stories, the decisions that made them, and a person's corrections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipeline.records.articles import EntityKind, Topic


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature added to a score; all contributions to a score sum to it."""

    feature: str
    value: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A story that was scored for an article."""

    story: str
    score: float
    contributions: tuple[Contribution, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a person would point at to explain why an article belongs to a story, or does not.

    Attributes:
        kind: "name", "number", "place", "sentence" and, in situations, "word" speak for it; "against day",
            "against magnitude", "against dead" (injured, missing, arrested, evacuated), "against place" and
            "against name" speak against it.
        article: What the article says.
        story: What the story says.
        weight: How much it counts, 0 to 1; if it speaks against, the share of the story's articles that say
            so.
    """

    kind: str
    article: str
    story: str
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """Why an article is in its story; stored when it was decided, and never computed again.

    Attributes:
        article: The article's id.
        story: The story it went to.
        founded: Whether the article founded the story.
        chosen: The story with its score and contributions; for a founder, the best candidate, which fell
            short.
        runner_up: The next best story, or None.
        threshold: The score needed to join.
        margin: The score of `chosen` minus that of `runner_up`; minus the threshold if there is no runner-up.
        constraints: The corrections that applied, in words.
        evidence: What speaks for the story, strongest first; then what speaks against it.
        by: Who decided.
        scorer: The name and digest of the scorer.
    """

    article: str
    story: str
    founded: bool
    chosen: Candidate | None
    runner_up: Candidate | None
    threshold: float
    margin: float
    constraints: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    by: Literal["assign", "repair", "person"] = "assign"
    scorer: str = ""

    @property
    def passed_over(self) -> Candidate | None:
        """The best story that the article did not go to."""
        return self.chosen if self.founded else self.runner_up


@dataclass(frozen=True, slots=True)
class EntityCount:
    """An entity of a story: in how many of its articles it is named."""

    id: str
    name: str
    kind: EntityKind
    count: int


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """A sentence of a story's summary, and the article it was taken from."""

    text: str
    article: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A number on which outlets disagree: what is counted, and (number, article id, quote) of each side."""

    subject: str
    sides: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Tie:
    """Why a story belongs to a situation, or why it does not; stored when it was decided.

    Attributes:
        situation: The situation's id: that of the story it began with; "" if a person took the story out.
        score, threshold: How well the story fits, and how well it has to.
        evidence: What they have in common, strongest first; weights are shares of the score.
        by: Who decided; "repair" if the story was split off from a story of the situation, or took one in.
        seq: The ingest sequence of the article that tied it; for a repair or a person's word, of the first
            article after that.
        said: The id of the correction by which a person tied it or took it out; else "".
        former: How the machine had tied it before a person said otherwise; None if it was alone.
    """

    situation: str
    score: float = 0.0
    threshold: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    by: Literal["assign", "repair", "person"] = "assign"
    seq: int = 0
    said: str = ""
    former: Tie | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """Articles on one event, with what is known of them as a whole.

    Attributes:
        id: Derived from the founding article; the ids of stories merged into it lead here by lineage.
        title: The title of the most central member.
        members: Article ids in ingest sequence.
        origins: How many independent texts it rests on; reprints of one agency text are one.
        first_seq, last_seq: The ingest sequence of the first and the newest member.
        first_published, last_published: The earliest and the latest time of the members (`Article.time`).
        outlets, languages: Distinct, most frequent first.
        topics, entities: Of the members, strongest first.
        keywords: Words of members in its main language that were rare in the weeks before, strongest first.
        summary: At most two sentences with their sources.
        disagreements: Numbers on which outlets disagree.
        hot: Growth: see `pipeline.stories.describing.describe`.
        version: Raised with each change.
        texts: How many different texts, whoever prints them; 0 if they were not counted.
        dated: Whether any member says when it was published; if not, the times are when articles were
            fetched.
        situation: The id of the long affair that it belongs to with other stories; "" while it is alone.
        tie: Why it belongs to its situation, or that a person took it out; None for the story that the
            situation began with.
    """

    id: str
    title: str
    members: tuple[str, ...]
    origins: int
    first_seq: int
    last_seq: int
    first_published: datetime
    last_published: datetime
    outlets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = ()
    entities: tuple[EntityCount, ...] = ()
    keywords: tuple[str, ...] = ()
    summary: tuple[SummarySentence, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    hot: float = 0.0
    version: int = 1
    texts: int = 0
    dated: bool = True
    situation: str = ""
    tie: Tie | None = None


@dataclass(frozen=True, slots=True)
class Lineage:
    """How a story changed: "merged" leads from `story` to `into`; "split" made `into` out of `story`."""

    story: str
    into: str
    kind: Literal["merged", "split"]
    at: datetime
    by: Literal["repair", "person"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed; the store numbers changes in the order in which they happened.

    Attributes:
        kind: "arrival" of a new article, "edit" of a known one, "move" of an article to another story; or
            "time", which is never stored: a query with "now" in it came to hit the article.
        article: The article's id.
        story: Its story from then on.
        former: The story that it left; "" if it did not move.
        by: Who placed it there.
        at: When it came, was edited or was moved (UTC).
        seq: The highest ingest sequence number at that time; filled in by the store.
        n: Its number, from 1; filled in by the store.
    """

    kind: Literal["arrival", "edit", "move", "time"]
    article: str
    story: str
    at: datetime
    former: str = ""
    by: Literal["assign", "repair", "person"] = "assign"
    seq: int = 0
    n: int = 0


@dataclass(frozen=True, slots=True)
class Correction:
    """A person's word on what belongs together, kept for good; in force until the person takes it back.

    Attributes:
        id: Derived from `kind`, `groups`, `of` and `at`, so that the same can be said again later.
        kind: "merge": all articles of all groups belong together; "split": no article of one group
            belongs with an article of another; "apart": some forms that an article came in are another
            article; "tie": the stories that hold the articles of each group belong to a situation; "untie":
            the story does not; "undo": the correction `of` is not in force, unless this undo is undone too.
        groups: Article ids, each group sorted. For "apart": the article, and the keys of the forms that are
            not its own. For "tie" and "untie" the last group is the situation's id. An undo has the groups of
            the correction that it is about in the end.
        at: When (UTC); later than every correction before it.
        note: In the person's words.
        of: The id of the correction that an undo takes back; else "".
        who: Who said it; "" if that was not recorded.
    """

    id: str
    kind: Literal["merge", "split", "apart", "tie", "untie", "undo"]
    groups: tuple[tuple[str, ...], ...]
    at: datetime
    note: str = ""
    of: str = ""
    who: str = ""


RequestKind = Literal["merge", "split", "move", "apart", "tie", "untie", "undo", "retry"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for without waiting for it, and what became of it.

    Attributes:
        id: Derived from what is asked, for which versions, by whom: pressing a button twice is one request.
        kind: "merge", "split", "move" of an article into a story, "apart" of forms from an article, "tie" of
            a story to a situation, "untie" of one from its own, "undo", or "retry" of quarantine entries.
        at: When it was asked for (UTC).
        who: Who asked.
        corrections: The corrections that it means; whoever groups next carries them out, with the time of
            then.
        stories: Ids of stories, each with the version that was looked at: "ID:VERSION".
        names: The articles, the situation, the correction or the quarantine entries that were named.
        note: In the person's words.
        state: "waiting", "working", "done", "refused", or "stale" where the stories had changed.
        result: What came of it, or why it was refused; one line.
        into: The stories that came of it.
        said: The ids of the corrections that came of it.
    """

    id: str
    kind: RequestKind
    at: datetime
    who: str
    corrections: tuple[Correction, ...] = ()
    stories: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    note: str = ""
    state: Literal["waiting", "working", "done", "refused", "stale"] = "waiting"
    result: str = ""
    into: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether it is finished: done, refused or stale."""
        return self.state not in {"waiting", "working"}
