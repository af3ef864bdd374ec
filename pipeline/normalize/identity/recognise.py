"""Whether what came is an article that is already there. Several keys give evidence, and may disagree.

A key (link, guid, text, number in the link) only finds candidates. Sources renumber their items, give all
items of a page one link, give each day's column the same link and title, and show a consent wall under every
link. So the candidates are compared by all that is known of both, and the outcome says why.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import urlsplit

from rapidfuzz import fuzz

from pipeline.domains import registrable_domain
from pipeline.normalize.identity.keys import CURRENT, former_key, link_key, link_number, shared_key
from pipeline.normalize.identity.urls import host_of
from pipeline.normalize.identity.withdrawal import is_withdrawal
from pipeline.records import Article
from pipeline.text import fold

Relation = Literal["same", "other", "unknown"]

# Titles this similar (0 to 100) may be one title, edited; and from the second on they are one.
_ALIKE_TITLES: Final = 60.0
_SAME_TITLES: Final = 85.0
# The share of the shorter text's words that the other has: one text, edited, from the
# first on; one text, whole or cut, from the second on.
_ALIKE_TEXTS: Final = 0.5
_SAME_TEXTS: Final = 0.9
# Texts with fewer different words of at least `_WORD_LETTERS` letters say nothing.
_TEXT_WORDS: Final = 5
_WORD_LETTERS: Final = 4
_TEXT_CHARS: Final = 4000
# From this gap on two dates differ; and from this one on they are of different days.
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two forms have in common.

    Attributes:
        link, guid: Whether these are the same; "unknown" where one has none.
        title: How alike the titles are, 0 to 100, words in any order.
        ordered: How alike they are, 0 to 100, words as they stand.
        text: The share of the shorter text's words that the other has; None where one says too little.
        gap: Between the dates of publication; None where one has none.
        together: Whether both came in one capture, in which a source does not repeat an item.
        one_feed: Whether a feed that brought the one brought the other; files are one feed.
    """

    link: Relation
    guid: Relation
    title: float
    ordered: float
    text: float | None
    gap: timedelta | None
    together: bool
    one_feed: bool

    @property
    def same_title(self) -> bool:
        """Whether it is one title; within one capture to the letter."""
        return self.ordered >= (100.0 if self.together else _SAME_TITLES)

    @property
    def alike(self) -> bool:
        """Whether title or text may be the same one, edited."""
        return self.title >= _ALIKE_TITLES or (self.text is not None and self.text >= _ALIKE_TEXTS)

    @property
    def same_text(self) -> bool:
        """Whether it is one text, whole or cut."""
        return self.text is not None and self.text >= _SAME_TEXTS

    @property
    def other_text(self) -> bool:
        """Whether both have a text, and not the same one."""
        return self.text is not None and self.text < _ALIKE_TEXTS

    @property
    def another_day(self) -> bool:
        """Whether the dates are of two days."""
        return self.gap is not None and self.gap >= _DAY

    @property
    def another_date(self) -> bool:
        """Whether the dates differ."""
        return self.gap is not None and self.gap >= _HOUR


@dataclass(frozen=True, slots=True)
class Recognised:
    """A form of an article that is already there.

    Attributes:
        article: Its id.
        because: The evidence, in words.
        plain: Whether nothing spoke against it: the link is the same, and no guid differs.
    """

    article: str
    because: str
    plain: bool


def lookup_keys(article: Article) -> tuple[str, ...]:
    """The keys to ask the store for: its own, that of its form as a former one, and that of a shared link."""
    shared = (shared_key(article.url),) if article.url else ()
    return (*article.keys, *(former_key(key) for key in _named(article, CURRENT)), *shared)


def compare(old: Article, new: Article) -> Comparison:
    """What two forms have in common."""
    one_feed = not old.feeds or not new.feeds or bool(set(old.feeds) & set(new.feeds))
    return Comparison(
        link=_link(old, new),
        guid=_relation(_named(old, "guid:"), _named(new, "guid:")),
        title=fuzz.token_set_ratio(fold(old.title), fold(new.title)),
        ordered=fuzz.ratio(fold(old.title), fold(new.title)),
        text=_shared_words(old.text, new.text),
        gap=abs(old.published - new.published) if old.published and new.published else None,
        together=bool(new.capture) and new.capture in (old.capture, *(form.capture for form in old.forms)),
        one_feed=one_feed,
    )


