"""TLS, HTTP/2, credentials and politeness of the HTTP client."""

from __future__ import annotations

import logging
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from http2_server import http2_server
from misbehaving import Exchange, Misbehaving

from pipeline.addresses import redact
from pipeline.errors import PermanentError, UnavailableError
from pipeline.settings import FetchSettings
from pipeline.sources.fetch.http import Client

# -- TLS and HTTP/2 --------------------------------------------------------------------------------------


def test_an_expired_certificate_is_refused(settings, trusting):
    with (
        Misbehaving("expired") as secure,
        Client(settings, tls=trusting) as client,
        pytest.raises(PermanentError, match="certificate has expired"),
    ):
        client.get(secure.serve("/", b"x"))


def test_an_unknown_authority_is_refused(settings):
    with (
        Misbehaving("valid") as secure,
        Client(settings) as client,
        pytest.raises(PermanentError, match="certificate is not valid"),
    ):
        client.get(secure.serve("/", b"x"))


def test_the_certificate_is_checked_against_the_name_not_the_address(settings, trusting):
    with Misbehaving("valid") as secure:
        allowed = FetchSettings(private_hosts=("feeds.test", "other.test"), timeout_seconds=1)
        with Client(allowed, tls=trusting, resolve=lambda *_: ["127.0.0.1"]) as client:
            secure.serve("/", b"x")
            assert client.get(secure.url("/", "feeds.test")).body == b"x"
            with pytest.raises(PermanentError, match="certificate is not valid"):
                client.get(secure.url("/", "other.test"))


def test_tls_that_stalls_ends_at_the_limit(settings):
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Client(settings) as client,
        pytest.raises(UnavailableError),
    ):
        client.get(f"https://127.0.0.1:{silent.getsockname()[1]}/")


def test_plain_text_where_tls_was_promised(server, client):
    with pytest.raises(UnavailableError):
        client.get(server.url("/").replace("http:", "https:"))


def test_http2_is_used_where_it_is_offered(settings, trusting):
    with http2_server(b"over two") as (port, seen), Client(settings, tls=trusting) as client:
        answer = client.get(f"https://127.0.0.1:{port}/feed")
        assert (answer.status, answer.body) == (200, b"over two")
        assert seen == ["/feed"]


# -- credentials -----------------------------------------------------------------------------------------


def test_credentials_go_to_their_host_only_and_into_no_message(server, client, caplog):
    caplog.set_level(logging.DEBUG)
    with Misbehaving(host="127.0.0.1") as same:
        url = same.serve("/feed", b"", 302, Location=server.serve("/elsewhere", b"", 302, Location="/loop"))
        server.serve("/loop", b"", 302, Location="http://localhost:1/")
        with pytest.raises(PermanentError) as caught:
            client.get(url.replace("http://", "http://me:h%40ckme@") + "?api_key=t0ps3cret")
        assert same.asked[0].headers["authorization"] == "Basic bWU6aEBja21l"
    said = caplog.text + str(caught.value)
    assert "h%40ckme" not in said
    assert "h@ckme" not in said
    assert "bWU6aEBja21l" not in said
    assert "t0ps3cret" not in said


def test_credentials_do_not_follow_to_another_host(server):
    settings = FetchSettings(private_hosts=("127.0.0.1", "127.0.0.2"))
    with Misbehaving(host="127.0.0.2") as other, Client(settings) as client:
        url = server.serve("/", b"", 302, Location=other.serve("/there", b"x"))
        assert client.get(url.replace("http://", "http://me:pw@")).body == b"x"
        assert "authorization" in server.asked[0].headers
        assert "authorization" not in other.asked[0].headers


def test_redacting():
    assert redact("https://u:p@h.test/f?token=abc&x=1&apikey=q") == "https://h.test/f?token=…&x=1&apikey=…"
    assert redact("https://h.test/\n\x1b[31m") == "https://h.test/??[31m"
    assert "pw" not in redact("http://u:pw@[bad/")


def test_one_request_at_a_time_a_host(server, client):
    def slow(exchange: Exchange) -> None:
        exchange.pause(0.05)
        exchange.answer(b"x")

    url = server.route("/", slow)
    with ThreadPoolExecutor(8) as pool:
        assert [answer.status for answer in pool.map(lambda _: client.get(url), range(8))] == [200] * 8
    assert server.most_at_once[""] == 1


def test_the_time_a_request_waits_for_its_turn_does_not_count(server):
    settings = FetchSettings(private_hosts=("127.0.0.1",), timeout_seconds=1, total_seconds=0.5)
    url = server.route("/", lambda exchange: exchange.pause(0.2) or exchange.answer(b"x"))
    with Client(settings) as client, ThreadPoolExecutor(5) as pool:
        assert [answer.status for answer in pool.map(lambda _: client.get(url), range(5))] == [200] * 5


def test_ssl_contexts_are_strict_by_default():
    with Client(FetchSettings()) as client:
        assert isinstance(client._guarded, httpx.HTTPTransport)
        pool = client._guarded._pool
        assert pool._ssl_context is not None
        assert pool._ssl_context.verify_mode == ssl.CERT_REQUIRED
        assert pool._ssl_context.check_hostname
