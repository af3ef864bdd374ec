"""Where a link leads: through a tracker or redirector to the article's own address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from rapidfuzz import fuzz

from pipeline.domains import registrable_domain
from pipeline.normalize.identity.urls import canonical_url, credible_canonical, host_of, is_front_page
from pipeline.normalize.plaintext.page import read_page
from pipeline.text import fold

# A page with a title this similar (0 to 100) is its item's; login pages and other articles are far below.
_ALIKE_TITLES: Final = 60.0
# A page comes for desktops, for phones, as AMP and for print; what comes in more forms is no article.
_FORMS: Final = 4


def article_url(link: str, found: str, claimed: str, home: str, *, same: bool) -> str:
    """The canonical address of an article.

    The address at which its page was found after redirects is believed when the page is the item's. What that
    page claims is believed when it is on the outlet's own site, or is the same path on another host, as in a
    cache.

    Args:
        link: As the source wrote it.
        found: Where its page was found, or "".
        claimed: What the page names as its address, or "".
        home: The site that the source names as its own, or "".
        same: Whether the page is that of the item (`is_page_of`).
    """
    url, landed = canonical_url(link), canonical_url(found)
    if not same or not landed or landed == url or is_front_page(landed):
        return credible_canonical(claimed, url)
    canonical = canonical_url(claimed)
    if canonical and not is_front_page(canonical):
        own_site = registrable_domain(host_of(canonical)) == registrable_domain(host_of(canonical_url(home)))
        same_place = urlsplit(canonical)[2:4] == urlsplit(landed)[2:4]
        if own_site or same_place:
            return canonical
    return credible_canonical(claimed, landed)


def are_one_page(pages: Mapping[str, str]) -> bool:
    """Whether pages are forms of one page, such as AMP or mobile: all claim one address, one of theirs.

    Args:
        pages: HTML, by the link that a feed gave.
    """
    if len(pages) > _FORMS:
        return False
    links = {canonical_url(link): read_page(page).canonical for link, page in pages.items()}
    named = {credible_canonical(claimed, link) for link, claimed in links.items()}
    return len(named) == 1 and named <= links.keys()


def is_page_of(title: str, page_title: str) -> bool:
    """Whether a page's headline is that of an item; False where either has none.

    >>> is_page_of("Dam opened in steps", "Dam opened in steps - Echo"), is_page_of("Dam opened", "Log in")
    (True, False)
    """
    if not title.strip() or not page_title.strip():
        return False
    return fuzz.token_set_ratio(fold(title), fold(page_title)) >= _ALIKE_TITLES
