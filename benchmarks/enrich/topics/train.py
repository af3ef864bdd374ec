"""`make train-topics`: the weights of `pipeline/enrich/topics/` from the labelled lines in `texts.yaml`.

The lines are our own words in some twenty languages: no labelled open news was found that can be had and
names its topics by IPTC's terms (docs/decisions/2026-11-29-topics-by-vector-and-words.md). Nothing is drawn
at random: the same lines give the same file.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import yaml
from sklearn.linear_model import LogisticRegression

from pipeline.enrich.topics.classifier import WEIGHTS
from pipeline.enrich.vectors.embedder import E5Embedder

TEXTS = Path(__file__).with_name("texts.yaml")
TARGET = Path(__file__).parents[3] / "pipeline" / "enrich" / "topics" / WEIGHTS
TOPICS = tuple(f"{number:02d}" for number in range(1, 18))
# e5's vectors lie close together: their differences from the mean are made ten times as large.
_SCALE = 10.0
# A few hundred lines teach little: chosen on the open cases of tests/enrich and AG News.
_STRENGTH = 0.3


def digest() -> str:
    """The digest of the labelled lines, which the head of the weights names."""
    return sha256(TEXTS.read_bytes()).hexdigest()


def labelled() -> list[tuple[str, frozenset[str], frozenset[str]]]:
    """Each line with the topics that fit, and those that may."""
    rows = []
    given: dict[str, list[str]] = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))
    for key, lines in given.items():
        fitting, _, perhaps = key.partition("?")
        rows += [(line, frozenset(fitting.split()), frozenset(perhaps.split())) for line in lines]
    return rows


def main() -> None:
    """Trains and writes."""
    rows = labelled()
    vectors = E5Embedder().embed([line for line, _, _ in rows]).astype(np.float16).astype(np.float64)
    mean = vectors.mean(axis=0)
    head = [
        "# Weights of topics over the numbers of multilingual e5-small: id, constant, 384 weights.",
        f"# Made by `make train-topics` from benchmarks/enrich/topics/texts.yaml, sha256 {digest()}",
    ]
    for topic in TOPICS:
        told = [place for place, (_, _, perhaps) in enumerate(rows) if topic not in perhaps]
        wanted = [topic in rows[place][1] for place in told]
        model = LogisticRegression(C=_STRENGTH, max_iter=5000, tol=1e-6)
        model.fit((vectors[told] - mean) * _SCALE, wanted)
        weights = model.coef_[0] * _SCALE
        constant = float(model.intercept_[0] - weights @ mean)
        head.append(
            ",".join([f"medtop:{topic}000000", *(f"{number:.3f}" for number in (constant, *weights))])
        )
    TARGET.write_text("\n".join(head) + "\n", encoding="utf-8")
    print(f"{len(rows)} lines -> {TARGET.name}")


if __name__ == "__main__":
    main()
