"""The clustering state from a checkpoint decides as one made anew, whatever happened to the store since."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import stat
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invented_members import ARTICLE, made, member, members

from pipeline.errors import ContradictionError
from pipeline.ports import Commit
from pipeline.records import Article, Correction, EnrichedArticle, StoredArticle
from pipeline.stages.grouping import checkpoint as checkpoint_module
from pipeline.stages.grouping import index_files
from pipeline.stages.grouping import state as state_module
from pipeline.stages.grouping.checkpoint import MARK, Checkpoints
from pipeline.stages.grouping.index_files import DamagedIndexError
from pipeline.stages.grouping.repair import Repairing
from pipeline.stages.grouping.state import Clustering
from pipeline.store.sqlite.database import SqliteStore
from pipeline.stories.features.packed import IndexedArticle, Sparse
from pipeline.stories.index import postings as postings_module
from pipeline.stories.index import story_index as story_index_module
from pipeline.stories.index.columns import SIDE_BY_SIDE
from pipeline.stories.index.frozen import Frozen, Streamed
from pipeline.stories.index.story_index import StoryIndex
from pipeline.stories.placing.corrections import in_force

WINDOW = timedelta(days=7)
START = datetime(2026, 3, 1, tzinfo=UTC)


class Stream:
    """A store that things happen to, and the clustering states of its runs."""

    def __init__(self, folder, artefact):
        self.folder, self.artefact = folder, artefact
        folder.mkdir()
        self.store = SqliteStore(folder / "store.db")
        self.now, self.number = START, 0
        self.from_checkpoint = self.mended_from_checkpoint = self.moved = 0

    def lease(self):
        return self.store.acquire("stories", "me", self.now, 1e6)

    def checkpoints(self):
        center = self.artefact.center
        return Checkpoints(self.folder / "kept", self.store, self.lease, WINDOW, center, few=1)

    def clustering(self, checkpoints=None):
        return Clustering(self.store, self.artefact.scorer, WINDOW, self.artefact.center, checkpoints)

    def load(self, events, days_ago=0.0, undated=()):
        """New articles come; a state from a checkpoint and one made anew must decide alike, to the bit."""
        self.run_on([self.clustering(self.checkpoints()), self.clustering()], events, days_ago, undated)

    def run_on(self, runs, events, days_ago=0.0, undated=()):
        """The same for runs that have begun."""
        articles, traits = [], {}
        for place, event in enumerate(events):
            self.number += 1
            name = f"{self.number:016x}"
            time = self.now - timedelta(days=days_ago, hours=event)
            dated = place not in undated
            seconds = time.timestamp() if dated else None
            features = made(self.number, event, time=seconds, outlet=f"Outlet {self.number % 3}")
            traits[name] = replace(features, fetched=self.now.timestamp())
            articles.append(
                Article(
                    id=name, keys=(f"url:{name}",), url=f"https://example.org/{name}", title=f"Title {name}",
                    text="Text.", outlet=f"Outlet {self.number % 3}", published=time if dated else None,
                    published_from="feed" if dated else "fetched", fetched=self.now, language="en",
                    digest=name,
                )
            )  # fmt: skip
        kept, decided = runs[0], []
        for each in runs:
            each.cover(articles)
            half = len(articles) // 2
            pieces = [articles[:half], articles[half:]]
            decided.append(
                [pair for some in pieces for pair in each.assign([(a.id, traits[a.id]) for a in some])]
            )
        assert [decision for _, decision in decided[0]] == [decision for _, decision in decided[1]]
        assert [(m.seq, m.data) for m, _ in decided[0]] == [(m.seq, m.data) for m, _ in decided[1]]
        self.from_checkpoint += len(kept.index._frozen) > 0
        placed = [
            StoredArticle(EnrichedArticle(article), member.seq, decision.story, member.data)
            for article, (member, decision) in zip(articles, decided[0], strict=True)
        ]
        changed = {stored.enriched.article.id: stored for stored in placed}
        touched = {stored.story: 1 for stored in placed}
        told = [each.told(touched, changed) for each in runs]
        assert told[0] == told[1]
        decisions = tuple(decision for _, decision in decided[0])
        commit = Commit(articles=tuple(placed), stories=told[0], decisions=decisions, at=self.now)
        self.store.commit(commit, self.lease())

    def repairing(self, checkpoints=None):
        return Repairing(self.store, self.artefact.scorer, self.clustering(checkpoints), self.lease)

    def repair(self, days=30):
        """By a checkpoint and by a state made anew it is the same, to the bit."""
        runs = [self.repairing(self.checkpoints()), self.repairing()]
        commits = [each.due(self.now, timedelta(days=days)) for each in runs]
        assert commits[0] == commits[1]
        self.mended_from_checkpoint += len(runs[0]._clustering.index._frozen) > 0
        self.moved += len(commits[0].decisions)
        self.store.commit(commits[0], self.lease())

    def say(self, kind, groups, of=""):
        correction = Correction(f"c{self.now.timestamp()}", kind, groups, self.now, of=of)
        commits = [
            each.worked_out(correction) for each in (self.repairing(self.checkpoints()), self.repairing())
        ]
        assert commits[0] == commits[1]
        self.store.commit(commits[0], self.lease())

    def articles(self):
        return [stored.enriched.article.id for stored in self.store.between(0, self.store.head())]

    def retire(self, article):
        """As an undo of "these forms are another article" does it."""
        remain = self.checkpoints().retiring([article])
        stored = self.store.articles([article])[article]
        clustering = self.clustering()
        clustering.cover_all(stored.enriched.article.time, stored.enriched.article.time)
        clustering.index.remove(article)
        told = clustering.told({stored.story: 1}, {})
        ended = () if told else (stored.story,)
        self.store.commit(Commit(retired=(article,), stories=told, ended=ended), self.lease())
        remain()

    def forget_before(self, time):
        """As retention does it."""
        remain = self.checkpoints().dropping(time)
        dropped = self.store.drop_before(time, self.lease())
        remain()
        return dropped

    def happens(self, what, chance):
        """One thing out of a few."""
        self.now += timedelta(minutes=1)
        known = self.articles()
        if what == "load" or not known:
            events = [chance.randrange(6) for _ in range(chance.randint(1, 6))]
            undated = {0} if chance.random() < 0.2 else ()
            self.load(events, chance.choice([0, 0, 0, 0, 3, 9, 40]), undated)
        elif what == "time passes":
            self.now += timedelta(days=chance.choice([1, 4, 8, 30]))
        elif what == "repair":
            self.repair(chance.choice([2, 40]))
        elif what == "retire":
            self.retire(chance.choice(known))
        elif what == "retention":
            self.forget_before(self.now - timedelta(days=chance.choice([5, 20])))
        elif what == "undo" and in_force(self.store.corrections()):
            said = chance.choice(in_force(self.store.corrections()))
            self.say("undo", said.groups, said.id)
        elif what in ("merge", "split") and len(known) > 1:
            pair = tuple((each,) for each in sorted(chance.sample(known, 2)))
            with contextlib.suppress(ContradictionError):
                self.say(what, pair)


@pytest.fixture
def often(monkeypatch) -> None:
    """Checkpoints are made again after a few changes, and have room for fewer."""
    monkeypatch.setattr(checkpoint_module, "_SINCE", 6)
    monkeypatch.setattr(index_files, "_ROOM", 3)
    monkeypatch.setattr(postings_module, "_BULK", 100)


THINGS = ["load"] * 7 + ["time passes", "repair", "merge", "split", "undo", "retire", "retention"]


@settings(
    max_examples=examples(12),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(things=st.lists(st.sampled_from(THINGS), min_size=4, max_size=12), seed=st.integers(0, 999))
def test_a_checkpoint_decides_as_a_state_made_anew(artefact, often, tmp_path_factory, things, seed):
    stream, chance = Stream(tmp_path_factory.mktemp("stream") / "s", artefact), random.Random(seed)
    for what in ["load", "load", *things, "load"]:
        stream.happens(what, chance)
    stream.store.close()


def test_runs_go_on_from_a_checkpoint_and_keep_it_again(artefact, often, tmp_path):
    stream = Stream(tmp_path / "s", artefact)
    names = []
    for day in range(30):
        stream.now += timedelta(hours=7)
        stream.load([day % 4, (day + 1) % 4])
        names.append(stream.store.mark(MARK))
    # The first run makes one of nothing; the second has two articles to keep, and goes on from that.
    assert stream.from_checkpoint == 29
    assert 3 < len(set(names)) < 15
    files = list((tmp_path / "s" / "kept").iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert len([path for path in files if path.suffix == ".json"]) <= 2
    stream.store.close()


@pytest.fixture
def little(monkeypatch) -> None:
    """A run keeps little of what it takes in and of what it reads."""
    monkeypatch.setattr(state_module, "_TAKEN_IN", 10)
    monkeypatch.setattr(story_index_module, "_READ", 4)


@pytest.mark.parametrize("undated", [(), {0}])
def test_a_long_run_goes_on_from_checkpoints_of_its_own_and_decides_as_one_made_anew(
    artefact, often, little, tmp_path, undated
):
    stream, chance = Stream(tmp_path / "s", artefact), random.Random(4)
    run, indices = stream.clustering(stream.checkpoints()), set()
    for turn in range(40):
        stream.now += timedelta(hours=chance.choice([1, 5, 30, 200]))
        events = [chance.randrange(8) for _ in range(4)]
        stream.run_on([run, stream.clustering()], events, undated=undated if turn % 7 == 3 else ())
        indices.add(id(run.index._frozen))
    assert len(indices) > 5
    assert stream.from_checkpoint > 30
    stream.store.close()


def test_a_load_of_dated_articles_of_long_ago_holds_its_window_and_not_all_that_it_brought(
    artefact, often, little, tmp_path
):
    stream = Stream(tmp_path / "s", artefact)
    run, sizes = stream.clustering(stream.checkpoints()), []
    for day in range(120):
        # All of them come within two hours.
        stream.now += timedelta(minutes=1)
        stream.run_on([run, stream.clustering()], [day % 8, 3], days_ago=2000 - day)
        sizes.append(len(run.index))
    # Four windows, a quarter, and what came since.
    assert max(sizes) < 2 * (4.25 * 7) + 40
    # Whoever brings no date is compared with all that came lately.
    stream.run_on([run, stream.clustering()], [3, 4], days_ago=1880, undated={0})
    assert len(run.index) > 240
    for day in range(10):
        stream.run_on([run, stream.clustering()], [day % 8, 3], days_ago=1880 - day, undated={1})
    stream.store.close()


def test_what_was_read_of_a_checkpoint_is_let_go_and_read_again(artefact, often, little, tmp_path):
    stream = Stream(tmp_path / "s", artefact)
    for _ in range(8):
        stream.load([0, 1, 2, 3, 4, 5])
    run = stream.clustering(stream.checkpoints())
    for _ in range(2):
        stream.run_on([run, stream.clustering()], [0, 1, 2, 3, 4])
        before = len(run.index._placement._kept_profiles)
        run.index.let_go()
        assert len(run.index._placement._kept_profiles) < before
    stream.store.close()


def test_repair_reads_of_a_checkpoint_what_it_mends_and_what_comes_near(
    artefact, often, tmp_path, monkeypatch
):
    stream = Stream(tmp_path / "s", artefact)
    for day in range(40):
        stream.now += timedelta(hours=12)
        stream.load([day, day, (day + 1) % 40])
    read, member = [], Frozen.member

    def noted(self, slot):
        read.append(slot)
        return member(self, slot)

    monkeypatch.setattr(Frozen, "member", noted)
    run = stream.repairing(stream.checkpoints())
    run.due(stream.now, timedelta(days=1))
    index = run._clustering.index
    assert len(index._frozen) > 40
    assert 0 < len(set(read)) < len(index._frozen) / 2
    read.clear()
    stream.repair(days=1)
    with pytest.raises(ValueError, match="not all stories"):
        index.freeze(len)
    stream.store.close()


def test_repair_from_a_checkpoint_mends_what_one_over_the_store_mends(artefact, often, tmp_path):
    stream, chance = Stream(tmp_path / "s", artefact), random.Random(8)
    for turn in range(30):
        stream.now += timedelta(hours=chance.choice([1, 5, 30, 200]))
        stream.load(
            [chance.randrange(12) for _ in range(6)], chance.choice([0, 0, 3, 20]), undated={turn % 6}
        )
        if turn % 3 == 2:
            one, other = chance.sample(stream.articles(), 2)
            with contextlib.suppress(ContradictionError):
                stream.say(chance.choice(["merge", "split"]), ((one,), (other,)))
            stream.repair(chance.choice([1, 3, 20]))
    assert stream.mended_from_checkpoint > 3
    assert stream.moved > 0
    stream.store.close()


def kept(stream):
    """The files of the checkpoint that is of a store."""
    name = stream.store.mark(MARK)
    return {path.suffix: path for path in (stream.folder / "kept").iterdir() if path.stem == name}


@pytest.mark.parametrize("suffix", [".json", ".arrays"])
@pytest.mark.parametrize("harm", ["cut", "flip", "gone"])
def test_a_damaged_checkpoint_is_made_anew(artefact, tmp_path, suffix, harm):
    stream = Stream(tmp_path / "s", artefact)
    for _ in range(3):
        stream.load([1, 2, 3])
    path, before = kept(stream)[suffix], stream.store.mark(MARK)
    data = bytearray(path.read_bytes())
    if harm == "gone":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(data[: len(data) // 2])
    else:
        # Not in the room behind what grows, which nobody reads; and as if nobody had been there.
        data[len(data) // 2 if suffix == ".json" else 0] ^= 1
        times = path.stat()
        path.write_bytes(data)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    stream.load([1, 2, 3, 4])
    assert before not in stream.store.mark(MARK).split()[:1]
    stream.store.close()


@pytest.mark.parametrize("suffix", [".records", ".postings"])
def test_what_is_read_late_is_not_believed_either(artefact, tmp_path, suffix):
    stream = Stream(tmp_path / "s", artefact)
    for _ in range(3):
        stream.load([1, 2, 3])
    path = kept(stream)[suffix]
    path.write_bytes(bytes(each ^ 1 for each in path.read_bytes()))
    with pytest.raises(DamagedIndexError, match="damaged"):
        stream.load([1, 2, 3, 4])
    stream.store.close()


def test_a_checkpoint_that_was_copied_is_looked_through_and_believed(artefact, tmp_path):
    stream = Stream(tmp_path / "s", artefact)
    for _ in range(3):
        stream.load([1, 2, 3])
    folder, before = tmp_path / "s" / "kept", stream.store.mark(MARK)
    shutil.copytree(folder, tmp_path / "copy")
    shutil.rmtree(folder)
    (tmp_path / "copy").rename(folder)
    stream.load([1, 2, 3, 4])
    assert stream.store.mark(MARK) == before
    stream.store.close()


def test_what_a_run_takes_in_is_not_written_to_the_file_it_goes_on_from(artefact, tmp_path):
    stream = Stream(tmp_path / "s", artefact)
    for _ in range(3):
        stream.load([1, 2, 3])
    path = kept(stream)[".arrays"]
    before = path.read_bytes()
    run = stream.clustering(stream.checkpoints())
    stream.run_on([run, stream.clustering()], [1, 2, 3, 4])
    run.index.remove(f"{1:016x}")
    run.index.only(0.0, 0.0, lambda _names: set())
    assert path.read_bytes() == before == kept(stream)[".arrays"].read_bytes()
    stream.store.close()


def test_another_vector_center_asks_for_another_checkpoint(artefact, tmp_path):
    stream = Stream(tmp_path / "s", artefact)
    stream.load([1, 2, 3])
    stream.load([1, 2, 3])
    before = stream.store.mark(MARK)
    stream.artefact = replace(artefact, center=-artefact.center)
    stream.load([1, 2, 3])
    assert stream.store.mark(MARK) != before
    stream.store.close()


def test_the_checkpoint_of_another_store_is_not_taken(artefact, tmp_path):
    one, other = Stream(tmp_path / "one", artefact), Stream(tmp_path / "other", artefact)
    for _ in range(3):
        one.load([1, 2, 3])
        other.load([4, 4, 4])
    (tmp_path / "one" / "kept").rename(tmp_path / "one" / "own")
    (tmp_path / "other" / "kept").rename(tmp_path / "one" / "kept")
    before = one.store.mark(MARK)
    one.load([1, 4])
    assert one.store.mark(MARK) != before
    one.store.close()
    other.store.close()


def test_machines_without_a_common_folder_have_checkpoints_side_by_side(artefact, tmp_path):
    stream = Stream(tmp_path / "s", artefact)
    for turn in range(8):
        stream.folder = tmp_path / f"machine {turn % 2}"
        stream.load([1, 2, 3])
    assert stream.from_checkpoint == 7
    assert len(stream.store.mark(MARK).split()) == 2
    stream.store.close()


def test_a_full_disk_costs_the_checkpoint_and_nothing_else(artefact, tmp_path, monkeypatch):
    stream = Stream(tmp_path / "s", artefact)
    stream.load([1, 2, 3])

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(index_files, "_finish", full)
    stream.load([1, 2, 3, 4])
    stream.load([1, 2, 3, 4])
    assert stream.store.mark(MARK) == ""
    assert list((stream.folder / "kept").iterdir()) == []
    stream.store.close()


def test_an_index_kept_and_taken_up_again_many_times_is_the_one_that_grew(artefact, tmp_path):

    grown, before = StoryIndex(7.0, artefact.center), None
    for piece in range(6):
        index = grown if before is None else StoryIndex.kept(before.frozen, 7.0, artefact.center)
        for number in range(piece * 20, piece * 20 + 20):
            one, story = member(number, number % 5), f"s{number % 7}"
            index.add(one, story)
            if index is not grown:
                grown.add(one, story)
        index_files.keep(tmp_path, f"n{piece}", index, before, {"piece": piece})
        before = index_files.opened(tmp_path, f"n{piece}")
        assert before is not None
        assert before.notes == {"piece": piece}
    assert before is not None
    index = StoryIndex.kept(before.frozen, 7.0, artefact.center)
    asked = [member(1000 + n, n) for n in range(6)]
    for one in asked:
        ours, theirs = index.candidates(*index.find([one])), grown.candidates(*grown.find([one]))
        assert [p.story for p in ours] == [p.story for p in theirs]
        assert artefact.scorer.weigh(one, ours).values == artefact.scorer.weigh(one, theirs).values
    assert len(index) == len(grown) == 120
    for article in [f"{n:016x}" for n in range(0, 120, 2)]:
        assert index.story_of(article) == grown.story_of(article)
        assert index.remove(article).data == grown.remove(article).data
    shown = [[(p.story, [m.article for m in p.members]) for p in each.stories()] for each in (index, grown)]
    assert shown[0] == shown[1]


def test_an_old_story_that_a_checkpoint_does_not_hold_is_found_where_it_comes_back(artefact, tmp_path):
    stream = Stream(tmp_path / "s", artefact)
    stream.load([1, 1, 1])
    stream.now += timedelta(days=90)
    stream.load([2, 3])
    stream.load([1])
    old, *_, new = stream.articles()
    before = stream.store.mark(MARK)
    stream.now += timedelta(minutes=1)
    stream.say("merge", ((old,), (new,)))
    stream.load([1, 1])
    assert stream.store.mark(MARK) != before
    stream.store.close()


def test_an_article_from_before_a_checkpoint_reaches_is_placed_by_the_store(artefact, tmp_path):
    stream = Stream(tmp_path / "s", artefact)
    stream.load([1, 1, 1])
    stream.now += timedelta(days=90)
    stream.load([2, 3])
    stream.load([2, 3])
    before = stream.store.mark(MARK)
    stream.load([1], days_ago=90)
    assert stream.store.mark(MARK) == before
    first, last = stream.articles()[0], stream.articles()[-1]
    found = stream.store.articles([first, last])
    assert found[first].story == found[last].story
    stream.store.close()


def test_what_remains_after_a_retention_is_kept_and_nothing_is_made_anew(artefact, tmp_path):
    stream = Stream(tmp_path / "s", artefact)
    for day in range(12):
        stream.now += timedelta(days=1)
        stream.load([1, 1, 2, day % 5], undated={3})
    before = stream.store.mark(MARK)
    dropped = stream.forget_before(stream.now - timedelta(days=5))
    remains = stream.store.mark(MARK)
    assert dropped > 20
    assert remains not in ("", before)
    opened = index_files.opened(stream.folder / "kept", remains)
    there = {opened.frozen.member(slot).article for slot in range(len(opened.frozen))}
    assert there <= set(stream.articles())
    assert len(there) < 40
    # Decisions are compared with those of a state made anew, in `load`.
    stream.load([1, 2, 3, 4])
    stream.now += timedelta(hours=1)
    stream.load([1, 2, 3, 4])
    assert stream.store.mark(MARK) == remains
    stream.store.close()


def test_articles_that_go_one_by_one_leave_a_checkpoint_behind(artefact, tmp_path):
    stream = Stream(tmp_path / "s", artefact)
    for _ in range(3):
        stream.load([1, 1, 2, 3])
    before = stream.store.mark(MARK)
    opened = index_files.opened(stream.folder / "kept", before)
    held = [stream.articles()[0], stream.articles()[-1]]
    there = [name for name in held if opened.frozen.slot_of(name) is not None]
    assert there == held[:1]
    stream.retire(held[1])
    # It did not have this one, so it is as good as before.
    assert stream.store.mark(MARK) == before
    stream.load([1, 2, 3])
    stream.retire(held[0])
    after = stream.store.mark(MARK)
    assert after not in ("", before)
    remaining = index_files.opened(stream.folder / "kept", after).frozen
    assert len(remaining) == len(opened.frozen) - 1
    assert remaining.slot_of(held[0]) is None
    # Decisions are compared with those of a state made anew, in `load`.
    stream.load([1, 2, 3])
    assert stream.store.mark(MARK) == after
    stream.store.close()


def test_an_article_that_got_its_date_later_goes_with_a_retention(artefact, tmp_path):
    stream = Stream(tmp_path / "s", artefact)
    stream.load([1, 2], undated={0})
    stream.load([1, 2])
    stored = stream.store.articles(stream.articles())[stream.articles()[0]]
    article = replace(
        stored.enriched.article, published=stream.now - timedelta(days=6), published_from="feed"
    )
    dated = replace(stored, enriched=replace(stored.enriched, article=article))
    stream.store.commit(Commit(articles=(dated,)), stream.lease())
    assert stream.forget_before(stream.now - timedelta(days=5)) == 1
    opened = index_files.opened(stream.folder / "kept", stream.store.mark(MARK))
    assert opened.frozen.slot_of(article.id) is None
    stream.load([1, 2])
    stream.store.close()


def test_a_retention_that_breaks_off_leaves_no_checkpoint_to_believe(artefact, tmp_path):
    stream = Stream(tmp_path / "s", artefact)
    for _ in range(3):
        stream.load([1, 2, 3])
    stream.checkpoints().dropping(stream.now)
    assert stream.store.mark(MARK) == ""
    stream.load([1, 2, 3])
    stream.store.close()


@settings(max_examples=examples(20), deadline=None)
@given(items=st.lists(ARTICLE, min_size=1, max_size=30), chance=st.randoms(use_true_random=False))
def test_what_is_kept_while_it_comes_is_what_is_kept_of_an_index(artefact, items, chance):
    rows = [(one, f"s{number % 5}") for number, one in enumerate(members(items))]
    index = StoryIndex.rebuilt(rows, 7.0, artefact.center)
    chance.shuffle(rows)
    wanted, laid, records = frozen(index)
    laid = together(laid)
    for source in (rows, sorted(rows, key=lambda row: row[0].seq)):
        arrays, pieces, ours = frozen(Streamed(iter(source), artefact.center))
        assert [ours[place] for place in arrays["records"]] == [records[place] for place in wanted["records"]]
        assert names_of_stories(arrays) == names_of_stories(wanted)
        for name in (*SIDE_BY_SIDE, "article_digests", "article_slots"):
            np.testing.assert_array_equal(arrays[name], wanted[name])
        for part in zip(together(pieces), laid, strict=True):
            np.testing.assert_array_equal(*part)


def frozen(index):
    """What is to be kept of an index, with its records."""
    records = []

    def keep(data):
        records.append(data)
        return len(records) - 1

    return *index.freeze(keep), records


def names_of_stories(arrays):
    """The name of each slot's story; which number a story has is left open."""
    text, ends = arrays["names"].tobytes().decode(), [0, *arrays["name_ends"].tolist()]
    return [text[ends[number] : ends[number + 1]] for number in arrays["homes"].tolist()]


def together(pieces):
    return [np.concatenate(part) for part in zip(*pieces, strict=True)]


def test_memory_of_the_first_checkpoint_does_not_hold_the_articles(artefact, tmp_path):
    words = {n * 16_000_057 % (1 << 32): 1.0 for n in range(256)}
    features = replace(made(1, 1), body=Sparse.unit(words, 256), lead="x" * 2000)
    data, peaks = features.to_bytes(), []
    for articles in (4_000, 10_000):
        rows = (
            (IndexedArticle(f"{number:016x}", number, bytes(bytearray(data))), f"s{number // 2}")
            for number in range(articles)
        )
        tracemalloc.start()
        index_files.keep(tmp_path, f"n{articles}", Streamed(rows, artefact.center), None, {})
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Less than half of what the articles take.
    assert len(data) > 4_000
    assert peaks[1] - peaks[0] < 6_000 * 2_000
