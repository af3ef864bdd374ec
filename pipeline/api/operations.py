"""What can be asked: each operation with its parameters, its scope and what it answers with.

The table at the end is the whole API: routes, checks and description are made of it. Every answer is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Any, Final, get_args

from pipeline.api import api_documents as doc
from pipeline.api.api_tokens import Scope
from pipeline.api.cursor import PageCursor, Place, written_cursor
from pipeline.api.parameters import CURSOR, LIMIT, ApiRequest, Parameter
from pipeline.app import App
from pipeline.app.names import NAMED_LATELY
from pipeline.app.read import chosen, moment
from pipeline.app.shapes import (
    article_line,
    article_shape,
    decision_shape,
    lineage_shape,
    situation_shape,
    stamp,
    story_shape,
    version_shapes,
)
from pipeline.errors import UsageError
from pipeline.ports import StoryFilter, StoryOrder, place_in
from pipeline.records import ArticleKind, StoredArticle, Story

Json = dict[str, Any]
LEAD_CHARS: Final = 500
# A title or quote in a list is cut there, and so is the address that an article is asked by.
MOST_TEXT_CHARS, MOST_URL_CHARS = 1000, 4000
# Articles and versions in the document of one story or article, days and stories in that of a name.
MOST_ARTICLES, MOST_VERSIONS, MOST_DAYS, MOST_STORIES = 100, 20, 400, 100
_FIRST_LOOK: Final = timedelta(days=1)
_ORDERS: Final[tuple[StoryOrder, ...]] = get_args(StoryOrder)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked.

    Attributes:
        name: For the description and for generated clients.
        path: Below `/api/v1`.
        answer: From the app and what is asked.
        document: The type of the answer.
        scope: That the token needs; None for any token.
        about: A line for the description.
        parameters: In path and query.
    """

    name: str
    path: str
    answer: Callable[[App, ApiRequest], Json]
    document: Any
    scope: Scope | None
    about: str
    parameters: tuple[Parameter, ...] = ()


def bounded(value: Any) -> Any:
    """A thing in a list, whatever somebody wrote: texts and lists within it are cut.

    >>> bounded({"title": "x" * 5000, "outlets": ["a"] * 500})["title"][-3:]
    'xx…'
    """
    if isinstance(value, str):
        return value if len(value) <= MOST_TEXT_CHARS else f"{value[: MOST_TEXT_CHARS - 1]}…"
    if isinstance(value, list):
        return [bounded(each) for each in value[:MOST_ARTICLES]]
    return {key: bounded(each) for key, each in value.items()} if isinstance(value, dict) else value


def listed_article(stored: StoredArticle) -> Json:
    """An article in a list."""
    article = stored.enriched.article
    return article_line(stored.line) | {
        "link": article.link or article.url,
        "language": article.language,
        "story": stored.story,
        "seq": stored.seq,
        "withdrawn": stamp(article.withdrawn),
        "lead": stored.enriched.shown.text[:LEAD_CHARS],
    }


def _page(asked: ApiRequest, cursor: PageCursor, items: Sequence[Json], behind: Place | None) -> Json:
    """A page; `behind` is the place of its last thing, None where nothing follows."""
    following = PageCursor(behind, cursor.now) if behind is not None else None
    return {
        "items": bounded(list(items)),
        "next": written_cursor(asked.question, following) if following else None,
    }


def articles(app: App, asked: ApiRequest) -> Json:
    """Articles that a query hits."""
    cursor, limit, order = asked.cursor(int), asked.number("limit"), asked.text("order")
    query = chosen(asked.text("q"), asked.text("since"), asked.text("until"), cursor.now)
    if order == "best":
        if cursor.place:
            raise UsageError("cursor: an answer in the order `best` is one page; narrow the query instead")
        hits = app.stored.search(query, None, limit)
        items = [listed_article(hit.article) | {"score": round(hit.score, 4)} for hit in hits]
        return _page(asked, cursor, items, None)
    behind = int(cursor.place[0]) if cursor.place else None
    found = app.read.hits(query, behind, limit + 1, newest_first=order == "newest")
    items = [listed_article(each) | {"score": None} for each in found[:limit]]
    return _page(asked, cursor, items, (found[limit - 1].seq,) if len(found) > limit else None)


def article(app: App, asked: ApiRequest) -> Json:
    """One article, whole."""
    stored, versions = app.read.article(asked.text("id"))
    shapes = version_shapes(versions, stored.enriched.article)
    return article_shape(stored) | {"versions": shapes[-MOST_VERSIONS:]}


def article_of_url(app: App, asked: ApiRequest) -> Json:
    """One article by its address."""
    if "://" not in asked.text("url"):
        raise UsageError("url: give the address of an article, with its scheme")
    stored, versions = app.read.article(asked.text("url"))
    shapes = version_shapes(versions, stored.enriched.article)
    return article_shape(stored) | {"versions": shapes[-MOST_VERSIONS:]}


