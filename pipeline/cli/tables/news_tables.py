"""Stories, articles, names and what people said of them, as tables and text; times are ages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console

from pipeline.cli.tables.ages import age, minute, seen_age
from pipeline.cli.tables.fitting import Listing, TableColumn, hanging, heading, linked, number

Json = Mapping[str, Any]
_TITLE = TableColumn("title", 1, least=32)


def _newest(story: Json, now: datetime) -> str:
    """How old a story's newest article is; of one without a date, since when it is known."""
    return (age if story["dated"] else seen_age)(story["last_published"], now)


def _published(article: Json, now: datetime) -> str:
    return age(article["published"], now) if article["published"] else seen_age(article["seen"], now)


def counted(number: int, noun: str, many: str = "") -> str:
    """So many of something.

    >>> counted(1, "story", "stories"), counted(2, "feed")
    ('1 story', '2 feeds')
    """
    return f"{number} {noun if number == 1 else many or noun + 's'}"


def stories_listing(stories: Sequence[Json], now: datetime) -> Listing:
    """Stories, a row each."""
    columns = (
        TableColumn("story"),
        _TITLE,
        number("articles", 2),
        number("origins", 4),
        TableColumn("newest", 3),
        TableColumn("outlets", 5, least=20),
        TableColumn("topics", 6, least=16),
    )
    listing = Listing(columns, counted(len(stories), "story", "stories"))
    for story in stories:
        listing.row(
            story["id"],
            linked(story["title"], story["articles"][0]["url"] if story["articles"] else ""),
            str(story["size"]),
            str(story["origins"]),
            _newest(story, now),
            ", ".join(story["outlets"][:4]) + (" …" if len(story["outlets"]) > 4 else ""),
            ", ".join(topic["name"] for topic in story["topics"][:2]),
        )
    return listing


def story_text(out: Console, story: Json, now: datetime) -> None:
    """One story in full."""
    heading(out, story["title"])
    counts = f"{counted(story['size'], 'article')} from {counted(story['origins'], 'origin')}"
    out.print(f"{story['id']} · {counts} · {_spanned(story, now)}", markup=False)
    if story["situation"]:
        out.print(
            f"Situation: {story['situation']} (`wirewatch situation {story['situation']}`)", markup=False
        )
    for sentence in story["summary"]:
        hanging(out, "  ", sentence["text"])
    for label, key in (("Names", "entities"), ("Topics", "topics")):
        names = ", ".join(entry["name"] for entry in story[key][:10])
        if names:
            out.print(f"{label}: {names}", markup=False)
    if story["keywords"]:
        out.print(f"Keywords: {', '.join(story['keywords'])}", markup=False)
    for entry in story["disagreements"]:
        sides = "; ".join(f"{side['number']}: “{side['quote']}”" for side in entry["sides"])
        out.print(f"Outlets disagree on {entry['subject']}: {sides}", markup=False)
    columns = (
        TableColumn("article"),
        _TITLE,
        TableColumn("outlet", 2, least=12),
        TableColumn("published", 3),
        TableColumn("kind", 4),
        TableColumn("url", 5),
    )
    listing = Listing(columns)
    for article in story["articles"]:
        listing.row(
            article["id"],
            linked(article["title"], article["url"]),
            article["source"],
            _published(article, now),
            article["kind"],
            article["url"],
        )
    listing.show(out)
    for entry in story["lineage"]:
        out.print(f"{entry['kind']}: {entry['story']} → {entry['into']} by {entry['by']}", markup=False)
    for entry in story["near_misses"]:
        score = f"{entry['score']:.3f} of {entry['threshold']:.3f} needed"
        article = entry["article"]
        out.print(f"Near miss ({score}): {article['id']} {article['title']}", markup=False)


def _spanned(story: Json, now: datetime) -> str:
    first, last = minute(story["first_published"]), minute(story["last_published"])
    if not story["dated"]:
        return f"seen {last} UTC"
    return f"{first} to {last} UTC ({age(story['last_published'], now)})"


def hits_listing(hits: Sequence[Json], now: datetime) -> Listing:
    """Articles that a search found."""
    columns = (
        TableColumn("article"),
        TableColumn("story", 3),
        TableColumn("title", 1, least=20),
        TableColumn("outlet", 4, least=12),
        TableColumn("published", 2),
        number("score", 5),
    )
    listing = Listing(columns, counted(len(hits), "article"))
    for hit in hits:
        listing.row(
            hit["id"],
            hit["story"],
            linked(hit["title"], hit["url"]),
            hit["source"],
            _published(hit, now),
            f"{hit['score']:.2f}",
        )
    return listing


