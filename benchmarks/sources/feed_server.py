"""A small, quick feed server in a process of its own: any path is a feed of 30 items, and some change.

`GET /next` begins a new round: from then on the changing share of the feeds has a new item and a new ETag.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

ITEMS = 30
_ITEM = """<item><title>Round {round} of feed {feed}: item {number} about the harbour and the town</title>
<link>https://outlet{feed}.test/{number}</link><guid isPermaLink="false">{feed}-{number}</guid>
<pubDate>Mon, 02 Feb 2026 08:{minute:02}:00 GMT</pubDate><category>Harbours</category>
<description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"""
_TEXT = "The harbour board met on Monday to hear what the town makes of the new quay, and of its price. " * 6


def feed_body(feed: int, newest: int) -> bytes:
    """A feed of 30 items, of which the newest has this number."""
    items = (
        _ITEM.format(round=newest, feed=feed, number=number, minute=number % 60, text=_TEXT)
        for number in range(newest, newest - ITEMS, -1)
    )
    head = f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>Outlet {feed}</title>"
    return f"{head}<link>https://outlet{feed}.test/</link>{''.join(items)}</channel></rss>".encode()


class _Server:
    def __init__(self, changing: int) -> None:
        self.changing = changing  # every n-th feed changes
        self.round = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                writer.write(self.answer(head))
                await writer.drain()
        writer.close()

    def answer(self, head: bytes) -> bytes:
        path = head.split(b" ", 2)[1]
        if path == b"/next":
            self.round += 1
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        feed = int(path.strip(b"/f"))
        newest = ITEMS + (self.round if feed % self.changing == 0 else 0)
        etag = b'"%d-%d"' % (feed, newest)
        if b"if-none-match: " + etag in head.lower():
            return b"HTTP/1.1 304 Not Modified\r\nETag: %s\r\n\r\n" % etag
        body = feed_body(feed, newest)
        kind = b"Content-Type: application/rss+xml; charset=utf-8\r\n"
        return b"HTTP/1.1 200 OK\r\n%sETag: %s\r\nContent-Length: %d\r\n\r\n" % (kind, etag, len(body)) + body


async def _serve(changing: int) -> None:
    server = await asyncio.start_server(_Server(changing).handle, "0.0.0.0", 0, backlog=1024)  # noqa: S104
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextlib.contextmanager
def feed_server(changing: int) -> Iterator[int]:
    """Runs the server; gives its port. Every `changing`-th feed changes in each round."""
    command = [sys.executable, __file__, str(changing)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


def next_round(port: int) -> None:
    """Lets the changing feeds change."""
    urllib.request.urlopen(f"http://127.0.0.1:{port}/next").close()


def urls(count: int, port: int) -> list[str]:
    """One URL for each feed, each on a host of its own: all of 127.0.0.0/8 is this machine."""
    return [f"http://127.{1 + n // 60000}.{n // 250 % 240}.{1 + n % 250}:{port}/f{n}" for n in range(count)]


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
