"""`wirewatch mcp`, asked by the official SDK's own client: over stdio, and over HTTP on this machine."""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pipeline.app import open_app
from pipeline.programs import answers

pytest.importorskip("mcp")
from mcp import Client, StdioServerParameters, stdio_client

WIREWATCH = str(Path(sys.executable).parent / "wirewatch")
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith("WIREWATCH_")}
READING = {
    "entity", "search_articles", "situation", "stories_now", "story", "watch_alerts", "whats_new", "why"
}  # fmt: skip


def arguments(home, *more):
    return ["--home", str(home), "--config", str(home / "config"), "mcp", *more]


def over_stdio(home, talk, *more):
    given = StdioServerParameters(command=WIREWATCH, args=arguments(home, *more), env=CLEAN)

    async def run():
        async with Client(stdio_client(given)) as client:
            return await talk(client)

    return asyncio.run(asyncio.wait_for(run(), 200))


async def ask(client, tool, **given):
    answer = await client.call_tool(tool, given)
    assert not answer.is_error, answer.content
    assert json.loads(answer.content[0].text) == answer.structured_content
    return answer.structured_content


async def refused(client, tool, **given):
    answer = await client.call_tool(tool, given)
    assert answer.is_error
    return answer.content[0].text


def sentences(document):
    """Everything in an answer that says something: what has a text."""
    if isinstance(document, dict):
        if "text" in document:
            yield document
        for value in document.values():
            yield from sentences(value)
    elif isinstance(document, list):
        for value in document:
            yield from sentences(value)


def test_every_question_over_stdio(home) -> None:
    async def talk(client):
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == READING
        assert all(tool.annotations.read_only_hint for tool in tools)
        found = await ask(client, "search_articles", query="Korea OR the", limit=1000)
        assert 1 < len(found["articles"]) <= answers.MOST
        stories = await ask(client, "stories_now", since="", limit=1000)
        assert 1 < len(stories["stories"]) <= answers.MOST
        largest = max(stories["stories"], key=lambda story: story["articles"])
        one = await ask(client, "story", story=largest["id"])
        assert len(one["sources"]) == largest["articles"] > 1
        told = [*sentences(found), *sentences(stories), *sentences(one)]
        assert len(told) > 20
        assert all({"outlet", "link"} <= set(each) for each in told)
        known = {a["id"]: (a["outlet"], a["link"]) for a in one["sources"]}
        assert all(known[each["article"]] == (each["outlet"], each["link"]) for each in one["summary"])
        reason = await ask(client, "why", article=one["sources"][-1]["id"])
        assert reason["decision"]["chosen"] or reason["decision"]["founded"]
        new = await ask(client, "whats_new", limit=3)
        assert [each["kind"] for each in new["changes"]] == ["arrival"] * 3
        assert new["more"]
        seen = list(new["changes"])
        while new["more"]:
            new = await ask(client, "whats_new", after=new["next"])
            seen += new["changes"]
        assert [each["n"] for each in seen] == list(range(1, len(seen) + 1))
        assert (await ask(client, "whats_new", after=new["next"]))["changes"] == []
        person = await ask(client, "entity", name="Valery Gerasimov")
        assert person["type"] == "person"
        assert person["stories"]
        assert "column" in await refused(client, "search_articles", query='"open')
        assert "no story has this id" in await refused(client, "story", story="nobody")
        assert "no story has this id" in await refused(client, "situation", situation="nobody")
        assert "since" in await refused(client, "stories_now", since="soon")
        for tool in MENDING:
            await refused(client, tool, preview="0" * 16)

    over_stdio(home, talk)


MENDING = {"corrections", "preview_correction", "request_correction"}


def test_corrections_only_when_allowed_and_only_as_they_were_previewed(home) -> None:
    async def talk(client):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) - READING == MENDING
        assert [name for name, tool in tools.items() if not tool.annotations.read_only_hint] == [
            "request_correction"
        ]
        found = (await ask(client, "stories_now", since=""))["stories"]
        names = [each["id"] for each in found[:2]]
        assert "preview" in await refused(client, "request_correction", preview="0" * 16)
        await refused(client, "request_correction", kind="merge", stories=names)
        await refused(client, "preview_correction", kind="burn", stories=names)
        assert "choose" in await refused(client, "preview_correction", kind="split", stories=names)
        seen = await ask(client, "preview_correction", kind="merge", stories=names)
        assert len(seen["after"]) < len(seen["before"])
        kept = await ask(client, "request_correction", preview=seen["preview"], note="one event")
        assert kept["state"] == "waiting"
        assert await ask(client, "request_correction", preview=seen["preview"], note="again") == kept
        assert [each["id"] for each in (await ask(client, "stories_now", since=""))["stories"]][:2] == names
        (listed,) = (await ask(client, "corrections"))["requests"]
        assert (listed["id"], listed["state"]) == (kept["request"], "waiting")
        return kept["request"], names

    name, stories = over_stdio(home, talk, "--allow-corrections")
    with opened(home) as app:
        (request,) = app.stored.requests()
        assert (request.id, request.kind) == (name, "merge")
        assert [each.partition(":")[0] for each in request.stories] == stories
        assert (request.who, request.note) == ("mcp", "one event")
        assert app.correct.all() == []


