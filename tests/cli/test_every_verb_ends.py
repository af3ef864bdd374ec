"""Every verb of the installed command × failed delivery, Ctrl-C, SIGTERM, damaged file, full disk.

A quick sample of each is in `test_exit_codes.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
from test_exit_codes import ROW, TEXT, closed_port, silent  # noqa: F401  fixtures
from verb_runs import Run

from pipeline.api.api_tokens import SCOPES, Tokens
from pipeline.app import App
from pipeline.app.wiring import Wiring
from pipeline.cli import cli
from pipeline.records import DeliveryState

pytestmark = pytest.mark.slow

# What each verb is called with. It reads the configuration (c) and the store (s), and writes into one (w).
VERBS = {
    "init": ("w", "new"),
    "load": ("csw", "more.jsonl"),
    "fetch": ("csw", "--all"),
    "watch-feeds": ("csw", "--once"),
    "alert": ("csw",),
    "repair": ("csw",),
    "replay": ("csw", "--into", "sqlite:///again.db"),
    "stories": ("s",),
    "story": ("s", "{story}"),
    "situations": ("s",),
    "situation": ("s", "{affair}"),
    "search": ("s", "lighthouse"),
    "why": ("s", "{article}"),
    "article": ("s", "{article}"),
    "merge": ("csw", "{story}", "{other}"),
    "split": ("csw", "{large}", "{member}"),
    "tie": ("csw", "{other}", "{affair}"),
    "untie": ("csw", "{affair}"),
    "tell-apart": ("csw", "{edited}", "{form}"),
    "doctor": ("cs",),
    "verify": ("cs",),
    "entity": ("s", "Skerry"),
    "enrich": ("csw", "--again"),
    "evaluate": ("c", "labelled.jsonl"),
    "desk": ("cs", "--port", "0"),
    "export": ("s", "articles", "--into", "out.jsonl"),
    "mcp": ("s",),
    "corrections": ("s",),
    "corrections list": ("s",),
    "corrections undo": ("csw", "{correction}"),
    "corrections requests": ("s",),
    "corrections carry-out": ("sw",),
    "corrections export": ("s",),
    "watch list": ("cs",),
    "watch check": ("cs",),
    "watch new": ("csw", "storm", "--mail", "a@b.example", "--yes"),
    "watch backtest": ("cs", "light", "--since", "300w"),
    "watch why": ("cs", "light", "{story}"),
    "outbox list": ("s",),
    "outbox show": ("s", "{message}"),
    "outbox retry": ("sw",),
    "outbox drop": ("sw", "{message}"),
    "feeds list": ("c",),
    "feeds health": ("cs",),
    "feeds packs": ("",),
    "feeds add": ("cw", "ireland-en"),
    "feeds check": ("c",),
    "feeds import": ("cw", "feeds.opml"),
    "feeds export": ("c",),
    "quarantine list": ("s",),
    "quarantine show": ("s", "{rejection}"),
    "quarantine replay": ("csw",),
    "entities suggest": ("cs",),
    "store migrate": ("sw",),
    "store adopt": ("sw",),
    "tokens add": ("w", "reader"),
    "tokens list": ("",),
    "tokens revoke": ("", "former"),
    "store copy": ("sw", "sqlite:///home/wirewatch.db", "sqlite:///copy.db"),
}
# Not done again where it failed: `replay` asks for a place where nothing stands.
ONCE = ("replay",)
AFFAIR = [
    (
        "2014-06-03",
        "Tanker Brenta runs aground off Cape Solvang",
        "Oil from the tanker Brenta reached Cape Solvang.",
    ),
    (
        "2014-08-10",
        "Captain of tanker Brenta arrested over Cape Solvang spill",
        "Police arrested the captain at home.",
    ),
]
FORMS = [
    ("Bulletin: ferry aground", "The ferry Aurora ran aground off Tarn with ninety aboard on Monday. " * 4),
    ("Bulletin: mayor freed", "A court in Ellery freed the mayor and dropped all charges of fraud. " * 4),
]


def all_verbs(command, path=()):
    commands = getattr(command, "commands", None)
    if not commands or (path and command.invoke_without_command):
        yield " ".join(path)
    for name, each in (commands or {}).items():
        yield from all_verbs(each, (*path, name))


def test_no_verb_is_missing_here():
    assert set(all_verbs(typer.main.get_command(cli))) == set(VERBS)


class Feed(BaseHTTPRequestHandler):
    """A feed of one item, and nothing else."""

    def do_GET(self):
        item = f"<item><title>Pier reopens</title><guid>1</guid><description>{TEXT}</description></item>"
        body = f'<rss version="2.0"><channel><title>F</title>{item}</channel></rss>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def feed() -> Iterator[str]:
    """The address of one."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Feed) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/feed"
        server.shutdown()


