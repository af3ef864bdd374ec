"""The contract's JSON shapes as tables and text for people; markup in what came from outside is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

Json = Mapping[str, Any]
_NUMBERS = ("articles", "origins", "score")


def _day(stamp: str | None) -> str:
    return stamp.replace("T", " ")[:16] if stamp else "–"


def _newest(story: Json) -> str:
    """When a story's newest article was published; of one without a date, when it was seen."""
    return _day(story["last_published"]) if story["dated"] else f"seen {_day(story['last_published'])}"


def _published(article: Json) -> str:
    return _day(article["published"]) if article["published"] else f"seen {_day(article['seen'])}"


def _table(columns: Sequence[str], ids: Sequence[Sequence[str]], title: str = "") -> Table:
    """A table whose first columns are ids, which are never cut; the others fold to what room there is."""
    table = Table(title=title or None)
    for n, name in enumerate(columns):
        if n < len(ids):
            widest = max(map(len, ids[n]), default=0)
            table.add_column(name, no_wrap=True, min_width=widest)
        else:
            table.add_column(name, overflow="fold", justify="right" if name in _NUMBERS else "left")
    return table


def _link(text: str, url: str) -> str:
    """A text that opens its page where the terminal can (OSC 8)."""
    safe = url.startswith(("http://", "https://")) and not set(url) & set("[]\\") and url.isprintable()
    return f"[link={url}]{escape(text)}[/link]" if safe and text else escape(text)


def counts_table(counts: Json) -> Table:
    """Named numbers in two columns."""
    table = Table(show_header=False)
    for name, value in counts.items():
        if isinstance(value, float):
            table.add_row(name, f"{value:.1f}")
        elif isinstance(value, int | str):
            table.add_row(name, str(value))
        elif isinstance(value, dict):
            table.add_row(name, " ".join(f"{key}={part}" for key, part in value.items()))
    return table


def tokens_table(tokens: Sequence[Json]) -> Table:
    """What may come in at the read API."""
    table = _table(["name", "may read", "a minute", "made"], [[each["name"] for each in tokens]])
    for each in tokens:
        table.add_row(each["name"], " ".join(each["scopes"]), str(each["per_minute"]), _day(each["made"]))
    return table


def counted(number: int, noun: str, many: str = "") -> str:
    """So many of something.

    >>> counted(1, "story", "stories"), counted(2, "feed")
    ('1 story', '2 feeds')
    """
    return f"{number} {noun if number == 1 else many or noun + 's'}"


def stories_table(stories: Sequence[Json]) -> Table:
    """Stories, a row each."""
    columns = ("story", "title", "articles", "origins", "outlets", "topics", "newest (UTC)")
    table = _table(columns, [[story["id"] for story in stories]], counted(len(stories), "story", "stories"))
    for story in stories:
        table.add_row(
            story["id"],
            _link(story["title"], story["articles"][0]["url"] if story["articles"] else ""),
            str(story["size"]),
            str(story["origins"]),
            escape(", ".join(story["outlets"][:4]) + (" …" if len(story["outlets"]) > 4 else "")),
            escape(", ".join(topic["name"] for topic in story["topics"][:2])),
            _newest(story),
        )
    return table


def story_text(out: Console, story: Json) -> None:
    """One story in full."""
    out.print(f"[bold]{escape(story['title'])}[/bold]")
    out.print(
        f"{story['id']} · {story['size']} articles from {story['origins']} origins · "
        f"{_day(story['first_published'])} to {_newest(story)} UTC"
    )
    if story["situation"]:
        out.print(
            f"Situation: {story['situation']} (`wirewatch situation {story['situation']}`)", markup=False
        )
    for sentence in story["summary"]:
        out.print(f"  {sentence['text']}", markup=False)
    for label, key in (("Names", "entities"), ("Topics", "topics")):
        names = ", ".join(entry["name"] for entry in story[key][:10])
        if names:
            out.print(f"{label}: {names}", markup=False)
    if story["keywords"]:
        out.print(f"Keywords: {', '.join(story['keywords'])}", markup=False)
    for entry in story["disagreements"]:
        sides = "; ".join(f"{side['number']}: “{side['quote']}”" for side in entry["sides"])
        out.print(f"Outlets disagree on {entry['subject']}: {sides}", markup=False)
    columns = ("article", "title", "kind", "outlet", "published (UTC)", "url")
    table = _table(columns, [[article["id"] for article in story["articles"]]])
    for article in story["articles"]:
        table.add_row(
            article["id"],
            _link(article["title"], article["url"]),
            article["kind"],
            escape(article["source"]),
            _published(article),
            escape(article["url"]),
        )
    out.print(table)
    for entry in story["lineage"]:
        out.print(f"{entry['kind']}: {entry['story']} → {entry['into']} by {entry['by']}", markup=False)
    for entry in story["near_misses"]:
        score = f"{entry['score']:.3f} of {entry['threshold']:.3f} needed"
        article = entry["article"]
        out.print(f"Near miss ({score}): {article['id']} {article['title']}", markup=False)