def opened(home):
    return open_app(home=home, config=home / "config", environment={}, make=False)


def carried_out(home):
    """What became of everything that was asked for."""
    with opened(home) as app:
        return {each.id: each.state for each in app.requests.carry_out()}


def test_every_kind_of_correction_can_be_asked_for_and_taken_back(home) -> None:
    """What `corrections` knows on the command line, with what each changes."""

    async def talk(client):
        async def asked(kind, stories=(), names=()):
            given = {"kind": kind, "stories": list(stories), "names": list(names)}
            seen = await ask(client, "preview_correction", **given)
            kept = await ask(client, "request_correction", preview=seen["preview"], note=kind)
            state = carried_out(home)[kept["request"]]
            assert state == "done", (kind, state)
            return seen, (await ask(client, "corrections"))["corrections"]

        found = (await ask(client, "stories_now", since="", limit=25))["stories"]
        large = max(found, key=lambda story: story["articles"])
        assert large["articles"] > 2
        other, third = [each["id"] for each in found if each["id"] != large["id"]][:2]
        sources = (await ask(client, "story", story=large["id"]))["sources"]
        out = sources[-1]["id"]

        async def home_of(article):
            return (await ask(client, "why", article=article))["article"]["story"]

        seen, said = await asked("split", [large["id"]], [out])
        assert [each["article"] for each in seen["moved"] if each["named"]] == [out]
        assert await home_of(out) != large["id"]
        await asked("undo", names=[said[0]["id"]])
        assert await home_of(out) == large["id"]
        seen, said = await asked("move", [other], [out])
        assert await home_of(out) == other
        assert {each["kind"] for each in said[:2]} == {"split", "merge"}
        assert {each["who"] for each in said} == {"mcp"}
        _, said = await asked("tie", [other], [third])
        assert said[0]["kind"] == "tie"
        assert len((await ask(client, "situation", situation=other))["stories"]) == 2
        await asked("untie", [other])
        assert "alone" in await refused(client, "situation", situation=other)
        assert "no situation" in await refused(
            client, "preview_correction", kind="untie", stories=[other], names=[]
        )
        seen = await ask(client, "preview_correction", kind="merge", stories=[other, third])
        merged, _ = await asked("merge", [other, third])
        assert len(merged["after"]) < len(merged["before"])
        # The same preview again: its stories are not what they were.
        assert "changed" in await refused(client, "request_correction", preview=seen["preview"])
        await refused(client, "preview_correction", kind="apart", names=[out, "https://none.example/"])

    over_stdio(home, talk, "--allow-corrections")


def test_forms_that_were_taken_for_one_article_can_be_told_apart(home, tmp_path) -> None:
    forms = (
        ("Bulletin: ferry aground", "The ferry Aurora ran aground off Tarn with ninety aboard. " * 4),
        ("Bulletin: mayor freed", "A court in Ellery freed the mayor and dropped all charges of fraud. " * 4),
    )
    for n, (title, text) in enumerate(forms):
        path = tmp_path / f"{n}.jsonl"
        row = {"title": title, "text": text, "url": "https://q.example/b", "source": "Q"}
        path.write_text(json.dumps(row) + "\n")
        with open_app(home=home, config=home / "config", environment={}) as app:
            app.ingest.load([str(path)])

    async def talk(client):
        query = "title:bulletin AND outlet:Q"
        assert len((await ask(client, "search_articles", query=query))["articles"]) == 1
        why = await ask(client, "why", article="https://q.example/b")
        first, second = why["forms"]
        assert first["because"] == ""
        assert second["because"]
        seen = await ask(
            client, "preview_correction", kind="apart", names=[why["article"]["id"], second["item"]]
        )
        kept = await ask(client, "request_correction", preview=seen["preview"])
        assert carried_out(home) == {kept["request"]: "done"}
        assert len((await ask(client, "search_articles", query=query))["articles"]) == 2

    over_stdio(home, talk, "--allow-corrections")


@contextmanager
def over_http(home):
    chosen = [WIREWATCH, *arguments(home, "--http", "--port", "0")]
    with subprocess.Popen(chosen, stdout=subprocess.PIPE, text=True, env=CLEAN) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait(30)


def test_over_http_on_this_machine_alone(home) -> None:
    async def talk(url):
        async with Client(url) as client:
            return await ask(client, "search_articles", query="Korea")

    with over_http(home) as url:
        assert url.startswith("http://127.0.0.1:")
        assert asyncio.run(asyncio.wait_for(talk(url), 120))["articles"]
        asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        usual = {"accept": "application/json, text/event-stream"}
        for wrong, status in (
            ({"host": "evil.example"}, 421),
            ({"origin": "https://evil.example"}, 403),
            ({"origin": "null"}, 403),
        ):
            assert httpx.post(url, json=asked, headers=usual | wrong).status_code == status


def test_without_a_store_it_says_so_in_one_line(tmp_path) -> None:
    done = subprocess.run(
        [WIREWATCH, "--home", str(tmp_path / "none"), "mcp"],
        capture_output=True,
        text=True,
        check=False,
        env=CLEAN,
        stdin=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert list(tmp_path.iterdir()) == []
