"""Invented pages that are built as pages of the wild are, where extraction went wrong: thirteen shapes, four languages."""

# ruff: noqa: E501  # markup is easier to read in one line
from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

_TITLES = {
    "en": "Pilots refuse to bring in ships",
    "de": "Hallenbad wird saniert",
    "es": "El fuego quema mil hectáreas",
    "ru": "Двенадцать домов без тепла",
}
_STANDFIRST = {
    "en": "A broken light keeps forty ships away from the quays each week.",
    "de": "Nach zwei Jahren Streit hat der Rat entschieden.",
    "es": "Tres aldeas han pasado la noche fuera de casa.",
    "ru": "Авария случилась в самую холодную ночь зимы.",
}
_TEASERS = {
    "en": [
        "A bakery in Skerry wins a prize for its bread again",
        "Ferry fares rise by a tenth in spring",
        "The school at Brae gets a new roof",
    ],
    "de": [
        "Bäckerei gewinnt wieder einen Preis für ihr Brot",
        "Fähre wird im Frühjahr um ein Zehntel teurer",
        "Die Schule bekommt ein neues Dach",
    ],
    "es": [
        "Una panadería gana otra vez un premio por su pan",
        "El transbordador sube de precio en primavera",
        "La escuela estrena tejado",
    ],
    "ru": [
        "Пекарня снова получила премию за хлеб",
        "Паром весной подорожает на десятую часть",
        "Школе сделают новую крышу",
    ],
}

_Shape = Callable[[str, Sequence[str]], str]


def _p(lines: Sequence[str], kind: str = "") -> str:
    named = f" class='{kind}'" if kind else ""
    return "".join(f"<p{named}>{line}</p>" for line in lines)


def _teasers(language: str) -> str:
    return "".join(
        f"<article class='card'><h3><a href='/{n}'>{line}</a></h3><p>{line}, {line.lower()}.</p></article>"
        for n, line in enumerate(_TEASERS[language])
    )


def _standfirst_in_an_article_tag(language: str, lines: Sequence[str]) -> str:
    head = f"<h1>{_TITLES[language]}</h1><p class='dek'>{_STANDFIRST[language]}</p>"
    return f"<article class='l-main'><header>{head}</header></article><div class='l-cols'><div class='c-entry'>{_p(lines)}</div></div>"


def _standfirst_in_a_header(language: str, lines: Sequence[str]) -> str:
    head = f"<header class='mb4'><h1>{_TITLES[language]}</h1><p>{_STANDFIRST[language]}</p></header>"
    return f"<div class='wrap'>{head}<div class='body-copy'>{_p(lines)}</div><section class='more'>{_teasers(language)}</section></div>"


def _only_article_is_a_teaser(language: str, lines: Sequence[str]) -> str:
    card = f"<article class='story-box'><h3>{_TEASERS[language][0]}</h3><p>{_TEASERS[language][1]}...</p></article>"
    return f"<div id='page'><h1>{_TITLES[language]}</h1><div class='entry'>{_p(lines)}</div>{card}</div>"


def _body_called_a_paywall(language: str, lines: Sequence[str]) -> str:
    return f"<article><h1>{_TITLES[language]}</h1><div class='art-body'>{_p(lines[:1])}<div class='paywall'>{_p(lines[1:])}</div></div></article>"


def _body_called_by_its_sidebar(language: str, lines: Sequence[str]) -> str:
    inner = f"<div class='content-with-sidebar-wrp'><div class='field-items'>{_p(lines)}</div></div>"
    return f"<div class='content'><div class='title'><h1>{_TITLES[language]}</h1></div><article class='node'>{inner}</article></div>"


def _two_first_headings_and_two_containers(language: str, lines: Sequence[str]) -> str:
    half = len(lines) // 2
    parts = "".join(
        f"<div class='sec'><div class='wysiwyg p'>{_p(part)}</div></div>"
        for part in (lines[:half], lines[half:])
    )
    return f"<div class='top'><h1>Lunna</h1></div><div class='hero'><h1>{_TITLES[language]}</h1></div><div class='mha'>{parts}</div>"


