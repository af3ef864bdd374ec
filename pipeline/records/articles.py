"""Articles: clean, enriched, and as stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

DateSource = Literal["feed", "page", "text", "url", "fetched"]
# Where an article's text is from; "" in stores of versions that did not record it.
TextFrom = Literal["feed", "page", ""]
EntityKind = Literal["person", "organisation", "place", "event", "work"]
ArticleKind = Literal[
    "news", "opinion", "analysis", "live", "briefing", "explainer", "interview", "feature", "obituary",
    "review", "gallery", "video", "audio", "programme", "reference", "service", "correction", "advert",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Removed:
    """A line that was taken out of the title or text, and the rule that did it."""

    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form in which a source sent an article.

    Attributes:
        key: The identity key of the raw item.
        feed: The feed's id, or "" for files.
        url: Its canonical link, or "".
        at: When it came (UTC).
        capture: In which capture, or "".
        because: Why it was taken for this article; "" for the first form.
        text_from: Whether its text is from the feed (or file) or from the page.
        digest: Of its title and text, to recognise them when the source returns to them; "" if the article
            did not take its text, and in older stores.
    """

    key: str
    feed: str
    url: str
    at: datetime
    capture: str = ""
    because: str = ""
    text_from: TextFrom = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """A clean article.

    Attributes:
        id: Derived from the first of `keys` that no other article had when it came; "" until it is taken in.
        keys: The identity keys by which it is recognised, strongest first: "url:…", "guid:…", "text:…".
        url: The canonical URL, or "".
        title: Without outlet affixes.
        text: Without boilerplate; one empty line between paragraphs.
        outlet: The outlet's name; if it is unknown the URL's host, else "".
        published: When it was published (UTC); None if nobody says.
        published_from: Where the date is from; "fetched" if and only if `published` is None.
        fetched: When it came (UTC).
        updated: The newest date of a later version (UTC); None before the first. `published` stays, so that
            an edit does not move an article in time.
        language: ISO 639-1, "und" if unknown.
        language_confidence: 0 to 1.
        authors: Names.
        agency: The news agency credited, or "".
        dateline: The place and date line at the start, or "".
        feeds: The feeds it came by.
        raw: The raw items it was made of.
        removed: What was taken out.
        digest: Of title and text: a new digest is a new version.
        version: Counted from 1.
        earlier: The digests of former versions, so that two feeds with different texts do not replace each
            other for ever.
        link: The link as it was published: the address to open. `url` is for telling articles apart.
        forms: The latest forms in which it came, each with why it was taken for this article.
        revised, revised_by: When this version came (UTC) and by which feed; None and "" for the first.
        withdrawn: When a notice came that its outlet takes it back (UTC); None if there is none.
        capture: The capture in which it came first, or "".
        sections: Where its outlet files it: sections of its page and categories of the feed, as written.
        page_types: The schema.org types that its page gives, as written.
        text_from: Whether its text is from the feed (or file) or from the page.
    """

    id: str
    keys: tuple[str, ...]
    url: str
    title: str
    text: str
    outlet: str
    published: datetime | None
    published_from: DateSource
    fetched: datetime
    language: str = "und"
    language_confidence: float = 0.0
    authors: tuple[str, ...] = ()
    agency: str = ""
    dateline: str = ""
    feeds: tuple[str, ...] = ()
    raw: tuple[str, ...] = ()
    removed: tuple[Removed, ...] = ()
    digest: str = ""
    version: int = 1
    updated: datetime | None = None
    earlier: tuple[str, ...] = ()
    link: str = ""
    forms: tuple[Form, ...] = ()
    revised: datetime | None = None
    revised_by: str = ""
    withdrawn: datetime | None = None
    capture: str = ""
    sections: tuple[str, ...] = ()
    page_types: tuple[str, ...] = ()
    text_from: TextFrom = ""

    @property
    def time(self) -> datetime:
        """The best known time: published, else fetched. Good for windows and order, not for differences."""
        return self.published or self.fetched


@dataclass(frozen=True, slots=True)
class Span:
    """A mention as written; offsets count code points of the field."""

    field: Literal["title", "text"]
    start: int
    end: int
    text: str

    @property
    def order(self) -> tuple[bool, int]:
        """The sort key for reading order: mentions of the title come first."""
        return self.field != "title", self.start


@dataclass(frozen=True, slots=True)
class EntityName:
    """An entity that an article names: its id, the name to show, and its kind."""

    id: str
    name: str
    kind: EntityKind


