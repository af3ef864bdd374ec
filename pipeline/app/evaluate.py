"""Measures story quality on labelled articles, through the stages as they are shipped."""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from pipeline.app.wiring import UNKEPT_SECONDS, Stages, Wiring, no_stages
from pipeline.errors import UsageError
from pipeline.normalize.identity.keys import former_key
from pipeline.ports import Lease, Store
from pipeline.records import Capture, RawItem, content_id
from pipeline.sources.raw_items import blank_item, numbered
from pipeline.sources.read.jsonl import read_lines
from pipeline.stages.grouping.group import Grouping
from pipeline.stages.grouping.repair import Repairing
from pipeline.stages.grouping.state import Clustering
from pipeline.stages.intake.preparer import raw_key
from pipeline.store import open_store
from pipeline.stories.evaluation import TopOfPage, agreement, top_of_page

# When articles came that do not say when they were published, and when a whole file came that never says.
# Any fixed moment later than the news would do: a file is loaded at once, as `load` does it.
_LOADED = datetime(2100, 1, 1, tzinfo=UTC)
# How often a page is looked at on the way, how many stories it shows, and of how many they are the hottest.
MOMENTS: Final = 12
SHOWN: Final = 20
_NEWEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Labelled:
    """One line of a labelled file: the item that goes through the stages, its label, and its time."""

    item: RawItem
    cluster: str
    published: datetime | None


