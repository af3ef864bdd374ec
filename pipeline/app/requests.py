"""What persons asked for and did not wait for: kept in the store, carried out by whoever groups next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

from pipeline.app.correct import Correct
from pipeline.app.wiring import Wiring
from pipeline.errors import NotFoundError, UsageError
from pipeline.ports import Commit
from pipeline.records import Correction, Request, RequestKind, content_id

# In one request, of stories or of names.
MOST_NAMES = 200
# What may be asked for again although it was done: a story may come and go.
_REPEATED: Final = {"retry", "undo", "apart", "tie", "untie"}
_KINDS: Final[dict[str, RequestKind]] = {kind: kind for kind in get_args(RequestKind)}


class Requests:
    """What persons asked for.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._correct = Correct(wiring)

    def words(
        self, kind: str, stories: Sequence[str], names: Sequence[str], note: str = "", who: str = ""
    ) -> list[Correction]:
        """What a person would say by a request; nothing is said yet.

        Args:
            kind: "merge" of stories, "split" of articles off a story, "move" of an article into a story,
                "apart" of forms from an article, "tie" of a story to a situation, "untie" of one from it, or
                "undo" of a correction.
            stories: Which stories; one for a split, a move, a tie and an untie, none for "apart" and "undo".
            names: The articles; an article and its forms; the situation or a story of it; or the correction.
            note: Why.
            who: Whose words they are.

        Raises:
            UsageError: It names nothing that can be done.
        """
        if max(len(stories), len(names)) > MOST_NAMES:
            raise UsageError(f"at most {MOST_NAMES} at once")
        correct, more = self._correct, (note, who)
        match kind, [*stories], [*names]:
            case "merge", [_, *_], []:
                said = [correct.merging(stories, *more)]
            case "split", [story], [_, *_]:
                said = [correct.splitting(story, names, *more)]
            case "move", [story], [name]:
                said = correct.belonging(name, story, *more)
            case "apart", [], [name, form, *forms]:
                said = [correct.telling_apart(name, [form, *forms], *more)]
            case "tie", [story], [into]:
                said = [correct.tying(story, into, *more)]
            case "untie", [story], []:
                said = [correct.untying(story, *more)]
            case "undo", [], [name]:
                said = [correct.undoing(name, *more)]
            case _:
                raise UsageError("choose two stories to merge, or articles to take out of one story")
        return said

    def file(
        self, kind: str, stories: Sequence[str], names: Sequence[str], note: str = "", who: str = ""
    ) -> Request:
        """Keeps a request; what was asked for already, and not refused, is not asked for twice.

        Args:
            kind: As for `words`, or "retry" of quarantine entries.
            stories: Which stories, each with the version that was looked at ("ID:VERSION") or as it is now.
            names: The articles, the correction or the entries.
            note: Why.
            who: Who asks.

        Raises:
            UsageError: It names nothing that can be done.
            NotFoundError: A story, an article or a correction that it names is not there.
            ContradictionError: What a person said before is against it.
        """
        if kind not in _KINDS or (kind == "retry" and not names):
            raise UsageError(
                "name what is to be done: stories, articles, a correction, or entries to try again"
            )
        looked_at, at = tuple(map(self._looked_at, stories)), self._wiring.clock()
        # Entries may be tried again, and a correction taken back, as often as somebody likes; twice is once.
        again = f"{at:%Y%m%d%H%M}" if kind in _REPEATED else ""
        identity = content_id("request", kind, *sorted(looked_at), "", *sorted(names), who, again)
        known = next((each for each in self._wiring.store.requests() if each.id == identity), None)
        if known is not None and known.state not in {"refused", "stale"}:
            return known
        said: list[Correction] = []
        if kind != "retry":  # what cannot be is refused here and not later
            said = self.words(kind, [each.rpartition(":")[0] for each in looked_at], names, note, who)
            self._correct.check(said)
        kept = Request(identity, _KINDS[kind], at, who, tuple(said), looked_at, tuple(names), note)
        self.keep(kept)
        return kept

    def _looked_at(self, story: str) -> str:
        _, colon, version = story.rpartition(":")
        if colon and version.isdigit():
            return story
        found = self._correct.current(story)
        return f"{found.id}:{found.version}"

    def one(self, name: str) -> Request:
        """A request by its id.

        Raises:
            NotFoundError: There is none.
        """
        found = next((each for each in self._wiring.store.requests() if each.id == name), None)
        if found is None:
            raise NotFoundError(f"request {name}: there is no such request")
        return found

    def open(self) -> list[Request]:
        """Those of which something will become, oldest first."""
        return self._wiring.store.requests(unfinished=True)

    def keep(self, request: Request) -> None:
        """Keeps a request in the store, in the place of an earlier state of it."""
        self._wiring.store.commit(Commit(requests=(request,)))

    def carry_out(self) -> list[Request]:
        """Carries out what is open, but for entries that are tried again.

        Returns:
            Those that were open, as they are now.
        """
        from pipeline.app.journal import writing

        before = {each.id for each in self.open()}
        with writing(self._wiring):
            pass
        return [each for each in self._wiring.store.requests() if each.id in before]
