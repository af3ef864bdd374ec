"""How long an alert run takes: 1,000 watches over 1,000 new articles, 10,000 watches, and a growing archive.

    python -m benchmarks.alerts.matching            # SQLite
    ELASTICSEARCH_URL=http://… python -m benchmarks.alerts.matching   # Elasticsearch as well

Articles and watches are made of Zipf-distributed invented words, so that some watches hit often and most do
not. Facts of stories are worked out by the real rules only in the product; here a cheap stand-in takes their
place, because what is measured is matching, deciding and saving.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "alerts"))

from alert_records import START, World, article, facts, watch

from pipeline.ports import Store
from pipeline.records import Delivery, StoredArticle, Watch
from pipeline.stages.alerting.alert import Alerting
from pipeline.stages.alerting.questions import backtest_watch
from pipeline.store import open_store

VOCABULARY = random.Random(1)
WORDS = [
    "".join(VOCABULARY.choices("aeioubdfgklmnprst", k=VOCABULARY.randrange(4, 10))) for _ in range(20_000)
]
WEIGHTS = list(itertools.accumulate(1 / rank for rank in range(1, len(WORDS) + 1)))


def articles(rng: random.Random, start: int, count: int) -> list[StoredArticle]:
    """Articles of some 250 words, three to a story."""
    made = []
    for seq in range(start, start + count):
        text = " ".join(rng.choices(WORDS, cum_weights=WEIGHTS, k=240))
        title = " ".join(rng.choices(WORDS, cum_weights=WEIGHTS, k=9))
        names = [("person", f"Name {rng.randrange(500)}"), ("place", f"Place {rng.randrange(100)}")]
        made.append(
            article(seq, title, f"s{seq // 3}", text=text, names=names, outlet=f"Outlet {rng.randrange(60)}")
        )
    return made


def watches(rng: random.Random, count: int) -> tuple[Watch, ...]:
    """Watches as people write them: a few words, phrases, names, outlets, with conditions here and there."""
    made = []
    for number in range(count):
        # Watches share their words, as people's interests do.
        rare = rng.sample(WORDS[60:2060], 4)
        query = rng.choice(
            [
                f"{rare[0]} AND {rare[1]}",
                f'"{rare[0]} {rare[1]}" OR "{rare[2]} {rare[3]}"',
                f"title:({rare[0]} OR {rare[1]}) AND NOT {rare[2]}",
                f'entities:"Name {rng.randrange(500)}" AND {rare[0]}',
                f'{rare[0]} AND {rare[1]} AND outlet:"Outlet {rng.randrange(60)}"',
                f"({rare[0]} OR {rare[1][:5]}*) AND {rare[2]}",
            ]
        )
        conditions = {"outlets": rng.choice([1, 1, 2])}
        follow = rng.choice(["none", "none", "growth", "news"])
        deliver = Delivery(mail=(f"reader{number % 50}@example.org",))
        made.append(watch(query, f"watch {number}", conditions=conditions, follow_up=follow, deliver=deliver))
    return tuple(made)


# A node with a small heap refuses an archive in one piece.
COMMIT = 1000


def measure(store: Store, archive: int, fresh: int, number: int) -> str:
    """One alert run over `fresh` articles, after `archive` older ones, and a backtest over the fresh ones."""
    rng = random.Random(8)
    world = World(store)
    older = articles(rng, 1, archive)
    for begin in range(0, len(older), COMMIT):
        world.arrive(*older[begin : begin + COMMIT])
    rules = watches(rng, number)
    # What is in the archive was matched before.
    Alerting(store, rules[:1], facts=facts).decide(START)
    world.arrive(*articles(rng, archive + 1, fresh))
    started, cpu = time.perf_counter(), time.process_time()
    decided = Alerting(store, rules, facts=facts).decide(START + timedelta(days=1))
    took, busy = time.perf_counter() - started, time.process_time() - cpu
    started = time.perf_counter()
    Alerting(store, rules, facts=facts).decide(START + timedelta(days=2))
    idle = time.perf_counter() - started
    since = article(archive + 1).enriched.article.fetched
    cpu = time.process_time()
    for rule in rules[:20]:
        backtest_watch(store, rule, since, START + timedelta(days=60), facts)
    tried = (time.process_time() - cpu) / 20
    sizes = f"{number:>7,} | {fresh:>5,} | {archive:>7,}"
    return (
        f"{sizes} | {took:6.2f} s | {busy:6.2f} s | {len(decided.alerts):>6,} | {idle:6.2f} s | {tried:.2f} s"
    )


# What a backtest goes over, and the store around it, once and ten times as large.
TRIED, STORES = 400, (400, 4000)


def backtests(stores: Sequence[Store]) -> str:
    """What a backtest of one span costs in a small and in a ten times larger store: the median of 20 watches.

    The runs take turns, so that whatever else the machine does meets both alike.
    """
    rules, since = watches(random.Random(9), 20), []
    for store, size in zip(stores, STORES, strict=True):
        world, rng = World(store), random.Random(8)
        for start in range(1, size, TRIED):
            world.arrive(*articles(rng, start, TRIED))
        since.append(article(size - TRIED + 1).enriched.article.fetched)
    took: list[list[tuple[float, float]]] = [[], []]
    for rule in rules:
        for place, store in enumerate(stores):
            started, cpu = time.perf_counter(), time.process_time()
            backtest_watch(store, rule, since[place], START + timedelta(days=60), facts)
            took[place].append((time.perf_counter() - started, time.process_time() - cpu))
    walls, cpus = ([median(each[kind] for each in of) for of in took] for kind in (0, 1))
    sizes = f"{TRIED} articles in a store of {STORES[0]:,}, then of {STORES[1]:,}"
    figures = (
        f"{what} {a:.3f} s, {b:.3f} s ({b / a:.2f})" for what, (a, b) in (("wall", walls), ("CPU", cpus))
    )
    return f"backtest of {sizes}: {'; '.join(figures)}"


def main() -> None:
    """Prints one table for each store."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="only 1,000 watches over 1,000 articles")
    quick = parser.parse_args().quick
    cases = (
        [(1000, 1000, 1000)] if quick else [(1000, 1000, 1000), (10_000, 1000, 1000), (1000, 1000, 10_000)]
    )
    urls = ["sqlite:///{folder}/{case}.db"]
    if "ELASTICSEARCH_URL" in os.environ:
        urls.append(os.environ["ELASTICSEARCH_URL"].rstrip("/") + "?prefix=bench-alerts-{case}")
    for url in urls:
        print(url.partition(":")[0])
        print("watches | new   | archive | run      | CPU      | alerts | idle     | backtest")
        with tempfile.TemporaryDirectory() as folder:
            for case, (number, fresh, archive) in enumerate(cases):
                store = open_store(url.format(folder=folder, case=f"{os.getpid()}-{case}"))
                print(measure(store, archive, fresh, number), flush=True)
                store.close()
            both = [open_store(url.format(folder=folder, case=f"{os.getpid()}-of-{n}")) for n in STORES]
            print(backtests(both), flush=True)
            for store in both:
                store.close()


if __name__ == "__main__":
    main()
