"""Records → the JSON that scripts and pages answer with: a contract, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.app.correct import Preview
    from pipeline.app.read import StoryMiss
    from pipeline.ports import SearchHit, Version
    from pipeline.records import (
        Article,
        ArticleRow,
        Candidate,
        Correction,
        Decision,
        Lineage,
        Message,
        Rejection,
        Request,
        StoredArticle,
        Story,
        Tie,
    )
    from pipeline.stories.situations.timeline import TimelineEntry

Json = dict[str, Any]


def stamp(time: datetime | None) -> str | None:
    """A time as ISO 8601 in UTC, to the second.

    >>> stamp(datetime(2015, 2, 3, 4, 5, 6, 7, tzinfo=UTC))
    '2015-02-03T04:05:06Z'
    """
    if time is None:
        return None
    return f"{time.astimezone(UTC).isoformat(timespec='seconds')[:19]}Z"


def article_line(article: ArticleRow) -> Json:
    """An article as a member of a story."""
    return {
        "id": article.id,
        "title": article.title,
        "source": article.outlet,
        "url": article.url,
        "published": stamp(article.published),
        "seen": stamp(article.fetched),
        "kind": article.kind,
    }


def correction_shape(correction: Correction, undone: str = "", stories: Sequence[str] = ()) -> Json:
    """A person's word.

    Args:
        correction: What was said.
        undone: The id of the undo that took it back.
        stories: Where the articles it names are now.
    """
    return {
        "id": correction.id,
        "kind": correction.kind,
        "of": correction.of,
        "stories": list(stories),
        "articles": [article for group in correction.groups for article in group],
        "groups": [list(group) for group in correction.groups],
        "who": correction.who,
        "at": stamp(correction.at),
        "note": correction.note,
        "undone": bool(undone),
        "undone_by": undone,
    }


def request_shape(request: Request) -> Json:
    """What a person asked for, and what became of it."""
    return {
        "id": request.id,
        "kind": request.kind,
        "stories": list(request.stories),
        "names": list(request.names),
        "who": request.who,
        "at": stamp(request.at),
        "note": request.note,
        "state": request.state,
        "result": request.result,
        "into": list(request.into),
        "said": list(request.said),
    }


def preview_shape(preview: Preview) -> Json:
    """What a person's word would change."""
    members = preview.articles
    lines = {name: each.line for name, each in members.items()}
    heirs = {a: story.id for story in preview.after for a in story.members}
    after = {story.id for story in preview.after}
    return {
        "before": [story_shape(story, lines) for story in preview.before],
        "after": [story_shape(story, lines) for story in preview.after],
        "moved": [
            {
                "article": a,
                "title": members[a].enriched.article.title,
                "from": old,
                "into": new,
                "named": named,
            }
            for a, old, new, named in preview.moved
        ],
        "mails": {
            "looked_at_first": preview.waiting,
            "go_on": [
                {
                    "watch": told.watch,
                    "story": told.story,
                    "into": sorted({told.story} & after or {heirs[a] for a in told.told if a in heirs}),
                }
                for told in preview.told
            ],
        },
    }


def labelled_shape(stored: StoredArticle) -> Json:
    """An article with its story as the label: a line that `evaluate` reads."""
    article = stored.enriched.article
    return {
        "id": article.id,
        "title": article.title,
        "text": article.text,
        "source": article.outlet,
        "url": article.url,
        "published": stamp(article.published),
        "cluster": stored.story,
        "lang": article.language,
    }


