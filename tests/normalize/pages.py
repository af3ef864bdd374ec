"""Invented pages of many layouts, each with its article's text; and how an extraction is measured."""

# ruff: noqa: E501  # markup is easier to read in one line
from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple


class Sample(NamedTuple):
    """A page and its article's paragraphs."""

    name: str
    html: str
    article: tuple[str, ...]


_WHO = (
    "The mayor",
    "A diver",
    "The operator of the dam",
    "One farmer",
    "The school board",
    "A nurse",
    "The ferry line",
)
_DID = (
    "said that the lower road would stay shut until the water had left the cellars",
    "told the council that pumps had been asked for in spring and never came",
    "counted nine boats on the meadow where cattle had grazed on Sunday",
    "asked for blankets, since two halls were full and a third was being heated",
    "found the old gate jammed by a tree and sent for a crane from the coast",
    "read the letter aloud, and nobody in the hall answered for a long while",
    "wants the wall to be raised by a metre before another winter comes",
)


def paragraphs(count: int, start: int = 0) -> list[str]:
    return [
        f"{_WHO[(start + n) % 7]} {_DID[(start + 3 * n) % 7]}, as it had been agreed on day {start + n} of the flood."
        for n in range(count)
    ]


_NAV = "<nav><ul>" + "".join(f"<li><a href='/{n}'>Section {n}</a></li>" for n in range(12)) + "</ul></nav>"
_HEAD = "<header><a href='/'>Valley Echo</a><p>Friday edition</p></header>" + _NAV
_FOOT = (
    "<footer><p>Valley Echo Ltd, Mill Lane 4. All rights reserved by the Valley Echo and its agencies.</p>"
    "<ul><li><a href='/imprint'>Imprint</a></li><li><a href='/privacy'>Privacy</a></li></ul></footer>"
)
_RELATED = (
    "<div class='related-stories'><h3>More from the valley</h3><ul>"
    + "".join(
        f"<li><a href='/r{n}'>Bakery number {n} wins a prize for bread again</a></li>" for n in range(6)
    )
    + "</ul></div>"
)
_ASIDE = (
    "<aside class='sidebar'><h3>Most read</h3>"
    + "".join(
        f"<div class='teaser'><a href='/t{n}'><h4>Choir number {n} sings</h4></a>"
        f"<p>The choir of village {n} sang on the square for an hour, and many came to hear it.</p></div>"
        for n in range(5)
    )
    + "</aside>"
)
_SHARE = (
    "<div class='share-bar'><a href='#'>Facebook</a> <a href='#'>WhatsApp</a> <a href='#'>E-mail</a></div>"
)
_NEWSLETTER = (
    "<div class='newsletter-box'><h4>The morning letter</h4><p>Every day the best of the valley in your inbox, "
    "written by our editors and free of charge.</p><form><input name='mail'></form></div>"
)
_COMMENTS = "".join(
    f"<div class='c-entry'><span class='nick'>reader{n}</span><p>I live there number {n} and I can say that nobody of "
    "the town hall ever came to look at our street, it is a shame.</p></div>"
    for n in range(6)
)


