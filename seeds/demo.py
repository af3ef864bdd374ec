"""`make demo`: the real DAGs over the recorded feeds and the seed articles, on a store of its own.

A local server plays the outlets: the `ingest` DAG polls it, `load` takes the two seed articles, `alert` mails;
then the outlets publish more, and `ingest` and `alert` run again. Everything is left in `data/demo`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dags.local.environment import ROOT, airflow_environment

SEEDS = ROOT / "seeds"
HOME = ROOT / "data" / "demo"


class _Outlets(ThreadingHTTPServer):
    """Serves `seeds/feeds/first`, and from `publish` on what `seeds/feeds/later` has in its place."""

    def __init__(self) -> None:
        self.folders = [SEEDS / "feeds" / "first"]
        super().__init__(("127.0.0.1", 0), partial(_Page, directory=str(self.folders[0])))

    def publish(self) -> None:
        """The outlets publish more."""
        self.folders.insert(0, SEEDS / "feeds" / "later")


class _Page(SimpleHTTPRequestHandler):
    server: _Outlets

    def translate_path(self, path: str) -> str:
        name = Path(path.partition("?")[0]).name
        for folder in self.server.folders:
            if (folder / name).is_file():
                return str(folder / name)
        return str(self.server.folders[-1] / name)

    def guess_type(self, path: str | os.PathLike[str]) -> str:
        return "application/xml" if str(path).endswith(".xml") else super().guess_type(path)

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


def _mails(out: Console) -> None:
    files = sorted((HOME / "spool").rglob("*.eml"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    table = Table("to", "subject", "file", title=f"{len(files)} mails in the spool")
    for file in files:
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        table.add_row(str(mail["To"]), str(mail["Subject"]), str(file.relative_to(ROOT)))
    out.print(table)


def _next_steps(out: Console) -> None:
    command = ".venv/bin/wirewatch --home data/demo --config seeds/config"
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
        steps = (
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
        )
        for number, (label, step) in enumerate(steps, 1):
            begun = time.monotonic()
            step()
            out.print(f"[{number}/{len(steps)}] {label}: {time.monotonic() - begun:.1f} s", markup=False)
    wirewatch = [str(Path(sys.executable).parent / "wirewatch"), "--home", str(HOME)]
    subprocess.run([*wirewatch, "stories", "--limit", "25"], check=True)  # noqa: S603 - our own command
    _mails(out)
    _next_steps(out)
    out.print(f"\nDone in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
