"""Export: what was chosen, in the order it came, in files that go on where they were stopped."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from dags.local.environment import ROOT
from pipeline.app import App, open_app
from pipeline.app.export.exporting import KINDS, ExportOrder, Kind, Rows
from pipeline.app.export.ninjs import ninjs
from pipeline.app.shapes import article_shape, decision_shape, situation_shape, story_shape
from pipeline.errors import QueryError, UnavailableError, UsageError
from pipeline.ports import Commit, StoryFilter
from pipeline.query.tree import Everything
from pipeline.records import (
    Article,
    Decision,
    EnrichedArticle,
    Entity,
    EntityKind,
    StoredArticle,
    Story,
    Topic,
)
from pipeline.store import open_store

WIREWATCH = str(Path(sys.executable).parent / "wirewatch")
# Rows of each kind in the store of `app`.
ROWS: dict[Kind, int] = {"articles": 60, "stories": 12, "situations": 3, "decisions": 60}
START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + timedelta(days=30)
A_STORY = 5


def stored(seq, stories=10_000_000):
    odd = {
        3: '=HYPERLINK("http://evil.example")',
        4: 'He said "no",\r\nthen left',
        5: "北京大雨 \ud83d\ude00",
    }
    article = Article(
        id=f"{seq:016x}",
        keys=(f"url:{seq}",),
        url=f"https://example.org/{seq}",
        title=odd.get(seq, f"Article {seq} on {'storms' if seq % 2 else 'rail'}"),
        text=f"Paragraph one of {seq}.\n\nParagraph two, {'storm ' * (seq % 7)}and the rest.",
        outlet=("The Courier", "Harbour Post", "")[seq % 3],
        published=START + timedelta(hours=seq) if seq % 11 else None,
        published_from="feed" if seq % 11 else "fetched",
        fetched=START + timedelta(hours=seq, minutes=5),
        language="en",
        language_confidence=0.9,
        authors=("Ann Onym", "B. Writer"),
        feeds=("courier",),
        digest=f"d{seq}",
    )
    enriched = EnrichedArticle(
        article,
        (Entity("person:kim", "Kim", "person", 1, 0.5, ()),),
        (Topic("medtop:1", "Weather", 0.8),),
        ("key", "word"),
    )
    return StoredArticle(enriched, seq, f"{(seq - 1) // A_STORY % stories + 1:016x}", b"")


def situation(story):
    """Three stories each, but of each twelve one that has nobody left, and two that never had one."""
    number = int(story, 16)
    return "" if number % 12 in {0, 11} else f"{(number - 1) // 3:016x}"


def fill(store, count, first=1, step=500):
    for start in range(first, first + count, step):
        articles = [stored(seq) for seq in range(start, min(start + step, first + count))]
        groups: dict[str, list[StoredArticle]] = {}
        for each in articles:
            groups.setdefault(each.story, []).append(each)
        stories = [
            Story(
                name, f"Story {name}", tuple(a.enriched.article.id for a in some), 1, some[0].seq,
                some[-1].seq, some[0].enriched.article.time, some[-1].enriched.article.time,
                outlets=("A", "B"), situation=situation(name),
            )
            for name, some in groups.items()
        ]  # fmt: skip
        decisions = [
            Decision(a.enriched.article.id, a.story, a.seq % A_STORY == 1, None, None, 0.3, 0.1)
            for a in articles
        ]
        store.commit(
            Commit(articles=tuple(articles), stories=tuple(stories), decisions=tuple(decisions), at=START)
        )


@pytest.fixture
def home(tmp_path) -> Iterator[Path]:
    store = open_store(f"sqlite:///{tmp_path}/home/wirewatch.db")
    fill(store, 60)
    yield tmp_path / "home"
    store.close()


@contextmanager
def opened(home):
    app = open_app(home=home, config=ROOT / "config", environment={}, make=False)
    app._wiring.clock = lambda: NOW
    with app:
        yield app


@pytest.fixture
def app(home) -> Iterator[App]:
    with opened(home) as one:
        yield one


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_articles_stories_and_decisions_as_the_shapes_have_them(app: App, tmp_path) -> None:
    store = app._wiring.store
    every = list(store.between(0, 1000))
    for kind in ("articles", "stories", "decisions"):
        app.export.into(ExportOrder(kind), tmp_path / f"{kind}.jsonl")
    assert lines(tmp_path / "articles.jsonl") == [article_shape(each) for each in every]
    names = list(dict.fromkeys(each.story for each in every))
    stories = store.stories(names)
    members = {each.enriched.article.id: each.line for each in every}
    assert lines(tmp_path / "stories.jsonl") == [story_shape(stories[name], members) for name in names]
    decided = []
    for each in every:
        decision = store.decision(each.enriched.article.id)
        assert decision is not None
        decided.append(decision_shape(decision, each))
    assert lines(tmp_path / "decisions.jsonl") == decided
    assert sorted(path.name for path in tmp_path.glob("*.*")) == [
        "articles.jsonl", "decisions.jsonl", "stories.jsonl"
    ]  # fmt: skip


def test_situations_once_and_whole(app: App, tmp_path) -> None:
    app.export.into(ExportOrder("situations"), tmp_path / "s.jsonl")
    listed = app.read.situations(StoryFilter(), "new", 100)
    found = lines(tmp_path / "s.jsonl")
    assert len(found) == 3
    assert found == [situation_shape(*each) for each in reversed(listed)]
    # One article of the second is enough for it, whole.
    app.export.into(ExportOrder("situations", query="title:17"), tmp_path / "one.jsonl")
    assert [(row["id"], len(row["stories"])) for row in lines(tmp_path / "one.jsonl")] == [(f"{1:016x}", 3)]


def test_by_time_query_and_cursor(app: App, tmp_path) -> None:
    def seqs(**order):
        app.export.into(ExportOrder("articles", **order), tmp_path / "out.jsonl")
        return [row["seq"] for row in lines(tmp_path / "out.jsonl")]

    assert seqs(since="2026-03-02", until="2026-03-02T06:00") == [24, 25, 26, 27, 28, 29]
    assert seqs(since="29d") == list(range(24, 61))
    odd = [seq for seq in range(1, 61) if seq % 2 and seq not in {3, 5}]
    assert seqs(query="title:storms") == odd
    assert seqs(query="title:storms OR title:nothing", after=50) == [51, 53, 55, 57, 59]
    done = app.export.into(ExportOrder("articles"), tmp_path / "all.jsonl")
    assert (done.rows, done.cursor, done.resumed) == (60, 60, 0)
    fill(app._wiring.store, 4, first=61)
    assert seqs(after=done.cursor) == [61, 62, 63, 64]
    app.export.into(ExportOrder("stories", query="title:storms", since="2026-03-02"), tmp_path / "s.jsonl")
    assert [row["id"] for row in lines(tmp_path / "s.jsonl")] == [f"{n:016x}" for n in range(5, 14)]


def test_csv_is_read_back_and_holds_no_formula(app: App, tmp_path) -> None:
    for kind, rows in ROWS.items():
        app.export.into(ExportOrder(kind), tmp_path / f"{kind}.csv")
        with (tmp_path / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file, strict=True))
        assert len(found) == rows
        assert not [v for row in found for v in row.values() if v.startswith(("=", "+", "-", "@"))]
    with (tmp_path / "articles.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert found[3]["title"] == 'He said "no",\r\nthen left'
    assert found[2]["title"].startswith("'=HYPERLINK")
    assert found[0]["authors"] == "Ann Onym; B. Writer"
    assert found[10]["published"] == ""


def test_parquet_holds_the_same_in_types(app: App, tmp_path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    for kind, rows in ROWS.items():
        app.export.into(ExportOrder(kind), tmp_path / f"{kind}.parquet")
        assert pq.read_table(tmp_path / f"{kind}.parquet").num_rows == rows
    table = pq.read_table(tmp_path / "articles.parquet")
    row = table.slice(1, 1).to_pylist()[0]
    assert row["published"] == START + timedelta(hours=2)
    assert row["authors"] == ["Ann Onym", "B. Writer"]
    assert table.column("published").to_pylist()[10] is None
    app.export.into(ExportOrder("articles", since="2030-01-01"), tmp_path / "none.parquet")
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0
    assert not list(tmp_path.glob("*.part"))


@pytest.fixture(scope="module")
def valid() -> Callable[[Any], None]:
    """Whether an item is ninjs; NINJS_SCHEMA names the standard's own schema."""
    own = Path(__file__).with_name("schemas") / "ninjs.yaml"
    schema = yaml.safe_load(Path(os.environ.get("NINJS_SCHEMA", own)).read_text("utf-8"))
    return Draft202012Validator(schema, format_checker=FormatChecker()).validate


