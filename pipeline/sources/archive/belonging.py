"""Whether a journal and a store belong together: a store follows one journal, and no other.

Two homes on one store would each number their own entries 1, 2, 3, …: the store would pass over those of the
one for those of the other, and neither could be replayed whole. A home whose mount is missing looks like a
new one, so an empty journal beside a store that has been written to is strange as well.
"""

from __future__ import annotations


def strangeness(own: str, last: int, named: str, applied: int) -> str:
    """What keeps a journal from being the store's.

    Args:
        own: The journal's identity; "" before it was given one.
        last: The number of its last entry; 0 when it is empty.
        named: The identity of the journal that the store follows; "" where none was noted.
        applied: The number of the entry that the store was taken to.

    Returns:
        A reason, or "" where they belong together.

    >>> strangeness("a1", 7, "a1", 7), strangeness("", 0, "", 0)
    ('', '')
    >>> strangeness("", 0, "a1", 7)
    'the store follows another journal (a1), and this home has none'
    """
    if named and not own and not last:
        return f"the store follows another journal ({named}), and this home has none"
    if named and named != own:
        return f"the store follows another journal ({named}) than this home's ({own or 'of no name'})"
    if applied > last:
        return f"the store was taken to journal entry {applied}, and this home's journal ends at {last}"
    return ""
