"""Who may come in and who may change things: logins, hosts, other sites, headers, cookies."""

import asyncio
import itertools
from datetime import timedelta

import pytest
from desk_store import NOW
from html_reader import PageReader

from pipeline.desk.access import Doors, load_key, passwords_of
from pipeline.desk.guard import HEADERS
from pipeline.errors import UsageError

HERE = {"sec-fetch-site": "same-origin"}
WORDS = Doors(passwords={"editor": "correct horse battery", "reader": "another long password"})
READS = (
    "/",
    "/stories/s1",
    "/stories.json",
    "/articles/a000001",
    "/search?q=a",
    "/watches",
    "/feeds",
    "/quarantine",
    "/doctor",
    "/about",
    "/feeds.opml",
    "/nothing",
)
POSTS = ("/seen", "/login", "/logout", "/stories/preview", "/requests", "/watches/storms/edit", "/quarantine")


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("doors", [Doors(token="t" * 20), WORDS, Doors(proxy_header="X-User")])
def test_nobody_reads_without_a_login(desk, path, doors):
    answer = desk.client(doors).get(path, headers={"x-user": "ann"})
    assert answer.status_code in {303, 403}
    assert "Storm" not in answer.text


def test_health_says_ok_and_no_more(desk):
    assert desk.client(WORDS).get("/health").text == "ok"


def test_the_token_of_the_start_becomes_a_cookie(desk):
    client = desk.client(Doors(token="t" * 20))
    assert client.get("/?token=wrong").status_code == 403
    answer = client.get("/stories/s1?by=time&token=" + "t" * 20)
    assert (answer.status_code, answer.headers["location"]) == (303, "/stories/s1?by=time")
    flags = answer.headers["set-cookie"].lower()
    assert all(flag in flags for flag in ("httponly", "samesite=strict", "path=/", "max-age=604800"))
    assert "secure" not in flags
    assert client.get("/stories/s1").status_code == 200


def test_a_bearer_token_reads_too(desk):
    client = desk.client(Doors(token="t" * 20))
    assert client.get("/stories.json", headers={"authorization": "Bearer " + "t" * 20}).status_code == 200
    assert client.get("/stories.json", headers={"authorization": "Bearer no"}).status_code == 403


def test_over_https_the_cookie_is_secure(desk):
    client = desk.client(Doors(token="t" * 20), base_url="https://127.0.0.1:8090")
    assert "secure" in client.get("/?token=" + "t" * 20).headers["set-cookie"].lower()


def log_in(client, password, following="/"):
    return client.post("/login", data={"password": password, "next": following}, headers=HERE)


def test_a_password_opens_its_role(desk):
    client = desk.client(WORDS)
    assert client.get("/stories/s1?by=time").headers["location"] == "/login?next=%2Fstories%2Fs1%3Fby%3Dtime"
    assert log_in(client, "wrong password").status_code == 401
    assert log_in(client, "another long password", "/stories/s1").headers["location"] == "/stories/s1"
    assert "may read" in client.get("/").text
    assert log_in(client, "correct horse battery").status_code == 303
    assert "may change things" in client.get("/").text
    client.post("/logout", headers=HERE)
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    "following",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\nb",
        "javascript:alert(1)",
    ],
)
def test_a_login_leads_to_these_pages_only(desk, following):
    assert log_in(desk.client(WORDS), "correct horse battery", following).headers["location"] == "/"


def test_a_sixth_try_within_a_minute_waits(desk):
    times = [NOW]
    client = desk.client(WORDS, clock=lambda: times[0])
    assert [log_in(client, "wrong password").status_code for _ in range(6)] == [401] * 5 + [429]
    assert log_in(client, "correct horse battery").status_code == 429
    times[0] += timedelta(minutes=2)
    assert log_in(client, "correct horse battery").status_code == 303


def test_sessions_end_after_a_week_and_with_their_password(desk):
    times = [NOW]
    client = desk.client(WORDS, clock=lambda: times[0])
    log_in(client, "correct horse battery")
    cookie = dict(client.cookies)
    times[0] += timedelta(days=6)
    assert client.get("/").status_code == 200
    times[0] += timedelta(days=2)
    assert client.get("/").status_code == 303
    other = Doors(passwords={"editor": "a changed password", "reader": "another long password"})
    assert desk.client(other, cookies=cookie).get("/").status_code == 303


@pytest.mark.parametrize(
    "cookie", ["", "a", "a.b", ".", "eyJuIjogImEifQ.0", "é.é", "x" * 5000, "bnVsbA.aa", "W10.aa"]
)
def test_a_made_up_session_opens_nothing(desk, cookie):
    answer = desk.client(WORDS).get("/", headers={"cookie": f"wirewatch_desk={cookie}".encode()})
    assert answer.status_code == 303


