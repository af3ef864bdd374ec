"""What kind of article it is, and what told it: label, page, address, title, section, text, in this order.

The words are those of `pipeline.languages.article_kinds`; here is how far each place is believed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Final
from urllib.parse import unquote, urlsplit

from pipeline.languages.article_kinds import SIGNS, KindWords, kind_words
from pipeline.languages.template import one_of_phrases
from pipeline.records import Article, ArticleKind
from pipeline.text import EAST_ASIAN, fold

Told = tuple[ArticleKind, str]

# schema.org's types, folded, that say more than "an article".
_PAGE_TYPES: Final[Mapping[str, ArticleKind]] = {
    "opinionnewsarticle": "opinion",
    "satiricalarticle": "opinion",
    "analysisnewsarticle": "analysis",
    "liveblogposting": "live",
    "backgroundnewsarticle": "explainer",
    "claimreview": "explainer",
    "faqpage": "explainer",
    "qapage": "explainer",
    "reportagenewsarticle": "news",
    "reviewnewsarticle": "review",
    "criticreview": "review",
    "review": "review",
    "advertisercontentarticle": "advert",
    "imagegallery": "gallery",
    "mediagallery": "gallery",
    "videoobject": "video",
    "videogallery": "video",
    "audioobject": "audio",
    "podcastepisode": "audio",
    "radioepisode": "programme",
    "tvepisode": "programme",
    "recipe": "service",
    "quiz": "service",
    "aboutpage": "reference",
    "contactpage": "reference",
    "profilepage": "reference",
}
_PLAIN_TYPES: Final = frozenset({"article", "newsarticle", "blogposting", "webpage", "reportagenewsarticle"})
# Hosts whose every page is of one kind.
_HOSTS: Final[Mapping[str, ArticleKind]] = {
    "youtube.com": "video",
    "youtu.be": "video",
    "vimeo.com": "video",
    "dailymotion.com": "video",
    "spotify.com": "audio",
    "soundcloud.com": "audio",
}
# What is told in pictures or sound has little text; an article of more characters has some beside it.
_MEDIA: Final = frozenset({"video", "audio", "gallery"})
_MEDIA_CHARS: Final = 1500
_TAGGED_MEDIA_CHARS: Final = 400
_LABEL_RULES: Final = ("title label", "agency slug", "title bracket", "outlet in title", "section in title")
_PIECES: Final = re.compile(
    r"\s*[|｜│┃»«¦:：·•‹›/\[\]()【】［］（）〈〉《》<>〔〕*_#!！+]+\s*|\s+[-–—]+\s+|^[-–—]+\s*|\s*[-–—]+$"
)
_OPENING_BRACKET: Final = re.compile(r"\s*[【［〔\[]\s*([^】］〕\]]{1,20}?)\s*[】］〕\]]")
_NUMBERED: Final = re.compile(r"[\s/]*\d{0,2}-?$")
_LAST_PARAGRAPHS: Final = 2
_LINE_CHARS: Final = 400
_NAME_CHARS: Final = 20


def kind_of(article: Article) -> Told:
    """The kind of an article, and what told it.

    What is nearest to the article is believed first: the label on its title, what its page says it is, its
    address, the form of its title, the sections it is filed under, and phrases of its text.

    >>> from datetime import UTC, datetime
    >>> from pipeline.records import Removed
    >>> when = datetime(2026, 3, 1, tzinfo=UTC)
    >>> cut = (Removed("Opinion |", "title label"),)
    >>> kind_of(Article("", (), "", "The ferry must go", "", "", None, "fetched", when, "en", removed=cut))
    ('opinion', 'label: Opinion |')
    """
    ways: tuple[Callable[[Article], Told | None], ...] = (
        _labelled, _typed, _addressed, _titled, _filed, _written,
    )  # fmt: skip
    for way in ways:
        told = way(article)
        if told is not None:
            return told
    return "news", ""


def _plausible(kind: ArticleKind, article: Article, chars: int = _MEDIA_CHARS) -> bool:
    return kind not in _MEDIA or len(article.text) <= chars


def _labelled(article: Article) -> Told | None:
    """By a label that was cut off its title, or by a title that is nothing but one."""
    for removed in article.removed:
        if removed.rule not in _LABEL_RULES:
            continue
        bracketed = removed.rule == "title bracket"
        for piece in _pieces(removed.text):
            kind = _label_kind(piece, article.language) or _behind_name(piece, article.language)
            # "(video)" behind a title says that there is one beside the text.
            if kind is None or (bracketed and kind in _MEDIA and not _is_east_asian(piece)):
                continue
            if kind != "news" and _plausible(kind, article):
                return kind, f"label: {removed.text[:60]}"
    opened = _OPENING_BRACKET.match(article.title)  # a short title keeps its label
    kind = _label_kind(opened[1], article.language) if opened else None
    if opened and kind and kind != "news" and (kind not in _MEDIA or _is_east_asian(opened[1])):
        return kind, f"label: {opened[0].strip()}"
    kind = _label_kind(article.title.strip(" .:!"), article.language)
    if kind is not None and kind != "news" and _plausible(kind, article):
        return kind, f"title: {article.title[:60]}"
    return None


def _pieces(text: str) -> Iterator[str]:
    """What stands between the marks of a label that was cut, whole and without its number: "UPDATE 2-"."""
    for piece in _PIECES.split(text):
        bare = _NUMBERED.sub("", piece).strip(" .,'\"")
        if bare:
            yield bare


def _is_east_asian(piece: str) -> bool:
    return any(_labels()[language].get(fold(piece)) for language in EAST_ASIAN)


def _label_kind(piece: str, language: str) -> ArticleKind | None:
    """The kind that a label tells in the article's language, else in any."""
    labels, folded = _labels(), fold(piece)
    own = [labels[code] for code in (language, SIGNS) if code in labels]
    for known in (*own, *labels.values()):
        if folded in known:
            return known[folded]
    for code in dict.fromkeys((language, "en")):
        pattern = _label_pattern(code)
        found = pattern.fullmatch(folded) if pattern else None
        if found and found.lastgroup:
            return _named(found.lastgroup)
    return None


