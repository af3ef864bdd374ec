"""The desk's server under load, beside a writer: 200 clients, hostile questions, clients that never read.

python -m benchmarks.programs.load --seconds 10
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import httpx

from benchmarks.store.bench import fill
from pipeline.api.api_tokens import SCOPES, Tokens
from pipeline.processes import give_way
from pipeline.store.open import open_store

ROOT: Final = Path(__file__).resolve().parents[2]
# What may be answered: all but an error of the server's own.
FINE: Final = frozenset({200, 304, 400, 404, 429, 503})
ORDINARY: Final = (
    "/articles?limit=30",
    "/articles?q=the&limit=10",
    "/stories?order=size&limit=20",
    "/stories?q=river&order=new",
    "/changes?since=2000-01-01&limit=50",
    "/openapi.json",
)
HOSTILE: Final = (
    "/articles?q=" + quote("(" * 400),
    "/articles?q=" + quote(" OR ".join(f"a{n}*" for n in range(120))),
    "/articles?q=" + quote("NOT " * 60 + "a"),
    "/articles?q=" + quote('title:"' + "a " * 400 + '"'),
    "/articles?q=*&order=oldest&limit=100",
    "/articles?q=" + quote("*a* AND *e* AND NOT *zz*"),
    "/articles?cursor=" + "A" * 590,
    "/stories?q=" + quote("a\x00b\ud7ff OR published:[* TO *]"),
    "/names/" + quote("%00" * 50),
)


@dataclass
class Outcome:
    """What clients were answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    broken: int = 0

    def p95(self) -> float:
        """The 95th percentile, in seconds, of the answers with status 200."""
        return statistics.quantiles(self.seconds, n=20)[-1] if len(self.seconds) > 1 else 0.0