@pytest.fixture(scope="module")
def lived(tmp_path_factory, feed) -> tuple[Path, dict[str, str]]:
    """A home with a story of two, an article that swallowed another, a correction, and a mail that failed."""
    from dags.local.environment import ROOT

    made = tmp_path_factory.mktemp("lived")
    config = made / "config"
    config.mkdir()
    (config / "settings.yaml").write_text(
        f"base: {ROOT / 'config'}\nenrich:\n  models: {{}}\nstories:\n  vectors: none\n"
    )
    (config / "feeds.yaml").write_text(f"feeds:\n  - {{id: f, url: '{feed}', allow_private: true}}\n")
    (config / "watches.yaml").write_text(
        "watches:\n  - {name: light, query: lighthouse, deliver: {mail: [a@b.example]}}\n"
    )
    rows = [
        ROW | {"text": TEXT},
        ROW | {"text": TEXT + "Nobody was hurt.", "url": "https://p.example/2", "source": "P"},
    ]
    rows += [{"title": t, "text": x, "url": "https://q.example/b", "source": "Q"} for t, x in FORMS]
    rows += [
        {"title": "Choir sings for commuters", "text": "A choir of forty sang at Brook. " * 6, "source": "R"}
    ]
    rows += [
        {"title": title, "text": text, "published": f"{day}T08:00:00Z", "source": "S"}
        for day, title, text in AFFAIR
    ]
    smtp = {"WIREWATCH_SMTP": f"smtp://127.0.0.1:{closed_port()}"}
    wiring = Wiring(made / "home", config, f"sqlite:///{made / 'home' / 'wirewatch.db'}", smtp)
    app = App(wiring)
    for n, part in enumerate((rows[:3], rows[3:])):  # a form of an article comes in another capture
        (made / f"{n}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))
        app.ingest.load([str(made / f"{n}.jsonl")], alert=True)
    (made / "bad.jsonl").write_text("{no json\n")
    app.ingest.load([str(made / "bad.jsonl")])
    (made / "more.jsonl").write_text(
        json.dumps({"title": "Harbour closed", "text": "Fog closed it. " * 20}) + "\n"
    )
    labelled = ROW | {"text": TEXT, "id": "1", "cluster": "1"}
    (made / "labelled.jsonl").write_text(json.dumps(labelled) + "\n")
    (made / "feeds.opml").write_text(
        '<opml version="2.0"><body><outline type="rss" xmlUrl="https://o.example/feed"/></body></opml>'
    )
    stories = app.read.stories()[0]
    large = next(story for story in stories if len(story.members) == 2)
    edited = next(story for story in stories if story.title.startswith("Bulletin"))
    other = next(story for story in stories if story.title.startswith("Choir"))
    (swallower,) = edited.members
    form = app.read.stored(swallower).enriched.article.forms[-1]
    assert form.because
    app.correct.merge([edited.id, other.id])
    names = {
        "story": large.id, "large": large.id, "member": large.members[1], "article": large.members[0],
        "other": edited.id, "edited": swallower, "form": form.key.partition(":")[2],
        "correction": app.correct.all()[0].id, "message": wiring.store.outbox(get_args(DeliveryState))[0].id,
        "rejection": app.stored.rejections()[0].id,
        "affair": next(story.id for story in stories if story.situation),
    }  # fmt: skip
    Tokens(made / "home" / "desk" / "tokens").add("former", SCOPES, 300, wiring.clock())
    wiring.close()
    return made, names


@pytest.fixture
def there(lived, verb_server, tmp_path) -> Iterator[tuple[Path, Callable[..., Any]]]:
    """A copy of that home; runs a verb in it."""
    made, names = lived
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)

    runs = []

    def began(verb, *before, words=(), **how):
        given = [*verb.split(), *(each.format(**names) for each in words or VERBS[verb][1:])]
        words = ["--home", "home", "--config", "config", *before, *given]
        runs.append(Run(verb_server, tmp_path, words, **how))
        return runs[-1]

    yield tmp_path, began
    for run in runs:
        run.ended(within=0)  # where the test failed before that


