"""The read API: every answer is as described, in pages, to those with a token, as often as agreed."""

import copy
from dataclasses import replace
from datetime import timedelta

import pytest
from api_programs import LOCKED, Programs
from desk_site import Desk
from desk_store import NOW, everyday
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from pipeline.api.description import description
from pipeline.api.operations import OPERATIONS
from pipeline.ports import Commit

ASKED = {
    "listArticles": (
        "/articles",
        "/articles?q=storm&order=best",
        "/articles?q=story:s1&order=oldest&limit=1",
    ),
    "getArticleByUrl": ("/articles/by-url?url=https://example.org/a000001",),
    "getArticle": ("/articles/a000001", "/articles/a000003"),
    "getWhy": ("/articles/a000001/why",),
    "listStories": ("/stories", "/stories?q=storm&since=2026-01-01&order=size&min_articles=2&kind=news"),
    "getStory": ("/stories/s1", "/stories/s0"),
    "listSituations": ("/situations", "/situations?q=ferry&since=2000-01-01&order=new&limit=1"),
    "getSituation": ("/situations/s1", "/situations/s2"),
    "getName": ("/names/Lake%20Town", "/names/place:lake%20town"),
    "listChanges": ("/changes?since=2000-01-01", "/changes?limit=2"),
    "listWatches": ("/watches",),
    "listAlerts": ("/alerts", "/alerts?watch=storms&since=30d"),
}
PATHS = [(name, path) for name, paths in ASKED.items() for path in paths]


def closed(schema):
    """The same schema, by which nothing may be in an answer that is not described."""
    if isinstance(schema, dict):
        kept = {token: closed(each) for token, each in schema.items()}
        if "properties" in kept:
            kept["additionalProperties"] = False
        return kept
    return [closed(each) for each in schema] if isinstance(schema, list) else schema


def validator_of(name):
    told = copy.deepcopy(description())
    (operation,) = (each["get"] for each in told["paths"].values() if each["get"]["operationId"] == name)
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return Draft202012Validator(
        closed(told["components"]) | {"components": closed(told["components"])} | schema
    )


def get(client, path, status=200, **headers):
    answer = client.get(f"/api/v1{path}", headers=headers)
    assert answer.status_code == status, answer.text
    return answer


def test_the_description_is_valid_and_names_every_operation(client) -> None:
    told = get(client, "/openapi.json").json()
    validate(told)
    assert told["openapi"].startswith("3.1")
    assert {each.name for each in OPERATIONS} == set(ASKED)


@pytest.mark.parametrize(("name", "path"), PATHS)
def test_every_answer_is_what_the_description_says_and_no_more(client, name, path) -> None:
    document = get(client, path).json()
    assert list(validator_of(name).iter_errors(document)) == []
    assert "s3cret" not in str(document)
    assert "dora@" not in str(document)


def test_the_answers_have_what_the_store_has(client) -> None:
    found = get(client, "/articles?q=storm").json()
    assert [each["id"] for each in found["items"]] == ["a000001"]
    assert found["items"][0]["lead"].startswith("The wind tore roofs off.")
    assert found["next"] is None
    assert [each["id"] for each in get(client, "/stories?order=hot").json()["items"]] == ["s1", "s2", "s3"]
    assert [each["id"] for each in get(client, "/stories?min_articles=2").json()["items"]] == ["s1"]
    heir = get(client, "/stories/s0").json()
    assert (heir["id"], heir["size"], heir["more_articles"]) == ("s1", 2, 0)
    assert [each["id"] for each in heir["articles"]] == ["a000001", "a000002"]
    assert get(client, "/articles/a000001/why").json()["story"] == "s1"
    assert [each["story"] for each in get(client, "/alerts?watch=storms").json()["items"]] == ["s1"]
    assert get(client, "/names/Lake%20Town").json()["articles"] == 2
    best = get(client, "/articles?q=storm+OR+ferry&order=best").json()["items"]
    assert {each["id"] for each in best} == {"a000001", "a000003"}
    assert all(each["score"] > 0 for each in best)


