"""Verbs that read: stories, story, search, why, article."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.console import Console

from pipeline.app.shapes import (
    article_shape,
    decision_shape,
    hit_shape,
    one_story_shape,
    situation_shape,
    story_shape,
    tie_shape,
    version_shapes,
)
from pipeline.cli.session import answer, clock, opened
from pipeline.cli.situations import situation_text, situations_listing
from pipeline.cli.tables.news_tables import article_text, hits_listing, stories_listing, story_text
from pipeline.cli.why import why_text

Since = Annotated[str | None, typer.Option(help="Only what is newer: 90m, 12h, 7d, 2w, or a date")]
Sort = Literal["hot", "new", "size"]
Least = Annotated[int, typer.Option(min=0, help="Only stories with so many or more")]
Limit = Annotated[int, typer.Option(min=1, help="At most this many")]


def stories(
    context: typer.Context,
    since: Since = None,
    query: Annotated[
        str | None, typer.Option(help="Only stories with an article that this query hits")
    ] = None,
    limit: Limit = 50,
    sort: Annotated[Sort, typer.Option(help="hot: growth first; new: newest; size: most articles")] = "hot",
    topic: Annotated[str, typer.Option(help="Only stories with this topic, by id or name")] = "",
    language: Annotated[str, typer.Option(help="Only stories with articles in it: en, es, …")] = "",
    kind: Annotated[
        str, typer.Option(help="Only stories with an article of this kind, which --query hits")
    ] = "",
    min_articles: Least = 1,
    min_outlets: Least = 0,
) -> None:
    """Hottest stories first."""
    least = {"min_articles": min_articles, "min_outlets": min_outlets}
    with opened(context, make=False) as app:
        topic = app.read.topic(topic) if topic else ""
        wanted = app.read.wanted(since=since, query=query, topic=topic, language=language, kind=kind, **least)
        found = app.read.listed(wanted, sort, limit)
        members = app.read.lines_of(found)
    document = [story_shape(story, members) for story in found]
    answer(context, document, lambda out: stories_listing(document, clock()).show(out))


def story(
    context: typer.Context,
    story_id: Annotated[str, typer.Argument(metavar="ID", help="A story's id, old or new")],
) -> None:
    """One story; an old id of a merged story leads to the new one."""
    with opened(context, make=False) as app:
        found, lineage = app.read.current(story_id)
        members, near = app.read.lines_of([found]), app.read.near_misses(found, lineage)
    document = one_story_shape(found, members, lineage, near)
    answer(context, document, lambda out: story_text(out, document, clock()))


def situations(
    context: typer.Context,
    since: Since = None,
    query: Annotated[
        str | None, typer.Option(help="Only those with a story that has an article that this query hits")
    ] = None,
    limit: Limit = 20,
    sort: Annotated[Sort, typer.Option(help="By their hottest, newest or largest story")] = "hot",
) -> None:
    """Long affairs that tie several stories together, the hottest first."""
    with opened(context, make=False) as app:
        found = app.read.situations(app.read.wanted(since=since, query=query), sort, limit)
    document = [situation_shape(name, entries) for name, entries in found]
    answer(context, document, lambda out: situations_listing(document, clock()).show(out))


def situation(
    context: typer.Context,
    situation_id: Annotated[
        str, typer.Argument(metavar="ID", help="A situation's id, or that of one of its stories")
    ],
) -> None:
    """One situation as a timeline: a line a story, what is new in it, and who."""
    with opened(context, make=False) as app:
        name, entries = app.read.situation(situation_id)
    document = situation_shape(name, entries)
    answer(context, document, lambda out: situation_text(out, document))


def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="Lucene syntax; see docs/watches.md")],
    since: Since = None,
    limit: Limit = 50,
) -> None:
    """Articles that a query hits, best first; of more than 2,000 hits the newest are ranked."""
    with opened(context, make=False) as app:
        hits = app.read.search(query, since=since, limit=limit)
    document = [hit_shape(hit) for hit in hits]
    answer(context, document, lambda out: hits_listing(document, clock()).show(out))


def why(
    context: typer.Context,
    article: Annotated[str, typer.Argument(metavar="ARTICLE", help="An article's id or URL")],
) -> None:
    """Why an article is in its story: the decision as it was recorded."""
    with opened(context, make=False) as app:
        decision, stored, names = app.read.why(article)
        apart = app.correct.told_apart(decision.article)
        now = app.stored.stories([stored.story]).get(stored.story)
    document = decision_shape(decision, stored)
    document["situation"] = now.situation or None if now is not None else None
    document["tie"] = tie_shape(now.tie) if now is not None else None
    document["told_apart"] = [{"article": name, "correction": said} for name, said in apart]
    answer(context, document, lambda out: why_text(out, document, stored.enriched.article.title, names))


def article(
    context: typer.Context,
    article_id: Annotated[str, typer.Argument(metavar="ID", help="An article's id or URL")],
    removed: Annotated[
        bool, typer.Option("--removed", help="Also what normalization took out, and what its outlet repeats")
    ] = False,
) -> None:
    """One article as it is stored."""
    with opened(context, make=False) as app:
        stored, versions = app.read.article(article_id)
    document = article_shape(stored) | {"versions": version_shapes(versions, stored.enriched.article)}
    if removed:
        document["removed"] = [{"text": r.text, "rule": r.rule} for r in stored.enriched.article.removed]

    shown = stored.enriched.shown
    rest = {} if removed else {"title": shown.title, "text": shown.text}

    def show(out: Console) -> None:
        article_text(out, document | rest, clock())

    answer(context, document, show)


def register(cli: typer.Typer) -> None:
    """Adds these verbs to the command line."""
    for verb in (stories, story, situations, situation, search, why, article):
        cli.command()(verb)