def _p(lines: list[str]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


def _page(body: str, head: str = "") -> str:
    title = "<title>Water in the valley - Valley Echo</title>"
    return f"<html lang='en'><head>{title}{head}</head><body>{_HEAD}{body}{_FOOT}</body></html>"


def samples() -> Iterator[Sample]:  # noqa: PLR0915  # one page after the other
    """The pages."""
    h1 = "<h1>Water in the valley</h1>"
    text = paragraphs(8)
    yield Sample("plain", _page(f"<main><article>{h1}{_p(text)}</article></main>{_ASIDE}"), tuple(text))
    inner = _p(text[:3]) + _SHARE + _p(text[3:5]) + _NEWSLETTER + _p(text[5:]) + _RELATED
    yield Sample("furniture within", _page(f"<div class='story'>{h1}{inner}</div>{_ASIDE}"), tuple(text))
    items = [line.replace("The", "One") for line in paragraphs(4, 20)]
    listed = _p(text[:3]) + "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>" + _p(text[3:5])
    yield Sample("list", _page(f"<article>{h1}{listed}</article>"), (*text[:3], *items, *text[3:5]))
    rows = [("Oakfield", "4,212", "51"), ("Bentham", "3,977", "44"), ("Corvo", "1,205", "39")]
    table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    tabled = (
        _p(text[:3])
        + f"<table><tr><th>Place</th><th>Votes</th><th>Share</th></tr>{table}</table>"
        + _p(text[3:4])
    )
    cells = tuple(" ".join(row) for row in [("Place", "Votes", "Share"), *rows])
    yield Sample("table", _page(f"<article>{h1}{tabled}</article>"), (*text[:3], *cells, text[3]))
    layout = (
        f"<table width='100%'><tr><td>{_NAV}</td><td>{h1}{_p(text[:6])}</td><td>{_ASIDE}</td></tr></table>"
    )
    yield Sample("layout table", _page(layout), tuple(text[:6]))
    linked = {"@type": "NewsArticle", "headline": "Water in the valley", "articleBody": "\n\n".join(text)}
    script = f"<script type='application/ld+json'>{json.dumps(linked)}</script>"
    yield Sample("json-ld only", _page(f"<div id='app'></div>{_ASIDE}", script), tuple(text))
    yield Sample(
        "json-ld and page", _page(f"<article>{h1}{_p(text)}</article>{_RELATED}", script), tuple(text)
    )
    cut = {**linked, "articleBody": text[0]}
    cut_script = f"<script type='application/ld+json'>{json.dumps(cut)}</script>"
    yield Sample(
        "json-ld of the first paragraph", _page(f"<article>{h1}{_p(text)}</article>", cut_script), tuple(text)
    )
    for name, kind in (
        ("comments", "comments"),
        ("comments by another name", "talkback"),
        ("leserbriefe", "meinungen"),
    ):
        box = f"<section class='{kind}'><h3>6 {kind}</h3>{_COMMENTS}</section>"
        yield Sample(name, _page(f"<article>{h1}{_p(text[:5])}</article>{box}"), tuple(text[:5]))
    photos = paragraphs(7, 40)
    gallery = "".join(
        f"<figure><img src='/{n}.jpg'><figcaption>{line}</figcaption></figure>"
        for n, line in enumerate(photos)
    )
    yield Sample("gallery", _page(f"<article>{h1}<p>{text[0]}</p>{gallery}</article>"), (text[0], *photos))
    posts = paragraphs(9, 60)
    blog = "".join(
        f"<div class='post' id='p{n}'><time>{10 + n}:30</time><h3>Update {n} of the day</h3><p>{line}</p></div>"
        for n, line in enumerate(posts)
    )
    told = [piece for n, line in enumerate(posts) for piece in (f"Update {n} of the day", line)]
    yield Sample(
        "live blog",
        _page(f"<main>{h1}<p>{text[0]}</p><div class='feed'>{blog}</div></main>"),
        (text[0], *told),
    )
    long = paragraphs(15, 80)
    advert = "<div class='ad-slot'><span>Advertisement</span></div>"
    pieces = advert.join(f"<div class='body-part'>{_p(long[n : n + 3])}</div>" for n in range(0, 15, 3))
    yield Sample(
        "in pieces",
        _page(f"<div class='page'>{h1}<div class='wrap'>{pieces}</div></div>{_ASIDE}"),
        tuple(long),
    )
    sections = "".join(f"<section><h2>Part {n}</h2>{_p(long[n : n + 3])}</section>" for n in range(0, 12, 3))
    parts = [piece for n in range(0, 12, 3) for piece in (f"Part {n}", *long[n : n + 3])]
    yield Sample("sections", _page(f"<main>{h1}{sections}</main>{_RELATED}"), tuple(parts))
    short = [
        "Thieves broke into the mill on Sunday night and took two pumps.",
        "Police ask witnesses to call.",
    ]
    boxes = "".join(
        f"<div class='box'><h3>Tip {n} of the week</h3><p>Cook {n} leeks with potatoes for half an hour, add cream, salt "
        "and some bread, and you have a soup that the whole family likes on a cold day in the valley.</p></div>"
        for n in range(6)
    )
    yield Sample(
        "short, long furniture",
        _page(f"<div class='art'>{h1}{_p(short)}</div><div class='tips'>{boxes}</div>"),
        tuple(short),
    )
    old = f"<div id='m'><h2>Water in the valley</h2>{'<br>'.join(short)}</div>"
    links = "".join(
        f"<li><a href='/{n}'>Fair {n} opens</a> Two hundred came and saw it, they say.</li>"
        for n in range(20)
    )
    yield Sample("no first heading", _page(f"<ul>{links}</ul>{old}"), tuple(short))
    broken = "<br><br>".join(text)
    yield Sample(
        "line breaks",
        _page(f"<div class='content'>{h1}<div class='txt'>{broken}</div></div>{_ASIDE}"),
        tuple(text),
    )
    quoted = (
        _p(text[:2]) + f"<blockquote><p>{text[2]}</p></blockquote><h2>What comes next</h2>" + _p(text[3:6])
    )
    yield Sample(
        "quotes",
        _page(f"<article>{h1}{quoted}</article>{_RELATED}"),
        (*text[:2], text[2], "What comes next", *text[3:6]),
    )
    consent = (
        "<div id='cookie-consent'><p>We and our partners store information on your device. " * 3
        + "</p></div>"
    )
    yield Sample("consent banner", _page(f"{consent}<article>{h1}{_p(text)}</article>"), tuple(text))
    for language, lines in (
        (
            "ja",
            [
                "港の新しい橋が金曜日に開通し、市長が式典に出席した。",
                "漁師は通勤の時間が半分になったと話している。",
            ],
        ),
        ("zh", ["连接港口两岸的新桥星期五正式通车,市长出席了仪式。", "渔民说,上班的路程缩短了一半。"]),
        ("th", ["ทางหลวงสายใต้ปิดเพราะน้ำท่วมเมื่อวันศุกร์", "เจ้าหน้าที่ขอให้ประชาชนใช้เส้นทางอื่น"]),
        ("ar", ["أعلنت البلدية فتح الجسر الجديد يوم الجمعة.", "وقال صيادون إن الطريق صار أقصر بكثير."]),
    ):
        yield Sample(
            f"short {language}",
            f"<html lang='{language}'><body>{_NAV}<article><h1>{lines[0][:9]}</h1>{_p(lines)}</article>{_FOOT}</body></html>",
            tuple(lines),
        )


def _tokens(text: str) -> list[str]:
    return re.findall(r"[\u0e00-\u0eff\u3040-\u9fff]|[^\W_]+", text.lower())


def score(found: str, wanted: str) -> tuple[float, float, float]:
    """Precision, recall and F1 over runs of four words, as the article extraction benchmark measures."""
    ours, theirs = (
        Counter(tuple(words[n : n + 4]) for n in range(max(1, len(words) - 3)))
        for words in (_tokens(found), _tokens(wanted))
    )
    right = sum((ours & theirs).values())
    precision, recall = right / max(1, sum(ours.values())), right / max(1, sum(theirs.values()))
    return precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0
