"""What becomes of an article that comes again in another form."""

from __future__ import annotations

from dataclasses import replace

from pipeline.records import Article

# A text below this share of the one we have is a teaser of it, not an edit: the full text stays.
_TEASER_SHARE = 0.6


def _united(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    return old + tuple(value for value in new if value not in old)


def revise(old: Article, new: Article) -> Article:
    """The article after it came again: identity, first dates and sequence stay, content follows the source.

    The result has the `version` of `old` when nothing that a reader sees has changed; then only its ways in
    (`keys`, `feeds`, `raw`) may have grown.

    Args:
        old: As it is stored.
        new: The same article as it came now, with any id.

    Returns:
        `old` with what `new` brings.
    """
    old = replace(
        old,
        keys=_united(old.keys, new.keys),
        feeds=_united(old.feeds, new.feeds),
        raw=_united(old.raw, new.raw),
    )
    if new.digest == old.digest or new.digest in old.earlier:
        return old
    teaser = len(new.text) < _TEASER_SHARE * len(old.text)
    dated = old.published is None and new.published is not None
    return replace(
        old,
        title=new.title or old.title,
        text=old.text if teaser else new.text,
        removed=old.removed if teaser else new.removed,
        published=new.published if dated else old.published,
        published_from=new.published_from if dated else old.published_from,
        updated=new.published
        if new.published and new.published != old.published and not dated
        else old.updated,
        authors=new.authors or old.authors,
        agency=new.agency or old.agency,
        dateline=new.dateline or old.dateline,
        url=old.url or new.url,
        digest=new.digest,
        earlier=_united(old.earlier, (old.digest,)),
        version=old.version + 1,
    )
