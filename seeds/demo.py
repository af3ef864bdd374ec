"""`make demo`: the real DAGs over the recorded feeds and the seed articles, on a store of its own.

A local server plays the outlets: the `ingest` DAG polls it, `load` takes the two seed articles, `alert`
mails; then the outlets publish more, and `ingest` and `alert` run again. Everything is left in `data/demo`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from rich.console import Console

from dags.local.environment import ROOT, airflow_environment
from pipeline.app import App
from pipeline.app.wiring import Wiring, now
from pipeline.cli.tables.fitting import Listing, TableColumn
from pipeline.store import redacted

SEEDS = ROOT / "seeds"
HOME = ROOT / "data" / "demo"


class _Outlets(ThreadingHTTPServer):
    """Serves `seeds/feeds/first`, and from `publish` on what `seeds/feeds/later` has in its place."""

    def __init__(self) -> None:
        self.folders = [SEEDS / "feeds" / "first"]
        super().__init__(("127.0.0.1", 0), _Page)

    def publish(self) -> None:
        """The outlets publish more."""
        self.folders.insert(0, SEEDS / "feeds" / "later")


class _Page(BaseHTTPRequestHandler):
    server: _Outlets

    def do_GET(self) -> None:
        """Answers with the feed, or 304 to who has it already."""
        name = Path(self.path.partition("?")[0]).name
        file = next((f / name for f in self.server.folders if (f / name).is_file()), None)
        if file is None:
            self.send_error(404)
            return
        body = file.read_bytes()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        unchanged = self.headers.get("If-None-Match") == etag
        self.send_response(304 if unchanged else 200)
        self.send_header("ETag", etag)
        if not unchanged:
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not unchanged:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent: the demo's output is the product's."""


@contextmanager
def outlets() -> Iterator[_Outlets]:
    """The server on a free port of 127.0.0.1, as `WIREWATCH_SEEDS_URL`."""
    server = _Outlets()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["WIREWATCH_SEEDS_URL"] = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def prepare(home: Path) -> None:
    """An empty home and a hermetic Airflow in it, set in this process's environment."""
    shutil.rmtree(home, ignore_errors=True)
    airflow_home = home / "airflow"
    airflow_home.mkdir(parents=True)
    os.environ.update(airflow_environment(airflow_home))
    sys.path.insert(0, str(ROOT / "dags"))  # as Airflow does it
    os.environ["WIREWATCH_HOME"] = str(home)
    os.environ["WIREWATCH_CONFIG"] = str(SEEDS / "config")
    os.environ.setdefault("WIREWATCH_STORE", f"sqlite:///{home / 'wirewatch.db'}")
    from airflow.utils.db import initdb

    from dags.local.environment import make_pools

    initdb()
    make_pools()


class DagRunner:
    """Runs DAGs of this project in this process, without a scheduler."""

    def __init__(self) -> None:
        from airflow.dag_processing.dagbag import DagBag

        self._bag = DagBag(dag_folder=str(ROOT / "dags"))
        if self._bag.import_errors:
            raise SystemExit(f"demo: a DAG does not load: {self._bag.import_errors}")

    def run(self, name: str, **params: object) -> None:
        """Runs one DAG to its end.

        Raises:
            SystemExit: It did not succeed.
        """
        dag = self._bag.dags[name]
        dag.deadline = None  # apache/airflow#73428: deadlines crash dag.test()
        run = dag.test(run_conf=params)
        if str(run.state) not in ("success", "DagRunState.SUCCESS"):
            raise SystemExit(f"demo: the DAG {name} ended as {run.state}; see {HOME / 'airflow' / 'logs'}")


def alert_at(ahead: timedelta) -> None:
    """An alert run with a clock that is ahead, so that the demo need not wait for a digest's hour."""
    wiring = Wiring(HOME, SEEDS / "config", os.environ["WIREWATCH_STORE"], os.environ, lambda: now() + ahead)
    with App(wiring) as app:
        app.watches.alert()


def _mails(out: Console) -> None:
    files = sorted((HOME / "spool").rglob("*.eml"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    columns = (TableColumn("file"), TableColumn("subject", 1, least=24), TableColumn("to", 2, least=16))
    listing = Listing(columns, f"{len(files)} mails in the spool")
    for file in files:
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        listing.row(str(file.relative_to(ROOT)), str(mail["Subject"]), str(mail["To"]))
    listing.show(out)


def _prefix(store: str) -> str:
    """The `?prefix=NAME` of a store's URL, or nothing; a key that stands beside it is not shown."""
    found = parse_qs(urlsplit(store).query).get("prefix")
    return f"?prefix={found[0]}" if found else ""


def _command() -> str:
    """The command on the store, home and configuration of the demo."""
    store = os.environ["WIREWATCH_STORE"]
    chosen = "" if store.startswith("sqlite:") else f"--store '{redacted(store)}{_prefix(store)}' "
    return f".venv/bin/wirewatch {chosen}--home data/demo --config seeds/config"


def _next_steps(out: Console) -> None:
    command = _command()
    out.print("\nWhat to type next:", style="bold")
    for line in (
        f"{command} stories",
        f"{command} story ID            # an id of the table above",
        f"{command} search 'Gerasimov'",
        f"{command} why ARTICLE         # why an article is in its story",
        f"{command} replay --into sqlite:///data/demo/again.db   # the same stories and alerts",
        "Your own news: add feeds to config/feeds.yaml (or wirewatch feeds import FILE.opml),",
        "write a watch in config/watches.yaml (docs/watches.md), then make airflow.",
    ):
        out.print(f"  {line}", markup=False, soft_wrap=True)


def main() -> int:
    """Runs the demo; returns the exit code."""
    started = time.monotonic()
    out = Console(width=None if sys.stdout.isatty() else 150, highlight=False)
    prepare(HOME)
    with outlets() as server:
        dags = DagRunner()
        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            ("the outlets' feeds (DAG ingest)", partial(dags.run, "ingest", all=True)),
            (
                "the two seed articles (DAG load)",
                partial(dags.run, "load", paths=[str(SEEDS / "articles")], alert=True),
            ),
            ("alerts on what is new (DAG alert)", partial(dags.run, "alert")),
            ("the outlets publish more", server.publish),
            ("their feeds again (DAG ingest)", partial(dags.run, "ingest", all=True)),
            ("alerts again (DAG alert)", partial(dags.run, "alert")),
            ("repair, retention, feed health (DAG maintain)", partial(dags.run, "maintain")),
            ("a day later, the digest is due (wirewatch alert)", partial(alert_at, timedelta(days=1))),
        )
        for number, (label, step) in enumerate(steps, 1):
            begun = time.monotonic()
            step()
            out.print(f"[{number}/{len(steps)}] {label}: {time.monotonic() - begun:.1f} s", markup=False)
    wirewatch = [str(Path(sys.executable).parent / "wirewatch"), "--home", str(HOME)]
    subprocess.run([*wirewatch, "stories", "--limit", "25"], check=True)  # noqa: S603 - our own command
    _mails(out)
    _next_steps(out)
    out.print(f"\nDone in {time.monotonic() - started:.0f} s. To read it in a browser:")
    out.print(f"  {_command()} desk --open", markup=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
