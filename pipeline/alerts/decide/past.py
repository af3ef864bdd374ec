"""Articles and stories as they were at a change: what is stored now, with what came later undone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from pipeline.ports import Version
from pipeline.records import Change, EnrichedArticle, StoredArticle


class Past:
    """Undoes edits and moves.

    Args:
        amendments: The edits and moves since the earliest change that is asked for, by number.
        versions: Gives the earlier versions of an article, oldest first.
    """

    def __init__(self, amendments: Sequence[Change], versions: Callable[[str], Sequence[Version]]) -> None:
        self._edits: dict[str, list[int]] = {}
        self._moves: dict[str, list[Change]] = {}
        self._left: dict[str, dict[str, None]] = {}
        for change in amendments:
            if change.kind == "edit":
                self._edits.setdefault(change.article, []).append(change.n)
            elif change.kind == "move":
                self._moves.setdefault(change.article, []).append(change)
                self._left.setdefault(change.former, {})[change.article] = None
        self._versions = versions
        self._earlier: dict[tuple[str, int], EnrichedArticle] = {}
        self._shown: dict[tuple[str, int, str], tuple[StoredArticle, StoredArticle]] = {}

    def left(self, story: str) -> tuple[str, ...]:
        """The articles that have ever left a story."""
        return tuple(self._left.get(story, ()))

    def is_current(self, article: str, n: int) -> bool:
        """Whether an article's content was at change `n` what it is now."""
        return not any(edit > n for edit in self._edits.get(article, ()))

    def story(self, stored: StoredArticle, n: int) -> str:
        """The story that an article was in at change `n`."""
        moves = self._moves.get(stored.enriched.article.id, ())
        return next((move.former for move in moves if move.n > n), stored.story)

    def article(self, stored: StoredArticle, n: int) -> StoredArticle:
        """An article as it was at change `n`; the same object for the same answer."""
        name, story = stored.enriched.article.id, self.story(stored, n)
        undone = sum(edit > n for edit in self._edits.get(name, ()))
        if not undone and story == stored.story:
            return stored
        key = (name, undone, story)
        if key not in self._shown or self._shown[key][0] is not stored:
            enriched = self._before(stored, undone) if undone else stored.enriched
            self._shown[key] = (stored, replace(stored, enriched=enriched, story=story))
        return self._shown[key][1]

    def members(self, story: str, candidates: Iterable[StoredArticle], at: Change) -> list[StoredArticle]:
        """The members that a story had just after a change, by ingest sequence.

        Args:
            story: Its id.
            candidates: Articles that are in it now or left it since, by ingest sequence.
            at: The change.
        """
        return [
            self.article(each, at.n)
            for each in candidates
            if each.seq <= at.seq and self.story(each, at.n) == story
        ]

    def _before(self, stored: StoredArticle, undone: int) -> EnrichedArticle:
        key = (stored.enriched.article.id, undone)
        if key not in self._earlier:
            versions = self._versions(key[0])
            if not versions:  # retention may have taken them
                return stored.enriched
            version = versions[max(0, len(versions) - undone)]
            self._earlier[key] = EnrichedArticle(version.article, version.entities, version.topics)
        return self._earlier[key]