def verbs(needs, but=()):
    return pytest.mark.parametrize(
        "verb", [v for v, (how, *_) in VERBS.items() if set(needs) <= set(how) and v not in but]
    )


@pytest.mark.parametrize(
    ("verb", "words"), [("load", ["more.jsonl", "--alert"]), ("alert", []), ("watch-feeds", ["--once"])]
)
def test_a_mail_server_that_is_away_is_1_with_the_reason(there, verb, words):
    _, began = there
    away = {"WIREWATCH_SMTP": f"smtp://127.0.0.1:{closed_port()}"}
    assert began("outbox retry").ended()[0] == 0
    code, lines = began(verb, words=words, **away).ended()
    assert code == 1, lines
    assert "a@b.example" in lines[-1]
    assert "Connection refused" in lines[-1]


@verbs("s")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_each_that_waits_for_a_store_can_be_stopped(there, silent, verb, number, code):  # noqa: F811
    _, began = there
    port, came = silent
    url = f"http://127.0.0.1:{port}?prefix=x"
    words = [url, *VERBS[verb][2:]] if verb == "store copy" else ()
    run = began(verb, "--store", url, words=words)
    assert came.wait(20)
    time.sleep(0.1)
    os.kill(run.pid, number)
    start = time.monotonic()
    got, lines = run.ended()
    assert (got, lines[-1:]) == (
        code,
        ["wirewatch: stopped; what was committed stays, the same command goes on from there"],
    )
    assert time.monotonic() - start < 10


@verbs("s", but=("desk", "mcp"))  # these start, and say what is wrong when they are asked
def test_a_damaged_store_is_1_and_named(there, verb):
    where, began = there
    (where / "home" / "wirewatch.db").write_bytes(b"no database at all\n" * 500)
    for side in ("-wal", "-shm"):
        (where / "home" / f"wirewatch.db{side}").unlink(missing_ok=True)
    code, lines = began(verb).ended()
    assert code == 1, lines
    assert "wirewatch.db" in lines[-1]


@verbs("c")
def test_a_damaged_configuration_is_2_and_named(there, verb):
    where, began = there
    settings = where / "config" / "settings.yaml"
    settings.write_text(settings.read_text() + "  window_dais: 3\n")
    code, lines = began(verb).ended()
    assert code == (1 if verb in ("doctor", "verify") else 2), lines  # these say what is wrong as an answer
    assert "settings.yaml" in " ".join(lines)


@verbs("w")
def test_a_disk_that_is_full_is_1_and_nothing_is_lost(there, verb):
    _, began = there
    code, lines = began(verb, file_size=10).ended()
    assert code == 1, lines
    assert lines
    if verb not in ONCE:
        assert began(verb).ended()[0] == 0


@pytest.mark.parametrize(
    "verb", [v for v, (how, *_) in VERBS.items() if "w" not in how and v not in ("desk", "mcp", "evaluate")]
)
def test_an_answer_that_does_not_fit_on_the_disk_is_1(there, verb):
    _, began = there
    code, lines = began(verb, out="/dev/full").ended()
    assert code == 1, lines
    assert lines
