"""A person's corrections as must-link and cannot-link between articles (Wagstaff et al. 2001).

Articles that a "merge" names belong together, and so do all that are linked through others: a component.
A "split" keeps the components of its groups apart. An "undo" takes another correction back, an undo too.
"tie" and "untie" say which situation whole stories belong to: see `stories/situations/person_ties.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from pipeline.errors import ContradictionError
from pipeline.records import Correction, content_id


def taken_back(corrections: Sequence[Correction]) -> dict[str, str]:
    """The ids of the corrections that are not in force, each with the id of the undo that took it back.

    An undo names something that was said before it. So reading from the last to the first shows for each undo
    whether it is in force itself.

    Args:
        corrections: Oldest first.
    """
    found: dict[str, str] = {}
    for correction in reversed(corrections):
        if correction.kind == "undo" and correction.id not in found:
            found.setdefault(correction.of, correction.id)
    return found


def in_force(corrections: Sequence[Correction]) -> list[Correction]:
    """The corrections that nobody has taken back, without the undos.

    Args:
        corrections: Oldest first.
    """
    undone = taken_back(corrections)
    return [each for each in corrections if each.kind != "undo" and each.id not in undone]


def origin_of(correction: Correction, corrections: Sequence[Correction]) -> Correction:
    """The correction that an undo is about in the end; itself for any other correction.

    Raises:
        ContradictionError: It leads to no correction that is kept.
    """
    known = {each.id: each for each in corrections}
    passed: set[str] = set()
    while correction.kind == "undo":
        if correction.id in passed or correction.of not in known:
            raise ContradictionError(
                f"correction {correction.id} takes back {correction.of}, which is not kept", (correction.id,)
            )
        passed.add(correction.id)
        correction = known[correction.of]
    return correction


def named(correction: Correction) -> Correction:
    """The correction with an id that is derived from what it says and when."""
    at = correction.at.isoformat()
    groups = ("|".join(group) for group in correction.groups)
    return replace(correction, id=content_id("correction", correction.kind, correction.of, at, *groups))


def said_already(known: Sequence[Correction], correction: Correction) -> bool:
    """Whether saying it again would change nothing that is in force."""
    if correction.kind == "undo":
        return correction.of in taken_back(known)
    same = [each.kind == correction.kind and each.groups == correction.groups for each in in_force(known)]
    if correction.kind in ("tie", "untie") and any(same):
        # The last word on a story counts, so what was said between would be overruled.
        articles = _articles(correction)
        since = in_force(known)[len(same) - same[::-1].index(True) :]
        return not any(
            each.kind in ("tie", "untie") and not articles.isdisjoint(_articles(each)) for each in since
        )
    return any(same)


def _articles(tie: Correction) -> set[str]:
    """The articles of the stories that a word on situations is about."""
    return {article for group in tie.groups[:-1] for article in group}


def said_after(known: Sequence[Correction], correction: Correction) -> Correction:
    """The correction dated after all known ones, even where another machine's clock is ahead."""
    last = max((each.at for each in known), default=None)
    if last is None or correction.at > last:
        return correction
    return named(replace(correction, at=last + timedelta(microseconds=1)))


class Constraints:
    """What persons have said and not taken back, ready to be asked.

    Args:
        corrections: Oldest first.

    Raises:
        ContradictionError: Two of them cannot both hold.
    """

    def __init__(self, corrections: Sequence[Correction] = ()) -> None:
        self._parent: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self._apart: dict[str, dict[str, str]] = {}
        self._merged_by: dict[str, list[str]] = {}
        said = in_force(corrections)
        # Articles that a person told apart: each with the keys of the forms that are not its own.
        self.told_apart = [(each.groups[0][0], each.groups[1]) for each in said if each.kind == "apart"]
        for correction in said:
            if correction.kind == "merge":
                self._merge(correction)
        for correction in said:
            if correction.kind == "split":
                self._split(correction)

    def __bool__(self) -> bool:
        return bool(self._parent)

    def together(self, article: str) -> list[str]:
        """The articles that must be in one story with this one, sorted, without itself."""
        root = self._find(article)
        return [a for a in self._members.get(root, ()) if a != article]

    def apart(self, article: str) -> list[str]:
        """The articles that must not be in one story with this one, sorted."""
        roots = self._apart.get(self._find(article), {})
        return sorted(a for root in roots for a in self._members.get(root, [root]))

    def forbids(self, article: str, members: Iterable[str]) -> str:
        """The id of a correction that keeps an article out of a story with these members, or ""."""
        roots = self._apart.get(self._find(article))
        if roots:
            for member in members:
                correction = roots.get(self._find(member))
                if correction:
                    return correction
        return ""

    def _find(self, article: str) -> str:
        parent = self._parent
        root = article
        while parent.get(root, root) != root:
            root = parent[root]
        while parent.get(article, article) != root:
            parent[article], article = root, parent[article]
        return root

    def _add(self, article: str) -> str:
        if article not in self._parent:
            self._parent[article] = article
            self._members[article] = [article]
        return self._find(article)

    def _merge(self, correction: Correction) -> None:
        roots = sorted({self._add(article) for group in correction.groups for article in group})
        if not roots:
            return
        first = roots[0]
        for root in roots[1:]:
            self._parent[root] = first
            self._members[first] += self._members.pop(root)
            self._merged_by.setdefault(first, []).extend(self._merged_by.pop(root, []))
        self._members[first].sort()
        self._merged_by.setdefault(first, []).append(correction.id)

    def _split(self, correction: Correction) -> None:
        groups = [sorted({self._add(article) for article in group}) for group in correction.groups]
        for position, group in enumerate(groups):
            for other in groups[position + 1 :]:
                self._keep_apart(group, other, correction)

    def _keep_apart(self, group: list[str], other: list[str], correction: Correction) -> None:
        both = sorted(set(group) & set(other))
        if both:
            article = self._members[both[0]][0]
            merges = self._merged_by.get(both[0]) or [correction.id]
            raise ContradictionError(
                f"correction {correction.id} splits what {', '.join(merges)} merged (article {article}); "
                f"`wirewatch corrections undo {merges[-1]}` takes one of them back",
                (correction.id, *merges),
            )
        for one in group:
            for two in other:
                self._apart.setdefault(one, {}).setdefault(two, correction.id)
                self._apart.setdefault(two, {}).setdefault(one, correction.id)