def why(app: App, asked: ApiRequest) -> Json:
    """Why an article is in its story."""
    decision, stored, _ = app.read.why(asked.text("id"))
    return decision_shape(decision, stored)


def listed_story(story: Story) -> Json:
    """A story in a list: all but its articles."""
    return {name: each for name, each in story_shape(story, {}).items() if name != "articles"}


def _wanted(asked: ApiRequest, cursor: PageCursor) -> StoryFilter:
    """The stories that `q` and `since` mean, at the moment of the first page."""
    return StoryFilter(
        since=moment(asked.text("since") or None, cursor.now),
        query=chosen(asked.text("q"), "", "", cursor.now) if asked.text("q") else None,
    )


def _order(asked: ApiRequest) -> StoryOrder:
    return next(each for each in _ORDERS if each == asked.text("order"))


def stories(app: App, asked: ApiRequest) -> Json:
    """Stories in an order."""
    cursor, limit = asked.cursor(int, float, str), asked.number("limit")
    order = _order(asked)
    wanted = replace(
        _wanted(asked, cursor),
        kind=next((each for each in _KINDS if each == asked.text("kind")), None),
        min_articles=asked.number("min_articles"),
        min_outlets=asked.number("min_outlets"),
        min_origins=asked.number("min_origins"),
    )
    place = (int(cursor.place[0]), float(cursor.place[1]), str(cursor.place[2])) if cursor.place else None
    found = app.stored.story_page(wanted, order, limit + 1, place)
    behind = place_in(order, found[limit - 1]) if len(found) > limit else None
    return _page(asked, cursor, [listed_story(each) for each in found[:limit]], behind)


def story(app: App, asked: ApiRequest) -> Json:
    """One story; of a merged one its heir."""
    found, lineage = app.read.current(asked.text("id"))
    newest = found.members[-MOST_ARTICLES:]
    members = app.read.lines(newest)
    whole: Json = bounded(listed_story(found)) | {
        "articles": [article_line(members[name]) for name in newest if name in members],
        "more_articles": len(found.members) - len(newest),
        "lineage": lineage_shape(lineage[-MOST_ARTICLES:]),
    }
    return whole


def situations(app: App, asked: ApiRequest) -> Json:
    """The long affairs that tie stories together: one page, because each is read by itself."""
    cursor = asked.cursor(int)
    if cursor.place:
        raise UsageError("cursor: situations are one page; narrow them by `q` and `since` instead")
    found = app.read.situations(_wanted(asked, cursor), _order(asked), asked.number("limit"))
    return _page(asked, cursor, [situation_shape(each, entries) for each, entries in found], None)


def situation(app: App, asked: ApiRequest) -> Json:
    """One affair as a timeline, with its newest stories."""
    found, entries = app.read.situation(asked.text("id"))
    whole: Json = bounded(situation_shape(found, entries[-MOST_ARTICLES:]))
    return whole


def name(app: App, asked: ApiRequest) -> Json:
    """A person, place or organisation."""
    found, _ = app.names.entity(asked.text("name"), NAMED_LATELY, MOST_STORIES)
    return found | {"days": found["days"][-MOST_DAYS:]}


def watches(app: App, asked: ApiRequest) -> Json:
    """The watches, without those whom they tell."""
    cursor, limit = asked.cursor(str), asked.number("limit")
    told = ("name", "description", "query", "when", "language", "enabled", "alerts")
    known = sorted(app.watches.all(), key=lambda each: str(each["name"]))
    if cursor.place:
        known = [each for each in known if str(each["name"]) > str(cursor.place[0])]
    shown = [{key: each[key] for key in told} for each in known[:limit]]
    return _page(asked, cursor, shown, (shown[-1]["name"],) if len(known) > limit else None)


def alerts(app: App, asked: ApiRequest) -> Json:
    """What watches told, newest first."""
    cursor, limit, watch = asked.cursor(int, str), asked.number("limit"), asked.text("watch")
    if watch:
        app.watches.told_by(watch)  # says that there is none of this name
    start = moment(asked.text("since") or None, cursor.now)
    found = sorted(
        app.stored.alerts(watch or None, start), key=lambda each: (each.seq, each.id), reverse=True
    )
    if cursor.place:
        found = [each for each in found if (each.seq, each.id) < cursor.place]
    shown: list[Json] = [
        {
            "id": each.id,
            "watch": each.watch,
            "kind": each.kind,
            "story": each.story,
            "articles": list(each.articles[:MOST_ARTICLES]),
            "reason": each.reason,
            "seq": each.seq,
            "at": stamp(each.at),
        }
        for each in found[:limit]
    ]
    return _page(asked, cursor, shown, (shown[-1]["seq"], shown[-1]["id"]) if len(found) > limit else None)