def test_ninjs_of_articles_and_stories(app: App, tmp_path, valid) -> None:
    kinds: dict[Kind, str] = {"articles": "article", "stories": "story"}
    for kind, name in kinds.items():
        app.export.into(ExportOrder(kind), tmp_path / f"{kind}.ninjs")
        app.export.into(ExportOrder(kind), tmp_path / f"{kind}.jsonl")
        items, rows = lines(tmp_path / f"{kind}.ninjs"), lines(tmp_path / f"{kind}.jsonl")
        for item, row in zip(items, rows, strict=True):
            valid(item)
            assert item["uri"] == f"tag:wirewatch,2026:{name}:{row['id']}"
            assert item["headlines"][0]["value"] == row["title"]
            if kind == "articles":
                assert item["bodies"][0]["value"] == row["text"]
                assert ("firstCreated" in item) == (row["published"] is not None)
                assert item["people"] == [{"name": "Kim", "literal": "person:kim"}]
            else:
                members = [each["uri"].rpartition(":")[2] for each in item["associations"]]
                assert members == [each["id"] for each in row["articles"]]
    with pytest.raises(UsageError, match="articles and stories"):
        app.export.into(ExportOrder("decisions", format="ninjs"), tmp_path / "no")


def test_ninjs_of_hostile_texts(valid) -> None:
    texts = ("", "<script>", "a\x00b\r\n", "javascript:x", "http://[", "https://ü.example/a b|c?ü=^`{}", "::")
    for text in texts:
        record = replace(
            stored(1).enriched.article, title=text, text=text, url=text, link=text, outlet=text,
            dateline=text, agency=text, authors=(text,), withdrawn=NOW,
        )  # fmt: skip
        names = tuple(
            Entity(f"{kind}:{text}", text or "–", kind, 1, 0.5, ()) for kind in get_args(EntityKind)
        )
        one = replace(stored(1), enriched=replace(stored(1).enriched, article=record, entities=names))
        row = article_shape(one)
        valid(ninjs("articles", row))
        story = Story("s: /1", text, (record.id,), 1, 1, 1, START, START, outlets=(text,))
        valid(ninjs("stories", story_shape(story, {record.id: one.line})))
        assert ninjs("articles", row)["pubStatus"] == "canceled"


