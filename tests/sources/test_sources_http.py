"""The HTTP client against a real server that misbehaves."""

from __future__ import annotations

import gzip
import socket
import time
import zlib

import brotli
import pytest
import zstandard
from misbehaving import Exchange, Misbehaving

from pipeline.errors import PermanentError, UnavailableError
from pipeline.settings import FetchSettings
from pipeline.sources.fetch.http import Client
from pipeline.sources.unpack import unpack

LIMIT = 1024 * 1024


def test_a_page_comes_with_its_headers(server, client):
    url = server.serve("/a", b"hello", ETag='"1"', content_type="text/plain")
    answer = client.get(url, {"Accept": "text/plain"})
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"hello", '"1"')
    assert answer.headers["content-type"] == "text/plain"
    assert answer.url == url
    assert server.asked[0].headers["accept"] == "text/plain"


def test_the_user_agent_names_a_contact(server):
    with Client(FetchSettings(private_hosts=("127.0.0.1",), contact="mailto:desk@example.org")) as client:
        client.get(server.serve("/", b""))
    assert (
        server.asked[0].headers["user-agent"] == "Wirewatch/1.0 (news monitoring) (+mailto:desk@example.org)"
    )


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://a.test/",
        "gopher://a.test/",
        "data:,x",
        "//a.test/",
        "a.test/rss",
        "a.test:80/",
    ],
)
def test_only_http_and_https_are_fetched(client, url):
    with pytest.raises(PermanentError, match="only http and https"):
        client.get(url)


@pytest.mark.parametrize(
    "url", ["http://", "http://[::1", "http://a b.test:x/", "http://\x00/", "https:///path", "http://xn--a/"]
)
def test_an_unreadable_url_is_one_line(client, url):
    with pytest.raises((PermanentError, UnavailableError)) as caught:
        client.get(url)
    assert "\n" not in str(caught.value)


# -- private addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "localhost",
        "0.0.0.0",  # noqa: S104
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "224.0.0.1",
        "255.255.255.255",
        "[::127.0.0.1]",
    ],
)
def test_private_addresses_are_refused_however_they_are_written(server, host):
    server.serve("/", b"secret")
    with (
        Client(FetchSettings(timeout_seconds=1)) as client,
        pytest.raises((PermanentError, UnavailableError)) as caught,
    ):
        client.get(f"http://{host}:{server.port}/")
    assert isinstance(caught.value, PermanentError) or "no such host" in str(caught.value)
    assert server.asked == []


def test_a_public_name_with_a_private_address_is_refused(server):
    with (
        Client(FetchSettings(), resolve=lambda *_: ["127.0.0.1"]) as client,
        pytest.raises(PermanentError, match=r"news.test is at the private address 127.0.0.1"),
    ):
        client.get(server.url("/", "news.test"))
    assert server.asked == []


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    with (
        Client(FetchSettings(), resolve=lambda *_: ["8.8.8.8", "10.0.0.1"]) as client,
        pytest.raises(PermanentError, match="private"),
    ):
        client.get("http://news.test/")