def walked(client, path, limit):
    """All things of a list, page by page."""
    mark = "&" if "?" in path else "?"
    page = get(client, f"{path}{mark}limit={limit}").json()
    found = list(page["items"])
    while page["next"]:
        page = get(client, f"{path}{mark}limit={limit}&cursor={page['next']}").json()
        assert page["items"]
        found += page["items"]
    return found


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize(
    "path",
    ["/articles", "/articles?order=oldest", "/articles?q=lake+OR+see", "/stories", "/stories?order=new",
     "/stories?order=size", "/watches", "/alerts"],
)  # fmt: skip
def test_pages_make_the_whole_list(client, path, limit) -> None:
    mark = "&" if "?" in path else "?"
    whole = get(client, f"{path}{mark}limit=100").json()
    assert whole["next"] is None
    assert walked(client, path, limit) == whole["items"]


def test_changes_go_on_where_a_program_stopped(tmp_path) -> None:
    desk = Desk(tmp_path, everyday())
    client = Programs(desk).client()
    page = get(client, "/changes?since=2000-01-01&limit=3").json()
    assert [each["n"] for each in page["items"]] == [1, 2, 3]
    assert page["more"]
    page = get(client, f"/changes?cursor={page['next']}").json()
    assert [each["article"]["id"] for each in page["items"]] == ["a000004"]
    kept = page["next"]
    assert get(client, f"/changes?cursor={kept}").json()["items"] == []
    with desk.opened() as app:
        store = app._wiring.store
        first = store.articles(["a000001"])["a000001"]
        record = replace(first.enriched.article, title="Storm over the lake, again", version=2, digest="d9")
        changed = replace(first, enriched=replace(first.enriched, article=record))
        lease = store.acquire("stories", "test", NOW, 300.0)
        store.commit(Commit(articles=(changed,), at=NOW), lease)
        store.release(lease)
    (new,) = get(client, f"/changes?cursor={kept}").json()["items"]
    assert (new["kind"], new["article"]["title"]) == ("edit", "Storm over the lake, again")
    desk.close()