def hits_table(hits: Sequence[Json]) -> Table:
    """Articles that a search found."""
    columns = ("article", "story", "title", "outlet", "published (UTC)", "score")
    table = _table(columns, [[hit["id"] for hit in hits], [hit["story"] for hit in hits]])
    for hit in hits:
        table.add_row(
            hit["id"],
            hit["story"],
            _link(hit["title"], hit["url"]),
            escape(hit["source"]),
            _published(hit),
            f"{hit['score']:.2f}",
        )
    return table


def article_text(out: Console, article: Json) -> None:
    """One article in full."""
    out.print(f"[bold]{escape(article['title'])}[/bold]")
    head = (article["source"], _published(article), article["language"], article["url"])
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


def feeds_table(feeds: Sequence[Json]) -> Table:
    """Feeds with whatever is known of them."""
    table = Table(title=counted(len(feeds), "feed"))
    names = list(feeds[0]) if feeds else ["id"]
    for name in names:
        table.add_column(name)
    for feed in feeds:
        cells = []
        for name in names:
            value = feed[name]
            if isinstance(value, list):
                value = ", ".join(value)
            cells.append(escape("–" if value is None else str(value)))
        table.add_row(*cells)
    return table


def corrections_table(corrections: Sequence[Json]) -> Table:
    """Corrections that people made, and whether they are in force."""
    table = Table(title=counted(len(corrections), "correction"))
    for name in ("id", "at", "what", "state", "articles", "who", "note"):
        table.add_column(name, no_wrap=name == "id")
    for entry in corrections:
        what = f"undo of {entry['of'][:8]}" if entry["of"] else entry["kind"]
        groups = " | ".join(", ".join(article[:8] for article in group) for group in entry["groups"])
        state = f"undone by {entry['undone_by'][:8]}" if entry["undone"] else "in force"
        table.add_row(
            entry["id"], _day(entry["at"]), what, state, groups, escape(entry["who"]), escape(entry["note"])
        )
    return table


def requests_table(requests: Sequence[Json]) -> Table:
    """What was asked for."""
    table = Table("id", "kind", "state", "who", "at", "result", title=counted(len(requests), "request"))
    for each in requests:
        table.add_row(
            each["id"],
            each["kind"],
            each["state"],
            escape(each["who"]),
            _day(each["at"]),
            escape(each["result"]),
        )
    return table


def preview_text(out: Console, preview: Json) -> None:
    """What a correction would change."""
    for when in ("before", "after"):
        out.print(f"[bold]{when}[/bold]")
        for story in preview[when]:
            affair = f" · situation {story['situation']}" if story["situation"] else ""
            out.print(f"  {story['id']} {story['title']} ({story['size']} articles){affair}", markup=False)
            for article in story["articles"]:
                out.print(f"    {article['id']} {article['title']} · {article['source']}", markup=False)
    consequences = [entry for entry in preview["moved"] if not entry["named"]]
    out.print(f"{len(preview['moved'])} articles move, {len(consequences)} of them in consequence")
    for entry in consequences:
        out.print(f"  {entry['article']} {entry['title']}: {entry['from']} → {entry['into']}", markup=False)
    mails = preview["mails"]
    if preview["moved"]:
        out.print(
            "Watches are asked about these stories at the next alert run, and tell of what is new to them."
        )
    if mails["looked_at_first"]:
        out.print(f"{mails['looked_at_first']} changes are asked about first, as stories are now.")
    for entry in mails["go_on"]:
        into = ", ".join(entry["into"]) or "no story"
        out.print(f"  {entry['watch']} told of {entry['story']}; it goes on in {into}", markup=False)
    out.print("Nothing was changed.")


