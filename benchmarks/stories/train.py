"""Chooses the numbers of the mix on labelled news and writes config/scorer.yaml: `make train DATA=folder`.

    python -m benchmarks.stories.train DATA [DATA...] --cache embeddings.sqlite --date 2026-11-22

Few numbers are chosen, on a coarse grid, because more of them fitted the sets they were chosen on and lost
on others (docs/benchmarks.md): the threshold, the contrast, and the threshold where there are no vectors.
The rest of `weights` stays as it is in the file. They are chosen on the stress set (`stress.py`), the files
and their variants: a choice counts only where it loses on none of them beside what is shipped
(`choosing.py`), first by first assignments, which take seconds, then the best of those after repair, too.
What the others trade is said. The same is done without each source, and what the others chose is scored on
its files: those are the scores "left out". The same data give the same file.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby, product
from multiprocessing import Pool
from pathlib import Path
from typing import Final

import yaml

from benchmarks.stories.choosing import Choice, Table, counting, sources, standing, told, traded, without
from benchmarks.stories.labelled import CachedEmbedder, Labelled, digest_of, made_ready
from benchmarks.stories.stress import stress_set
from pipeline.app.evaluate import read_labelled
from pipeline.settings import StorySettings
from pipeline.stories.evaluation import bcubed
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.index.story_index import StoryIndex
from pipeline.stories.placing.assign import assign_all
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.placing.reassign import repair
from pipeline.stories.scoring.scorer_config import ScorerConfig, load_scorer
from pipeline.yaml_documents import Document

CONFIG: Final = Path(__file__).parents[2] / "config" / "scorer.yaml"
GRID: Final[Mapping[str, tuple[float, ...]]] = {
    "threshold": (0.19, 0.20, 0.21, 0.22, 0.23),
    "contrast": (0.4, 0.8, 1.2),
}
WITHOUT_VECTORS: Final[Mapping[str, tuple[float, ...]]] = {
    "threshold_without_vectors": (0.12, 0.14, 0.16, 0.18),
}
# How many choices that count at first are measured after repair, beside what is shipped.
SHORT_LIST: Final = 2
WINDOW_DAYS: Final = StorySettings().window_days
REPAIR_SECONDS: Final = timedelta(days=StorySettings().repair_days).total_seconds()
_DAY: Final = 86_400.0


def artefact(choice: Choice) -> ScorerConfig:
    """The scorer of the file with some of its numbers changed."""
    content = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    content["weights"].update(dict(choice))
    return load_scorer(Document(str(CONFIG), content, {}), "normal")


def score(data: Labelled, choice: Choice, *, vectors: bool = True, repaired: bool = False) -> float:
    """BCubed F1 of one file, at first or with a repair after each day, as `wirewatch evaluate` does it."""
    made, nothing = artefact(choice), Constraints()
    index = StoryIndex(WINDOW_DAYS, made.center if vectors else None)
    members = data.whole() if vectors else data.plain()
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


def shipped() -> Choice:
    """The numbers of the grid as they are in the file."""
    weights = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["weights"]
    return tuple((name, weights[name]) for name in GRID)


def short_list(first: Table, present: Choice) -> list[Choice]:
    """What is worth a repair: the best of what counts by first assignments, and what is shipped."""
    best = [choice for choice in counting(first, present) if choice != present]
    return [present, *best[:SHORT_LIST]]


def select(first: Table, mended: Table, present: Choice, left_out: str) -> Choice:
    """The best of the short list that counts after repair, too; a source left out has no say."""
    short = short_list(without(first, left_out), present)
    return counting(without({choice: mended[choice] for choice in short}, left_out), present)[0]


def train(files: Sequence[Path], cache: Path, date: str) -> str:
    """The new text of config/scorer.yaml."""
    data = list(_ready(files, CachedEmbedder(cache)))
    whole = [d for d in data if d.digest]
    _say(f"{sum(len(d.members) for d in data)} articles in {len(data)} sets of {len(whole)} files")
    present = shipped()
    grid = [present, *(choice for choice in choices(GRID) if choice != present)]
    first = _scored("at first", data, grid)
    _say_trades("at first", first, present)
    every = dict.fromkeys(source for d in whole for source in sorted(sources(d.name)))
    short = {choice for left_out in ("", *every) for choice in short_list(without(first, left_out), present)}
    mended = _scored("after repair", data, [choice for choice in grid if choice in short], repaired=True)
    _say_trades("after repair", mended, present)
    chosen = select(first, mended, present, "")
    bare = [(*chosen, *choice) for choice in choices(WITHOUT_VECTORS)]
    plain = _scored("without vectors", whole, bare, vectors=False)
    others = {left_out: select(first, mended, present, left_out) for left_out in every}
    for left_out, choice in others.items():
        _say(f"without {left_out}: {told(choice)}")
    scores = {d.name: mended[chosen][d.name] for d in whole}
    left_out_scores = {d.name: mended[others[min(sources(d.name))]][d.name] for d in whole}
    best = max(bare, key=lambda choice: (standing(plain[choice]).mean, -bare.index(choice)))
    _say(f"chosen: {told(best)}")
    mean, worst, where = standing(mended[chosen])
    _say(f"after repair on all sets: mean {mean:.4f}, worst {worst:.4f} ({where})")
    return rewritten(
        dict(best), whole, date, {**scores, "stress_mean": mean, "stress_worst": worst}, left_out_scores
    )


def stress(files: Sequence[Path], cache: Path) -> None:
    """Says how each choice of the grid fares on the stress set, by first assignment, and what it trades.

    Beside each figure of a variant stands its share of the file's own.
    """
    data = list(_ready(files, CachedEmbedder(cache)))
    present = shipped()
    grid = [present, *(choice for choice in choices(GRID) if choice != present)]
    first = _scored("at first", data, grid)
    for choice, row in first.items():
        for name, value in row.items():
            _say(f"{name}, {told(choice)}: {value:.4f} {value / row[name.partition(', ')[0]]:.3f}")
    _say_trades("at first", first, present)


def _ready(files: Sequence[Path], embedder: CachedEmbedder) -> Iterator[Labelled]:
    """The stress set of some files; a file as it is has a digest."""
    rows = {file.name.split(".")[0]: read_labelled(file) for file in files}
    digests = {file.name.split(".")[0]: digest_of(file) for file in files}
    for name, lines in stress_set(rows):
        yield made_ready(name, digests.get(name, ""), lines, embedder)


def _say_trades(title: str, table: Table, present: Choice) -> None:
    mean, worst, where = standing(table[present])
    _say(f"{title}, shipped, {told(present)}: mean {mean:.4f}, worst {worst:.4f} ({where})")
    for line in traded(table, present):
        _say(f"{title}, {line}")


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
            shown = "; ".join(f"{name} {value:.4f}" for name, value in row.items())
            _say(f"{title}, {told(choice)}: {shown}")
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
        own = [values[d.name] for d in data]
        lines.append(f"    mean{kind}: {sum(own) / len(own):.4f}")
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
        "--stress", action="store_true", help="only say how the choices of the grid fare at first"
    )
    options = parser.parse_args()
    files = [f for d in options.data for f in (_labelled_files(d) if d.is_dir() else [d])]
    if options.stress:
        stress(files, options.cache)
        return
    text = train(files, options.cache, options.date)
    if options.dry_run:
        print(text)
    else:
        CONFIG.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