def _scripts_in_paragraphs(language: str, lines: Sequence[str]) -> str:
    script = "<p><script>(adsbygoogle = window.adsbygoogle || []).push({});</script></p>"
    return f"<article class='post'><h1>{_TITLES[language]}</h1>{script.join(f'<p>{line}</p>' for line in lines)}</article>"


def _captions_of_a_gallery(language: str, lines: Sequence[str]) -> str:
    shots = "".join(
        f"<div class='caption-full'><p>{line} (Foto {n})</p></div>"
        for n, line in enumerate(_TEASERS[language])
    )
    return f"<div class='article'><h1>{_TITLES[language]}</h1><div class='res-gallery'>{shots}</div><div class='article-body'>{_p(lines)}</div></div>"


def _headline_twice(language: str, lines: Sequence[str]) -> str:
    head = f"<h1>{_TITLES[language]}</h1>"
    return f"<main><article>{head}<div class='mobile'><h2>{_TITLES[language]}</h2></div><div class='text'>{_p(lines)}</div></article></main>"


def _pieces_with_boxes_between(language: str, lines: Sequence[str]) -> str:
    box = f"<div class='inline-promo'><p>{_TEASERS[language][2]}.</p></div>"
    pieces = box.join(f"<div class='chunk'>{_p([line])}</div>" for line in lines)
    return f"<div class='story'><h1>{_TITLES[language]}</h1>{pieces}</div>"


def _structured_data_with_a_slip(language: str, lines: Sequence[str]) -> str:
    data = json.dumps(
        {"@type": "NewsArticle", "headline": _TITLES[language], "articleBody": "\n".join(lines)}
    )
    return f"<script type='application/ld+json'>{data[:-1]},}}</script><div id='app'>…</div>"


def _cards_below(language: str, lines: Sequence[str]) -> str:
    return f"<div class='site'><div class='lead'><h1>{_TITLES[language]}</h1><div class='copy'>{_p(lines, 'graf')}</div></div><div class='grid'>{_teasers(language)}</div></div>"


def _lists_in_a_table_around_line_breaks(language: str, lines: Sequence[str]) -> str:
    listed = "".join(
        f"<li><a href='/{n}'>{line}</a> {line}, {n}.</li>" for n in range(9) for line in _TEASERS[language]
    )
    box = f"<div id='f'><p>{_TEASERS[language][0]}, {_TEASERS[language][1].lower()}.</p><p>{_TEASERS[language][2]}.</p></div>"
    return f"<div id='all'><table><tr><td><ul>{listed}</ul></td></tr></table><div id='c'><h2>{_TITLES[language]}</h2>{'<br>'.join(lines)}</div>{box}</div>"


_SHAPES: tuple[_Shape, ...] = (
    _standfirst_in_an_article_tag,
    _standfirst_in_a_header,
    _only_article_is_a_teaser,
    _body_called_a_paywall,
    _body_called_by_its_sidebar,
    _two_first_headings_and_two_containers,
    _scripts_in_paragraphs,
    _captions_of_a_gallery,
    _headline_twice,
    _pieces_with_boxes_between,
    _structured_data_with_a_slip,
    _cards_below,
    _lists_in_a_table_around_line_breaks,
)


def pages(texts: dict[str, list[str]]) -> Iterator[tuple[str, str, list[str]]]:
    """Name, HTML and article of each page; a standfirst counts neither way.

    Args:
        texts: Articles by language, one line a paragraph.
    """
    for shape in _SHAPES:
        for language, title in _TITLES.items():
            nav = "<nav><ul>" + "".join(f"<li><a href='/{n}'>{n}</a></li>" for n in range(9)) + "</ul></nav>"
            head = f"<head><meta charset='utf-8'><title>{title} | Lunna</title></head>"
            foot = "<footer><p>Lunna Ltd, Mill Lane 4</p></footer>"
            body = shape(language, texts[language])
            page = f"<!doctype html><html lang='{language}'>{head}<body>{nav}{body}{foot}</body></html>"
            yield f"{shape.__name__.strip('_').replace('_', ' ')}, {language}", page, texts[language]


def standfirsts() -> frozenset[str]:
    """Lines that may be in an article's text or not."""
    return frozenset(_STANDFIRST.values())
