"""Chooses the numbers of the mix on labelled news and writes config/scorer.yaml: `make train DATA=folder`.

    python -m benchmarks.stories.train DATA [DATA...] --cache embeddings.sqlite --date 2026-11-22

Few numbers are chosen, on a coarse grid, because more of them fitted the sets they were chosen on and lost
on others (docs/benchmarks.md): the threshold, the contrast, and the threshold where there are no vectors.
The rest of `weights` stays as it is in the file. First assignments, which take seconds, leave a short
list; of it the best mean BCubed F1 after repair is chosen. The same is done without each source (its
development and its training set), and what the others chose is scored on its files: those are the scores
"left out". The same data give the same file.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import groupby, product
from multiprocessing import Pool
from pathlib import Path
from typing import Final

import yaml

from benchmarks.stories.labelled import CachedEmbedder, Labelled, made_ready, read
from benchmarks.stories.stress import interleaved, variants
from pipeline.app.evaluate import read_labelled
from pipeline.settings import Document, StorySettings
from pipeline.stories.evaluation import bcubed
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.index.story_index import StoryIndex
from pipeline.stories.placing.assign import assign_all
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.placing.reassign import repair
from pipeline.stories.scoring.scorer_config import ScorerConfig, load_scorer

CONFIG: Final = Path(__file__).parents[2] / "config" / "scorer.yaml"
GRID: Final[Mapping[str, tuple[float, ...]]] = {
    "threshold": (0.18, 0.20, 0.22, 0.24),
    "contrast": (0.2, 0.4, 0.8),
}
WITHOUT_VECTORS: Final[Mapping[str, tuple[float, ...]]] = {
    "threshold_without_vectors": (0.12, 0.14, 0.16, 0.18),
}
# How many choices are measured after repair.
SHORT_LIST: Final = 3
WINDOW_DAYS: Final = StorySettings().window_days
REPAIR_SECONDS: Final = timedelta(days=StorySettings().repair_days).total_seconds()
_DAY: Final = 86_400.0

Choice = tuple[tuple[str, float], ...]


def artefact(choice: Choice) -> ScorerConfig:
    """The scorer of the file with some of its numbers changed."""
    content = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    content["weights"].update(dict(choice))
    return load_scorer(Document(str(CONFIG), content, {}), "normal")


def score(data: Labelled, choice: Choice, *, vectors: bool = True, repaired: bool = False) -> float:
    """BCubed F1 of one file, at first or with a repair after each day, as `wirewatch evaluate` does it."""
    made, nothing = artefact(choice), Constraints()
    index = StoryIndex(WINDOW_DAYS, made.center if vectors else None)
    members = data.members if vectors else data.plain
    story: dict[str, str] = {}
    for day, group in groupby(members, key=_day):
        together = list(group)
        decisions = assign_all(together, index, made.scorer, nothing)
        story.update((decision.article, decision.story) for decision in decisions)
        last = together[-1] is members[-1]
        if repaired and (last or day is not None):
            repair(index, made.scorer, nothing, _recent(index, last=last))
    if repaired:
        story = {member.article: index.story_of(member.article) or "" for member in members}
    return bcubed(data.gold, [story.get(line, line) for line in data.lines]).f1


def _day(member: IndexedArticle) -> float | None:
    return None if member.time is None else member.time // _DAY


def _recent(index: StoryIndex, *, last: bool) -> set[str]:
    """Stories with an article of the last days; what has no date came with the whole file, at the end."""
    times = [(m.time, p.story) for p in index.stories() for m in p.members]
    newest = max((time for time, _ in times if time is not None), default=0.0)
    return {name for time, name in times if (last if time is None else time >= newest - REPAIR_SECONDS)}


def choices(grid: Mapping[str, tuple[float, ...]]) -> list[Choice]:
    """All combinations of a grid."""
    return [tuple(zip(grid, values, strict=True)) for values in product(*grid.values())]


def source(name: str) -> str:
    """Where a file's articles are from: its development and training set are one source.

    >>> source("allsides_train"), source("feeds2021_dev")
    ('allsides', 'feeds2021')
    """
    return re.sub(r"_(dev|train)$", "", name)


def ranked(table: Mapping[Choice, Mapping[str, float]], left_out: str = "") -> list[Choice]:
    """The choices by their mean over the files that are not of the source left out; ties: the first."""
    return sorted(table, key=lambda choice: -_mean(table[choice], left_out))


def _mean(row: Mapping[str, float], left_out: str = "") -> float:
    kept = [value for name, value in row.items() if source(name) != left_out] or list(row.values())
    return round(sum(kept) / len(kept), 6)


def select(
    first: Mapping[Choice, Mapping[str, float]], repaired: Mapping[Choice, Mapping[str, float]], left_out: str
) -> Choice:
    """Of the short list by first assignments, the best after repair; a source left out has no say."""
    short = ranked(first, left_out)[:SHORT_LIST]
    return ranked({choice: repaired[choice] for choice in short}, left_out)[0]


def train(files: Sequence[Path], cache: Path, date: str) -> str:
    """The new text of config/scorer.yaml."""
    embedder = CachedEmbedder(cache)
    data = [read(file, embedder) for file in files]
    _say(f"{sum(len(d.members) for d in data)} articles of {len(data)} files")
    first = _scored("at first", data, choices(GRID))
    sources = list(dict.fromkeys(source(d.name) for d in data))
    short = {choice for left_out in ("", *sources) for choice in ranked(first, left_out)[:SHORT_LIST]}
    mended = _scored("after repair", data, [c for c in first if c in short], repaired=True)
    chosen = select(first, mended, "")
    bare = [(*chosen, *choice) for choice in choices(WITHOUT_VECTORS)]
    plain = ranked(_scored("without vectors", data, bare, vectors=False))[0]
    others = {left_out: select(first, mended, left_out) for left_out in sources}
    for left_out, choice in others.items():
        _say(f"without {left_out}: {dict(choice)}")
    left_out_scores = {d.name: mended[others[source(d.name)]][d.name] for d in data}
    return rewritten(dict(plain), data, date, mended[chosen], left_out_scores)


def stress(files: Sequence[Path], cache: Path, trials: Sequence[Choice]) -> None:
    """Says how each choice fares on each file and on its variants, by first assignment.

    Beside each figure of a variant stands its share of the file's own; then the mean and the worst over all.
    """
    embedder = CachedEmbedder(cache)
    read_files = {file.name.split(".")[0]: read_labelled(file) for file in files}
    following = dict(zip(read_files, [*list(read_files)[1:], *list(read_files)[:1]], strict=True))
    every: dict[Choice, list[tuple[float, str]]] = {choice: [] for choice in trials}
    for name, lines in read_files.items():
        own: dict[Choice, float] = {}
        more = {f"with {following[name]}": interleaved(lines, read_files[following[name]])}
        for kind, changed in ({"as it is": lines} | variants(lines) | more).items():
            data = made_ready(f"{name}, {kind}", "", changed, embedder)
            for choice in trials:
                value = score(data, choice)
                share = value / own.setdefault(choice, value)
                every[choice].append((value, data.name))
                _say(f"{data.name} {dict(choice)} {value:.4f} {share:.3f}")
    for choice, values in every.items():
        mean = sum(value for value, _ in values) / len(values)
        _say(f"{dict(choice)} mean {mean:.4f} worst {min(values)[0]:.4f} ({min(values)[1]})")


def _scored(
    title: str,
    data: Sequence[Labelled],
    todo: Sequence[Choice],
    *,
    vectors: bool = True,
    repaired: bool = False,
) -> dict[Choice, dict[str, float]]:
    """BCubed F1 of each choice on each file; says each as it is known."""
    table: dict[Choice, dict[str, float]] = {}
    jobs = [(place, choice, vectors, repaired) for choice in todo for place in range(len(data))]
    with Pool(initializer=_share, initargs=(data,)) as pool:
        values = pool.imap(_job, jobs)
        for choice in todo:
            row = {d.name: next(values) for d in data}
            shown = " ".join(f"{name} {value:.4f}" for name, value in row.items())
            _say(f"{title} {dict(choice)} {shown} mean {_mean(row):.4f}")
            table[choice] = row
    return table


# What a worker process groups: given once, not with each job.
_shared: Sequence[Labelled] = ()


def _share(data: Sequence[Labelled]) -> None:
    global _shared  # noqa: PLW0603  a worker of a pool has no other place for it
    _shared = data


def _job(job: tuple[int, Choice, bool, bool]) -> float:
    place, choice, vectors, repaired = job
    return score(_shared[place], choice, vectors=vectors, repaired=repaired)


def rewritten(
    numbers: Mapping[str, float],
    data: Sequence[Labelled],
    date: str,
    scores: Mapping[str, float],
    left_out: Mapping[str, float],
) -> str:
    """The file with new numbers and where they come from; its comments stay."""
    text = CONFIG.read_text(encoding="utf-8")
    for name, number in numbers.items():
        text = re.sub(rf"^(  {name}: ).*$", rf"\g<1>{number}", text, flags=re.MULTILINE)
    lines = ["chosen:", f'  date: "{date}"']
    lines.append("  by: benchmarks/stories/train.py; what it does not choose was set by hand")
    lines += ["  data:  # sha256, first 16 digits", *(f'    {d.name}: "{d.digest}"' for d in data)]
    lines.append("  scores:  # BCubed F1 after repair, as train.py groups; then with the source left out")
    for kind, values in (("", scores), ("_left_out", left_out)):
        lines += [f"    {name}{kind}: {value:.4f}" for name, value in values.items()]
        lines.append(f"    mean{kind}: {sum(values.values()) / len(values):.4f}")
    return re.sub(r"^chosen:\n(?:  .*\n)+", "\n".join(lines) + "\n", text, flags=re.MULTILINE)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _labelled_files(folder: Path) -> list[Path]:
    """Development sets, and training sets: these are larger, and more stories stand side by side in them."""
    return sorted(file for kind in ("dev", "train") for file in folder.glob(f"*_{kind}.jsonl*"))


def main() -> None:
    """Reads the arguments, trains, writes."""
    parser = argparse.ArgumentParser(description="Choose the numbers of the mix on labelled news.")
    parser.add_argument(
        "data", nargs="+", type=Path, help="labelled files, or a folder of *_dev and *_train files"
    )
    parser.add_argument("--cache", type=Path, default=Path("embeddings.sqlite"), help="kept between runs")
    parser.add_argument("--date", default="", help="written into the file")
    parser.add_argument("--dry-run", action="store_true", help="print the file and leave the old one")
    parser.add_argument(
        "--stress", action="store_true", help="only say how the grid's choices fare on variants of the files"
    )
    options = parser.parse_args()
    files = [f for d in options.data for f in (_labelled_files(d) if d.is_dir() else [d])]
    if options.stress:
        stress(files, options.cache, choices(GRID))
        return
    text = train(files, options.cache, options.date)
    if options.dry_run:
        print(text)
    else:
        CONFIG.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
