"""The clustering state of a run: rebuilt from the store, kept while the run lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pipeline.ports import Store
from pipeline.records import Article, Decision, StoredArticle, Story
from pipeline.stories.assign import assign
from pipeline.stories.constraints import Constraints
from pipeline.stories.facts import tell
from pipeline.stories.index import StoryIndex
from pipeline.stories.scorer import Scorer
from pipeline.stories.traits import Member, Traits


class Clustering:
    """The stories that new articles may join.

    Args:
        store: Read when the state is rebuilt.
        scorer: Says how well an article fits a story.
        window: A story is a candidate while it has an article within this distance of the new one.
    """

    def __init__(self, store: Store, scorer: Scorer, window: timedelta) -> None:
        self._store = store
        self._scorer = scorer
        self._window = window
        self._constraints = Constraints.of(store.corrections())
        self._covered: tuple[datetime, datetime] | None = None
        self._head = store.head()
        self.index = StoryIndex(window.total_seconds())

    def cover(self, articles: Sequence[Article]) -> None:
        """Makes sure that every story within the window of these articles is in the index.

        A rebuild takes one window more on either side, so that a long run in order of time seldom needs one.
        What lies beyond an article's own window is never a candidate for it, so more does no harm.
        """
        times = [article.time for article in articles]
        start, end = min(times) - self._window, max(times) + self._window
        if self._covered and self._covered[0] <= start and end <= self._covered[1]:
            return
        self._covered = (start, end + self._window)
        self.index = StoryIndex(self._window.total_seconds())
        for row in self._store.active(*self._covered):
            self.index.add(Member(row.article, row.seq, Traits.from_bytes(row.traits)), row.story)

    def assign(self, article: str, traits: Traits) -> tuple[Decision, int]:
        """Decides on the next article and takes it into the index; returns its sequence number too."""
        self._head += 1
        member = Member(article, self._head, traits)
        decision = assign(member, self.index, self._scorer, self._constraints)
        self.index.add(member, decision.story)
        return decision, self._head

    def told(self, touched: Mapping[str, int], changed: Mapping[str, StoredArticle]) -> tuple[Story, ...]:
        """Stories as they are now.

        Args:
            touched: By story id, how many changes it has seen since it was stored.
            changed: Articles that are newer than the store's, by id.
        """
        before = self._store.stories(sorted(touched))
        members = {story: [m.article for m in self.index.members(story)] for story in sorted(touched)}
        missing = sorted({a for ids in members.values() for a in ids} - set(changed))
        articles = self._store.articles(missing) | dict(changed)
        return tuple(
            tell(
                story,
                [articles[name] for name in names],
                version=touched[story] + (before[story].version if story in before else 0),
            )
            for story, names in members.items()
            if names
        )
