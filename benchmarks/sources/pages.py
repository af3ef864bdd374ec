"""Main texts of real pages held against a person's: scrapinghub/article-extraction-benchmark (MIT).

git clone https://github.com/scrapinghub/article-extraction-benchmark
python -m benchmarks.sources.pages article-extraction-benchmark
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections import Counter
from pathlib import Path

from pipeline.normalize.plaintext.page import read_page
from pipeline.sources.read.charset import decode

_WORDS_OF_SHINGLE = 4
_WORD = re.compile(r"\w+")


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Runs of four words, as that benchmark counts them."""
    words = _WORD.findall(text)
    last = max(1, len(words) - _WORDS_OF_SHINGLE + 1)
    return Counter(tuple(words[at : at + _WORDS_OF_SHINGLE]) for at in range(last)) if words else Counter()


def shares(said: str, found: str) -> tuple[float, float, float]:
    """What was found rightly, found wrongly and missed, of one page; they sum to one."""
    gold, ours = shingles(said), shingles(found)
    right, wrong, missed = (gold & ours).total(), (ours - gold).total(), (gold - ours).total()
    every = right + wrong + missed
    return (right / every, wrong / every, missed / every) if every else (1.0, 0.0, 0.0)


def main() -> None:
    """Prints F1, precision and recall over all pages, and the worst ones."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--worst", type=int, default=0, help="so many of the worst pages too")
    given = options.parse_args()
    said = json.loads((given.folder / "ground-truth.json").read_text("utf-8"))
    rows = []
    for name, page in said.items():
        html = decode(gzip.decompress((given.folder / "html" / f"{name}.html.gz").read_bytes()))
        rows.append((*shares(page["articleBody"], read_page(html).text), page["url"]))
    right, wrong, missed = (sum(row[part] for row in rows) for part in range(3))
    precision, recall = right / (right + wrong), right / (right + missed)
    f1 = 2 * precision * recall / (precision + recall)
    sys.stdout.write(f"{len(rows)} pages: F1 {f1:.4f}, precision {precision:.4f}, recall {recall:.4f}\n")
    sys.stdout.writelines(f"{row[0]:.2f} {row[3]}\n" for row in sorted(rows)[: given.worst])


if __name__ == "__main__":
    main()
