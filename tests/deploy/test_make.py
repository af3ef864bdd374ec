"""The Makefile: the benchmarks it names are there, and find what they import."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"^\t\$\(RUN\) (?:-m ([\w.]*bench[\w.]*)|(benchmarks/\S+\.py))", re.MULTILINE)
# What `python -m MODULE` and `python FILE` with PYTHONPATH=. find, without running it.
IMPORT = """
import importlib, sys
from pathlib import Path
packages = sys.path[1:]
for module, file in {programs!r}:
    sys.path = [str(Path(file).parent) if file else "", "", *packages]
    importlib.import_module(module or Path(file).stem)
"""


def test_every_benchmark_of_the_makefile_can_be_imported_as_make_runs_it():
    programs = sorted(set(NAMED.findall((ROOT / "Makefile").read_text())))
    assert len(programs) > 5
    ask = [sys.executable, "-c", IMPORT.format(programs=programs)]
    done = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
