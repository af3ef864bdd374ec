"""A person's word that some forms of an article are another one. Needs the lease "stories".

Both are made anew from the archive: the article of the forms that stay, and one that arrives now, of those
that leave. When the word is taken back, the one that arrived is merged into the other again, and removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.errors import ContradictionError, NotFoundError, PermanentError
from pipeline.normalize.identity.keys import CURRENT, FORMER, former_key, shared_key
from pipeline.normalize.identity.recognise import lookup_keys, own_key, shares_link
from pipeline.normalize.identity.revise import first_met, revise
from pipeline.ports import Archive, Commit, Embedder, Store
from pipeline.records import (
    Article,
    Capture,
    Correction,
    EnrichedArticle,
    Form,
    Lineage,
    RawItem,
    StoredArticle,
    content_id,
)
from pipeline.sources.read.payload import parse_batch
from pipeline.stages.grouping.repair import with_person_ties
from pipeline.stages.grouping.state import Clustering
from pipeline.stages.intake.preparer import Preparer, raw_key
from pipeline.stages.intake.workers import Workers
from pipeline.stories.features import features
from pipeline.stories.features.statistics import StreamStatistics
from pipeline.stories.placing.corrections import in_force, origin_of


@dataclass(frozen=True, slots=True)
class Remaking:
    """What makes articles anew from the archive.

    Attributes:
        archive: Where the captures are.
        workers: Normalize and enrich.
        embedder: Makes vectors; None leaves them out.
        max_entries: Items read of one capture at most.
    """

    archive: Archive
    workers: Workers
    embedder: Embedder | None
    max_entries: int

    def forms(self, forms: Sequence[Form]) -> tuple[dict[str, Article], bool]:
        """The articles that forms are, by their keys, and whether all were taken in as backfill.

        Raises:
            PermanentError: The archive does not have one of them, or not any more.
        """
        wanted = {form.key: form for form in forms}
        items: dict[str, RawItem] = {}
        backfill = True
        for captures, backfilled in self._batches(wanted.values()):
            for item in parse_batch(captures, self.max_entries)[0]:
                key = raw_key(item)
                if key in wanted and key not in items and item.capture == wanted[key].capture:
                    items[key] = item
                    backfill = backfill and backfilled
            if len(items) == len(wanted):
                break
        chosen = list(items.values())
        (made,) = self.workers.run(Preparer.prepare, [(chosen, "")])
        found = {key: each.article for each in made.articles for key in each.article.keys if key in wanted}
        gone = next((form for key, form in wanted.items() if key not in found), None)
        if gone is not None:
            raise PermanentError(
                f"the form of {gone.at:%Y-%m-%d %H:%M} ({gone.url or gone.key}) cannot be made anew: "
                "the archive does not have it, or not any more"
            )
        return found, backfill

    def _batches(self, wanted: Iterable[Form]) -> Iterator[tuple[list[Capture], bool]]:
        """The batches that have a capture of these; those that came since the oldest of them first."""
        asked = list(wanted)
        names, first = {form.capture for form in asked}, min(form.at for form in asked)
        entries = [entry for entry in self.archive.entries() if entry.kind == "batch"]
        for entry in sorted(entries, key=lambda each: each.at < first):
            for place in entry.data["places"]:
                try:
                    captures = list(self.archive.read(place))
                except NotFoundError:
                    continue
                if any(capture.id in names for capture in captures):
                    yield captures, bool(entry.data["backfill"])


class TellingApart:
    """Carries out that forms of an article are another one, and that this is taken back.

    Args:
        store: Whose lease "stories" the caller holds.
        clustering: The clustering state, not yet covering anything.
        remaking: Makes articles anew.
    """

    def __init__(self, store: Store, clustering: Clustering, remaking: Remaking) -> None:
        self._store = store
        self._clustering = clustering
        self._remaking = remaking

    def worked_out(self, correction: Correction) -> Commit:
        """What a person's word changes; nothing is written.

        Args:
            correction: Of kind "apart", or an undo of one, or of such an undo.

        Raises:
            PermanentError: The archive does not have a form that is needed.
            ContradictionError: What would be taken back was told apart further since.
        """
        known = [each for each in self._store.corrections() if each.id != correction.id]
        everything = [*known, correction]
        said = origin_of(correction, everything)
        commit = Commit(corrections=(correction,), at=correction.at)
        (name,), forms = said.groups
        stored = self._store.articles([name]).get(name)
        if stored is None:
            return commit
        if said in in_force(everything):
            commit = self._parted(stored, set(forms), correction, commit)
        else:
            commit = self._united(stored, forms, correction, commit)
        return with_person_ties(self._store, self._clustering.situations, commit, everything)

    def _parted(self, stored: StoredArticle, forms: set[str], said: Correction, commit: Commit) -> Commit:
        old = stored.enriched.article
        leaving = [form for form in old.forms if form.key in forms]
        staying = [form for form in old.forms if form.key not in forms]
        if not leaving:
            return commit
        if not staying:
            raise PermanentError(f"article {old.id} came in no other form")
        made, backfill = self._remaking.forms(leaving)
        made |= self._remaking.forms(staying)[0]
        left = _as_it_was(old, _folded(staying, made), leaving, made, said)
        new = _folded(leaving, made)
        released = set(old.keys) - set(left.keys)
        owners = self._store.find(lookup_keys(new))
        owners = {key: one for key, one in owners.items() if not (one == old.id and key in released)}
        keys = (*new.keys, shared_key(new.url)) if shares_link(new, owners) else new.keys
        new = replace(new, id=content_id(own_key(new, owners)), keys=keys)
        self._cover([left, new])
        learned = StreamStatistics.load(self._store.learned)
        (one, other) = self._enriched([left, new])
        (arrival,) = features.arrive([other], learned, self._remaking.embedder)
        ((member, decision),) = self._clustering.assign([(new.id, arrival.traits)])
        word = f"told apart from article {old.id} by correction {said.id}"
        decision = replace(decision, constraints=(*decision.constraints, word))
        changed = {
            old.id: replace(stored, enriched=features.read_again(one, learned)),
            new.id: StoredArticle(arrival.enriched, member.seq, decision.story, member.data, backfill),
        }
        touched = dict.fromkeys((stored.story, decision.story), 1)
        return replace(
            commit,
            articles=tuple(changed.values()),
            stories=self._clustering.told(touched, changed),
            decisions=(decision,),
            learned=learned.dirty(),
        )

    def _united(
        self, stored: StoredArticle, forms: Sequence[str], said: Correction, commit: Commit
    ) -> Commit:
        old = stored.enriched.article
        owners = set(self._store.find([*forms, *map(former_key, forms)]).values()) - {old.id}
        if not owners:
            return commit
        name = min(owners)
        standing = in_force(self._store.corrections())
        further = [each for each in standing if each.kind == "apart" and each.groups[0] == (name,)]
        if further or len(owners) > 1:
            again = f"; `wirewatch corrections undo {further[0].id}` comes first" if further else ""
            raise ContradictionError(
                f"article {name} was told apart further since{again}", tuple(each.id for each in further[:1])
            )
        other = self._store.articles([name])[name]
        came = [*old.forms, *other.enriched.article.forms]
        made, _ = self._remaking.forms(came)
        whole = _as_it_was(old, _folded(came, made), (), made, said)
        self._cover([whole, other.enriched.article])
        learned = StreamStatistics.load(self._store.learned)
        (enriched,) = self._enriched([whole])
        changed = {old.id: replace(stored, enriched=features.read_again(enriched, learned))}
        self._clustering.index.remove(name)
        touched = dict.fromkeys((stored.story, other.story), 1)
        ended = tuple(story for story in touched if not self._clustering.index.has_story(story))
        lineage = tuple(Lineage(story, stored.story, "merged", said.at, "person") for story in ended)
        return replace(
            commit,
            articles=tuple(changed.values()),
            retired=(name,),
            stories=self._clustering.told(touched, changed),
            ended=ended,
            lineage=lineage,
        )

    def _cover(self, articles: Sequence[Article]) -> None:
        times = [time for each in articles for time in (each.time, each.fetched)]
        self._clustering.cover_all(min(times), max(times))

    def _enriched(self, articles: Sequence[Article]) -> Sequence[EnrichedArticle]:
        (made,) = self._remaking.workers.run(Preparer.enrich, [articles])
        return made


def is_about_identity(correction: Correction, known: Sequence[Correction]) -> bool:
    """Whether a correction says of forms which article they are, or takes that back."""
    return origin_of(correction, [*known, correction]).kind == "apart"


def _folded(forms: Sequence[Form], made: Mapping[str, Article]) -> Article:
    """The article that forms make, in the order in which they came."""
    first, *others = sorted(forms, key=lambda form: form.at)
    article = first_met(made[first.key])
    for form in others:
        article = revise(article, made[form.key], form.because or "a person said so")
    return article


def _as_it_was(
    old: Article, now: Article, leaving: Sequence[Form], made: Mapping[str, Article], said: Correction
) -> Article:
    """An article as some of its forms, or more forms, make it; its identity and first dates stay."""
    foreign = {key for form in leaving for key in made[form.key].keys} - set(now.keys)
    kept = (key for key in old.keys if not key.startswith((CURRENT, FORMER)) and key not in foreign)
    edited = now.digest != old.digest
    return replace(
        now,
        id=old.id,
        keys=tuple(dict.fromkeys((*now.keys, *kept))),
        published=old.published or now.published,
        published_from=old.published_from if old.published else now.published_from,
        fetched=old.fetched,
        capture=old.capture,
        earlier=tuple(dict.fromkeys((*old.earlier, old.digest))) if edited else old.earlier,
        version=old.version + edited,
        revised=said.at if edited else old.revised,
    )
