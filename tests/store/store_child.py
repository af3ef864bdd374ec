"""A process that writes to a store until it is killed, for crash tests: `store_child.py VERB URL …`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from store_records import article, story

from pipeline.errors import LeaseHeldError
from pipeline.ports import Commit, Store
from pipeline.store import open_store


def batch(start: int, size: int) -> Commit:
    """`size` articles of one story each, and a mark that says how far it came: all or nothing."""
    seqs = range(start + 1, start + size + 1)
    return Commit(
        articles=tuple(
            article(seq, f"Title {seq}", "text " * 50, story=f"s{seq}", traits=b"t" * 100) for seq in seqs
        ),
        stories=tuple(story(f"s{seq}", (f"a{seq:06d}",), hours=seq) for seq in seqs),
        marks={"done": str(start + size)},
        learned={"done": str(start + size).encode()},
    )


def write(store: Store, size: int) -> None:
    while True:
        store.commit(batch(store.head(), size))
        sys.stdout.write(f"{store.head()}\n")
        sys.stdout.flush()


def count(store: Store, owner: str, goal: int) -> None:
    """Adds one article at a time under the lease until there are `goal`, beside others who do the same."""
    while True:
        now = datetime.now(UTC)
        try:
            lease = store.acquire("stories", owner, now, 30)
        except LeaseHeldError:
            continue
        head = store.head()
        if head < goal:
            store.commit(batch(head, 1), lease)
        store.release(lease)
        if head >= goal:
            return


if __name__ == "__main__":
    opened = open_store(sys.argv[2])
    if sys.argv[1] == "write":
        write(opened, int(sys.argv[3]))
    else:
        count(opened, sys.argv[3], int(sys.argv[4]))
    opened.close()
