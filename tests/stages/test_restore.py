"""Texts that an earlier version cut come back from the archive."""

from __future__ import annotations

import json
from dataclasses import replace

from pipeline.app import App
from pipeline.ports import Commit
from pipeline.records import Removed

PLEA = "Ring our desk at the Harbour Post any day."


def line(number, title, text):
    fields = {
        "url": f"https://post.example/{number}",
        "source": "Harbour Post",
        "published": f"2015-02-0{number}T10:00:00Z",
        "title": title,
        "text": text,
    }
    return json.dumps(fields)


def cut_as_before(store, stored, gone):
    """An article as versions before 0.2 stored it."""
    article = stored.enriched.article
    short = replace(
        article,
        text=article.text.replace(gone, "").strip(),
        removed=(*article.removed, Removed(gone, "outlet repeats it")),
    )
    kept = replace(stored, enriched=replace(stored.enriched, article=short))
    store.commit(Commit(articles=(kept,)))


def test_a_cut_text_comes_back_whole_with_its_names_and_makes_no_version(make_wiring, tmp_path):
    wiring = make_wiring()
    app = App(wiring)
    file = tmp_path / "news.jsonl"
    texts = [f"Ann Berg opened the sluice at Quint, number {n}.\n\n{PLEA}" for n in (1, 2)]
    file.write_text(line(1, "Sluice opens", texts[0]) + "\n" + line(2, "Mayor thanks crew", texts[1]))
    app.ingest.load([str(file)])
    whole = {stored.enriched.article.id: stored for stored in wiring.store.between(0, 2)}
    for stored in whole.values():
        cut_as_before(wiring.store, stored, PLEA)
    counts = app.names.enrich_again("2000-01-01")
    assert (counts["restored"], counts["not_archived"]) == (2, 0)
    assert {stored.enriched.article.id: stored for stored in wiring.store.between(0, 2)} == whole
    assert all(wiring.store.versions(name) == [] for name in whole)
    assert app.names.enrich_again("2000-01-01")["restored"] == 0


def test_a_text_whose_item_the_archive_lacks_stays_and_is_counted(make_wiring, tmp_path):
    wiring = make_wiring()
    app = App(wiring)
    file = tmp_path / "news.jsonl"
    file.write_text(line(1, "Sluice opens", f"Water ran.\n\n{PLEA}"))
    app.ingest.load([str(file)])
    (stored,) = wiring.store.between(0, 1)
    cut_as_before(wiring.store, stored, PLEA)
    for path in (wiring.home / "archive").rglob("*.warc.gz"):
        path.unlink()
    counts = app.names.enrich_again("2000-01-01")
    assert (counts["restored"], counts["not_archived"]) == (0, 1)
