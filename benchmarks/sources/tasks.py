"""What a mapped task of the DAG `ingest` costs: its start, its work; one batch cut for 1, 2 and 8 workers.

    python -m benchmarks.sources.tasks [--articles 320]
    python -m benchmarks.sources.tasks --full

Each task runs in a process of its own, as a worker runs it: Airflow's task runner and the DAG's file are
imported, then the task does its part. What counts is processor time, so eight workers are simulated on any
machine: the batch is done when the slowest of them and then the one task `group` are. Feeds are served on
this machine; texts are made up of sentences of the seeds.

With `--full`, one of the tasks that the DAG itself makes of many new feeds is measured, beside one with a
single article, which is nearly all start.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from benchmarks.whole import ROOT, articles
from pipeline.app.tasks import TASK_SECONDS

FEEDS = 16
# For `--full`: more than one task takes, of as many entries as a new feed is expected to have.
MANY, ENTRIES = 40, 20
WORKERS = (1, 2, 8)
_TASK = """
import json, os, runpy, sys
from pathlib import Path
import airflow.sdk.execution_time.task_runner
sys.path.insert(0, "dags")
runpy.run_path("dags/ingest.py")
from pipeline.app import open_app
verb, target, given = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
with open_app(environment=os.environ) as app:
    if verb == "due":
        target.write_text(json.dumps(app.tasks.due_groups(every=True)))
    elif verb == "fetch":
        app.tasks.fetch_part(given, target)
    elif verb == "enrich":
        app.tasks.enrich_part(Path(given[0]), target)
    elif verb == "group":
        app.tasks.group_parts([Path(each) for each in given])
"""


class _Feeds(BaseHTTPRequestHandler):
    bodies: dict[str, bytes] = {}  # noqa: RUF012  one server

    def do_GET(self) -> None:
        """Answers with a feed."""
        body = self.bodies[self.path]
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def feeds(count: int, of: int = FEEDS) -> dict[str, bytes]:
    """`count` articles in `of` feeds, by path."""
    from datetime import datetime

    items: dict[int, list[str]] = {}
    for number, made in enumerate(articles(count)):
        when = format_datetime(datetime.fromisoformat(made["published"]))
        items.setdefault(number % of, []).append(
            f"<item><title>{escape(made['title'])}</title><link>{made['url']}</link><pubDate>{when}</pubDate>"
            f"<description>{escape(made['text'])}</description></item>"
        )
    return {f"/{feed}": _rss(f"Outlet {feed}", "".join(each)) for feed, each in items.items()}


def _rss(title: str, items: str) -> bytes:
    return f"<rss version='2.0'><channel><title>{title}</title>{items}</channel></rss>".encode()


class Machine:
    """An installation of its own.

    Args:
        folder: For everything that it writes.
        port: Of the feeds' server.
        of: How many feeds there are.
    """

    def __init__(self, folder: Path, port: int, of: int = FEEDS) -> None:
        config = folder / "config"
        config.mkdir(parents=True)
        (config / "settings.yaml").write_text(f"base: {ROOT / 'config'}\n")
        listed = [
            f"  - {{id: f{n}, url: 'http://127.0.0.{n + 1}:{port}/{n}', allow_private: true, language: en}}\n"
            for n in range(of)
        ]
        (config / "feeds.yaml").write_text("feeds:\n" + "".join(listed))
        self.folder = folder
        own = {
            "PYTHONPATH": str(ROOT),
            "AIRFLOW_HOME": str(folder / "airflow"),
            "WIREWATCH_HOME": str(folder / "home"),
            "WIREWATCH_CONFIG": str(config),
            "WIREWATCH_STORE": f"sqlite:///{folder / 'wirewatch.db'}",
            "PYTHONWARNINGS": "ignore",
        }
        self._environment = {key: each for key, each in os.environ.items() if "WIREWATCH" not in key} | own

    def task(self, verb: str, target: str, given: Sequence[str]) -> float:
        """Processor time of one task."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-c", _TASK, verb, str(self.folder / target), json.dumps(list(given))]
        subprocess.run(command, check=True, cwd=ROOT, env=self._environment, capture_output=True)  # noqa: S603
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def ingest(self, workers: int) -> tuple[list[float], list[float], float]:
        """Processor times of the tasks `fetch`, of the tasks `enrich`, and of `group`."""
        parts = [[f"f{n}" for n in range(FEEDS) if n % workers == part] for part in range(workers)]
        fetched = [self.task("fetch", f"fetched-{n}", part) for n, part in enumerate(parts)]
        enriched = [
            self.task("enrich", f"enriched-{n}", [str(self.folder / f"fetched-{n}")]) for n in range(workers)
        ]
        files = [str(self.folder / f"enriched-{n}") for n in range(workers)]
        return fetched, enriched, self.task("group", "-", files)


