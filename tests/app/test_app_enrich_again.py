"""Articles from before kinds were told get theirs by `enrich --again`, and nobody is told of it."""

import json
from dataclasses import replace

from pipeline.app import App
from pipeline.ports import Commit
from pipeline.records import Removed

WATCH = "watches:\n  - {name: opinions, query: 'kind:opinion', deliver: {mail: [desk@example.org]}}\n"


def load(app, folder, title, text):
    file = folder / "one.jsonl"
    url = f"https://outlet.example/{len(title)}"
    file.write_text(json.dumps({"title": title, "text": text * 3, "source": "Outlet", "url": url}))
    app.ingest.load([str(file)], alert=True)


def test_an_old_article_gets_its_kind_and_no_alert_follows(configured, make_wiring, tmp_path):
    folder = configured()
    (folder / "watches.yaml").write_text(WATCH)
    wiring = make_wiring(config=folder)
    app, store = App(wiring), wiring.store
    load(app, tmp_path, "Harvest begins in Lorn", "Farmers in Lorn began to bring in the wheat. ")
    load(
        app, tmp_path, "The east bridge should be closed", "The east bridge has been patched for ten years. "
    )
    # As a version wrote it that cut the label off and knew no kinds: what is missing is read as news.
    found = store.articles(list(store.find(["url:https://outlet.example/32"]).values()))
    (old,) = found.values()
    labelled = replace(old.enriched.article, removed=(Removed("Opinion |", "title label"),))
    store.commit(Commit(articles=(replace(old, enriched=replace(old.enriched, article=labelled)),)))
    assert old.enriched.kind == "news"
    assert app.read.search("kind:opinion") == []

    changes = store.last_change()
    assert app.names.enrich_again("30d")["articles"] == 1
    (hit,) = app.read.search("kind:opinion")
    assert (hit.article.seq, hit.article.story) == (old.seq, old.story)
    assert hit.article.enriched.kind_because == "label: Opinion |"
    assert store.last_change() == changes
    assert app.watches.alert().alerts == ()
    assert app.names.enrich_again("30d")["articles"] == 0

    # The watch is awake: what comes from now on is told.
    load(
        app,
        tmp_path,
        "Opinion | Overton needs a new school soon",
        "Children of Overton travel far to their lessons. ",
    )
    (alert,) = store.alerts()
    assert (alert.watch, alert.seq) == ("opinions", store.head())
