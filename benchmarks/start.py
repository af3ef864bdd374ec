"""What a verb costs before it does anything: processor time, and as a ratio to `python -c pass`.

    python benchmarks/start.py [--runs 7] [--home HOME]

The least of several runs counts, since a busy machine only adds. Without HOME an empty store is
made. What is imported is compiled before, as an installation does.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WIREWATCH = str(Path(sys.executable).parent / "wirewatch")
VERBS = (
    ["--help"],
    ["stories"],
    ["search", "flood"],
    ["quarantine", "list"],
    ["outbox", "list"],
    ["feeds", "list"],
    ["watch", "list"],
    ["doctor"],
)


def seconds(command: list[str], environment: dict[str, str], runs: int) -> float:
    """The processor time of a command, its system calls included: the least of several runs."""
    found = []
    for _ in range(runs + 1):  # the first compiles
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=environment, check=False, capture_output=True)  # noqa: S603
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found[1:])


def main() -> None:
    """Prints one line a verb."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = given.home or Path(name) / "home"
        environment = {key: value for key, value in os.environ.items() if not key.startswith("WIREWATCH_")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["PYTHONPYCACHEPREFIX"] = str(Path(name) / "compiled")
        if not home.exists():
            home.mkdir()
            program = (
                "import sys; from pipeline.store.open import open_store; open_store(sys.argv[1]).close()"
            )
            store = f"sqlite:///{home / 'wirewatch.db'}"
            subprocess.run(  # noqa: S603
                [sys.executable, "-c", program, store], env=environment, cwd=ROOT, check=True
            )
        base = seconds([sys.executable, "-c", "pass"], environment, given.runs)
        print(f"python -c pass: {base:.3f} s of processor time")
        options = ["--home", str(home), "--config", str(ROOT / "config")]
        for verb in VERBS:
            spent = seconds([WIREWATCH, *options, *verb], environment, given.runs)
            print(f"wirewatch {' '.join(verb)}: {spent:.3f} s, {spent / base:.1f} times as much")


if __name__ == "__main__":
    main()
