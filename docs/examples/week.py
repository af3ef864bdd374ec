"""Draws a week of an export: articles a day by outlet, and the largest stories.

wirewatch export articles --into articles.jsonl
wirewatch export stories --into stories.jsonl
python docs/examples/week.py articles.jsonl stories.jsonl week.svg
"""

import json
import sys
from collections import Counter
from datetime import date, timedelta
from html import escape
from pathlib import Path

COLOURS = ("#1f6f8b", "#e07a5f", "#81b29a", "#f2cc8f", "#3d405b", "#9a8c98")
WIDTH, HEIGHT, LEFT = 90, 220, 20


def rows(path):
    """The rows of an export, one at a time."""
    with open(path, encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def main(articles, stories, picture):
    """Reads two exports and writes an SVG."""
    counts = Counter()
    for row in rows(articles):
        counts[(row["published"] or row["fetched"])[:10], row["source"]] += 1
    last = date.fromisoformat(max((day for day, _ in counts), default="2026-01-01"))
    days = [(last - timedelta(days=back)).isoformat() for back in range(6, -1, -1)]
    week = {key: count for key, count in counts.items() if key[0] in days}
    outlets = [name for name, _ in Counter({o: 0 for _, o in week} | totals(week)).most_common(5)]
    most = max((sum(c for (d, _), c in week.items() if d == day) for day in days), default=0) or 1
    shapes = []
    for column, day in enumerate(days):
        top = HEIGHT
        for colour, outlet in zip(COLOURS, [*outlets, "others"], strict=False):
            count = sum(
                c for (d, o), c in week.items() if d == day and (o if o in outlets else "others") == outlet
            )
            tall = round(count / most * (HEIGHT - 30))
            top -= tall
            shapes.append(
                f'<rect x="{LEFT + column * WIDTH}" y="{top}" width="{WIDTH - 12}" height="{tall}" '
                f'fill="{colour}"><title>{escape(outlet)}, {day}: {count}</title></rect>'
            )
        shapes.append(f'<text x="{LEFT + column * WIDTH}" y="{HEIGHT + 18}">{day}</text>')
    largest = sorted(
        (row for row in rows(stories) if row["last_published"][:10] in days), key=lambda row: -row["size"]
    )[:5]
    for place, row in enumerate(largest):
        line = f"{row['size']} articles, {len(row['outlets'])} outlets: {row['title']}"
        shapes.append(f'<text x="{LEFT}" y="{HEIGHT + 50 + place * 20}">{escape(line)}</text>')
    Path(picture).write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT * 2 + WIDTH * 7}" height="{HEIGHT + 160}" '
        f'font-family="sans-serif" font-size="12">{"".join(shapes)}</svg>\n',
        encoding="utf-8",
    )
    print(f"{picture}: {sum(week.values())} articles from {days[0]} to {days[-1]}")


def totals(week):
    """How many articles each outlet has in a week."""
    found = Counter()
    for (_, outlet), count in week.items():
        found[outlet] += count
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
