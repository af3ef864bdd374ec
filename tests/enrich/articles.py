"""Measures kind, names, topics, leads, labels and language on the articles of `cases/`, one file a language.

Keys of a case: `title`, `text` and `url` as a feed gives them; `lang` (else the file's name), `kind` (else
news); `person`, `place`, `organisation`, `event`, `work`: its names as written; `any`: names whose kind may
be disputed; `topics`: top terms of IPTC Media Topics that fit, by their first two digits, and `may`: more
that do no harm; `kept`: the title after cleaning; `lead`: how its text must begin.

A third is held out, by the digest of the id: nobody reads what goes wrong there.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipeline.enrich.enricher import Enricher
from pipeline.normalize.article import normalize
from pipeline.ports import Embedder
from pipeline.records import EnrichedArticle, Entity, RawItem
from pipeline.stories.features.features import embedded_text

HERE = Path(__file__).parent / "cases"
FETCHED = datetime(2026, 3, 4, 12, tzinfo=UTC)
NAMED = ("person", "place", "organisation")
_KINDS = (*NAMED, "event", "work")
_END_CHARS = 20


@cache
def _all() -> tuple[dict[str, Any], ...]:
    rows: list[dict[str, Any]] = []
    for path in sorted(HERE.glob("*.yaml")):
        given = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        rows += [{"lang": path.stem, "kind": "news"} | row for row in given]
    return tuple(rows)


def held_out(case: dict[str, Any]) -> bool:
    """Whether a case is of the third that is not read."""
    return int(hashlib.sha256(case["id"].encode()).hexdigest(), 16) % 3 == 0


def cases(*, held: bool) -> list[dict[str, Any]]:
    """The cases of one part."""
    return [case for case in _all() if held_out(case) is held]


@dataclass
class Report:
    """What was right and wrong on one part; `wrong` is for the part that is read."""

    count: int = 0
    kinds: list[tuple[str, str]] = field(default_factory=list)
    found: int = 0
    wanted: int = 0
    found_right: int = 0
    wanted_right: int = 0
    wrong_names: int = 0
    wrong_topics: int = 0
    topics_wanted: int = 0
    topics_found: int = 0
    leads_lost: int = 0
    labels_lost: int = 0
    language_wrong: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def names_f1(self) -> float:
        """F1 of names with their kind."""
        precision, recall = self.found_right / max(self.found, 1), self.wanted_right / max(self.wanted, 1)
        return 2 * precision * recall / max(precision + recall, 1e-9)

    @property
    def kind_f1(self) -> float:
        """Macro-averaged F1 of kinds, over the kinds that are wanted."""
        right: dict[str, int] = defaultdict(int)
        wanted: dict[str, int] = defaultdict(int)
        found: dict[str, int] = defaultdict(int)
        for want, got in self.kinds:
            wanted[want] += 1
            found[got] += 1
            right[want] += want == got
        scores = [2 * right[kind] / (wanted[kind] + found[kind]) for kind in wanted]
        return sum(scores) / max(len(scores), 1)

    def of_hundred(self, number: int) -> float:
        """A count as articles of a hundred."""
        return 100 * number / max(self.count, 1)

    def lines(self) -> Iterator[str]:
        """The figures, a line each."""
        precision, recall = self.found_right / max(self.found, 1), self.wanted_right / max(self.wanted, 1)
        yield f"kind, macro-F1                    {self.kind_f1:.3f}"
        yield f"names with type, F1               {self.names_f1:.3f} (P {precision:.3f}, R {recall:.3f})"
        yield f"articles with a wrong name        {self.of_hundred(self.wrong_names):.1f} of 100"
        yield f"articles with a wrong topic       {self.of_hundred(self.wrong_topics):.1f} of 100"
        yield f"articles with a fitting topic     {self.of_hundred(self.topics_found):.1f} of 100"
        yield f"leads lost                        {self.leads_lost} of {self.count}"
        yield f"labels that carry meaning lost    {self.labels_lost} of {self.count}"
        yield f"language wrong                    {self.language_wrong} of {self.count}"


def measured(enricher: Enricher, embedder: Embedder | None, *, held: bool) -> Report:
    """All measures on one part, each article by itself as a feed would give it; topics by vectors, if any."""
    report = Report()
    rows = cases(held=held)
    items = [
        RawItem(
            id=case["id"],
            capture="capture",
            position=0,
            fetched=FETCHED,
            title=case["title"],
            body=case["text"],
            url=case.get("url", ""),
        )
        for case in rows
    ]
    taken = [normalize(item) for item in items]
    vectors = embedder.embed([embedded_text(one.title, one.text) for one in taken]) if embedder else None
    for case, enriched in zip(rows, enricher.enrich(taken, vectors), strict=True):
        report.count += 1
        _kind(report, case, enriched)
        _names(report, case, enriched.entities)
        _topics(report, case, enriched)
        _cleaning(report, case, enriched)
    return report


def _kind(report: Report, case: dict[str, Any], enriched: EnrichedArticle) -> None:
    report.kinds.append((case["kind"], enriched.kind))
    if case["kind"] != enriched.kind:
        report.wrong.append(
            f"{case['id']} kind {case['kind']} -> {enriched.kind} ({enriched.kind_because}) {case['title']!r}"
        )


def _names(report: Report, case: dict[str, Any], entities: Sequence[Entity]) -> None:
    wanted = {(name, kind) for kind in _KINDS for name in case.get(kind, ())}
    disputed = set(case.get("any", ()))
    met: set[tuple[str, str]] = set()
    bad = []
    for entity in entities:
        written = {span.text for span in entity.spans}
        hits = {(text, entity.kind) for text in written} & wanted
        met |= hits
        if hits:
            report.found += 1
            report.found_right += 1
        elif not (entity.kind not in NAMED or written & disputed or _stands_for_country(entity)):
            report.found += 1
            bad.append(f"{entity.kind} {sorted(written)}")
    report.wanted += len(wanted)
    report.wanted_right += len(met)
    report.wrong_names += bool(bad)
    missed = sorted(wanted - met)
    if bad or missed:
        report.wrong.append(f"{case['id']} names: extra {bad} missed {missed}")


def _stands_for_country(entity: Entity) -> bool:
    """By a demonym or its capital: "French", "London": nobody labels them."""
    country = entity.id.removeprefix("place:")
    return len(country) == 2 and country.isupper() and entity.name not in {span.text for span in entity.spans}


def _topics(report: Report, case: dict[str, Any], enriched: EnrichedArticle) -> None:
    found = [topic.id[7:9] for topic in enriched.topics if topic.id.endswith("000000")]
    fitting = {*case.get("topics", ()), *case.get("may", ())}
    report.topics_found += bool(fitting & set(found))
    odd = [
        f"{topic.name} {topic.words}"
        for topic in enriched.topics
        if topic.id.endswith("000000") and topic.id[7:9] not in fitting
    ]
    report.wrong_topics += bool(odd)
    if odd or not found:
        report.wrong.append(f"{case['id']} topics {sorted(fitting)}: {odd or 'none'} {case['title']!r}")


def _cleaning(report: Report, case: dict[str, Any], enriched: EnrichedArticle) -> None:
    article = enriched.article
    lead = case.get("lead")
    first = case["text"].split("\n", 1)[0]
    lost = not article.text.startswith(lead) if lead else first[-_END_CHARS:].rstrip(".!") not in article.text
    report.leads_lost += lost
    kept = case.get("kept")
    cut = any(removed.rule.startswith("title") for removed in article.removed)
    unread = cut and case["kind"] != "news" and enriched.kind == "news"
    label = unread or (kept is not None and article.title != kept)
    report.labels_lost += label
    other = article.language != case["lang"]
    report.language_wrong += other
    if lost or label or other:
        told = f"{article.language} {article.title!r} {article.text[:80]!r}"
        report.wrong.append(f"{case['id']} cleaning: lead {lost} label {label} language {other}: {told}")