def _behind_name(piece: str, language: str) -> ArticleKind | None:
    """The kind of a label behind an outlet's name, as in "NYT Opinion"."""
    name, _, label = fold(piece).rpartition(" ")
    return _labels().get(language, {}).get(label) if 0 < len(name) <= _NAME_CHARS else None


def _typed(article: Article) -> Told | None:
    """By what its page says it is; a plain article may have a video or a review beside it."""
    types = [kind.casefold() for kind in article.page_types]
    plain = any(kind in _PLAIN_TYPES for kind in types)
    for written, folded in zip(article.page_types, types, strict=True):
        kind = _PAGE_TYPES.get(folded)
        if kind is None or kind == "news":
            continue
        # An article's own type ends so; others may be of things on its page.
        own = folded.endswith(("newsarticle", "contentarticle", "blogposting", "satiricalarticle"))
        if own or (not plain and _plausible(kind, article)):
            return kind, f"page type: {written}"
    return None


def _addressed(article: Article) -> Told | None:
    """By the folders of its address, and by hosts that are of one kind."""
    try:
        parts = urlsplit(article.link or article.url)
    except ValueError:
        return None
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    for known, kind in _HOSTS.items():
        if host == known or host.endswith(f".{known}"):
            return kind, f"address: {known}"
    folders = [fold(unquote(part)).replace("-", " ").replace("_", " ") for part in parts.path.split("/")]
    for folder in [*folders[-2::-1], host.partition(".")[0]]:  # the deepest says most
        kind_found = _sections().get(folder)
        if kind_found and _plausible(kind_found, article):
            return kind_found, f"address: {folder}"
    return None