def known_as(
    new: Article,
    owners: Mapping[str, str],
    stored: Mapping[str, Article],
    apart: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> Recognised | None:
    """The article that `new` is a form of; None for one that was never seen.

    Args:
        new: As it was normalized; its keys are tried strongest first.
        owners: Article id by key, for those of its `lookup_keys` that are known.
        stored: The articles of these ids, and those that a person told apart from them.
        apart: For an article's id, the ids of those that a person told apart from it. There link and guid
            alone prove nothing, and the most similar article is tried first.
    """
    for key in _named(new, CURRENT):
        owner = owners.get(key) or owners.get(former_key(key))
        if owner is not None:
            return Recognised(owner, "it came before in this very form", plain=True)
    shared = bool(new.url) and shared_key(new.url) in owners
    names = list(dict.fromkeys(owners[key] for key in new.keys if key in owners))
    told = dict.fromkeys(each for name in names for each in (name, *sorted(apart.get(name, ()))))
    names = [name for name in told if name in stored]
    if len(names) > 1 and any(name in apart for name in names):
        names.sort(key=lambda name: _likeness(compare(stored[name], new)), reverse=True)
    for name in names:
        seen = compare(stored[name], new)
        if name in apart and not seen.alike:
            continue
        because = _same(stored[name], new, seen, shared=shared)
        if because:
            plain = seen.link == "same" and seen.guid != "other"
            return Recognised(name, because, plain)
    return None


def _likeness(seen: Comparison) -> tuple[float, float]:
    return (seen.text or 0.0), seen.ordered


def own_key(new: Article, owners: Mapping[str, str]) -> str:
    """The strongest key of a new article that no other article has; its id is derived from it."""
    for key in new.keys:
        if key not in owners and not key.startswith("number:"):
            return key
    return "|".join(new.keys)


def shares_link(new: Article, owners: Mapping[str, str]) -> bool:
    """Whether a new article has the link of another: from now on that link alone tells nothing."""
    return bool(new.url) and link_key(new.url) in owners


def _same(old: Article, new: Article, seen: Comparison, *, shared: bool) -> str:
    """Why they are one article, or ""."""
    if seen.link == "same":
        if seen.guid == "same":
            return _one_link_one_guid(seen)
        if seen.guid == "other":
            return _one_link_two_guids(old, seen, shared=shared)
        return _one_link(new, seen, shared=shared)
    if seen.guid == "same":
        return _one_guid(seen)
    return _other_keys(old, new, seen)


def _one_link_one_guid(seen: Comparison) -> str:
    if seen.other_text and seen.another_day and (seen.same_title or not seen.alike):
        return ""  # a column of each day, or a guid and link that are given out again
    return "link and guid are the same"


def _one_link_two_guids(old: Article, seen: Comparison, *, shared: bool) -> str:
    if seen.same_title and seen.same_text and not seen.another_day:
        return "link, title and text are the same; the guid changed"
    if shared or seen.together:
        return ""
    if not seen.one_feed and seen.alike:
        return "the link is the same, title or text alike; the guid is of another feed"
    if seen.alike and (not seen.another_date or _names(old.url, old.title)):
        return "the link is the same, title or text alike; the guid changed"
    return ""


def _one_link(new: Article, seen: Comparison, *, shared: bool) -> str:
    column = seen.same_title and seen.other_text and seen.another_day
    if column or (seen.together and not seen.same_title):
        return ""
    if shared:
        return "link, and title or text, are the same" if seen.same_title or seen.same_text else ""
    if seen.alike:
        return "the link is the same, title or text alike"
    if is_withdrawal(new.title, new.text):
        return "the link is the same, and the notice takes the article back"
    return "" if seen.another_date else "the link is the same, and no other date or guid speaks against it"


def _one_guid(seen: Comparison) -> str:
    if seen.same_title and seen.other_text and seen.another_day:
        return ""
    if seen.link == "other" and seen.together and not (seen.same_title and seen.same_text):
        return ""
    if seen.title >= _ALIKE_TITLES:
        return "the guid is the same, the titles alike"
    return "guid and text are the same; the title changed" if seen.same_text else ""


def _other_keys(old: Article, new: Article, seen: Comparison) -> str:
    number = link_number(new.url)
    numbered = number and number == link_number(old.url) and _site(old) == _site(new)
    if numbered and not seen.another_day and seen.alike and (seen.same_title or not seen.together):
        return f"the links end in the same number {number}, title or text alike"
    if not set(_named(old, "text:")) & set(_named(new, "text:")):
        return ""
    if seen.link == "unknown":
        alike = seen.title >= _ALIKE_TITLES or not new.title or not old.title
        return "the text is the same, one has no link" if alike else ""
    if seen.title >= _ALIKE_TITLES and not seen.another_day and _may_be_copies(old, new):
        return "text and title are the same under another link"
    return ""


def _may_be_copies(old: Article, new: Article) -> bool:
    """Whether two links to one text lead to one article, and not to a wall before every page of a site."""
    if _site(old) != _site(new):
        return True
    tails = [urlsplit(each.url).path.rstrip("/").rpartition("/")[2] for each in (old, new)]
    if tails[0] and tails[0] == tails[1] and not urlsplit(new.url).query:
        return True
    return _names(old.url, old.title) and _names(new.url, new.title)


def _names(url: str, title: str) -> bool:
    """Whether the last part of a link has a word of the title: then it was made for this article."""
    words = set(_words(title))
    return any(word in words for word in _words(urlsplit(url).path.rstrip("/").rpartition("/")[2]))


def _words(text: str) -> list[str]:
    letters = "".join(char if char.isalnum() else " " for char in fold(text))
    return [word for word in letters.split() if len(word) >= _WORD_LETTERS and not word.isdigit()]


def _shared_words(old: str, new: str) -> float | None:
    if old == new and old:
        return 1.0
    one, two = set(_words(old[:_TEXT_CHARS])), set(_words(new[:_TEXT_CHARS]))
    if min(len(one), len(two)) < _TEXT_WORDS:
        return None
    return len(one & two) / min(len(one), len(two))


def _site(article: Article) -> str:
    return registrable_domain(host_of(article.url))


def _named(article: Article, kind: str) -> list[str]:
    return [key for key in article.keys if key.startswith(kind)]


def _link(old: Article, new: Article) -> Relation:
    if old.url and old.url == new.url:
        return "same"
    return _relation(_named(old, "url:"), _named(new, "url:"))


def _relation(old: Sequence[str], new: Sequence[str]) -> Relation:
    if not old or not new:
        return "unknown"
    return "same" if set(old) & set(new) else "other"
