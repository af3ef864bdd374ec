"""What becomes of an article that comes again in another form."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipeline.normalize.identity.keys import CURRENT, FORMER, former_key
from pipeline.normalize.identity.recognise import compare
from pipeline.normalize.identity.withdrawal import is_withdrawal
from pipeline.records import Article, Form

# A text below this share of the length of the one we have, with this share of its own words in it, is a
# teaser: the full text stays.
_TEASER_SHARE: Final = 0.6
_TEASER_WORDS: Final = 0.6
# How many raw items and forms are kept of the ways in which an article came.
_RAW_KEPT: Final = 32
_FORMS_KEPT: Final = 16


def _united(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    return old + tuple(value for value in new if value not in old)


def first_met(new: Article) -> Article:
    """A new article with the form that it came in."""
    raw = [key for key in new.keys if key.startswith(CURRENT)]
    return replace(new, forms=tuple(_form(key, new, "", new.digest) for key in raw))


def _feed(new: Article) -> str:
    return new.feeds[0] if new.feeds else ""


def _form(key: str, new: Article, because: str, digest: str) -> Form:
    return Form(key, _feed(new), new.url, new.fetched, new.capture, because, new.text_from, digest)


def revise(old: Article, new: Article, because: str = "") -> Article:
    """The article after it came again: identity, first dates and sequence stay, content follows the source.

    The result has the `version` of `old` when neither title nor text has changed; then only its ways in
    (`keys`, `feeds`, `raw`, `forms`) may have grown, and a missing date may have come. Another date alone
    makes no version, because some feeds write the time of each poll. Earlier content comes back when the feed
    that replaced it sends it again; it is not taken for a teaser then, however short it is.

    Args:
        old: As it is stored.
        new: The same article as it came now, with any id.
        because: Why it was recognised, to be kept with the form.

    Returns:
        `old` with what `new` brings. That is nothing when this very form was taken from this very capture
        before, as happens when a batch is done again after a crash.
    """
    feed = _feed(new)
    if _met_already(old, new, feed):
        return old
    teaches = _teaches(old, new, feed)
    withdrawn = is_withdrawal(new.title, new.text) and not is_withdrawal(old.title, old.text)
    teaser = teaches and not withdrawn and not _returns(old, new, feed) and _is_teaser(old, new)
    has_its_text = new.digest == old.digest or (teaches and not teaser)
    old = _met(old, new, feed, because, new.digest if has_its_text else "")
    if not teaches:
        return old
    title, text = new.title or old.title, old.text if teaser else new.text
    if (title, text) == (old.title, old.text):
        return _dated(old, new)
    dated = old.published is None and new.published is not None
    return replace(
        _dated(old, new),
        title=title,
        text=text,
        text_from=old.text_from if teaser else new.text_from,
        removed=old.removed if teaser else new.removed,
        updated=new.published
        if new.published and new.published != old.published and not dated
        else old.updated,
        authors=new.authors or old.authors,
        agency=new.agency or old.agency,
        dateline=new.dateline or old.dateline,
        sections=new.sections or old.sections,
        page_types=new.page_types or old.page_types,
        url=old.url or new.url,
        link=old.link or new.link,
        digest=new.digest,
        earlier=_united(old.earlier, (old.digest,)),
        version=old.version + 1,
        revised=new.fetched,
        revised_by=feed,
        withdrawn=(old.withdrawn or new.fetched) if is_withdrawal(new.title, new.text) else None,
    )


def _met_already(old: Article, new: Article, feed: str) -> bool:
    # The time counts too: the id of a file's capture has none, and loading a file again may undo an edit.
    taken = (feed, new.capture, new.fetched)
    met = {form.key for form in old.forms if (form.feed, form.capture, form.at) == taken}
    raw = {key for key in new.keys if key.startswith(CURRENT)}
    return bool(new.capture) and bool(raw) and raw <= met


def _met(old: Article, new: Article, feed: str, because: str, digest: str) -> Article:
    """The article with one more way in; the form that its feed had before becomes a former one."""
    raw = [key for key in new.keys if key.startswith(CURRENT)]
    replaced = {form.key for form in old.forms if form.feed == feed and form.key} - set(raw)
    keys = [former_key(key) if key in replaced else key for key in old.keys]
    keys = [key for key in keys if key not in {former_key(each) for each in raw}]
    forms = [form for form in old.forms if form.key not in raw]
    # A form that comes again was recognised by its first reason, not by having been there.
    reasons = {form.key: form.because for form in old.forms}
    forms += [_form(key, new, reasons.get(key, because), digest) for key in raw]
    kept = tuple(forms[-_FORMS_KEPT:])
    known = {form.key for form in kept} | {former_key(form.key) for form in kept}
    ways = (CURRENT, FORMER)
    united = _united(tuple(keys), new.keys)
    return replace(
        old,
        keys=tuple(key for key in united if not key.startswith(ways) or key in known or not old.forms),
        feeds=_united(old.feeds, new.feeds),
        raw=_united(old.raw, new.raw)[-_RAW_KEPT:],
        forms=kept,
    )


def _teaches(old: Article, new: Article, feed: str) -> bool:
    """Whether the content follows this form: it is new, or earlier and from the feed that replaced it."""
    if new.digest == old.digest:
        return False
    return new.digest not in old.earlier or feed == old.revised_by


def _returns(old: Article, new: Article, feed: str) -> bool:
    """Whether the source of the text returns to what it had said before itself.

    A feed's teaser after the page's text is no return, nor is what another feed had said. A feed with two
    items for the article, a short one and a long one, sends both at each poll, and returns to neither.
    """
    if not new.text_from or new.text_from != old.text_from:
        return False
    own = [form for form in old.forms if form.feed == feed]
    said = {(form.capture, form.at) for form in own if form.digest == new.digest}
    beside = {(form.capture, form.at) for form in own if form.digest != new.digest}
    return bool(said - beside)


def _is_teaser(old: Article, new: Article) -> bool:
    if len(new.text) >= _TEASER_SHARE * len(old.text):
        return False
    shared = compare(old, new).text
    return shared is None or shared >= _TEASER_WORDS


def _dated(old: Article, new: Article) -> Article:
    """The article with the new form's date, if it had none."""
    if old.published is not None or new.published is None:
        return old
    return replace(old, published=new.published, published_from=new.published_from)