def article_text(out: Console, article: Json, now: datetime) -> None:
    """One article in full."""
    heading(out, article["title"])
    head = (article["source"], _published(article, now), article["language"], article["url"])
    out.print(" · ".join(part for part in head if part), markup=False)
    because = f" ({article['kind_because']})" if article["kind_because"] else ""
    out.print(f"Kind: {article['kind']}{because}", markup=False)
    if article["withdrawn"]:
        out.print(f"WITHDRAWN by its outlet, seen {article['withdrawn']}", markup=False)
    out.print(f"\n{article['text']}\n", markup=False)
    names = ", ".join(f"{e['name']} ({e['type']}, {e['count']})" for e in article["entities"])
    out.print(f"Names: {names}", markup=False)
    out.print("Topics: " + ", ".join(topic["name"] for topic in article["topics"]), markup=False)
    out.print(f"Story: {article['story']}", markup=False)
    for entry in article.get("removed", ()):
        out.print(f"removed [{entry['rule']}]: {entry['text']}", markup=False)


def preview_text(out: Console, preview: Json) -> None:
    """What a correction would change."""
    for when in ("before", "after"):
        heading(out, when)
        for story in preview[when]:
            affair = f" · situation {story['situation']}" if story["situation"] else ""
            size = counted(story["size"], "article")
            out.print(f"  {story['id']} {story['title']} ({size}){affair}", markup=False)
            for article in story["articles"]:
                out.print(f"    {article['id']} {article['title']} · {article['source']}", markup=False)
    consequences = [entry for entry in preview["moved"] if not entry["named"]]
    moved = counted(len(preview["moved"]), "article moves", "articles move")
    out.print(f"{moved}, {len(consequences)} of them in consequence")
    for entry in consequences:
        out.print(f"  {entry['article']} {entry['title']}: {entry['from']} → {entry['into']}", markup=False)
    mails = preview["mails"]
    if preview["moved"]:
        out.print(
            "Watches are asked about these stories at the next alert run, and tell of what is new to them."
        )
    if mails["looked_at_first"]:
        changes = counted(mails["looked_at_first"], "change is", "changes are")
        out.print(f"{changes} asked about first, as stories are now.")
    for entry in mails["go_on"]:
        into = ", ".join(entry["into"]) or "no story"
        out.print(f"  {entry['watch']} told of {entry['story']}; it goes on in {into}", markup=False)
    out.print("Nothing was changed.")


def entity_text(out: Console, entity: Json, now: datetime) -> None:
    """An entity's page."""
    heading(out, entity["name"], f" ({entity['type']}, {entity['id']})")
    stories = counted(len(entity["stories"]), "story", "stories")
    out.print(f"{counted(entity['articles'], 'article')} in {stories}")
    companions = ", ".join(_companion(c) for c in entity["companions"][:15])
    out.print(f"Beside it: {companions}", markup=False)
    most = max((day["articles"] for day in entity["days"]), default=1)
    room = max(min(out.width - 18, 40), 1)
    for day in entity["days"][-30:]:
        bar = "█" * max(1, round(room * day["articles"] / most))
        out.print(f"  {day['day']} {day['articles']:>4} {bar}", markup=False)
    columns = (TableColumn("story"), _TITLE, number("articles", 2), TableColumn("newest", 3))
    listing = Listing(columns)
    for story in entity["stories"][:20]:
        listing.row(story["id"], story["title"], str(story["size"]), age(story["last_published"], now))
    listing.show(out)


def _companion(each: Json) -> str:
    days = each["first"] if each["first"] == each["last"] else f"{each['first']} to {each['last']}"
    return f"{each['name']} ({each['count']}, {days})"


def suggestions_listing(document: Sequence[Json]) -> Listing:
    """Pairs of entities that may be one."""
    columns = (
        TableColumn("keep", least=16),
        TableColumn("may be the same", least=16),
        number("likeness", 2),
        TableColumn("because", 1, least=20, folds=True),
    )
    listing = Listing(columns, counted(len(document), "proposal"))
    for pair in document:
        listing.row(
            f"{pair['keep']['name']} ({pair['keep']['count']})",
            f"{pair['other']['name']} ({pair['other']['count']})",
            f"{pair['likeness']:.2f}",
            pair["evidence"],
        )
    return listing