def test_dns_rebinding_gains_nothing(server, monkeypatch):
    """The address that was checked is connected to, though the name has another one by then."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
    connected = []

    def connect(address, *_, **__):
        connected.append(address[0])
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "create_connection", connect)
    with Client(FetchSettings(), resolve=lambda *_: next(answers)) as client:
        with pytest.raises(UnavailableError):
            client.get("http://rebinding.test/")
        with pytest.raises(PermanentError, match="private"):
            client.get("http://rebinding.test/")
    assert connected == ["93.184.216.34"]


def test_a_redirect_to_a_private_address_is_refused(server):
    with Misbehaving(host="127.0.0.2") as other:
        secret = other.serve("/latest/meta-data", b"secret")
        url = server.serve("/", b"", 302, Location=secret)
        with (
            Client(FetchSettings()) as client,
            pytest.raises(PermanentError, match=r"private address 127.0.0.2"),
        ):
            client.get(url, allow_private=True)
        assert other.asked == []


def test_an_allowed_connection_is_not_shared_with_a_feed_that_may_not(server):
    url = server.serve("/", b"fine", Connection="keep-alive")
    with Client(FetchSettings()) as client:
        assert client.get(url, allow_private=True).body == b"fine"
        with pytest.raises(PermanentError, match="private"):
            client.get(url)


# -- redirects -------------------------------------------------------------------------------------------


def test_permanent_redirects_are_told_and_temporary_ones_are_not(server, client):
    end = server.serve("/end", b"x")
    middle = server.serve("/middle", b"", 308, Location="/end")
    start = server.serve("/start", b"", 301, Location=middle)
    assert client.get(start).moved == end
    assert client.get(start).url == end
    server.serve("/middle", b"", 302, Location="/end")
    assert client.get(start).moved == middle
    server.serve("/start", b"", 302, Location=middle)
    assert client.get(start).moved == ""


def test_redirect_loops_end(server, client):
    server.serve("/a", b"", 302, Location="/b")
    server.serve("/b", b"", 302, Location="/a")
    with pytest.raises(PermanentError, match="more than 5 redirects"):
        client.get(server.url("/a"))
    assert len(server.asked) == 6


def test_never_from_https_to_http(server, settings, trusting):
    with Misbehaving("valid") as secure, Client(settings, tls=trusting) as client:
        url = secure.serve("/", b"", 301, Location=server.serve("/plain", b"x"))
        with pytest.raises(PermanentError, match="from https to http"):
            client.get(url)
    assert server.asked == []


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://[::1", "javascript:alert(1)", "http://"])
def test_redirects_to_nonsense_are_refused(server, client, target):
    with pytest.raises(PermanentError):
        client.get(server.serve("/", b"", 302, Location=target))


def test_cookies_live_for_one_chain_only(server, client):
    server.serve("/in", b"", 302, Location="/wall", Set_Cookie="pass=1; Path=/")
    server.route("/wall", lambda ex: ex.answer(ex.asked.headers.get("cookie", "none").encode()))
    assert client.get(server.url("/in")).body == b"pass=1"
    assert client.get(server.url("/wall")).body == b"none"


# -- size and time ---------------------------------------------------------------------------------------


def packed(coding: str, size: int) -> bytes:
    zeros = b"\x00" * size
    return {
        "gzip": lambda: gzip.compress(zeros),
        "deflate": lambda: zlib.compress(zeros),
        "br": lambda: brotli.compress(zeros, quality=5),
        "zstd": lambda: zstandard.compress(zeros),
    }[coding]()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_every_coding_is_unpacked(server, client, coding):
    assert client.get(server.serve("/", packed(coding, 5000), Content_Encoding=coding)).body == b"\x00" * 5000
    assert server.asked[0].headers["accept-encoding"] == "gzip, br, zstd"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_bombs_are_refused(server, client, coding):
    bomb = packed(coding, 100 * LIMIT)
    assert len(bomb) < LIMIT
    with pytest.raises(PermanentError, match="larger than 1,024 KiB unpacked"):
        client.get(server.serve("/", bomb, Content_Encoding=coding))


def test_a_bomb_in_a_bomb_is_refused():
    inner = gzip.compress(gzip.compress(b"\x00" * 50 * LIMIT))
    with pytest.raises(PermanentError, match="larger"):
        unpack(inner, "gzip, gzip", LIMIT)
    with pytest.raises(PermanentError, match="on top of each other"):
        unpack(inner, "gzip, gzip, gzip, gzip", LIMIT)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_what_is_not_packed_is_taken_as_it_is(coding):
    assert unpack(b"<rss/> plain", coding, LIMIT) == (b"<rss/> plain", True)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_cut_off_body_gives_what_could_be_unpacked(coding):
    text = b"".join(b"line %d\n" % number for number in range(20000))
    pack = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "br": brotli.compress,
        "zstd": zstandard.compress,
    }
    whole = pack[coding](text)
    assert unpack(whole, coding, LIMIT) == (text, True)
    for cut in (len(whole) // 2, len(whole) - 30, len(whole) - 9):
        part = unpack(whole[:cut], coding, LIMIT)
        assert text.startswith(part.body)
        assert not part.whole
    damaged = whole[: len(whole) // 2] + b"\x55" * 40 + whole[len(whole) // 2 + 40 :]
    assert unpack(damaged, coding, LIMIT) != (text, True)


@pytest.mark.parametrize("missing", range(1, 9))
def test_a_gzip_without_its_checksum_is_whole(missing):
    assert unpack(gzip.compress(b"one" * 1000, mtime=0)[:-missing], "gzip", LIMIT) == (b"one" * 1000, True)


def test_what_follows_a_gzip_and_is_none_is_passed_over():
    for more in (b"\0" * 600, b"\r\n"):
        assert unpack(gzip.compress(b"one", mtime=0) + more, "gzip", LIMIT) == (b"one", True)


def test_several_gzip_members_are_one_body():
    assert unpack(gzip.compress(b"one") + gzip.compress(b"two"), "gzip", LIMIT) == (b"onetwo", True)


def test_an_endless_body_is_cut_short(server, client):
    def endless(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            exchange.send(b"x" * 65536)

    with pytest.raises(PermanentError, match="larger than 1,024 KiB"):
        client.get(server.route("/", endless))


def test_an_announced_size_beyond_the_limit_is_not_even_read(server, client):
    url = server.route("/", lambda ex: ex.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"))
    with pytest.raises(PermanentError, match="larger"):
        client.get(url)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_byte_now_and_then_ends_at_the_limit(server, client, head):
    def drip(exchange: Exchange) -> None:
        exchange.send(head)
        while True:
            exchange.pause(0.2)
            exchange.send(b"X" if head.endswith(b"\r\n\r\n") or not head else b"A: b\r\n")

    started = time.monotonic()
    with pytest.raises(UnavailableError):
        client.get(server.route("/", drip))
    assert time.monotonic() - started < 4


def test_silence_ends_at_the_limit(server, client):
    started = time.monotonic()
    with pytest.raises(UnavailableError, match="in time"):
        client.get(server.route("/", lambda exchange: exchange.pause(10)))
    assert time.monotonic() - started < 3


def test_a_name_server_that_hangs_ends_at_the_limit():
    def hangs(*_: object) -> list[str]:
        time.sleep(2)
        return []

    settings = FetchSettings(timeout_seconds=0.3, total_seconds=0.5)
    with (
        Client(settings, resolve=hangs) as client,
        pytest.raises(UnavailableError, match="in time"),
    ):
        client.get("http://slow.test/")


# -- broken answers --------------------------------------------------------------------------------------

BROKEN = {
    "nothing": b"",
    "not HTTP": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    "cut chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello",
    "short body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    "huge headers": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 40000,
    "binary header": b"HTTP/1.1 200 OK\r\n\x00\xff: \x01\r\n\r\n",
    "huge status": b"HTTP/1.1 99999 OK\r\n\r\n",
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_broken_http_is_one_line(server, client, answer):
    with pytest.raises(UnavailableError) as caught:
        client.get(server.route("/", lambda exchange: exchange.send(answer)))
    assert "\n" not in str(caught.value)
    assert server.url("/") in str(caught.value)


def test_a_reset_connection_is_one_line(server, client):
    with pytest.raises(UnavailableError):
        client.get(server.route("/", lambda exchange: exchange.reset()))


def test_a_reset_in_the_body_is_one_line(server, client):
    def reset(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
        exchange.pause(0.1)
        exchange.reset()

    with pytest.raises(UnavailableError):
        client.get(server.route("/", reset))


def test_nobody_listens(client):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(UnavailableError, match="cannot connect"):
        client.get(f"http://127.0.0.1:{port}/")


def test_an_unknown_host_is_said_so():
    def nowhere(*_):
        raise socket.gaierror(-2, "Name or service not known")

    with (
        Client(FetchSettings(), resolve=nowhere) as client,
        pytest.raises(UnavailableError, match="no such host"),
    ):
        client.get("http://gone.test/")
