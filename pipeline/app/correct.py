"""A person's word: previewed, journalled, carried out at once, kept until the person takes it back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from pipeline.app.read import Read, StoriesFound
from pipeline.app.wiring import Wiring, the_one
from pipeline.errors import NotFoundError, StoreError, UsageError
from pipeline.ports import Lease
from pipeline.records import Article, Correction, Form, JournalEntry, StoredArticle, Story, WatchState
from pipeline.stories.placing.corrections import (
    Constraints,
    in_force,
    named,
    origin_of,
    said_after,
    taken_back,
)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person's word would change; nothing is changed yet.

    Attributes:
        before, after: The stories it touches, as they are and as they would be, oldest first.
        articles: Their articles by id.
        moved: For each article that would move: its id, from which story, into which, and whether the person
            named it; the others move in consequence.
        told: What watches know of these stories; it goes on in the stories that take over. What moves is a
            change: the next alert run asks the watches about these stories, and one that matches now tells.
        waiting: How many changes no alert run has looked at yet; they are looked at before anything moves.
    """

    before: list[Story]
    after: list[Story]
    articles: Mapping[str, StoredArticle]
    moved: list[tuple[str, str, str, bool]]
    told: list[WatchState]
    waiting: int


class Correct:
    """What a person says on stories, and the machine's own mending.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._read = Read(wiring)

    # -- what is to be said ------------------------------------------------------------------------------

    def merging(self, names: Sequence[str], note: str = "", who: str = "") -> Correction:
        """That stories are one; not said yet.

        Raises:
            UsageError: Fewer than two different stories are named.
        """
        groups = merged_groups([self._read.current(name)[0] for name in names])
        return named(Correction("", "merge", groups, self._wiring.clock(), note, who=who))

    def splitting(self, name: str, articles: Sequence[str], note: str = "", who: str = "") -> Correction:
        """That articles do not belong to a story; not said yet.

        Raises:
            UsageError: An article is not in the story, or nothing would stay in it.
        """
        out = {self._read.stored(a).enriched.article.id for a in articles}
        groups = split_groups(self._read.current(name)[0], out)
        return named(Correction("", "split", groups, self._wiring.clock(), note, who=who))

    def telling_apart(self, name: str, forms: Sequence[str], note: str = "", who: str = "") -> Correction:
        """That forms that were taken for an article are another one; not said yet.

        Args:
            name: The article.
            forms: Of each form its link, or the beginning of its item, as `wirewatch why` shows them.
            note: Why.
            who: Whose word it is.

        Raises:
            UsageError: The article did not come in such a form, or several are meant, or the form is the one
                that it came in first.
        """
        article = self._read.stored(name).enriched.article
        chosen = sorted({_form_of(article, form).key for form in forms})
        return named(
            Correction("", "apart", ((article.id,), tuple(chosen)), self._wiring.clock(), note, who=who)
        )

    def told_apart(self, name: str) -> list[tuple[str, str]]:
        """The articles that a person told apart from one, each with the correction that says so."""
        store, found = self._wiring.store, []
        for said in (each for each in in_force(store.corrections()) if each.kind == "apart"):
            owners = set(self._formed(said).values())
            pair = {said.groups[0][0], *owners}
            if name in pair:
                found += [(other, said.id) for other in sorted(pair - {name})]
        return found

    def _formed(self, said: Correction) -> dict[str, str]:
        """For the forms that were told apart, the articles that they are now."""
        from pipeline.normalize.identity.keys import former_key

        return self._wiring.store.find([*said.groups[1], *map(former_key, said.groups[1])])

    def undoing(self, name: str, note: str = "", who: str = "") -> Correction:
        """That a correction is taken back, or that one that was taken back holds again; not said yet.

        Args:
            name: The correction's id, or the beginning of it; that of an undo says again what it took back.
            note: Why.
            who: Whose word it is.

        Raises:
            NotFoundError: There is none with this id.
            UsageError: Several ids begin so, or it is taken back already.
        """
        known = self._wiring.store.corrections()
        found = {each.id: each for each in known if name and each.id.startswith(name)}
        whole = the_one("corrections", name, sorted(found))
        if whole is None:
            raise NotFoundError(
                f"correction {name}: no correction has this id; `wirewatch corrections list` lists them"
            )
        target = found[whole]
        undo = taken_back(known).get(target.id)
        if undo:
            raise UsageError(
                f"correction {target.id} is taken back already; "
                f"`wirewatch corrections undo {undo}` says it again"
            )
        groups = origin_of(target, known).groups
        return named(Correction("", "undo", groups, self._wiring.clock(), note, target.id, who))

    def belonging(self, name: str, story: str, note: str = "", who: str = "") -> list[Correction]:
        """That an article belongs to another story: it leaves the one it is in, and is joined with that one.

        Raises:
            UsageError: It is in that story already.
        """
        article, target = self._read.stored(name), self._read.current(story)[0]
        one, home = article.enriched.article.id, self._read.current(article.story)[0]
        if home.id == target.id:
            raise UsageError(f"article {one} is in story {target.id} already")
        at, rest = self._wiring.clock(), tuple(sorted(set(home.members) - {one}))
        joined = Correction("", "merge", (tuple(sorted(target.members)), (one,)), at, note, who=who)
        parted = Correction("", "split", ((one,), rest), at, note, who=who)
        return [named(each) for each in ((parted, joined) if rest else (joined,))]

    def tying(self, name: str, into: str, note: str = "", who: str = "") -> Correction:
        """That a story belongs to a situation; not said yet.

        Args:
            name: The story.
            into: The situation, or a story of it; a story that is alone begins one.
            note: Why.
            who: Whose word it is.

        Raises:
            UsageError: It belongs to it already, or both are one story, or the id means two situations.
            NotFoundError: There is no such story or situation.
        """
        story = self._read.current(name)[0]
        situation, other = self._read.affair(into)
        if other is not None and other.id == story.id:
            raise UsageError("tie needs the ids of two different stories")
        if story.situation == situation:
            raise UsageError(f"story {story.id} belongs to situation {situation} already")
        stories = [story] if other is None or other.situation else [story, other]
        groups = (*(tuple(sorted(each.members)) for each in stories), (situation,))
        return named(Correction("", "tie", groups, self._wiring.clock(), note, who=who))

    def untying(self, name: str, note: str = "", who: str = "") -> Correction:
        """That a story does not belong to its situation; not said yet.

        Raises:
            UsageError: It is in none.
        """
        story = self._read.current(name)[0]
        if not story.situation:
            raise UsageError(f"story {story.id} is in no situation")
        groups = (tuple(sorted(story.members)), (story.situation,))
        return named(Correction("", "untie", groups, self._wiring.clock(), note, who=who))

    # -- saying it ---------------------------------------------------------------------------------------

    def merge(self, names: Sequence[str], note: str = "", who: str = "") -> StoriesFound:
        """Joins stories, until the merge is undone.

        Raises:
            UsageError: Fewer than two different stories are named.
            ContradictionError: A split that a person made keeps them apart.
        """
        return self.say(self.merging(names, note, who))

    def split(self, name: str, articles: Sequence[str], note: str = "", who: str = "") -> StoriesFound:
        """Takes articles out of a story, into one of their own, until the split is undone.

        Raises:
            UsageError: An article is not in the story, or nothing would stay in it.
            ContradictionError: A merge that a person made keeps them together.
        """
        return self.say(self.splitting(name, articles, note, who))

    def tie(self, name: str, into: str, note: str = "", who: str = "") -> StoriesFound:
        """Brings a story into a situation, until that is undone or a person says otherwise.

        Raises:
            UsageError: It is there already.
        """
        return self.say(self.tying(name, into, note, who))

    def untie(self, name: str, note: str = "", who: str = "") -> StoriesFound:
        """Takes a story out of its situation, until that is undone or a person says otherwise.

        Raises:
            UsageError: It is in none.
        """
        return self.say(self.untying(name, note, who))

    def undo(self, name: str, note: str = "", who: str = "") -> StoriesFound:
        """Takes a correction back; see `undoing`.

        Raises:
            NotFoundError: There is none with this id.
            UsageError: It is taken back already.
            ContradictionError: What an undo took back contradicts what a person said since.
        """
        return self.say(self.undoing(name, note, who))

    def say(self, correction: Correction) -> StoriesFound:
        """Journals a person's word and carries it out; what holds already is not said twice.

        Returns:
            The stories that hold the articles it names, oldest first, and their articles by id.

        Raises:
            ContradictionError: What a person said before and did not take back contradicts it.
        """
        from pipeline.app.journal import writing

        with writing(self._wiring) as writer:
            writer.ready().say(correction)
        names = [a for group in correction.groups for a in group]
        from pipeline.stages.grouping.telling_apart import is_about_identity

        if is_about_identity(correction, self._wiring.store.corrections()):
            names += self._formed(correction).values()
        held = self._wiring.store.articles(names)
        stories = self._wiring.store.stories(sorted({a.story for a in held.values()}))
        found = sorted(stories.values(), key=lambda s: s.first_seq)
        return found, self._wiring.store.articles([a for s in found for a in s.members])

    def check(self, corrections: Sequence[Correction]) -> None:
        """Refuses what contradicts what a person said before.

        Raises:
            ContradictionError: It does.
        """
        known = self._wiring.store.corrections()
        for each in corrections:
            known = [*known, said_after(known, each)]
        Constraints(known)

    def current(self, story: str) -> Story:
        """The story that an id, old or new, stands for.

        Raises:
            NotFoundError: No story ever had this id.
        """
        return self._read.current(story)[0]

    def preview(self, *corrections: Correction) -> Preview:
        """What a person's words would change, worked out as they would be carried out; needs no lease.

        Raises:
            ContradictionError: What a person said before and did not take back contradicts it.
        """
        from pipeline.app.journal import telling_apart
        from pipeline.stages.alerting.alert import MARK as ALERTS_MARK
        from pipeline.stages.grouping.repair import Repairing
        from pipeline.stages.grouping.state import Clustering
        from pipeline.stages.grouping.telling_apart import is_about_identity

        wiring, store = self._wiring, self._wiring.store
        clustering = Clustering(store, wiring.scorer, wiring.window, wiring.vector_center)
        repairing = Repairing(store, wiring.scorer, clustering, _no_lease)
        known = store.corrections()
        said: list[Correction] = []
        for correction in corrections:
            said.append(said_after([*known, *said], correction))
        if len(said) == 1 and is_about_identity(said[0], known):
            commit = telling_apart(wiring, store, clustering).worked_out(said[0])
        else:
            commit = repairing.worked_out(*said)
        chosen = {a for each in said for group in each.groups for a in group}
        new = {stored.enriched.article.id: stored.story for stored in commit.articles}
        old = store.articles(sorted({*chosen, *new, *commit.retired}))
        made = {story.id: story for story in commit.stories}
        touched = {stored.story for stored in old.values()} | set(made) | set(commit.ended)
        before = store.stories(sorted(touched))
        after = {**{name: s for name, s in before.items() if name not in commit.ended}, **made}
        moved = [
            (a, old[a].story, into, a in chosen)
            for a, into in new.items()
            if a in old and old[a].story != into
        ]
        members = {a for story in (*before.values(), *after.values()) for a in story.members}
        told = [state for state in store.tellings_of(sorted(before)) if state.alerts]
        waiting = store.last_change() - int(store.mark(ALERTS_MARK) or 0) if wiring.watches else 0
        articles = store.articles(sorted(members))
        # As they are; what is not there yet, as it would be.
        articles = {stored.enriched.article.id: stored for stored in commit.articles} | articles
        return Preview(_oldest(before), _oldest(after), articles, moved, told, waiting)

    def all(self) -> list[Correction]:
        """What persons have said, oldest first, whether it is in force or not."""
        return list(self._wiring.store.corrections())

    def standing_on(self, articles: Collection[str]) -> list[Correction]:
        """The corrections in force that name any of these articles, oldest first."""
        asked = set(articles)
        said = in_force(self._wiring.store.corrections())
        return [each for each in said if any(asked.intersection(group) for group in each.groups)]

    def undone(self) -> dict[str, str]:
        """The ids of the corrections that are not in force, each with the undo that took it back."""
        return taken_back(self._wiring.store.corrections())

    def homes(self, corrections: Sequence[Correction]) -> dict[str, list[str]]:
        """For each correction, the ids of the stories that hold the articles it names."""
        names = {a for each in corrections for group in each.groups for a in group}
        stored = self._wiring.store.articles(sorted(names))
        return {
            each.id: sorted({stored[a].story for group in each.groups for a in group if a in stored})
            for each in corrections
        }

    def corrected(self) -> list[StoredArticle]:
        """The articles that a merge or split in force names and that are still stored, in ingest sequence.

        Their stories are labels: what a merge named is in one story, what a split parted is not.
        """
        known = in_force(self._wiring.store.corrections())
        said = [each for each in known if each.kind in ("merge", "split")]
        names = {a for correction in said for group in correction.groups for a in group}
        return sorted(self._wiring.store.articles(sorted(names)).values(), key=lambda stored: stored.seq)

    def repair(self) -> dict[str, int]:
        """Mends recent stories; see `pipeline.stages.grouping.repair`."""
        from pipeline.app.journal import writing

        days = self._wiring.settings.stories.repair_days
        with writing(self._wiring) as writer:
            entry = JournalEntry("repair", self._wiring.clock(), data={"days": days})
            return asdict(writer.ready().mend(replace(entry, n=self._wiring.archive.append(entry))))


def _form_of(article: Article, said: str) -> Form:
    """The form that a person means by its link or item.

    Raises:
        UsageError: There is none, or there are several, or it is the first.
    """
    from pipeline.normalize.identity.urls import canonical_url

    links = {said, canonical_url(said)} if "://" in said else set()
    items = [form for form in article.forms if said and form.key.partition(":")[2].startswith(said)]
    found = [form for form in article.forms if form.url in links] or items
    if not found:
        raise UsageError(
            f"article {article.id} did not come as {said}; `wirewatch why {article.id}` lists how"
        )
    if len(found) > 1:
        names = ", ".join(form.key.partition(":")[2][:12] for form in found)
        raise UsageError(
            f"{said}: article {article.id} came in this form {len(found)} times; name an item: {names}"
        )
    if not found[0].because:
        raise UsageError(
            f"{said}: article {article.id} came in this form first; name the forms that came later"
        )
    return found[0]


def merged_groups(stories: Sequence[Story]) -> tuple[tuple[str, ...], ...]:
    """The articles of each of the stories that a merge joins.

    Raises:
        UsageError: They are fewer than two different ones.
    """
    found = {story.id: story for story in stories}
    if len(found) < 2:
        raise UsageError("merge needs the ids of two different stories")
    return tuple(tuple(sorted(story.members)) for story in found.values())


def split_groups(story: Story, out: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """The articles that a split takes out of a story, and those that stay.

    Raises:
        UsageError: None is named, one is not in the story, or nothing would stay in it.
    """
    foreign = sorted(set(out) - set(story.members))
    if foreign:
        raise UsageError(f"article {foreign[0]} is not in story {story.id}")
    rest = sorted(set(story.members) - set(out))
    if not rest:
        raise UsageError(f"all articles of story {story.id} are named; nothing would stay in it")
    if not out:
        raise UsageError(f"name the articles that are not on the event of story {story.id}")
    return tuple(sorted(out)), tuple(rest)


def _oldest(stories: Mapping[str, Story]) -> list[Story]:
    return sorted(stories.values(), key=lambda story: (story.first_seq, story.id))


def _no_lease() -> Lease:
    raise StoreError("a preview writes nothing")
