"""Every route, for everybody, over stores with nothing, the usual and the worst in them, on both backends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from desk_site import Desk
from desk_store import everyday
from html_reader import PageReader
from node_stores import BACKENDS, new_url, removed
from starlette.testclient import TestClient
from test_desk_hostile import HOSTILE

from pipeline.desk import site
from pipeline.desk.access import Doors
from pipeline.ports import Commit

HERE = {"sec-fetch-site": "same-origin"}
PROXY = Doors(proxy_header="X-User", proxy_addresses=("testclient",), editors=("ed",))
PEOPLE = {
    "stranger": {},
    "reader": {"x-user": "ann"},
    "editor": {"x-user": "ed"},
    "read-only": {"x-user": "ed"},
}
# Of each route an address of something and one of nothing; None where there is no such thing.
READS = {
    "/": ("/", None),
    "/stories": ("/stories", None),
    "/stories/{id}": ("/stories/s1", "/stories/nothing"),
    "/articles/{id:path}": ("/articles/a000001", "/articles/nothing"),
    "/search": ("/search?q=storm", "/search?q=zzzz"),
    "/situations": ("/situations", None),
    "/situations/{id}": ("/situations/s1", "/situations/nothing"),
    "/names": ("/names", None),
    "/names/{id:path}": ("/names/place:lake%20town", "/names/place:nowhere"),
    "/watches": ("/watches", None),
    "/watches/new": ("/watches/new", None),
    "/watches/{name:path}/edit": ("/watches/storms/edit", "/watches/nothing/edit"),
    "/watches/{name:path}": ("/watches/storms", "/watches/nothing"),
    "/feeds": ("/feeds", None),
    "/feeds.opml": ("/feeds.opml", None),
    "/feeds/{id}": ("/feeds/courier", "/feeds/nothing"),
    "/quarantine": ("/quarantine", None),
    "/quarantine/{id}": ("/quarantine/r1", "/quarantine/nothing"),
    "/corrections": ("/corrections", None),
    "/requests/{id}": (None, "/requests/nothing"),
    "/doctor": ("/doctor", None),
    "/metrics": ("/metrics", None),
    "/about": ("/about", None),
}
WRITES = {
    "/stories/preview": {"verb": "merge", "story": ["s1", "s2"]},
    "/requests": {},
    "/watches/new": {"text": "name: x"},
    "/watches/{name:path}/edit": {"text": "name: x"},
}
STORES = {"empty": Commit(), "usual": everyday(), "hostile": everyday(HOSTILE["markup"])}


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request) -> str:
    return request.param


@pytest.fixture(scope="module", params=STORES)
def kept(request, backend, tmp_path_factory) -> Iterator[tuple[str, dict[str, TestClient]]]:
    """What is in the store, and a client of its pages for each person."""
    url = new_url() if backend == "elasticsearch" else ""
    made = Desk(tmp_path_factory.mktemp("routes"), STORES[request.param], url)
    sites = {only: made.client(replace(PROXY, read_only=only)) for only in (False, True)}
    yield request.param, {name: sites[name == "read-only"] for name in PEOPLE}
    made.close()
    if url:
        removed(url)


def test_no_route_is_left_out():
    assert set(READS) == {path for path, _, _ in site._GET}
    assert set(WRITES) == {path for path, _, _ in site._POST}


@pytest.mark.parametrize("route", READS)
def test_every_page_for_everybody(kept, route):
    """Strangers see nothing; the others what is there, as a page, and each twin of it or that it has none."""
    store, clients = kept
    there, nowhere = READS[route]
    for person, client in clients.items():
        for path in filter(None, (there, nowhere)):
            answer = client.get(path, headers=PEOPLE[person])
            if person == "stranger":
                assert answer.status_code == 403
                assert "Lake" not in answer.text
                assert "Storm" not in answer.text
                continue
            expected = {404} if path == nowhere and route != "/search" else {200}
            expected |= {404, 303} if store != "usual" and "{" in route else set()
            assert answer.status_code in expected, (person, path)
            if answer.status_code == 200 and "html" in answer.headers["content-type"]:
                assert PageReader(answer.text).problems() == []
            for form in ("json", "csv", "atom") if person == "reader" else ():
                bare, _, query = path.partition("?")
                address = f"{bare.rstrip('/') or '/stories'}.{form}" + (f"?{query}" if query else "")
                twin = client.get(address, headers=PEOPLE[person])
                assert twin.status_code in {200, 301, 303, 404}, (person, path, form)
                assert "Traceback" not in twin.text


@pytest.mark.parametrize("route", WRITES)
def test_every_change_for_everybody(kept, route):
    """Only editors come as far as the form, and a form that makes no sense is one line."""
    _, clients = kept
    path = route.replace("{name:path}", "storms")
    for person, client in clients.items():
        answer = client.post(path, data=WRITES[route], headers=HERE | PEOPLE[person])
        refused = {"stranger": {403}, "reader": {403}, "read-only": {405}}
        assert answer.status_code in refused.get(person, {200, 303, 400, 404, 409}), (person, route)