def _titled(article: Article) -> Told | None:
    """By how its title begins or ends."""
    for code in dict.fromkeys((article.language, "en")):
        for pattern in _title_patterns(code):
            found = pattern.search(article.title)
            if found and found.lastgroup and _plausible(_named(found.lastgroup), article):
                return _named(found.lastgroup), f"title: {found[0].strip()[:60]}"
    return None


def _filed(article: Article) -> Told | None:
    """By the sections and categories it is filed under."""
    for section in article.sections:
        kind = _sections().get(fold(section).replace("-", " "))
        if kind and _plausible(kind, article, _TAGGED_MEDIA_CHARS):
            return kind, f"section: {section}"
    return None


def _written(article: Article) -> Told | None:
    """By phrases at the beginning and the end of its text."""
    paragraphs = article.text.split("\n\n")
    near = [*paragraphs[:1], *paragraphs[1:][-_LAST_PARAGRAPHS:]]
    for code in dict.fromkeys((article.language, "en")):
        pattern = _text_pattern(code)
        if pattern is None:
            continue
        for paragraph in near:
            found = pattern.match(paragraph[:_LINE_CHARS])
            if found and found.lastgroup:
                return _named(found.lastgroup), f"text: {found[0].strip()[:60]}"
    return None


@cache
def _labels() -> Mapping[str, Mapping[str, ArticleKind]]:
    """The folded labels of each language that are plain words, and their kinds."""
    return {code: _folded(words.labels) for code, words in kind_words().items()}


@cache
def _sections() -> Mapping[str, ArticleKind]:
    """The folded names of sections of all languages; where two languages differ, the first one's."""
    found: dict[str, ArticleKind] = {}
    for words in kind_words().values():
        for name, kind in _folded(words.sections).items():
            found.setdefault(name.replace("-", " "), kind)
    return found


def _folded(named: Mapping[ArticleKind, Iterable[str]]) -> dict[str, ArticleKind]:
    return {fold(phrase): kind for kind, phrases in named.items() for phrase in phrases}


@cache
def _label_pattern(language: str) -> re.Pattern[str] | None:
    words = kind_words().get(language)
    return _grouped(words.labels, "", "") if words else None


@cache
def _title_patterns(language: str) -> tuple[re.Pattern[str], ...]:
    words: KindWords | None = kind_words().get(language)
    if words is None:
        return ()
    starts = _grouped(words.starts, r"^\W*", r"(?!\w)")
    # A single word at the end may belong to the sentence, unless a mark stands before it.
    phrases = _grouped(_kept(words.ends, lambda phrase: " " in phrase), r"(?<!\w)", r"\W*$")
    single = _grouped(_kept(words.ends, lambda phrase: " " not in phrase), r"(?:[,:;|]|\s[–—-])\s*", r"\W*$")
    return tuple(pattern for pattern in (starts, phrases, single) if pattern)


def _kept(
    named: Mapping[ArticleKind, Iterable[str]], wanted: Callable[[str], bool]
) -> dict[ArticleKind, list[str]]:
    found = {kind: [phrase for phrase in phrases if wanted(phrase)] for kind, phrases in named.items()}
    return {kind: phrases for kind, phrases in found.items() if phrases}


@cache
def _text_pattern(language: str) -> re.Pattern[str] | None:
    words = kind_words().get(language)
    return _grouped(words.texts, r"^\W*", r"(?!\w)") if words else None


def _grouped(named: Mapping[ArticleKind, Iterable[str]], before: str, after: str) -> re.Pattern[str] | None:
    """One pattern with a named group for each kind; None where there are no phrases."""
    groups = [f"(?P<{kind}>{one_of_phrases(phrases)})" for kind, phrases in named.items()]
    return re.compile(before + "(?:" + "|".join(groups) + ")" + after, re.IGNORECASE) if groups else None


def _named(group: str) -> ArticleKind:
    return group  # type: ignore[return-value]  # groups are named after kinds