@contextmanager
def served(home: Path, config: Path, *more: str, store: str = "") -> Iterator[tuple[str, int, str]]:
    """A desk in a process of its own, with `more` options: address, process id, token of the read API."""
    (config / "settings.yaml").write_text(f"base: {ROOT / 'config'}\n", encoding="utf-8")
    token = Tokens(home / "desk" / "tokens").add(f"load-{os.getpid()}", SCOPES, 100_000, datetime.now(UTC))
    command = [sys.executable, "-c", "from pipeline.cli import main; main()"]
    chosen = ["--home", str(home), "--config", str(config), *(["--store", store] if store else [])]
    chosen += ["desk", "--port", "0", *more]
    with subprocess.Popen([*command, *chosen], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  our own program
        try:
            assert process.stdout
            yield process.stdout.readline().partition("/?")[0].strip(), process.pid, token
        finally:
            process.terminate()
            process.wait(120)  # it finishes what it was asked


def memory_mib(pid: int) -> float:
    """What a process has in memory now (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def clients(address: str, token: str, many: int, seconds: float) -> Outcome:
    """Runs `many` clients at once, each asking one thing after another, one in five of them hostile."""
    found = Outcome()
    end = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=many)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        base_url=f"{address}/api/v1", headers=headers, limits=limits, timeout=60
    ) as http:

        async def one(number: int) -> None:
            dice = random.Random(number)
            while time.monotonic() < end:
                path = dice.choice(HOSTILE if number % 5 == 0 else ORDINARY)
                begun = time.monotonic()
                try:
                    answer = await http.get(path)
                except httpx.HTTPError:
                    found.broken += 1
                    continue
                found.statuses[answer.status_code] += 1
                if answer.status_code == 200:
                    answer.json()
                    found.seconds.append(time.monotonic() - begun)
                elif answer.status_code in {429, 503}:
                    await asyncio.sleep(min(float(answer.headers["retry-after"]), 5.0) * dice.random())

        await asyncio.gather(*map(one, range(many)))
    return found


@contextmanager
def never_reading(address: str, token: str, many: int) -> Iterator[None]:
    """Clients that ask for much and read nothing."""
    where = urlsplit(address)
    opened = []
    head = f"Host: {where.netloc}\r\nAuthorization: Bearer {token}"
    line = f"GET /api/v1/articles?limit=100 HTTP/1.1\r\n{head}\r\n\r\n"
    for _ in range(many):
        each = socket.create_connection((where.hostname or "", where.port or 80))
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        each.sendall(line.encode() * 20)
        opened.append(each)
    try:
        yield
    finally:
        for each in opened:
            each.close()


def commit(url: str, upto: int) -> tuple[float, float]:
    """Commits made-up articles up to a number; its seconds by the clock and of its processor."""
    store = open_store(url)
    try:
        wall, processor = time.perf_counter(), time.process_time()
        fill(store, upto)
        return time.perf_counter() - wall, time.process_time() - processor
    finally:
        store.close()


def busy() -> subprocess.Popen[bytes]:
    """A process that wants all of a processor, and nothing of the store."""
    return subprocess.Popen([sys.executable, "-c", "while True: sum(range(1000))"])


@contextmanager
def nothing_but_busy(many: int) -> Iterator[None]:
    """Runs `many` processes that are `busy`: what a writer pays for neighbours alone."""
    processes = [busy() for _ in range(many)]
    try:
        yield
    finally:
        for each in processes:
            each.kill()
            each.wait()


async def beside(url: str, upto: int) -> tuple[float, float]:
    """As `commit`, in a process of its own, while others ask."""
    program = (
        "import sys\nfrom benchmarks.programs.load import commit\n"
        "print(*commit(sys.argv[1], int(sys.argv[2])))"
    )
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, url, str(upto), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await writer.communicate()
    assert not writer.returncode
    wall, processor = map(float, said.split())
    return wall, processor


def main() -> None:
    """Runs it all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--written", type=int, default=6_000)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home, config = Path(temporary), Path(temporary) / "config"
        config.mkdir()
        url = f"sqlite:///{home}/wirewatch.db"
        first, second = chosen.articles, chosen.articles + chosen.written
        commit(url, first)
        with served(home, config) as (address, pid, token):
            asyncio.run(clients(address, token, 4, 2.0))
            alone = asyncio.run(beside(url, second))
            third = second + chosen.written
            with nothing_but_busy(2):
                crowded = asyncio.run(beside(url, third))
            before = memory_mib(pid)
            growth: list[float] = []

            async def watched() -> None:
                for _ in range(6):
                    await asyncio.sleep(chosen.seconds / 6)
                    growth.append(memory_mib(pid))

            async def together() -> tuple[Outcome, tuple[float, float]]:
                writing = asyncio.create_task(beside(url, third + chosen.written))
                watching = asyncio.create_task(watched())
                await asyncio.sleep(0.5)
                give_way()  # the clients are elsewhere in life, and take the writer no processor
                asked = await clients(address, token, chosen.clients, chosen.seconds)
                await watching
                return asked, await writing

            with never_reading(address, token, 20):
                found, written = asyncio.run(together())
            log = (home / "wirewatch.db-wal").stat().st_size / 2**20
        answered = sum(found.statuses.values())
        print(f"{chosen.clients} clients, {chosen.seconds:g} s: {answered} answers {dict(found.statuses)}")
        print(f"{answered / chosen.seconds:.0f}/s, p95 {found.p95():.2f} s, {found.broken} broken off")
        print(f"memory of the server {before:.0f} MiB, then {', '.join(f'{each:.0f}' for each in growth)}")
        print(f"write-ahead log {log:.0f} MiB")
        for name, one, other, more in zip(
            ("by the clock", "of processor"), alone, written, crowded, strict=True
        ):
            line = f"{one:.2f} s alone, {other:.2f} s ({other / one:.2f} x) beside the clients"
            line += f", {more:.2f} s ({more / one:.2f} x) beside two that are only busy"
            print(f"{chosen.written} articles written, {name}: {line}")
        assert set(found.statuses) <= FINE


if __name__ == "__main__":
    main()
