"""The types of what the read API answers: the OpenAPI description is made of them, the client uses them.

Times are ISO 8601 in UTC, to the second. Within `/api/v1` no field is taken away or given another meaning;
new ones may come.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from typing_extensions import TypedDict

T = TypeVar("T")


class ListPage(TypedDict, Generic[T]):
    """One page of a list; `next` is the cursor of the page after it, None on the last one."""

    items: list[T]
    next: str | None


class ChangesPage(TypedDict):
    """What changed, oldest first. Keep `next` and send it as `cursor` later, `more` or not."""

    items: list[ChangeDocument]
    next: str
    more: bool


class ArticleLine(TypedDict):
    """An article as a member of a story; `published` is None where nobody says when."""

    id: str
    title: str
    source: str
    url: str
    published: str | None
    seen: str | None
    kind: str


class ListedArticle(ArticleLine):
    """An article in a list: `lead` is the beginning of its text, `link` the address to open."""

    link: str
    language: str
    story: str
    seq: int
    withdrawn: str | None
    lead: str


class FoundArticle(ListedArticle):
    """An article that a query hits; `score` only where the best come first."""

    score: float | None


class SpanDocument(TypedDict):
    """A piece of a title or a text: half-open, in code points."""

    field: str
    start: int
    end: int
    text: str


class NamedEntity(TypedDict):
    """A person, place or organisation in a story."""

    id: str
    name: str
    type: str
    count: int


class ArticleEntity(NamedEntity):
    """A name in one article, with its spans; a place also has country, latitude and longitude, and ids."""

    salience: float
    country: str
    at: list[float] | None
    geonames: int | None
    wikidata: str
    spans: list[SpanDocument]


class StoryTopic(TypedDict):
    """A topic of a story."""

    id: str
    name: str
    score: float


class ArticleTopic(StoryTopic):
    """A topic of an article, and the words that decided."""

    words: list[str]


class VersionDocument(TypedDict):
    """A former version; `changed` is what the next one took out and put in, by "title", "text", "date"."""

    version: int
    title: str
    replaced: str
    came: str | None
    feed: str
    changed: dict[str, dict[str, list[str | None]]]


class ArticleDocument(ArticleLine):
    """A whole article, with its newest former versions."""

    text: str
    authors: list[str]
    fetched: str | None
    published_from: str
    link: str
    withdrawn: str | None
    updated: str | None
    language: str
    kind_because: str
    agency: str
    dateline: str
    feeds: list[str]
    version: int
    keywords: list[str]
    recurring: list[SpanDocument]
    entities: list[ArticleEntity]
    topics: list[ArticleTopic]
    story: str
    seq: int
    versions: list[VersionDocument]


class SummarySentenceDocument(TypedDict):
    """A sentence of an article."""

    text: str
    article: str


class SideDocument(TypedDict):
    """What one article says the number is, with its words."""

    number: str
    article: str
    quote: str


class DisagreementDocument(TypedDict):
    """A number on which sources disagree."""

    subject: str
    sides: list[SideDocument]


class TieEvidence(TypedDict):
    """A name or word that a story and its situation have in common, and its share of the score."""

    kind: str
    text: str
    weight: float


class TieDocument(TypedDict):
    """Why a story belongs to its situation, or the `correction` by which a person keeps it out of all."""

    score: float
    threshold: float
    by: str
    evidence: list[TieEvidence]
    correction: str | None


class ListedStory(TypedDict):
    """A story in a list.

    `size` counts articles, `origins` independent texts; `dated` is whether any of its sources says when.
    """

    id: str
    title: str
    size: int
    origins: int
    outlets: list[str]
    languages: list[str]
    first_published: str | None
    last_published: str | None
    dated: bool
    topics: list[StoryTopic]
    entities: list[NamedEntity]
    keywords: list[str]
    summary: list[SummarySentenceDocument]
    disagreements: list[DisagreementDocument]
    hot: float
    situation: str | None
    tie: TieDocument | None


class SituationStory(TypedDict):
    """A story of a situation; no earlier one had its `news` (keywords) and `newcomers` (who)."""

    id: str
    title: str
    size: int
    first_published: str | None
    last_published: str | None
    news: list[str]
    who: list[str]
    newcomers: list[str]
    tie: TieDocument | None


class SituationDocument(TypedDict):
    """A long affair with its stories, oldest first."""

    id: str
    title: str
    first: str | None
    last: str | None
    articles: int
    stories: list[SituationStory]


class LineageDocument(TypedDict):
    """A merge or a split."""

    story: str
    into: str
    kind: str
    at: str | None
    by: str


class StoryDocument(ListedStory):
    """One story with its newest articles; `more_articles` are at `/stories/{id}/articles`."""

    articles: list[ArticleLine]
    more_articles: int
    lineage: list[LineageDocument]


class CandidateDocument(TypedDict):
    """A story that was weighed: `features` sum to `score`, `values` are what was measured."""

    story: str
    score: float
    features: dict[str, float]
    values: dict[str, float | None]


class EvidenceDocument(TypedDict):
    """What ties an article to its story or tells against it, as the `article` and as the `story` has it."""

    kind: str
    article: str
    story: str
    weight: float


class FormDocument(TypedDict):
    """A form in which an article came, and why it was taken for it."""

    item: str
    feed: str
    url: str
    at: str | None
    because: str


class DecisionDocument(TypedDict):
    """Why an article is in its story: the record of the decision."""

    forms: list[FormDocument]
    article: str
    story: str
    decided_story: str
    founded: bool
    chosen: CandidateDocument | None
    runner_up: CandidateDocument | None
    threshold: float
    margin: float | None
    constraints: list[str]
    evidence: list[EvidenceDocument]
    by: str
    scorer: str


class DayDocument(TypedDict):
    """How many articles a day has."""

    day: str
    articles: int


class NameStory(TypedDict):
    """A story that a name occurs in."""

    id: str
    title: str
    size: int
    first_published: str
    last_published: str


class CompanionDocument(NamedEntity):
    """A name that occurs in the same articles, with the first and the last day on which it did."""

    first: str
    last: str


class NameDocument(TypedDict):
    """A person, place or organisation: articles a day, newest stories, and who is named beside it."""

    id: str
    name: str
    type: str
    articles: int
    days: list[DayDocument]
    stories: list[NameStory]
    companions: list[CompanionDocument]


class WatchDocument(TypedDict):
    """A watch as configured, without whom it notifies."""

    name: str
    description: str
    query: str
    when: str
    language: str
    enabled: bool
    alerts: int


class AlertDocument(TypedDict):
    """That a watch fired for a story, and why."""

    id: str
    watch: str
    kind: str
    story: str
    articles: list[str]
    reason: str
    seq: int
    at: str | None


class ChangeDocument(TypedDict):
    """An article's "arrival", "edit" or "move"; `from_story` is the story that it left, else ""."""

    n: int
    kind: str
    by: str
    at: str | None
    article: ListedArticle | None
    story: str
    story_title: str
    from_story: str


class Problem(TypedDict):
    """What went wrong (RFC 9457); `column` is where a query cannot be read, from 1."""

    type: str
    title: str
    status: int
    detail: str
    column: int | None
