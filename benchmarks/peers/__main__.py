"""Story quality of Wirewatch beside the methods that people use instead.

    make bench-stories DATA=folder
    python -m benchmarks.peers DATA [--cache DIR] [--only METHOD] [--files NAME]

Each peer is given its best threshold on each file (`thresholds` of its class); Wirewatch has one
configuration for all. Prints a table in Markdown: BCubed F1, and in brackets the threshold. ELASTICSEARCH_URL
adds more_like_this.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.peers.density import Density
from benchmarks.peers.hashed import Hashed
from benchmarks.peers.more_like_this import MoreLikeThis
from benchmarks.peers.news import FILES, News, Peer, load
from benchmarks.peers.ours import evaluated
from benchmarks.peers.textclust import TextClust
from benchmarks.peers.tfidf import TfIdf
from benchmarks.peers.tightening import Tightening
from benchmarks.peers.title_overlap import TitleOverlap
from benchmarks.peers.vectors import KeptVectors
from pipeline.stories.evaluation import bcubed

_OURS: Final = "Wirewatch"


@dataclass(frozen=True, slots=True)
class Result:
    """One method on one file.

    Attributes:
        f1: BCubed F1.
        note: Shown in brackets.
        shipped: F1 at the threshold that the makers ship; None when there is none.
    """

    f1: float
    note: str = ""
    shipped: float | None = None


def tuned(peer: Peer, news: Sequence[News], gold: Sequence[str]) -> Result:
    """The best that a peer does on a file, at any threshold of its grid."""
    peer.read(news)
    scores = {threshold: bcubed(gold, peer.stories(threshold)).f1 for threshold in peer.thresholds}
    best = max(scores, key=scores.__getitem__)
    shipped = peer.shipped
    if shipped is not None and shipped not in scores:
        scores[shipped] = bcubed(gold, peer.stories(shipped)).f1
    return Result(scores[best], f"{best:g}", None if shipped is None else scores[shipped])


def wirewatch(file: Path, kept: KeptVectors) -> dict[str, Result]:
    """Two rows: stories as they are in the end, and as each article was first assigned."""
    row = evaluated(file, kept)
    return {
        f"{_OURS}, first assignment": Result(row["first_assignment"]["bcubed"]["f1"]),
        f"**{_OURS}**": Result(row["bcubed"]["f1"]),
    }


def table(results: dict[str, dict[str, Result]], files: Sequence[str]) -> str:
    """Results by method and file as a table in Markdown."""
    names = [file.removesuffix("_dev") for file in files]
    lines = [
        f"| method | {' | '.join(names)} | mean | mean at its shipped threshold |",
        f"| --- |{' ---: |' * (len(files) + 2)}",
    ]
    for method, row in results.items():
        cells = [_cell(row[file]) for file in files]
        mean = sum(row[file].f1 for file in files) / len(files)
        untuned = [value for file in files if (value := row[file].shipped) is not None]
        as_shipped = _short(sum(untuned) / len(untuned)) if untuned else "–"
        lines.append(f"| {method} | {' | '.join(cells)} | {_short(mean)} | {as_shipped} |")
    return "\n".join(lines)


def _cell(result: Result) -> str:
    return f"{_short(result.f1)} ({result.note})" if result.note else _short(result.f1)


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def peers(kept: KeptVectors) -> list[Peer]:
    """All peers that can run here."""
    url = os.environ.get("ELASTICSEARCH_URL", "")
    if not url:
        print("ELASTICSEARCH_URL is not set: more_like_this is left out", file=sys.stderr)
    return [
        TfIdf(),
        Density(kept),
        TextClust(),
        TitleOverlap(),
        Hashed(),
        Tightening(kept),
        *([MoreLikeThis(url)] if url else []),
    ]


def main() -> None:
    """Runs it all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="the folder of the labelled files")
    parser.add_argument("--cache", type=Path, default=Path(".bench"), help="where vectors are kept")
    parser.add_argument("--only", default="", help="methods with this in their name")
    parser.add_argument("--files", default="", help="files with this in their name")
    chosen = parser.parse_args()
    kept = KeptVectors(chosen.cache)
    files = [name for name in FILES if chosen.files in name]
    paths = {name: chosen.data / f"{name}.jsonl.gz" for name in files}
    wanted = [peer for peer in peers(kept) if chosen.only.lower() in peer.name.lower()]
    results: dict[str, dict[str, Result]] = {peer.name: {} for peer in wanted}
    for name, path in paths.items() if wanted else ():
        news, gold = load(path)
        results.setdefault("each alone", {})[name] = Result(bcubed(gold, range(len(gold))).f1)
        for peer in wanted:
            started = time.monotonic()
            results[peer.name][name] = found = tuned(peer, news, gold)
            seconds = time.monotonic() - started
            print(f"{name:20} {peer.name:34} {_cell(found):16} {seconds:6.1f} s", file=sys.stderr)
    for name, path in paths.items() if chosen.only.lower() in _OURS.lower() else ():
        started = time.monotonic()
        for method, found in wirewatch(path, kept).items():
            results.setdefault(method, {})[name] = found
            seconds = time.monotonic() - started
            print(f"{name:20} {method:34} {_cell(found):16} {seconds:6.1f} s", file=sys.stderr)
    print(table(results, files))


if __name__ == "__main__":
    main()
