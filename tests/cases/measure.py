"""Measures normalize and enrich on the labelled cases beside this file; one function a kind of case.

Each returns (right, wrong, details of what went wrong). A third of the cases is `held_out` (by the digest of
the case's id, before any rule was tuned): for those the details stay unread.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.names.mentions import KINDS
from pipeline.normalize.article import normalize
from pipeline.ports import Recognizer
from pipeline.records import Article, EnrichedArticle, RawItem
from pipeline.stories.features import outlet_boilerplate
from pipeline.stories.features.statistics import StreamStatistics

HERE = Path(__file__).parent
FETCHED = datetime(2015, 2, 10, 12, tzinfo=UTC)
FILLER = "The council met on Tuesday to hear from residents who lost their homes in the flood of last week."


@dataclass
class Tally:
    """Counts of one measure; precision, recall and F1 over what was found and wanted."""

    found: int = 0
    wanted: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.wanted if self.wanted else 1.0

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def score(self, case: dict[str, Any], *, right: bool, note: str) -> None:
        """One case with one answer."""
        self.found += 1
        self.wanted += 1
        self.right += right
        if not right:
            self.wrong.append(f"{case['id']}: {note}")


def cases(kind: str, *, held_out: bool) -> list[dict[str, Any]]:
    """The cases of a kind, of one part."""
    lines = (HERE / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [row for row in rows if bool(row.get("held_out")) is held_out]


def article_of(fetched: datetime = FETCHED, **fields: Any) -> Article:
    """An article made of a raw item with these fields."""
    return normalize(RawItem(id="item", capture="capture", position=0, fetched=fetched, **fields))


def _title(case: dict[str, Any]) -> str:
    """The title as it is compared: normalized, then without what the outlet's `recent` titles repeat."""
    told = {name: case[name] for name in ("outlet", "url", "html") if name in case}
    authors = tuple(case.get("authors", ()))
    learned = StreamStatistics.empty()
    for recent in case.get("recent", ()):
        earlier = article_of(title=recent, body=FILLER, **told)
        outlet_boilerplate.observe(outlet_boilerplate.read_lines(replace(earlier, text="")), learned)
    got = article_of(title=case["title"], body=FILLER, authors=authors, **told)
    lines = outlet_boilerplate.read_lines(replace(got, text=""))
    return outlet_boilerplate.comparison_text(lines, learned).title


def titles(*, held_out: bool) -> Tally:
    tally = Tally()
    for case in cases("titles", held_out=held_out):
        got = _title(case)
        tally.score(case, right=got == case["want"], note=f"{case['title']!r} -> {got!r}")
    return tally


def datelines(*, held_out: bool) -> Tally:
    tally = Tally()
    for case in cases("datelines", held_out=held_out):
        got = article_of(title="A title of its own", body=case["text"])
        told = (got.dateline.rstrip("."), got.agency)
        right = told == (case["dateline"].rstrip("."), case["agency"]) and got.text.startswith(case["start"])
        ends = not case["text"].endswith(("(Reuters)", "AFP", "dpa")) or got.text.endswith(".")
        tally.score(case, right=right and ends, note=f"{told} {got.text[:60]!r} … {got.text[-20:]!r}")
    return tally


def boilerplate(*, held_out: bool) -> Tally:
    """Lines kept: those that should be, over those that were."""
    tally = Tally()
    for case in cases("boilerplate", held_out=held_out):
        lines = [text for _, text in case["lines"]]
        wanted = [text for mark, text in case["lines"] if mark == "+"]
        got = article_of(title=case["title"], body="\n\n".join(lines), language=case["lang"]).text.split(
            "\n\n"
        )
        tally.found += len(got)
        tally.wanted += len(wanted)
        tally.right += sum(1 for line in wanted if line in got)
        tally.wrong += [f"{case['id']} kept: {line!r}" for line in got if line not in wanted]
        tally.wrong += [f"{case['id']} lost: {line!r}" for line in wanted if line not in got]
    return tally