def story_shape(story: Story, members: Mapping[str, ArticleRow]) -> Json:
    """A story with its articles."""
    return {
        "id": story.id,
        "title": story.title,
        "size": len(story.members),
        "origins": story.origins,
        "outlets": list(story.outlets),
        "languages": list(story.languages),
        "first_published": stamp(story.first_published),
        "last_published": stamp(story.last_published),
        "dated": story.dated,
        "topics": [{"id": t.id, "name": t.name, "score": round(t.score, 4)} for t in story.topics],
        "entities": [{"id": e.id, "name": e.name, "type": e.kind, "count": e.count} for e in story.entities],
        "keywords": list(story.keywords),
        "articles": [article_line(members[i]) for i in story.members if i in members],
        "summary": [{"text": s.text, "article": s.article} for s in story.summary],
        "disagreements": [
            {
                "subject": d.subject,
                "sides": [{"number": n, "article": a, "quote": q} for n, a, q in d.sides],
            }
            for d in story.disagreements
        ],
        "hot": round(story.hot, 4),
        "situation": story.situation or None,
        "tie": tie_shape(story.tie),
    }


def one_story_shape(
    story: Story, members: Mapping[str, ArticleRow], lineage: Sequence[Lineage], near: Sequence[StoryMiss]
) -> Json:
    """A story by itself: with what happened to it, and what nearly came to it."""
    return story_shape(story, members) | {
        "lineage": lineage_shape(lineage),
        "near_misses": [
            {
                "article": article_line(each.line),
                "story": each.line.story,
                "score": round(each.score, 4),
                "threshold": round(each.decision.threshold, 4),
            }
            for each in near
        ],
    }


def tie_shape(tie: Tie | None) -> Json | None:
    """Why a story belongs to its situation, or by which correction it is in none; else None."""
    if tie is None:
        return None
    evidence = [{"kind": e.kind, "text": e.article, "weight": e.weight} for e in tie.evidence]
    shown = {"score": tie.score, "threshold": tie.threshold, "by": tie.by, "evidence": evidence}
    return shown | {"correction": tie.said or None}


def situation_shape(situation: str, entries: Sequence[TimelineEntry]) -> Json:
    """A situation with its stories, oldest first, and what is new and who is in each."""
    from pipeline.stories.situations.timeline import title_of

    return {
        "id": situation,
        "title": title_of(entries),
        "first": stamp(entries[0].story.first_published),
        "last": stamp(max(entry.story.last_published for entry in entries)),
        "articles": sum(len(entry.story.members) for entry in entries),
        "stories": [
            {
                "id": entry.story.id,
                "title": entry.story.title,
                "size": len(entry.story.members),
                "first_published": stamp(entry.story.first_published),
                "last_published": stamp(entry.story.last_published),
                "news": list(entry.news),
                "who": list(entry.who),
                "newcomers": list(entry.newcomers),
                "tie": tie_shape(entry.story.tie),
            }
            for entry in entries
        ],
    }


def lineage_shape(lineage: Sequence[Lineage]) -> list[Json]:
    """What happened to a story, oldest first."""
    return [
        {"story": x.story, "into": x.into, "kind": x.kind, "at": stamp(x.at), "by": x.by} for x in lineage
    ]


def article_shape(stored: StoredArticle) -> Json:
    """A whole article."""
    article = stored.enriched.article
    return article_line(stored.line) | {
        "text": article.text,
        "authors": list(article.authors),
        "fetched": stamp(article.fetched),
        "published_from": article.published_from,
        "link": article.link or article.url,
        "withdrawn": stamp(article.withdrawn),
        "updated": stamp(article.updated),
        "language": article.language,
        "kind_because": stored.enriched.kind_because,
        "agency": article.agency,
        "dateline": article.dateline,
        "feeds": list(article.feeds),
        "version": article.version,
        "keywords": list(stored.enriched.keywords),
        "recurring": [
            {"field": s.field, "start": s.start, "end": s.end, "text": s.text}
            for s in stored.enriched.recurring
        ],
        "entities": [
            {
                "id": e.id,
                "name": e.name,
                "type": e.kind,
                "count": e.count,
                "salience": round(e.salience, 4),
                "country": e.country,
                "at": list(e.at) if e.at else None,
                "geonames": e.geonames or None,
                "wikidata": e.wikidata,
                "spans": [
                    {"field": s.field, "start": s.start, "end": s.end, "text": s.text} for s in e.spans
                ],
            }
            for e in stored.enriched.entities
        ],
        "topics": [
            {"id": t.id, "name": t.name, "score": round(t.score, 4), "words": list(t.words)}
            for t in stored.enriched.topics
        ],
        "story": stored.story,
        "seq": stored.seq,
    }


