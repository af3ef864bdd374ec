"""The client against the server: what it gives is what the API has, and what it does when it is refused."""

import httpx
import pytest

from pipeline.client import ApiError, NewsClient
from pipeline.errors import UnavailableError


class Carrier(httpx.BaseTransport):
    """Hands requests to the server within this process, and keeps what was answered."""

    def __init__(self, client):
        self._client = client
        self.answers = []

    def handle_request(self, request):
        headers = {name: value for name, value in request.headers.items() if name != "accept-encoding"}
        answer = self._client.get(request.url.raw_path.decode(), headers=headers)
        self.answers.append(answer.status_code)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def client_of(programs, *scopes, per_minute=1000, wait=lambda _: None):
    token = programs.token(*scopes, per_minute=per_minute)
    carrier = Carrier(programs.stranger())
    return NewsClient("http://127.0.0.1:8090", token, transport=carrier, wait=wait), carrier


def test_lists_go_through_all_pages(programs, monkeypatch) -> None:
    client, carrier = client_of(programs)
    monkeypatch.setattr("pipeline.client._PAGE", 1)
    assert [each["id"] for each in client.articles(order="oldest")] == [
        "a000001", "a000002", "a000003", "a000004"
    ]  # fmt: skip
    assert carrier.answers == [200] * 4
    assert [each["id"] for each in client.stories(order="size", most=2)] == ["s1", "s2"]
    assert len(carrier.answers) == 6
    assert [each["name"] for each in client.watches()] == ["storms"]
    assert [each["story"] for each in client.alerts("storms", since="2000-01-01")] == ["s1"]


def test_one_thing_by_each_name_it_has(programs) -> None:
    client, _ = client_of(programs)
    assert client.story("s0")["id"] == "s1"
    assert client.article("https://example.org/a000001")["id"] == client.article("a000001")["id"]
    assert client.name("place:lake town")["name"] == "Lake Town"
    assert client.why("a000001")["story"] == "s1"
    assert client.description()["openapi"] == "3.1.0"


def test_what_has_not_changed_is_not_sent_again(programs) -> None:
    client, carrier = client_of(programs)
    first = client.story("s1")
    assert client.story("s1") == first
    assert carrier.answers == [200, 304]


def test_what_is_refused_says_why(programs) -> None:
    client, carrier = client_of(programs, "news")
    with pytest.raises(ApiError, match="no story has this id") as caught:
        client.story("nobody")
    assert caught.value.status == 404
    with pytest.raises(ApiError, match="column") as caught:
        list(client.articles('"open'))
    assert caught.value.column == 1
    with pytest.raises(ApiError, match="scope watches"):
        list(client.watches())
    assert carrier.answers == [404, 400, 403]


def test_it_comes_later_when_it_is_told_to(programs) -> None:
    waited: list[float] = []
    client, carrier = client_of(programs, per_minute=1, wait=waited.append)
    client.story("s1")
    with pytest.raises(UnavailableError, match="requests a minute"):
        client.story("s2")
    assert carrier.answers == [200, 429, 429, 429, 429]
    assert waited == [60.0, 60.0, 60.0]


def test_a_server_that_is_away_is_said_in_one_line() -> None:
    with (
        NewsClient("http://127.0.0.1:9", "ww-a.b", timeout_seconds=2.0) as client,
        pytest.raises(UnavailableError, match="does not answer"),
    ):
        client.story("s1")