@dataclass(frozen=True, slots=True)
class Entity:
    """Somebody or something an article names.

    Attributes:
        id: Stable across articles, e.g. "place:KP", "person:valery-gerasimov".
        name: The name to show.
        kind: What it is.
        count: How often it is mentioned.
        salience: 0 to 1; higher in the title, in the lead, and with repetition.
        spans: Its mentions as written.
        geonames: The id of a city or country in GeoNames; 0 if unknown or ambiguous.
        at: The position of that city, or the middle of the country: latitude and longitude in degrees.
        country: The country that a place is, or is in (ISO 3166-1); "" if unknown.
        wikidata: A country's id in Wikidata, such as "Q142".
    """

    id: str
    name: str
    kind: EntityKind
    count: int
    salience: float = 0.0
    spans: tuple[Span, ...] = ()
    geonames: int = 0
    at: tuple[float, float] | None = None
    country: str = ""
    wikidata: str = ""


# The first part of an entity's id, by kind.
ENTITY_PREFIX: Final[Mapping[EntityKind, str]] = MappingProxyType(
    {"person": "person", "organisation": "org", "place": "place", "event": "event", "work": "work"}
)


# The kinds that are confused with each other. Stored columns are in this order, so it must not change.
MISTAKEN: Final[tuple[EntityKind, ...]] = ("person", "place", "organisation")


def most_salient_first(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Entities by salience, highest first, ties by count, then by id: the order within an article."""
    return tuple(sorted(entities, key=lambda entity: (-entity.salience, -entity.count, entity.id)))


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of the taxonomy, its score (0 to 1), and the words that decided on it."""

    id: str
    name: str
    score: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnrichedArticle:
    """An article with what was found in it.

    Attributes:
        article: The record: all that the outlet wrote.
        entities: Whom and what it names.
        topics: Strongest first.
        keywords: Strongest first.
        recurring: Lines that its outlet repeats under many titles, in order of position. They stay in the
            record but are left out where the article is shown.
        kind: What kind of article it is.
        kind_because: What showed the kind, e.g. "label: Opinion |"; "" if nothing did, and it counts as news.
    """

    article: Article
    entities: tuple[Entity, ...] = ()
    topics: tuple[Topic, ...] = ()
    keywords: tuple[str, ...] = ()
    recurring: tuple[Span, ...] = ()
    kind: ArticleKind = "news"
    kind_because: str = ""

    @property
    def shown(self) -> Article:
        """The article as a reader sees it: without its recurring lines."""
        if not self.recurring:
            return self.article
        text = [span for span in self.recurring if span.field == "text"]
        return replace(
            self.article,
            title=shown_title(self.article.title, self.recurring),
            text=_without(self.article.text, text, _WHITE),
        )


# Characters that separate a line of a title or text from its neighbours, and are removed with it.
_TITLE_MARKS: Final = " |·•»–—-:"
_WHITE: Final = " \n\t"


def shown_title(title: str, recurring: Sequence[Span]) -> str:
    """A title as a reader sees it: without its recurring lines."""
    return _without(title, [span for span in recurring if span.field == "title"], _TITLE_MARKS)


def _without(content: str, spans: Sequence[Span], marks: str) -> str:
    """The content without these lines and the separators before them."""
    pieces: list[str] = []
    at = 0
    for span in spans:
        pieces.append(content[at : span.start].rstrip(marks))
        at = span.end
    return ("".join(pieces) + content[at:]).strip(marks) if spans else content


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """An article as one line of a list: the fields that are read for many articles at once.

    Attributes:
        shown: Its title as a reader sees it.
        title, outlet, url, link, language, published, fetched, version, withdrawn: As the record has them.
        kind: What kind of article it is.
        seq, story: As stored.
    """

    id: str
    title: str
    shown: str
    outlet: str
    url: str
    link: str
    language: str
    published: datetime | None
    fetched: datetime
    kind: ArticleKind = "news"
    version: int = 1
    withdrawn: datetime | None = None
    seq: int = 0
    story: str = ""

    @property
    def time(self) -> datetime:
        """The same as `Article.time`."""
        return self.published or self.fetched


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article as the store holds it.

    Attributes:
        enriched: The article as enriched.
        seq: Its ingest sequence number, from 1; given once.
        story: The id of its present story.
        traits: The frozen features that it is compared by (`pipeline.stories.features.packed`), as bytes.
        backfill: Whether it was loaded as backfill, so that it never alerts.
    """

    enriched: EnrichedArticle
    seq: int
    story: str
    traits: bytes = field(default=b"", repr=False)
    backfill: bool = False

    @property
    def line(self) -> ArticleRow:
        """The article as a line of a list."""
        article = self.enriched.article
        return ArticleRow(
            article.id,
            article.title,
            shown_title(article.title, self.enriched.recurring),
            article.outlet,
            article.url,
            article.link,
            article.language,
            article.published,
            article.fetched,
            self.enriched.kind,
            article.version,
            article.withdrawn,
            self.seq,
            self.story,
        )