def version_shapes(versions: Sequence[Version], now: Article) -> list[Json]:
    """Former versions, oldest first, each with what the next one changed: paragraphs that went and came."""
    following = [*(v.article for v in versions), now][1:]
    return [
        {
            "version": v.article.version,
            "title": v.article.title,
            "replaced": v.replaced.isoformat(),
            "came": stamp(v.article.revised or v.article.fetched),
            "feed": v.article.revised_by or next(iter(v.article.feeds), ""),
            "changed": _changed(v.article, after),
        }
        for v, after in zip(versions, following, strict=True)
    ]


def _changed(old: Article, new: Article) -> Json:
    changed: Json = {}
    if old.title != new.title:
        changed["title"] = {"out": [old.title], "in": [new.title]}
    if old.text != new.text:
        before, after = old.text.split("\n\n"), new.text.split("\n\n")
        gone, come = (
            [p for p in mine if p not in set(theirs)] for mine, theirs in ((before, after), (after, before))
        )
        changed["text"] = {"out": gone, "in": come}
    dates = [stamp(article.updated or article.published) for article in (old, new)]
    if dates[0] != dates[1]:
        changed["date"] = {"out": dates[:1], "in": dates[1:]}
    return changed


def hit_shape(hit: SearchHit) -> Json:
    """An article that a search found."""
    return article_shape(hit.article) | {"score": round(hit.score, 4)}


def candidate_shape(candidate: Candidate | None) -> Json | None:
    """A story that was weighed: `features` are contributions and sum to `score`; `values` were measured."""
    if candidate is None:
        return None
    return {
        "story": candidate.story,
        "score": candidate.score,
        "features": {c.feature: c.contribution for c in candidate.contributions},
        "values": {c.feature: c.value for c in candidate.contributions},
    }


def form_shapes(article: Article) -> list[Json]:
    """The forms in which an article came, and why each was taken for it."""
    return [
        {
            "item": form.key.partition(":")[2],
            "feed": form.feed,
            "url": form.url,
            "at": stamp(form.at),
            "because": form.because,
        }
        for form in article.forms
    ]


def decision_shape(decision: Decision, stored: StoredArticle) -> Json:
    """The decision record of an article, the story it is in now, and the forms that are taken for it."""
    return {
        "forms": form_shapes(stored.enriched.article),
        "article": decision.article,
        "story": stored.story,
        "decided_story": decision.story,
        "founded": decision.founded,
        "chosen": candidate_shape(decision.chosen),
        "runner_up": candidate_shape(decision.runner_up),
        "threshold": decision.threshold,
        "margin": decision.margin,
        "constraints": list(decision.constraints),
        "evidence": [
            {"kind": e.kind, "article": e.article, "story": e.story, "weight": e.weight}
            for e in decision.evidence
        ],
        "by": decision.by,
        "scorer": decision.scorer,
    }


def message_shape(message: Message) -> Json:
    """A message of the outbox: `since` is when it first failed, null before; `due` is its next try."""
    return {
        "id": message.id,
        "channel": message.channel,
        "to": message.to,
        "watch": message.watch,
        "state": message.state,
        "since": stamp(message.since or message.due) if message.since or message.state == "failed" else None,
        "due": stamp(message.due),
        "tries": message.attempts,
        "error": message.error,
    }


def rejection_shape(entry: Rejection) -> Json:
    """A quarantine entry."""
    return {
        "id": entry.id,
        "source": entry.source,
        "stage": entry.stage,
        "reason": entry.reason,
        "at": stamp(entry.at),
    }