def changes(app: App, asked: ApiRequest) -> Json:
    """What arrived, was edited or moved, in the order in which it happened."""
    cursor, limit = asked.cursor(int), asked.number("limit")
    if cursor.place:
        start = int(cursor.place[0])
    else:
        since = moment(asked.text("since") or None, cursor.now)
        start = app.read.changed_since(cursor.now - since if since else _FIRST_LOOK)
    found = list(islice(app.read.changes(start), limit))
    stored = app.read.articles([each.article for each in found])
    titles = app.read.titles([each.story for each in found])
    last = found[-1].n if found else start
    page = _page(asked, cursor, [], (last,))
    items = [
        {
            "n": each.n,
            "kind": each.kind,
            "by": each.by,
            "at": stamp(each.at),
            "article": listed_article(stored[each.article]) if each.article in stored else None,
            "story": each.story,
            "story_title": titles.get(each.story, ""),
            "from_story": each.former,
        }
        for each in found
    ]
    return page | {"items": bounded(items), "more": last < app.stored.last_change()}


_Q: Final = Parameter("q", "In the query language (docs/watches.md); without it, all.")
_SINCE: Final = Parameter("since", "From then on: an age (90m, 12h, 7d, 2w) or a date.", chars=40)
_BEGIN: Final = Parameter(
    "since", "Without a cursor, where to begin: an age or a date.", chars=40, steers=False
)
_ID: Final = Parameter("id", "An id, or the beginning of one.", chars=200, where="path")
_KINDS: Final[tuple[ArticleKind, ...]] = get_args(ArticleKind)


def _at_least(of: str) -> Parameter:
    return Parameter(f"min_{of}", f"Only stories with so many {of}.", least=0, most=1_000_000, otherwise=0)


_UNTIL: Final = Parameter("until", "Published before that: an age or a date.", chars=40)
_ARTICLE_ORDER: Final = Parameter(
    "order", "By arrival, or by relevance.", choices=("newest", "oldest", "best"), otherwise="newest"
)
_STORY_ORDER: Final = Parameter(
    "order", "Hottest, newest or largest first.", choices=_ORDERS, otherwise="hot"
)
_FEW: Final = Parameter("limit", "How many at most.", least=1, most=25, otherwise=10, steers=False)
OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        "listArticles", "/articles", articles, doc.ListPage[doc.FoundArticle], "news",
        "Articles that a query hits; the members of a story by q=story:ID.",
        (_Q, _SINCE, _UNTIL, _ARTICLE_ORDER, LIMIT, CURSOR),
    ),
    Operation(
        "getArticleByUrl", "/articles/by-url", article_of_url, doc.ArticleDocument, "news",
        "One article by its address.",
        (Parameter("url", "As it was published, or canonical.", otherwise="", chars=MOST_URL_CHARS),),
    ),
    Operation(
        "getArticle", "/articles/{id}", article, doc.ArticleDocument, "news",
        "One article, whole, with its newest former versions.", (_ID,),
    ),
    Operation(
        "getWhy", "/articles/{id}/why", why, doc.DecisionDocument, "news",
        "Why an article is in its story.", (_ID,),
    ),
    Operation(
        "listStories", "/stories", stories, doc.ListPage[doc.ListedStory], "news",
        "Stories, and of each all but its articles.",
        (
            _Q, _SINCE,
            Parameter("kind", "Only stories with an article of this kind.", choices=("", *_KINDS)),
            *map(_at_least, ("articles", "outlets", "origins")), _STORY_ORDER, LIMIT, CURSOR,
        ),
    ),
    Operation(
        "getStory", "/stories/{id}", story, doc.StoryDocument, "news",
        "One story; the id of a merged one leads to its heir.", (_ID,),
    ),
    Operation(
        "listSituations", "/situations", situations, doc.ListPage[doc.SituationDocument], "news",
        "The long affairs that tie stories together, each with its stories.",
        (_Q, _SINCE, _STORY_ORDER, _FEW, CURSOR),
    ),
    Operation(
        "getSituation", "/situations/{id}", situation, doc.SituationDocument, "news",
        "One affair as a timeline; the id of one of its stories leads to it.", (_ID,),
    ),
    Operation(
        "getName", "/names/{name}", name, doc.NameDocument, "news",
        "A person, place or organisation.",
        (Parameter("name", "A name, an alias, a part of a name, or an id.", chars=300, where="path"),),
    ),
    Operation(
        "listChanges", "/changes", changes, doc.ChangesPage, "news",
        "What arrived, was edited or moved; begins a day ago, or with `since`. Keep `next` and ask again.",
        (_BEGIN, LIMIT, CURSOR),
    ),
    Operation(
        "listWatches", "/watches", watches, doc.ListPage[doc.WatchDocument], "watches",
        "The watches as configured.", (LIMIT, CURSOR),
    ),
    Operation(
        "listAlerts", "/alerts", alerts, doc.ListPage[doc.AlertDocument], "watches",
        "What watches told, newest first.",
        (Parameter("watch", "Only of this watch.", chars=200), _SINCE, LIMIT, CURSOR),
    ),
)  # fmt: skip
