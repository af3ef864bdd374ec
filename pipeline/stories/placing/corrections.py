"""A person's corrections as must-link and cannot-link between articles (Wagstaff et al. 2001).

Articles that a "merge" names belong together, and so do all that are linked through others: a component.
A "split" keeps the components of its groups apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.errors import ContradictionError
from pipeline.records import Correction


class Constraints:
    """What persons have said, ready to be asked.

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
        for correction in corrections:
            if correction.kind == "merge":
                self._merge(correction)
        for correction in corrections:
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
            merges = ", ".join(self._merged_by.get(both[0], [])) or "itself"
            raise ContradictionError(
                f"correction {correction.id} splits what {merges} merged (article {article}); "
                "undo one of the two"
            )
        for one in group:
            for two in other:
                self._apart.setdefault(one, {}).setdefault(two, correction.id)
                self._apart.setdefault(two, {}).setdefault(one, correction.id)