def _stamp(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def dates(*, held_out: bool) -> Tally:
    tally = Tally()
    for case in cases("dates", held_out=held_out):
        got = article_of(
            fetched=datetime.fromisoformat(case["fetched"]),
            title="Ferry fire inquiry opens",
            published=case["published"],
            url=case.get("url", ""),
            body=case.get("body", ""),
            page=case.get("page", ""),
            language=case["lang"],
        )
        right = got.published == _stamp(case["want"])
        source = case.get("source", "feed") if case["want"] else "fetched"
        note = f"{case['published']!r} -> {got.published} from {got.published_from}"
        tally.score(case, right=right and got.published_from == source, note=note)
    return tally


def _ids(enricher: Enricher, names: Iterable[str]) -> dict[str, set[str]]:
    """For each name, the ids of the entities found where an article is about it."""
    found = {}
    for name in names:
        text = f"{name} said on Monday that talks had begun. In a statement, {name} gave no details."
        article = article_of(title="Talks begin after long silence", body=text, language="en")
        (enriched,) = enricher.enrich([article])
        found[name] = {
            entity.id
            for entity in enriched.entities
            if any(span.field == "text" and _within(name, span.text) for span in entity.spans)
        }
    return found


def _within(name: str, written: str) -> bool:
    return written in name or name in written


def aliases(enricher: Enricher, *, held_out: bool) -> Tally:
    """Pairs said to be one entity, over pairs that are."""
    tally = Tally()
    for case in cases("aliases", held_out=held_out):
        ids = _ids(enricher, (case["one"], case["two"]))
        one, two = ids[case["one"]], ids[case["two"]]
        same = bool(one & two)
        tally.found += same
        tally.wanted += case["same"]
        tally.right += same and case["same"]
        if same != case["same"]:
            tally.wrong.append(f"{case['id']}: {case['one']!r} {one} / {case['two']!r} {two}")
    return tally


def _named(enriched: EnrichedArticle, name: str) -> set[str]:
    return {entity.id for entity in enriched.entities if any(span.text == name for span in entity.spans)}


def short_forms(enricher: Enricher, *, held_out: bool) -> Tally:
    tally = Tally()
    for case in cases("shortforms", held_out=held_out):
        (enriched,) = enricher.enrich(
            [article_of(title="A day in the news", body=case["text"], language="en")]
        )
        same = [_named(enriched, name) for name in case["same"]]
        apart = [_named(enriched, name) for name in case["apart"]]
        one = set.intersection(*same) if same else set()
        right = len(one) == 1 and all(row and not row & one for row in apart)
        tally.score(
            case, right=right, note=f"{[(e.id, [s.text for s in e.spans]) for e in enriched.entities]}"
        )
    return tally


def topics(enricher: Enricher, *, held_out: bool) -> Tally:
    """Top terms found, over those wanted; the strongest must be among them."""
    tally = Tally()
    for case in cases("topics", held_out=held_out):
        article = article_of(title=case["title"], body=case["text"], language=case["lang"])
        (enriched,) = enricher.enrich([article])
        found = [topic.id for topic in enriched.topics if topic.id.endswith("000000")]
        wanted = case["want"]
        right = (found[:1] == [] and not wanted) or (bool(found) and found[0] in wanted)
        tally.score(case, right=right, note=f"{case['title']!r} {wanted} -> {enriched.topics}")
    return tally


def names(enricher: Enricher, *, held_out: bool) -> Tally:
    """Mentions (text and kind) after resolution, over those labelled; each distinct one once a text."""
    tally = Tally()
    for case in cases("names", held_out=held_out):
        (enriched,) = enricher.enrich([_labelled(case)])
        found: set[tuple[str, str]] = {
            (span.text, entity.kind) for entity in enriched.entities for span in entity.spans
        }
        _compare(tally, case, found)
    return tally


def names_alone(recognizer: Recognizer, *, held_out: bool) -> Tally:
    """The same of what the model says, before any rule of ours."""
    tally = Tally()
    for case in cases("names", held_out=held_out):
        (mentions,) = recognizer.recognize([_labelled(case)])
        _compare(tally, case, {(m.span.text, KINDS[m.label]) for m in mentions if m.label in KINDS})
    return tally


def _labelled(case: dict[str, Any]) -> Article:
    return article_of(title=case["title"], body=case["text"], language="en")


def _compare(tally: Tally, case: dict[str, Any], found: set[tuple[str, str]]) -> None:
    wanted = {(name, kind) for name, kind in case["names"]}
    tally.found += len(found)
    tally.wanted += len(wanted)
    tally.right += len(found & wanted)
    tally.wrong += [f"{case['id']} extra: {pair}" for pair in sorted(found - wanted)]
    tally.wrong += [f"{case['id']} missed: {pair}" for pair in sorted(wanted - found)]


def summary(enricher: Enricher, *, held_out: bool) -> dict[str, Tally]:
    """All measures on one part."""
    return {
        "titles": titles(held_out=held_out),
        "datelines": datelines(held_out=held_out),
        "boilerplate lines": boilerplate(held_out=held_out),
        "dates": dates(held_out=held_out),
        "alias pairs": aliases(enricher, held_out=held_out),
        "short forms": short_forms(enricher, held_out=held_out),
        "topics": topics(enricher, held_out=held_out),
        "names": names(enricher, held_out=held_out),
    }


def macro_f1(pairs: Iterable[tuple[str, str]]) -> float:
    """Macro-averaged F1 of (wanted, found) labels over the wanted labels."""
    right: dict[str, int] = defaultdict(int)
    wanted: dict[str, int] = defaultdict(int)
    found: dict[str, int] = defaultdict(int)
    for want, got in pairs:
        wanted[want] += 1
        found[got] += 1
        right[want] += want == got
    scores = [2 * right[label] / (wanted[label] + found[label]) for label in wanted]
    return sum(scores) / len(scores) if scores else 0.0


__all__ = ["Tally", "article_of", "cases", "macro_f1", "names_alone", "summary"]