FORMS = [(kind, form) for kind in KINDS for form in ("jsonl", "csv", "parquet")]
FORMS += [(kind, "ninjs") for kind in ("articles", "stories")]


@pytest.mark.parametrize(("kind", "form"), FORMS)
def test_stopped_at_any_piece_it_gives_the_same_file(app: App, tmp_path, monkeypatch, kind, form) -> None:
    monkeypatch.setattr("pipeline.app.export.exporting._PIECE", 7)
    monkeypatch.setattr("pipeline.app.export.exporting._MEMBERS", 8)
    order = ExportOrder(kind, query="storm OR rail", since="29d", format=form)
    app.export.into(order, tmp_path / "whole")
    real = Rows.pieces
    for stop in range(8):
        left = stop

        def pieces(self, query, after, upto, left=left):
            for place, piece in enumerate(real(self, query, after, upto)):
                if place == left:
                    raise KeyboardInterrupt
                yield piece

        target = tmp_path / f"stopped-{stop}"
        monkeypatch.setattr(Rows, "pieces", pieces)
        stopped = False
        try:
            app.export.into(order, target)
        except KeyboardInterrupt:
            stopped = True
            assert not target.exists()
            part = tmp_path / f"stopped-{stop}.part"
            with part.open("ab") as torn:  # a piece that was half written
                torn.write(b'{"id": "torn')
        monkeypatch.setattr(Rows, "pieces", real)
        done = app.export.into(order, target)
        assert target.read_bytes() == (tmp_path / "whole").read_bytes()
        assert (done.resumed > 0) == (stopped and stop > 0)
        assert [each.name for each in tmp_path.glob(f"{target.name}*")] == [target.name]