def test_an_age_means_the_same_on_every_page(programs) -> None:
    times = [NOW]
    client = programs.client(clock=lambda: times[0])
    whole = get(client, "/articles?since=60d").json()["items"]
    assert len(whole) == 4
    page = get(client, "/articles?since=60d&limit=2").json()
    times[0] += timedelta(days=365)
    assert get(client, "/articles?since=60d").json()["items"] == []
    rest = get(client, f"/articles?since=60d&limit=2&cursor={page['next']}").json()
    assert page["items"] + rest["items"] == whole


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/articles?q=%22open", "column"),
        ("/articles?q=(((", "column"),
        ("/articles?q=nofield:x", "column"),
        ("/articles?since=soon", "since"),
        ("/articles?limit=0", "limit"),
        ("/articles?limit=101", "limit"),
        ("/articles?limit=1e2", "limit"),
        ("/articles?limit=%D9%A1", "limit"),
        ("/articles?order=random", "order"),
        ("/articles?q=a&q=b", "once"),
        ("/articles?query=a", "no such parameter"),
        ("/articles?id=a000001", "no such parameter"),
        ("/articles?cursor=abc", "cursor"),
        ("/articles?cursor=%FF%00", "cursor"),
        ("/articles?cursor=W10", "cursor"),
        ("/articles?cursor=bnVsbA", "cursor"),
        ("/articles?q=" + "a" * 1001, "1000"),
        ("/articles?" + "&".join(f"q{n}=" for n in range(60)), "parameters"),
        ("/stories?kind=gossip", "kind"),
        ("/stories?min_articles=-1", "min_articles"),
        ("/articles/by-url?url=nothing", "scheme"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_one_line(client, path, said) -> None:
    answer = get(client, path, 400)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert said in problem["detail"]
    assert "\n" not in problem["detail"]
    assert (problem["status"], problem["title"]) == (400, "Bad Request")
    assert (problem["column"] is not None) == (said == "column")


def test_a_cursor_belongs_to_its_question(client) -> None:
    cursor = get(client, "/articles?limit=1").json()["next"]
    assert "another question" in get(client, f"/articles?q=storm&cursor={cursor}", 400).json()["detail"]
    assert "never given out" in get(client, f"/stories?cursor={cursor}", 400).json()["detail"]
    get(client, f"/articles?limit=100&cursor={cursor}")


@pytest.mark.parametrize(
    "path", ["/articles/nobody", "/stories/nobody", "/names/Nobody%20Here", "/alerts?watch=none", "/nothing"]
)
def test_what_is_not_there_is_404(client, path) -> None:
    assert get(client, path, 404).json()["status"] == 404


def test_nobody_reads_without_a_token(programs) -> None:
    client = programs.stranger()
    for path in [path for _, path in PATHS] + ["/openapi.json", "/nothing"]:
        answer = get(client, path, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "Storm" not in answer.text
    assert client.get("/health").text == "ok"
    for token in ("", "ww-", "ww-test-1.", "ww-test-1.wrong", "ww-../../token.x", "test-1", "ww-none.x", "é"):
        get(client, "/articles", 401, authorization=f"Bearer {token}".encode())


def test_a_key_opens_its_scope_and_no_page(programs) -> None:
    news, watching = programs.client("news"), programs.client("watches")
    get(news, "/stories")
    assert "scope watches" in get(news, "/alerts", 403).json()["detail"]
    get(watching, "/alerts")
    assert "scope news" in get(watching, "/articles", 403).json()["detail"]
    for client in (news, watching):
        get(client, "/openapi.json")
        assert client.get("/stories.json").status_code in {303, 403}
        assert client.post("/requests", data={}).status_code in {403, 405}


def test_one_key_is_taken_back_and_the_others_stay(programs) -> None:
    one, other = programs.client(), programs.client()
    name = f"test-{programs.made - 1}"
    get(one, "/stories")
    programs.tokens.revoke(name)
    get(one, "/stories", 401)
    get(other, "/stories")
    again = programs.tokens.add(name, ["news"], 10, NOW)
    get(one, "/stories", 401)
    get(programs.stranger(authorization=f"Bearer {again}"), "/stories")


def test_whoever_is_logged_in_may_ask_too(programs) -> None:
    client = programs.desk.client(LOCKED)
    get(client, "/stories", 401)
    client.post(
        "/login", data={"password": "correct horse battery"}, headers={"sec-fetch-site": "same-origin"}
    )
    get(client, "/stories")


def test_a_key_asks_as_often_as_agreed(programs) -> None:
    times = [NOW]
    client = programs.client(per_minute=3, clock=lambda: times[0])
    assert [client.get("/api/v1/stories").status_code for _ in range(4)] == [200] * 3 + [429]
    answer = get(client, "/stories", 429)
    assert answer.headers["retry-after"] == "20"
    get(client, "/openapi.json", 429)
    times[0] += timedelta(seconds=int(answer.headers["retry-after"]))
    get(client, "/stories")
    get(client, "/stories", 429)
    get(programs.client(), "/stories")


def test_what_has_not_changed_is_not_sent_again(client) -> None:
    for _, path in PATHS:
        first = get(client, path)
        tag = first.headers["etag"]
        same = get(client, path, 304, **{"if-none-match": f'"x", W/{tag}'})
        assert (same.content, same.headers["etag"]) == (b"", tag)
        assert get(client, path, **{"if-none-match": '"other"'}).content == first.content


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_it_reads_only(client, method) -> None:
    answer = client.request(method, "/api/v1/stories")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert client.head("/api/v1/stories").status_code == 200


def test_a_name_that_leads_here_from_elsewhere_is_refused(client) -> None:
    answer = get(client, "/stories", 400, host="evil.example")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("text", ["x" * 100_000, "a\ud800b\x00\u202e", "<script>&amp;\"'"])
def test_answers_are_bounded_and_texts_stay_texts(tmp_path, text) -> None:
    desk = Desk(tmp_path, everyday(text))
    client = Programs(desk).client()
    for name, path in PATHS:
        if "Lake" in path or "lake" in path or "url" in path:
            continue
        answer = client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        assert list(validator_of(name).iter_errors(answer.json())) == []
        if name.startswith("list"):
            assert len(answer.content) < 60_000
    desk.close()


def test_prometheus_comes_in_by_a_token_that_opens_nothing_else(programs) -> None:
    scraper = programs.client("metrics")
    answer = scraper.get("/metrics")
    assert answer.status_code == 200
    assert "wirewatch_articles_head 4" in answer.text.splitlines()
    for path in ("/", "/stories", "/doctor", "/feeds.opml", "/metrics.json", "/metrics/"):
        assert scraper.get(path).status_code in {303, 403, 404}
    get(scraper, "/stories", 403)
    for other in (programs.client("news", "watches"), programs.stranger(authorization="Bearer ww-none.x")):
        assert other.get("/metrics").status_code in {303, 403}
    assert scraper.post("/metrics").status_code in {303, 403, 405}
    programs.tokens.revoke(f"test-{programs.made - 1}")
    assert scraper.get("/metrics").status_code in {303, 403}
