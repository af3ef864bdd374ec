"""What a language model is told: few things at a time, and beside every sentence who says so, and where.

Each answer is bounded, whatever was asked for: a model's context is small, and a page of sources that it
cannot quote helps nobody. A sentence never comes without the outlet and the link of the article it stands in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from typing import Any, Final

from pipeline.app import App
from pipeline.app.names import NAMED_LATELY
from pipeline.app.read import moment
from pipeline.app.shapes import decision_shape, lineage_shape, stamp
from pipeline.app.wiring import now
from pipeline.errors import NotFoundError, UsageError
from pipeline.records import StoredArticle, Story

Json = dict[str, Any]
# At most so many of anything in one answer, and so many sources of one story.
MOST, MOST_SOURCES = 25, 40
# Of each story of a timeline.
_FEW_SOURCES: Final = 3
_PASSAGE, _LINE = 500, 300
# Whoever has no cursor yet begins with what changed within so long.
_FIRST_LOOK: Final = timedelta(days=1)


def bounded(limit: int) -> int:
    """How many things a limit gives."""
    return min(max(limit, 1), MOST)


def cut(text: str, most: int = _LINE) -> str:
    """A text, at most so long."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _article(stored: StoredArticle) -> Json:
    article = stored.enriched.article
    return {
        "id": article.id,
        "title": cut(stored.enriched.shown.title or article.title),
        "outlet": cut(article.outlet),
        "link": article.link or article.url,
        "published": stamp(article.published),
        "language": article.language,
        "story": stored.story,
        "withdrawn": stamp(article.withdrawn),
    }


def _said(text: str, article: str, members: Mapping[str, StoredArticle]) -> Json:
    """A sentence and who says it; of an article that is gone, that it is."""
    line = _article(members[article]) if article in members else None
    return {
        "text": cut(text, _PASSAGE),
        "article": article,
        "outlet": line["outlet"] if line else "",
        "link": line["link"] if line else "",
    }


def story_told(story: Story, members: Mapping[str, StoredArticle]) -> Json:
    """A story as every answer has it: what its articles say, and on which numbers they disagree."""
    return {
        "id": story.id,
        "title": cut(story.title),
        "articles": len(story.members),
        "independent_texts": story.origins,
        "outlets": [cut(name) for name in story.outlets[:MOST]],
        "languages": list(story.languages[:MOST]),
        "first_published": stamp(story.first_published),
        "last_published": stamp(story.last_published),
        "summary": [_said(each.text, each.article, members) for each in story.summary],
        "disagreements": [
            {
                "about": cut(each.subject),
                "sides": [
                    _said(quote, article, members) | {"number": number}
                    for number, article, quote in each.sides[:MOST]
                ],
            }
            for each in story.disagreements[:MOST]
        ],
    }


def quoted_in(app: App, stories: Sequence[Story], *more: str) -> dict[str, StoredArticle]:
    """The articles that answers about stories quote, and some more, by id: not all that the stories hold."""
    names = [each.article for story in stories for each in story.summary]
    names += [
        side[1] for story in stories for each in story.disagreements[:MOST] for side in each.sides[:MOST]
    ]
    return app.read.articles([*names, *more])


def search_articles(app: App, query: str, since: str = "", limit: int = 10) -> Json:
    """Articles that a query hits, best first, each with the beginning of its text."""
    hits = app.read.search(query, since=since or None, limit=bounded(limit))
    return {
        "articles": [
            _article(hit.article) | {"text": cut(hit.article.enriched.shown.text, _PASSAGE)} for hit in hits
        ]
    }


def stories_now(app: App, query: str = "", since: str = "24h", limit: int = 10) -> Json:
    """Stories with news, newest first."""
    wanted = app.read.wanted(since=since or None, query=query or None)
    found = app.read.listed(wanted, "new", bounded(limit))
    members = quoted_in(app, found)
    return {"stories": [story_told(story, members) for story in found]}


