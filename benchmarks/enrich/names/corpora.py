"""Labelled sentences of the corpora that `corpora.yaml` names, as texts with the places of their names."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml

LISTED = Path(__file__).with_name("corpora.yaml")
KINDS = {
    "PER": "PER", "PERSON": "PER", "LOC": "LOC", "ORG": "ORG",
    "Person": "PER", "Location": "LOC", "LocOrg": "LOC", "Org": "ORG",
}  # fmt: skip
# Where sentences are not marked, one ends at a full stop after `_LEAST` words or more, or after `_MOST`.
_LEAST, _MOST = 6, 60
_LONGEST_NAME = 60
# What is read of a folder of texts.
_READ = {".txt", ".spans", ".objects"}
_CLOSING, _OPENING = set(",.;:!?)]}»”’%…"), set("([{«„“¿¡")
# Portuguese writes a preposition and the word behind it as one.
_CONTRACTED = (
    (re.compile(r"([Dd])e ((?:o|a|el[ea]|ess?[ea]|est[ea]|aquel[ea])s?|isto|isso)"), r"\1\2"),
    (re.compile(r"([Ee])m ((?:o|a|uma?|el[ea]|ess?[ea]|est[ea])s?)"), r"n\2"),
    (re.compile(r"([Aa]) (os?)"), r"\1\2"),
    (re.compile(r"[Aa] a(s?)"), r"à\1"),
    (re.compile(r"([Pp])or ((?:o|a)s?)"), r"\1el\2"),
)

Name = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text with its names as (start, end, PER, LOC or ORG)."""

    language: str
    text: str
    names: Sequence[Name]


def sentences(data: Path, part: str) -> Iterator[tuple[str, list[Sentence]]]:
    """Each corpus by its name with the sentences of one part, `files` or `tests`.

    Args:
        data: A folder with the repositories.
        part: What is learned from, or what tells how well it went.

    Raises:
        ValueError: If a file is another than the one that is listed.
    """
    for corpus in yaml.safe_load(LISTED.read_text(encoding="utf-8"))["corpora"]:
        found: list[Sentence] = []
        for path, digest in corpus.get(part, {}).items():
            found += labelled(corpus, place_of(corpus, data, path), digest)
        most = corpus.get("most", len(found))
        found.sort(key=lambda each: sha256(each.text.encode()).digest())
        if found:
            yield corpus["name"], found[:most]


def place_of(corpus: Mapping[str, Any], data: Path, path: str) -> Path:
    """Where a file or folder of a corpus lies."""
    return data / str(corpus["repository"]).partition("/")[2] / path


def labelled(corpus: Mapping[str, Any], path: Path, digest: str) -> Iterator[Sentence]:
    """The sentences of one file or folder, in its order.

    Args:
        corpus: What the list says of it.
        path: Where it is.
        digest: What its bytes must come to.

    Raises:
        ValueError: If it is another than the one that is listed.
    """
    held = sorted(file for file in path.iterdir() if file.suffix in _READ) if path.is_dir() else [path]
    read = {file.name: file.read_bytes() for file in held}
    if sha256(b"".join(read.values())).hexdigest() != digest:
        raise ValueError(f"{path} is another file than {LISTED.name} names")
    language = corpus["language"]
    if corpus["format"] == "spans":
        yield from _spans(language, {name: text.decode() for name, text in read.items()})
        return
    for text in _members(read[path.name], corpus["members"]) if "members" in corpus else [read[path.name]]:
        rows = _rows(text.decode("utf-8", "replace"), corpus)
        for row in _at_points(rows) if corpus["format"] == "points" else _at_gaps(rows):
            yield _joined(language, _contracted(row) if corpus.get("contracted") else row)


def _members(packed: bytes, ending: str) -> Iterator[bytes]:
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(ending) else None
            if file is not None and not Path(member.name).name.startswith("."):
                yield file.read()


def _rows(text: str, corpus: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Words with their labels, "B-PER", "I-PER", … or "O"; a word of nothing for what parts sentences."""
    for line in text.splitlines():
        if line.startswith(("# ", "#\t")):
            continue
        cells = line.split("\t" if corpus.get("tab") else None)
        if len(cells) < 2 or not cells[corpus["word"]].strip():  # a word and its label
            yield "", "O"
            continue
        begun, _, kind = cells[corpus["label"]].strip().rpartition("-")
        label = f"{begun or 'I'}-{KINDS[kind]}" if kind in KINDS else "O"
        yield cells[corpus["word"]].strip(), label


def _at_gaps(rows: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    held: list[tuple[str, str]] = []
    for word, label in [*rows, ("", "O")]:
        if word:
            held.append((word, label))
        elif held:
            yield held
            held = []


def _at_points(rows: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    held: list[tuple[str, str]] = []
    for word, label in rows:
        if word:
            held.append((word, label))
            if len(held) > _MOST or (word in {".", "!", "?"} and len(held) >= _LEAST):
                yield held
                held = []


def _contracted(row: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    made: list[tuple[str, str]] = []
    for word, label in row:
        if made and label == made[-1][1] and label[0] != "B":
            both = f"{made[-1][0]} {word}"
            for pattern, written in _CONTRACTED:
                if pattern.fullmatch(both):
                    made[-1] = (pattern.sub(written, both), label)
                    break
            else:
                made.append((word, label))
        else:
            made.append((word, label))
    return made


def _joined(language: str, row: Sequence[tuple[str, str]]) -> Sentence:
    """A sentence as it is written, from its words and marks."""
    names: list[Name] = []
    text, quoted, close = "", False, True
    last = "O"
    for given, label in row:
        word = '"' if given in {"``", "''"} else given
        ends = word in _CLOSING or (word == '"' and quoted) or word.lower() in {"'s", "’s", "n't"}
        text += "" if close or ends else " "
        start = len(text)
        text += word
        if word == '"':
            quoted = not quoted
        close = word in _OPENING or (word == '"' and quoted)
        if label[0] == "I" and last[1:] == label[1:]:
            names[-1] = (names[-1][0], len(text), label[2:])
        elif label != "O":
            names.append((start, len(text), label[2:]))
        last = label
    return Sentence(language, text, names)


def _spans(language: str, read: Mapping[str, str]) -> Iterator[Sentence]:
    for name in read:
        stem, _, ending = name.rpartition(".")
        if ending != "txt" or f"{stem}.spans" not in read:
            continue
        places = {}
        for line in read[f"{stem}.spans"].splitlines():
            if not line.strip():
                continue
            number, _, start, length, *_ = line.split()
            places[number] = (int(start), int(start) + int(length))
        names = []
        for line in read[f"{stem}.objects"].splitlines():
            _, kind, *numbers = line.partition("#")[0].split() or ("", "")  # a line of nothing names nothing
            some = [places[number] for number in numbers if number in places]
            if kind in KINDS and some:
                name_ = (min(start for start, _ in some), max(end for _, end in some), KINDS[kind])
                names += [name_] if name_[1] - name_[0] < _LONGEST_NAME else []
        kept: list[Name] = []
        for each in sorted(names, key=lambda name: (name[0], -name[1])):
            if not kept or each[0] >= kept[-1][1]:
                kept.append(each)
        yield Sentence(language, read[name], kept)
