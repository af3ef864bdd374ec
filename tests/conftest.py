"""What all tests share."""

import sys
from pathlib import Path

# The repository's root, for `dags.local` and `seeds.demo`, which are not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