def one_story(app: App, story: str) -> Json:
    """A story with its sources; an old id of a merged story leads to the new one."""
    found, lineage = app.read.current(story)
    newest = found.members[-MOST_SOURCES:]
    members = quoted_in(app, [found], *newest)
    return story_told(found, members) | {
        "sources": [
            _article(each) | {"text": cut(each.enriched.shown.text, _LINE)}
            for each in (members[name] for name in newest if name in members)
        ],
        "more_sources": len(found.members) - len(newest),
        "lineage": lineage_shape(lineage[-MOST:]),
    }


def situation(app: App, situation: str) -> Json:
    """A long affair, by its id or that of a story in it: its newest stories, what is new in each, who."""
    name, entries = app.read.situation(situation)
    shown = entries[-MOST:]
    first = [each for entry in shown for each in entry.story.members[:_FEW_SOURCES]]
    members = quoted_in(app, [entry.story for entry in shown], *first)
    return {
        "id": name,
        "stories": [
            story_told(entry.story, members)
            | {
                "sources": [
                    _article(members[each]) for each in entry.story.members[:_FEW_SOURCES] if each in members
                ],
                "new_words": [cut(word) for word in entry.news],
                "who": [cut(each) for each in entry.who],
                "new_names": [cut(each) for each in entry.newcomers],
            }
            for entry in shown
        ],
        "more_stories": len(entries) - len(shown),
    }


def why(app: App, article: str) -> Json:
    """Why an article is in its story, as it was recorded, and the forms that were taken for it."""
    decision, stored, titles = app.read.why(article)
    shape = decision_shape(decision, stored)
    kept = ("decided_story", "founded", "by", "chosen", "runner_up", "threshold", "margin", "constraints")
    return {
        "article": _article(stored),
        "decision": {name: shape[name] for name in kept},
        "evidence": shape["evidence"][:MOST],
        "forms": shape["forms"][:MOST],
        "titles": {name: cut(title) for name, title in titles.items()},
    }


def whats_new(app: App, after: int = -1, limit: int = MOST) -> Json:
    """What arrived, was edited or moved since an earlier answer, in the order in which it happened."""
    if after < -1:
        raise UsageError("after: give the `next` of an earlier answer, or leave it out")
    start = app.read.changed_since(_FIRST_LOOK) if after < 0 else after
    changes = list(islice(app.read.changes(start), bounded(limit)))
    stored = app.read.articles([change.article for change in changes])
    titles = app.read.titles([change.story for change in changes])
    last = changes[-1].n if changes else start
    return {
        "changes": [
            {
                "n": change.n,
                "kind": change.kind,
                "at": stamp(change.at),
                "article": _article(stored[change.article]) if change.article in stored else None,
                "story": change.story,
                "story_title": cut(titles.get(change.story, "")),
                "from_story": change.former,
            }
            for change in changes
        ],
        "next": last,
        "more": last < app.stored.last_change(),
    }


def alerts(app: App, watch: str, since: str = "", limit: int = MOST) -> Json:
    """What a watch told, newest first: why, and the story as it is now with its sources' sentences."""
    start = moment(since or None, now())
    known = {each["name"] for each in app.watches.all()}
    if watch not in known:
        raise NotFoundError(
            f"watch {watch}: there is no such watch; there are {', '.join(sorted(known)[:MOST])}"
        )
    found = sorted(app.stored.alerts(watch, start), key=lambda each: (each.seq, each.id), reverse=True)
    shown = found[: bounded(limit)]
    stories: dict[str, Story] = {}
    for each in shown:
        with suppress(NotFoundError):  # older than what the store keeps
            stories[each.story], _ = app.read.current(each.story)
    members = quoted_in(app, list(stories.values()))
    return {
        "alerts": [
            {
                "at": stamp(each.at),
                "kind": each.kind,
                "reason": cut(each.reason),
                "story": story_told(stories[each.story], members) if each.story in stories else None,
            }
            for each in shown
        ],
        "more": len(found) - len(shown),
    }


def entity(app: App, name: str) -> Json:
    """A person, place or organisation: its latest stories, and who is named beside it."""
    found, _ = app.names.entity(name, NAMED_LATELY, MOST)
    return {
        "id": found["id"],
        "name": found["name"],
        "type": found["type"],
        "articles": found["articles"],
        "stories": found["stories"],
        "named_beside_it": found["companions"][:MOST],
    }