def test_what_came_meanwhile_waits_for_the_next_export(app: App, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("pipeline.app.export.exporting._PIECE", 7)
    real = Rows.pieces

    def pieces(self, query, after, upto):
        yield next(real(self, query, after, upto))
        raise KeyboardInterrupt

    monkeypatch.setattr(Rows, "pieces", pieces)
    with pytest.raises(KeyboardInterrupt):
        app.export.into(ExportOrder("articles"), tmp_path / "a")
    monkeypatch.setattr(Rows, "pieces", real)
    fill(app._wiring.store, 3, first=61)
    done = app.export.into(ExportOrder("articles"), tmp_path / "a")
    assert (done.rows, done.cursor, done.resumed) == (60, 60, 7)
    # Another order begins anew, whatever lies there.
    assert app.export.into(ExportOrder("articles", after=60), tmp_path / "a").rows == 3


def test_two_do_not_write_one_file(app: App, home, tmp_path, monkeypatch) -> None:
    real = Rows.pieces

    def pieces(self, query, after, upto):
        monkeypatch.setattr(Rows, "pieces", real)
        with opened(home) as other, pytest.raises(UnavailableError):
            other.export.into(ExportOrder("articles"), tmp_path / "a")
        yield from real(self, query, after, upto)

    monkeypatch.setattr(Rows, "pieces", pieces)
    assert app.export.into(ExportOrder("articles"), tmp_path / "a").rows == 60


def test_what_is_asked_wrongly_makes_nothing(app: App, tmp_path) -> None:
    for order, error in (
        (ExportOrder("articles", query='"open'), QueryError),
        (ExportOrder("articles", since="soon"), UsageError),
        (ExportOrder("articles", format="xml"), UsageError),
        (ExportOrder("outlets"), UsageError),  # type: ignore[arg-type]  # no such kind: refused
    ):
        with pytest.raises(error):
            app.export.into(order, tmp_path / "x" / "out")
        with pytest.raises(error):
            app.export.out(order)
    with pytest.raises(UsageError):
        app.export.out(ExportOrder("articles", format="parquet"))
    assert list(tmp_path.iterdir()) == [tmp_path / "home"]


def test_one_piece_is_held_at_a_time(app: App, monkeypatch) -> None:
    monkeypatch.setattr("pipeline.app.export.exporting._PIECE", 7)
    for kind in KINDS:
        pieces = Rows(app._wiring.store, kind, set()).pieces(Everything(), 0, 60)
        assert max(len(rows) for _, rows in pieces) <= 7


def call(home, *arguments, **more):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("WIREWATCH_")}
    chosen = [WIREWATCH, "--home", str(home), "--config", str(ROOT / "config"), *map(str, arguments)]
    return subprocess.run(chosen, capture_output=True, check=False, env=clean, **more)


def test_the_verb(home, tmp_path) -> None:
    done = call(home, "export", "articles", "--into", tmp_path / "a.csv", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert {k: answer[k] for k in ("rows", "cursor", "resumed")} == {"rows": 60, "cursor": 60, "resumed": 0}
    done = call(home, "export", "stories", "--query", "title:storms", "--after", "50")
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == b"wirewatch: cursor 60\n"
    for wrong in (
        ["outlets"],
        ["articles", "--json"],
        ["articles", "--query", '"x'],
        ["articles", "--since", "x"],
    ):
        done = call(home, "export", *wrong)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    done = call(home, "export", "articles", "--into", tmp_path / "no" / "a.csv")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


@pytest.mark.slow  # a kill at each piece is tried in this process above
def test_killed_and_run_again_it_gives_the_same_file(tmp_path) -> None:
    home = tmp_path / "home"
    store = open_store(f"sqlite:///{home}/wirewatch.db")
    fill(store, 6000)
    store.close()
    whole = tmp_path / "whole.jsonl"
    assert call(home, "export", "articles", "--into", whole).returncode == 0
    target, cursor = tmp_path / "killed.jsonl", tmp_path / "killed.jsonl.cursor"
    clean = {k: v for k, v in os.environ.items() if not k.startswith("WIREWATCH_")}
    chosen = [WIREWATCH, "--home", str(home), "--config", str(ROOT / "config")]
    kills = 0
    for _ in range(12):
        before = json.loads(cursor.read_text())["rows"] if cursor.exists() else 0
        process = subprocess.Popen([*chosen, "export", "articles", "--into", str(target)], env=clean)
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            rows = json.loads(cursor.read_text())["rows"] if cursor.exists() else 0
            if rows > before:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.001)
        kills += process.wait() == -signal.SIGKILL
        if target.exists():
            break
    assert kills
    if not target.exists():
        assert call(home, "export", "articles", "--into", target).returncode == 0
    assert target.read_bytes() == whole.read_bytes()