SITES = [{"sec-fetch-site": site} for site in ("same-site", "cross-site", "none")]
ORIGINS = [
    {"origin": origin}
    for origin in ("http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8090")
]


@pytest.mark.parametrize(("path", "headers"), list(itertools.product(POSTS, [*SITES, *ORIGINS, {}])))
def test_another_site_changes_nothing(desk, editor, path, headers):
    assert editor.post(path, data={"head": "9", "next": "/"}, headers=headers).status_code == 403


def test_our_own_pages_change_things(editor):
    for headers in (HERE, {"origin": "http://127.0.0.1:8090"}):
        assert editor.post("/seen", data={"head": "0", "next": "/"}, headers=headers).status_code == 303


@pytest.mark.parametrize("path", POSTS[3:])
def test_readers_and_read_only_desks_change_nothing(desk, path):
    reader = desk.client(Doors(proxy_header="X-User", proxy_addresses=("testclient",), editors=("ed",)))
    assert reader.post(path, headers=HERE | {"x-user": "ann"}).status_code == 403
    assert desk.client(Doors(open=True, read_only=True)).post(path, headers=HERE).status_code == 405


def test_a_read_only_desk_draws_no_button(desk):
    text = desk.client(Doors(open=True, read_only=True)).get("/stories/s1").text
    assert not [a for a in PageReader(text).all("form") if a.get("method") == "post"]


def test_the_proxys_word_is_taken_from_the_proxy_alone(desk):
    believed = Doors(proxy_header="X-User", proxy_addresses=("testclient",), editors=("ed",))
    assert "may change things" in desk.client(believed).get("/", headers={"x-user": "ed"}).text
    assert "may read" in desk.client(believed).get("/", headers={"x-user": "ann"}).text
    assert desk.client(believed).get("/").status_code == 403
    forged = Doors(proxy_header="X-User", proxy_addresses=("10.0.0.1",), editors=("ed",))
    assert desk.client(forged).get("/", headers={"x-user": "ed"}).status_code == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8090", 200),
        ("localhost", 200),
        ("[::1]:8090", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("", 400),
    ],
)
def test_only_our_own_names_are_answered(editor, host, status):
    assert editor.get("/", headers={"host": host}).status_code == status
    assert editor.get("/health", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    "path", ["/", "/stories/s1", "/nothing", "/static/desk.css", "/health", "/stories.json", "/login"]
)
def test_every_answer_has_the_headers(editor, path):
    answer = editor.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_a_link_in_a_mail_reaches_who_is_logged_in(desk):
    """A strict cookie comes with no step from another site, so our own page takes the second step."""
    client = desk.client(Doors(token="t" * 20))
    answer = client.get("/stories/s1", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
    assert answer.status_code == 200
    assert "0;url=/stories/s1" in answer.text
    assert "Storm" not in answer.text


def test_a_host_that_others_reach_needs_a_password():
    with pytest.raises(UsageError, match="WIREWATCH_DESK_PASSWORD"):
        passwords_of({}, "0.0.0.0")  # noqa: S104
    with pytest.raises(UsageError, match="12 characters"):
        passwords_of({"WIREWATCH_DESK_PASSWORD": "short"}, "0.0.0.0")  # noqa: S104
    with pytest.raises(UsageError, match="different"):
        passwords_of(
            {"WIREWATCH_DESK_PASSWORD": "x" * 12, "WIREWATCH_DESK_READER_PASSWORD": "x" * 12}, "127.0.0.1"
        )
    assert passwords_of({}, "127.0.0.1") == {}


def test_the_key_is_nobody_elses_to_read(tmp_path):
    key = load_key(tmp_path / "desk")
    assert (tmp_path / "desk" / "key").stat().st_mode & 0o777 == 0o600
    assert load_key(tmp_path / "desk") == key
    (tmp_path / "file").touch()
    assert len(load_key(tmp_path / "file")) == 32
    assert len(load_key(tmp_path / "no home yet" / "desk")) == 32
    assert not (tmp_path / "no home yet").exists()


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("unable to perform operation on <UVStream>; the handler is closed", False),
        ("odd", True),
    ],
)
def test_who_hangs_up_while_they_are_answered_is_no_error(desk, caplog, said, ours):
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_):
        raise RuntimeError(said)

    scope = {
        "type": "http", "method": "GET", "path": "/about", "raw_path": b"/about", "root_path": "",
        "query_string": b"", "scheme": "http", "headers": [(b"host", b"127.0.0.1")], "http_version": "1.1",
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    application = desk.site()
    if ours:
        with pytest.raises(RuntimeError, match="odd"):
            asyncio.run(application(scope, receive, send))
    else:
        asyncio.run(application(scope, receive, send))
        assert caplog.records == []