class Quality:
    """How good the stories are, measured.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def evaluate(self, files: Sequence[Path], stages: Stages = no_stages) -> dict[str, Any]:
        """Measures labelled files, each in a store of its own.

        Args:
            files: JSON lines (`.gz` too) with `cluster` beside the fields that `load` reads.
            stages: Told of each file as it begins, and how many articles it has.

        Returns:
            As the command line answers.

        Raises:
            UsageError: A file is missing, or has no labelled line.
        """
        rows = [self._file(file, stages) for file in files]
        count = len(rows)
        return {
            "files": rows,
            "mean": {
                "bcubed_f1": sum(row["bcubed"]["f1"] for row in rows) / count,
                "pairwise_f1": sum(row["pairwise"]["f1"] for row in rows) / count,
            },
        }

    def _file(self, file: Path, stages: Stages) -> dict[str, Any]:
        labelled = read_labelled(file)
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="wirewatch-") as folder:
            store = open_store(f"sqlite:///{folder}/evaluate.db")
            try:
                stream = _Stream(self._wiring, store)
                first = stream.run(labelled, stages(f"Evaluating {file.name}", len(labelled)))
                final = stream.labels(labelled)
                affairs = stream.situations(final)
                pages = stream.pages
            finally:
                store.close()
        gold = [row.cluster for row in labelled]
        after, before, above = agreement(gold, final), agreement(gold, first), agreement(gold, affairs)
        return {
            "file": str(file),
            "articles": len(labelled),
            "stories": len(set(final)),
            "gold_stories": len(set(gold)),
            "bcubed": asdict(after.bcubed),
            "pairwise": asdict(after.pairwise),
            "first_assignment": {"bcubed": asdict(before.bcubed), "pairwise": asdict(before.pairwise)},
            "situations": {
                "count": len(set(affairs)),
                "bcubed": asdict(above.bcubed),
                "pairwise": asdict(above.pairwise),
            },
            "nmi": after.nmi,
            "ari": after.ari,
            "top_of_page": _seen(pages),
            "seconds": round(time.monotonic() - started, 1),
        }


def _seen(pages: Sequence[TopOfPage]) -> dict[str, Any]:
    """The mean and the worst of what was wrong with the pages."""
    counts = {name: [getattr(page, name) for page in pages] for name in ("mixed", "twice", "missing")}
    said = {name: {"mean": sum(each) / len(each), "worst": max(each)} for name, each in counts.items()}
    return {"moments": len(pages), "shown": SHOWN, **said}


def read_labelled(file: Path) -> list[Labelled]:
    """The labelled lines of a file, in order of publication; an undated line keeps its place in the file.

    Raises:
        UsageError: The file is missing, is not JSON lines, or has no labelled line.
    """
    opened = gzip.open if file.name.endswith(".gz") else open
    try:
        with opened(file, "rt", encoding="utf-8") as stream:
            lines = [line for line in stream if line.strip()]
            rows = [json.loads(line) for line in lines]
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: cannot be read as labelled JSON lines ({error})") from None
    labelled = [
        Labelled(_item(line, n), str(row["cluster"]), _time(row.get("published")))
        for n, (line, row) in enumerate(zip(lines, rows, strict=True))
        if isinstance(row, dict) and row.get("cluster") is not None
    ]
    if not labelled:
        raise UsageError(f"{file}: no line has a `cluster`")
    return [row for _, row in sorted(_placed(labelled), key=lambda pair: pair[0])]


def _placed(labelled: Sequence[Labelled]) -> Iterator[tuple[tuple[datetime, int], Labelled]]:
    """Each line with what it is ordered by: an undated one comes right after the line before it."""
    latest = min((row.published for row in labelled if row.published), default=_LOADED)
    for place, row in enumerate(labelled):
        latest = row.published or latest
        yield (latest, place), row


def _item(line: str, place: int) -> RawItem:
    capture = Capture(content_id("labelled", str(place)), "file", "jsonl", "", _LOADED, b"")
    blank = blank_item(capture)
    return numbered([next(read_lines(line, blank)).item or blank])[0]


def _time(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


class _Moments:
    """Says for each of so many lines, in order, on which day it came and before which look at the page."""

    def __init__(self, lines: int) -> None:
        self._lines = lines
        self._place = -1

    def __call__(self, row: Labelled) -> tuple[date | None, int]:
        """Of the next line."""
        self._place += 1
        return row.published.date() if row.published else None, MOMENTS * self._place // self._lines


class _Stream:
    """One file's articles through the stages, day by day of the data's time, as production runs them."""

    def __init__(self, wiring: Wiring, store: Store) -> None:
        self._wiring = wiring
        self._store = store
        self.pages: list[TopOfPage] = []

    def run(self, labelled: Sequence[Labelled], progress: Callable[[int], None]) -> list[str]:
        """Takes everything in, with a repair after each day; returns each line's story at first."""
        first: dict[str, str] = {}
        grouping = self._grouping()
        prepared = self._wiring.intake.prepare_items([row.item for row in labelled], (), self._store)
        fresh = {key: enriched for enriched in prepared.articles for key in enriched.article.keys}
        prepared = replace(prepared, known={}, rejections=())
        done = 0
        for (day, _), rows in groupby(labelled, key=_Moments(len(labelled))):
            items = [row.item for row in rows]
            found = (fresh.pop(raw_key(item), None) for item in items)
            batch = replace(prepared, articles=tuple(article for article in found if article))
            before = self._store.head()
            grouping.run(batch)
            for stored in self._store.between(before, self._store.head()):
                first[stored.enriched.article.id] = stored.story
            progress(len(items))
            done += len(items)
            if MOMENTS * done // len(labelled) > MOMENTS * (done - len(items)) // len(labelled):
                self.pages.append(self._page(labelled[:done]))
            following = labelled[done].published if done < len(labelled) else None
            if day is not None and (following is None or following.date() != day):
                self._repair(datetime.combine(day, datetime.max.time(), UTC))
                grouping = self._grouping()
        self._repair(_LOADED)
        return [first.get(name, name) for name in self._articles(labelled)]

    def labels(self, labelled: Sequence[Labelled]) -> list[str]:
        """Each line's story now; what was refused is alone."""
        names = self._articles(labelled)
        stored = self._store.articles(sorted(set(names)))
        return [stored[name].story if name in stored else name for name in names]

    def situations(self, stories: Sequence[str]) -> list[str]:
        """The situation of each of these stories; of one that is alone, the story."""
        known = self._store.stories(sorted(set(stories)))
        return [known[name].situation or name if name in known else name for name in stories]

    def _page(self, labelled: Sequence[Labelled]) -> TopOfPage:
        """What is wrong with the hottest stories when so much has come; undated lines are of the last day."""
        names = self._articles(labelled)
        labels = dict(zip(reversed(names), reversed([row.cluster for row in labelled]), strict=True))
        stories = sorted(self._store.newest_stories(None, None, _NEWEST), key=lambda s: (-s.hot, s.id))
        shown = [[labels[a] for a in story.members if a in labels] for story in stories[:SHOWN]]
        newest = max((row.published for row in labelled if row.published), default=_LOADED)
        # A line that is a known article once more is none of its own: a page that lists it again is no news.
        came = dict(zip(reversed(names), reversed(labelled), strict=True))
        once = (came[name] for name in dict.fromkeys(names))  # of events as large the earlier one is wanted
        recent = [r.cluster for r in once if (r.published or newest) >= newest - timedelta(days=1)]
        wanted = [event for event, count in Counter(recent).most_common(SHOWN) if count > 1]
        return top_of_page([labels for labels in shown if labels], wanted)

    def _articles(self, labelled: Sequence[Labelled]) -> list[str]:
        keys = [raw_key(row.item) for row in labelled]
        found = self._store.find([*keys, *map(former_key, keys)])
        owners = {key: found.get(key) or found.get(former_key(key)) for key in keys}
        return [owners[key] or row.item.id for key, row in zip(keys, labelled, strict=True)]

    def _clustering(self) -> Clustering:
        wiring = self._wiring
        return Clustering(self._store, wiring.scorer, wiring.window, wiring.vector_center)

    def _lease(self) -> Lease:
        return self._store.acquire("stories", "evaluate", self._wiring.clock(), UNKEPT_SECONDS)

    def _grouping(self) -> Grouping:
        return Grouping(self._store, self._wiring.embedder, self._clustering(), self._lease)

    def _repair(self, now: datetime) -> None:
        days = timedelta(days=self._wiring.settings.stories.repair_days)
        Repairing(self._store, self._wiring.scorer, self._clustering(), self._lease).run(now, days)