def messages_table(messages: Sequence[Json]) -> Table:
    """What was not sent."""
    from pipeline.records.alerts import UNFINISHED  # a help screen needs no records

    title = counted(len(messages), "message")
    table = Table("id", "to", "watch", "state", "failed since", "next try", "tries", "error", title=title)
    for each in messages:
        table.add_row(
            each["id"],
            escape(each["to"]),
            escape(each["watch"] or "operator"),
            each["state"],
            _day(each["since"]),
            _day(each["due"]) if each["state"] in UNFINISHED else "–",
            str(each["tries"]),
            escape(each["error"]),
        )
    return table


def rejections_table(entries: Sequence[Json]) -> Table:
    """The quarantine."""
    table = Table("id", "source", "stage", "reason", "at", title=f"{len(entries)} in quarantine")
    for entry in entries:
        table.add_row(
            entry["id"], escape(entry["source"]), entry["stage"], escape(entry["reason"]), _day(entry["at"])
        )
    return table


def checks_table(checks: Sequence[Json]) -> Table:
    """What the doctor found."""
    table = Table("check", "", "detail")
    for check in checks:
        mark = "[green]ok[/green]" if check["ok"] else "[red]fails[/red]"
        table.add_row(check["check"], mark, escape(check["detail"]))
    return table


def evaluation_table(document: Json) -> Table:
    """Story quality, a row a file; `top`: mixed stories, events twice and events missing on top of a page.

    `affairs`: BCubed F1 of the articles by situation instead of by story.
    """
    table = Table(
        "file",
        "articles",
        "stories",
        "gold",
        "BCubed P",
        "R",
        "F1",
        "first F1",
        "pair F1",
        "affairs",
        "NMI",
        "top",
        "s",
    )
    for row in document["files"]:
        quality = row["bcubed"]
        table.add_row(
            escape(row["file"].rsplit("/", 1)[-1]),
            str(row["articles"]),
            str(row["stories"]),
            str(row["gold_stories"]),
            *(f"{quality[key]:.3f}" for key in ("p", "r", "f1")),
            f"{row['first_assignment']['bcubed']['f1']:.3f}",
            f"{row['pairwise']['f1']:.3f}",
            f"{row['situations']['bcubed']['f1']:.3f}",
            f"{row['nmi']:.3f}",
            "/".join(f"{row['top_of_page'][wrong]['mean']:.1f}" for wrong in ("mixed", "twice", "missing")),
            f"{row['seconds']:.0f}",
        )
    mean = document["mean"]
    table.add_row("mean", *[""] * 5, f"{mean['bcubed_f1']:.3f}", "", f"{mean['pairwise_f1']:.3f}", *[""] * 4)
    return table


def backtest_table(document: Json) -> Table:
    """What a watch would have alerted, a row each."""
    table = Table("when (UTC)", "mailed", "kind", "story", "title", "held by", title=document["watch"])
    for alert in document["alerts"]:
        table.add_row(
            _day(alert["at"]),
            _day(alert["due"]),
            alert["kind"],
            alert["story"],
            escape(alert["title"]),
            alert["held"],
        )
    return table


def entity_text(out: Console, entity: Json) -> None:
    """An entity's page."""
    out.print(f"[bold]{escape(entity['name'])}[/bold] ({entity['type']}, {entity['id']})")
    out.print(f"{entity['articles']} articles in {len(entity['stories'])} stories")
    companions = ", ".join(_companion(c) for c in entity["companions"][:15])
    out.print(f"Beside it: {companions}", markup=False)
    most = max((day["articles"] for day in entity["days"]), default=1)
    for day in entity["days"][-30:]:
        bar = "█" * max(1, round(40 * day["articles"] / most))
        out.print(f"  {day['day']} {day['articles']:>4} {bar}", markup=False)
    table = Table("story", "title", "articles", "newest (UTC)")
    for story in entity["stories"][:20]:
        table.add_row(story["id"], escape(story["title"]), str(story["size"]), _day(story["last_published"]))
    out.print(table)


def _companion(each: Json) -> str:
    days = each["first"] if each["first"] == each["last"] else f"{each['first']} to {each['last']}"
    return f"{each['name']} ({each['count']}, {days})"


def suggestions_table(document: Sequence[Json]) -> Table:
    """Pairs of entities that may be one."""
    table = Table("keep", "may be the same", "likeness", "because", title=counted(len(document), "proposal"))
    for pair in document:
        table.add_row(
            escape(f"{pair['keep']['name']} ({pair['keep']['count']})"),
            escape(f"{pair['other']['name']} ({pair['other']['count']})"),
            f"{pair['likeness']:.2f}",
            escape(pair["evidence"]),
        )
    return table
