"""How fast `wirewatch export` writes, and that its memory does not grow with what it writes.

python -m benchmarks.programs.exporting --articles 50000
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from benchmarks.store.bench import fill
from pipeline.app import open_app
from pipeline.app.export.exporting import KINDS, ExportOrder
from pipeline.store import open_store


def in_a_child(store: str, order: ExportOrder, target: Path) -> None:
    """Exports in a process of its own and prints articles a second, bytes, and the most memory it took."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    with open_app(store=store, home=target.parent, make=False) as app:
        app.stored.head()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wall, processor = time.perf_counter(), time.process_time()
        done = app.export.into(order, target)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"{order.kind:10} {target.suffix[1:]:8} {done.rows:8} rows  {done.rows / wall:7.0f}/s "
        f"({done.rows / processor:7.0f}/s of processor)  "
        f"{target.stat().st_size / done.rows:6.0f} bytes each  memory +{grown:.0f} MiB",
        flush=True,
    )
    os._exit(0)


def main() -> None:
    """Runs it all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=50_000)
    parser.add_argument(
        "--store", default="", help="the URL of a store that is there, instead of a made-up one"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        url = chosen.store or f"sqlite:///{temporary}/export.db"
        if not chosen.store:
            store = open_store(url)
            fill(store, chosen.articles)
            store.close()
        for kind in KINDS:
            for form in ("jsonl", "csv", "parquet"):
                if kind in {"situations", "decisions"} and not chosen.store:
                    continue  # the made-up articles have none
                in_a_child(url, ExportOrder(kind), Path(temporary) / f"{kind}.{form}")


if __name__ == "__main__":
    main()