def full(name: str, port: int) -> None:
    """Prints what one of the DAG's own tasks spends on its start."""
    _Feeds.bodies = feeds(MANY * ENTRIES, MANY)
    machine = Machine(Path(name) / "full", port, MANY)
    machine.task("due", "due", [])
    groups = json.loads((machine.folder / "due").read_text())
    group = max(groups, key=len)
    costs = _fetched_and_enriched(machine, group)
    _Feeds.bodies = feeds(1, 1)
    bare = _fetched_and_enriched(Machine(Path(name) / "bare", port, 1), ["f0"])
    print(
        f"{len(groups)} tasks of {MANY} feeds; one of {len(group)} feeds, {len(group) * ENTRIES} articles:",
        end=" ",
    )
    told = zip(("fetch", "enrich"), costs, bare, strict=True)
    print(
        "; ".join(
            f"{task} {cost:.1f} s, {one:.1f} s with one article, {one / cost:.0%}" for task, cost, one in told
        )
    )
    print(f"both: {sum(bare) / sum(costs):.0%}")


def _fetched_and_enriched(machine: Machine, group: Sequence[str]) -> tuple[float, float]:
    fetched = machine.task("fetch", "fetched", group)
    return fetched, machine.task("enrich", "enriched", [str(machine.folder / "fetched")])


def line(sizes: Sequence[float], costs: Sequence[float]) -> tuple[float, float]:
    """What a task costs before its work, and for each unit of it: the line through what was measured."""
    slope, start = np.polyfit(sizes, costs, 1)
    return float(start), float(slope)


def main() -> None:
    """Reads the options and measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--articles", type=int, default=320)
    parser.add_argument("--full", action="store_true", help="one task as the DAG makes them")
    asked = parser.parse_args()
    _Feeds.bodies = feeds(asked.articles)
    server = ThreadingHTTPServer(("0.0.0.0", 0), _Feeds)  # noqa: S104  each feed has a host of its own
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sizes: list[float] = []
    costs: dict[str, list[float]] = {"fetch": [], "enrich": []}
    alone = 0.0
    with tempfile.TemporaryDirectory() as name:
        Machine(Path(name) / "warm", server.server_port).task("nothing", "-", [])
        if asked.full:
            full(name, server.server_port)
            return
        for workers in WORKERS:
            machine = Machine(Path(name) / str(workers), server.server_port)
            fetched, enriched, grouped = machine.ingest(workers)
            slowest = max(map(sum, zip(fetched, enriched, strict=True)))
            done = slowest + grouped
            alone = alone or done
            print(f"{workers} workers: fetch {max(fetched):.1f} s, enrich {max(enriched):.1f} s,", end=" ")
            print(f"group {grouped:.1f} s; done after {done:.1f} s, {alone / done:.2f} times as fast as one")
            sizes += [asked.articles / workers] * workers
            costs["fetch"] += fetched
            costs["enrich"] += enriched
    for task, each in costs.items():
        start, one = line(sizes, each)
        print(f"{task}: {start:.1f} s to start and {one * 1000:.0f} ms an article", end="; ")
        parts = ((n, start / (start + one * n)) for n in sorted(set(sizes)))
        shares = ", ".join(f"{share:.0%} of a task of {n:.0f}" for n, share in parts)
        print(f"the start is {shares}, and {start / (start + TASK_SECONDS):.0%} of one that is full")


if __name__ == "__main__":
    main()
