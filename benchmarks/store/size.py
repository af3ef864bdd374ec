"""Measures what an article takes on disk in Elasticsearch, kind by kind and field by field.

    python -m benchmarks.store.size FILE… --folder DIR --elasticsearch http://127.0.0.1:9200
    python -m benchmarks.store.size FILE… --folder DIR … --before ../base --python ../base/.venv/bin/python

With `--before`, the checkout of another commit (`git worktree add --detach ../base COMMIT`) takes in the same
files by its own code, and both are measured in the same way: each takes them into a SQLite file (kept in
`--folder`, so that another run need not), copies that into a store of its own on the node, and each index is
merged to one segment before it is weighed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch

HERE = Path(__file__).resolve().parents[2]
_LOAD = "import sys; from pipeline.cli import main; sys.argv[0] = 'wirewatch'; main()"
_COPY = (
    "import sys; from pipeline.store import copy_store, open_store;"
    " copy_store(open_store(sys.argv[1], create=False), open_store(sys.argv[2]))"
)
_PARTS = ("inverted_index", "stored_fields", "doc_values", "points", "norms")


class Checkout:
    """The code of one commit.

    Args:
        place: Its folder.
        python: A Python that has what it needs.
        name: For its stores.
    """

    def __init__(self, place: Path, python: str, name: str) -> None:
        self._place, self._python, self._name = place, python, name

    def _run(self, code: str, *arguments: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(self._place), "PYTHONWARNINGS": "ignore"}
        command = [self._python, "-c", code, *arguments]
        subprocess.run(command, check=True, cwd=self._place, env=environment, stdout=sys.stderr)  # noqa: S603

    def filled(self, files: Sequence[str], folder: Path, node: str) -> str:
        """Takes files in, and copies them to the node; returns what the names of the indices begin with."""
        database, prefix = folder / f"{self._name}.db", f"size-{self._name}"
        if not database.exists():
            home, config = str(folder / self._name), str(self._place / "config")
            store = f"sqlite:///{database}"
            self._run(_LOAD, "--home", home, "--config", config, "--store", store, "load", *files)
        self._run(_COPY, f"sqlite:///{database}", f"{node}?prefix={prefix}")
        return prefix


def weighed(client: Elasticsearch, prefix: str) -> tuple[int, Counter[str], list[str]]:
    """How many articles there are, the bytes of each kind of document, and the indices of articles."""
    pattern = f"{prefix}-*"
    client.indices.refresh(index=pattern)
    client.indices.forcemerge(index=pattern, max_num_segments=1)
    client.indices.flush(index=pattern)
    found: Counter[str] = Counter()
    indices = client.indices.stats(index=pattern, metric="store,docs")["indices"]
    for index, about in indices.items():
        # An index without documents has a few hundred bytes, whatever comes in later.
        if about["primaries"]["docs"]["count"]:
            kind = index.removeprefix(f"{prefix}-").partition("-")[0]
            found[kind] += about["primaries"]["store"]["size_in_bytes"]
    articles = sorted(index for index in indices if index.startswith(f"{prefix}-articles-"))
    return int(client.count(index=f"{prefix}-articles")["count"]), found, articles


def fields(client: Elasticsearch, indices: Sequence[str]) -> Counter[tuple[str, str]]:
    """Bytes of each field of some indices, and what they are."""
    found: Counter[tuple[str, str]] = Counter()
    for index in indices:
        usage: dict[str, Any] = client.indices.disk_usage(index=index, run_expensive_tasks=True)[index]
        for name, about in usage["fields"].items():
            for part in _PARTS:
                size = (
                    about[part]["total_in_bytes"] if part == "inverted_index" else about[f"{part}_in_bytes"]
                )
                found[name, part] += size
    return found


def main() -> None:
    """Reads the options and measures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+")
    parser.add_argument("--elasticsearch", required=True)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--python", default=sys.executable, help="the Python of --before")
    parser.add_argument("--folder", type=Path, required=True, help="where the SQLite files are, or will be")
    parser.add_argument("--fields", type=int, default=20, help="how many fields to show, the largest first")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    files = [str(Path(file).resolve()) for file in asked.files]
    checkouts = {"now": Checkout(HERE, sys.executable, "now")}
    if asked.before:
        checkouts["before"] = Checkout(asked.before.resolve(), asked.python, "before")
    per: dict[str, dict[str, float]] = {}
    with Elasticsearch(asked.elasticsearch, request_timeout=300) as client:
        for name, checkout in checkouts.items():
            prefix = checkout.filled(files, asked.folder.resolve(), asked.elasticsearch)
            count, kinds, indices = weighed(client, prefix)
            per[name] = {kind: size / count for kind, size in kinds.items()}
            print(f"{name}: {count} articles")
            for kind, size in kinds.most_common():
                print(f"  {kind:14} {size / count:8.0f} bytes an article")
            print(f"  {'in all':14} {sum(kinds.values()) / count:8.0f}")
            for (field, part), size in fields(client, indices).most_common(asked.fields):
                print(f"    {field:26} {part:15} {size / count:7.0f}")
            there = list(client.indices.get(index=f"{prefix}-*", expand_wildcards="all"))
            client.indices.delete(index=there)
    if "before" in per:
        for what, kinds_of in (("articles and members", ("articles", "members")), ("in all", None)):
            now, before = (
                sum(size for kind, size in per[name].items() if kinds_of is None or kind in kinds_of)
                for name in ("now", "before")
            )
            print(f"{what}: {before:.0f} before, {now:.0f} now, ratio {now / before:.2f}")


if __name__ == "__main__":
    main()
