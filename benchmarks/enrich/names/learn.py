"""`make train-names DATA=…`: the weights of `pipeline/enrich/names/look/` from open labelled news.

    uv run --with python-crfsuite==0.9.12 python -m benchmarks.enrich.names.learn DATA

`corpora.yaml` names the corpora, their licences and digests. Nothing is drawn at random. Prints what the
weights reach on the parts that nothing was learned from; with `--measure` it does no more than that.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from benchmarks.enrich.names.corpora import LISTED, Name, sentences
from pipeline.enrich.names.forms import Token, tokens_of
from pipeline.enrich.names.look import tagger
from pipeline.enrich.names.look.signs import signs
from pipeline.enrich.names.look.tagger import LABELS, LANGUAGES, SAID, SCALE, WEIGHTS, Tagger

TARGET = Path(tagger.__file__).parent
# L1 keeps the weights few, L2 small; more rounds gain nothing on the parts held back.
_L1, _L2, _ROUNDS = 0.3, 0.1, 90
_LEAST_OFTEN = 2
# Weights nearer to zero than this many hundredths are left out.
_LEAST_WEIGHT = 2


def labels_of(tokens: Sequence[Token], names: Sequence[Name]) -> list[str]:
    """A label for each word: B- where a name begins, I- where it goes on, O."""
    labels = ["O"] * len(tokens)
    for start, end, kind in names:
        begun = "B-"
        for at, token in enumerate(tokens):
            if token.start < end and start < token.end:
                labels[at] = begun + kind
                begun = "I-"
    return labels


def measure(data: Path) -> None:
    """Precision, recall and F1 of whole names with their kind on what nothing was learned from."""
    kinds = {said: kind for kind, said in SAID.items()}
    for name, held in sentences(data, "tests"):
        right = found = wanted = 0
        tagger = Tagger.learned(held[0].language)
        if tagger is None:  # English has a model
            continue
        for each in held:
            tokens = tokens_of(each.text)
            want = set(_runs(tokens, labels_of(tokens, each.names)))
            got = {(start, end, kinds[said]) for start, end, said in tagger.names(each.text, each.language)}
            right, found, wanted = right + len(got & want), found + len(got), wanted + len(want)
        print(
            f"{name:28} P {right / max(found, 1):.3f}  R {right / max(wanted, 1):.3f}  "
            f"F1 {2 * right / max(found + wanted, 1):.3f}  ({wanted} names)"
        )


def _runs(tokens: Sequence[Token], labels: Sequence[str]) -> Iterator[Name]:
    start = 0
    for at, label in enumerate(labels):
        if label[0] == "B":
            start = at
        if label != "O" and (at + 1 == len(labels) or labels[at + 1][0] != "I"):
            yield tokens[start].start, tokens[at].end, label[2:]


def train(data: Path, alphabet: str) -> str:
    """The table of weights of one alphabet."""
    import pycrfsuite

    trainer = pycrfsuite.Trainer(verbose=False)
    heard = []
    for name, held in sentences(data, "files"):
        if held[0].language not in LANGUAGES[alphabet] | ({"en"} if alphabet == "latin" else set()):
            continue
        heard.append(name)
        for each in held:
            tokens = tokens_of(each.text)
            if tokens:
                trainer.append(signs(each.text, tokens, each.language), labels_of(tokens, each.names))
    trainer.select("lbfgs")
    trainer.set_params(
        {
            "c1": _L1, "c2": _L2, "max_iterations": _ROUNDS, "feature.minfreq": _LEAST_OFTEN,
            "feature.possible_transitions": True,
        }
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        model = str(Path(folder) / "model")
        trainer.train(model)
        tagger = pycrfsuite.Tagger()
        tagger.open(model)
        info = tagger.info()
        return table(heard, info.state_features, info.transitions)


def table(
    heard: Sequence[str],
    states: dict[tuple[str, str], float],
    transitions: dict[tuple[str, str], float],
) -> str:
    """The weights as `pipeline.enrich.names.look.tagger.read` reads them."""
    rows: dict[str, list[int]] = defaultdict(lambda: [0] * len(LABELS))
    for (sign, label), weight in states.items():
        hundredths = round(SCALE * weight)
        if abs(hundredths) >= _LEAST_WEIGHT:
            rows[sign][LABELS.index(label)] = hundredths
    for (first, label), weight in transitions.items():
        rows[f"from {first}"][LABELS.index(label)] = round(SCALE * weight)
    digest = sha256(LISTED.read_bytes()).hexdigest()
    lines = [
        "# Weights of signs for the labels " + " ".join(LABELS) + ", in hundredths. CC BY-SA 4.0.",
        f"# Made by `make train-names` from what corpora.yaml lists, sha256 {digest}:",
        "# " + ", ".join(heard),
    ]
    lines += [
        "\t".join([sign, *(str(number or "") for number in rows[sign])]).rstrip() for sign in sorted(rows)
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Trains, writes and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a folder with the repositories of corpora.yaml")
    parser.add_argument("--measure", action="store_true", help="only measure the weights that are there")
    parser.add_argument("--only", choices=LANGUAGES, help="one alphabet")
    options = parser.parse_args()
    for alphabet in () if options.measure else (options.only,) if options.only else LANGUAGES:
        packed = gzip.compress(train(options.data, alphabet).encode(), compresslevel=9, mtime=0)
        target = TARGET / WEIGHTS.format(alphabet)
        target.write_bytes(packed)
        print(f"{target.name}: {len(packed):,} bytes", flush=True)
    measure(options.data)


if __name__ == "__main__":
    main()
