"""`make kibana` against a server that answers as Kibana's saved objects API does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deploy.kibana import __main__ as importing

FILE = importing.FOLDER / "wirewatch.ndjson"


class Kibana(ThreadingHTTPServer):
    """Answers with what `answers` holds, the last of them for ever; notes what it was asked."""

    def __init__(self):
        self.asked, self.answers = [], []
        super().__init__(("127.0.0.1", 0), Page)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Page(BaseHTTPRequestHandler):
    server: Kibana

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = message_from_bytes(head + body).get_payload()
        assert isinstance(parts, list)
        (part,) = parts
        self.server.asked.append((self.path, dict(self.headers), part))
        status, answer = (
            self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        )
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def kibana() -> Iterator[Kibana]:
    server = Kibana()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def _put(kibana, tmp_path, prefix="wirewatch", patience_seconds=5.0, **environment):
    asked = {"KIBANA_URL": kibana.url, "KIBANA_PASSWORD": "open sesame", **environment}
    with importing.client(asked, tmp_path / ".env") as client:
        return importing.put(client, FILE, prefix, patience_seconds)


OK = (200, {"success": True, "successCount": 14})


def test_the_file_is_sent_as_the_api_wants_it(kibana, tmp_path):
    kibana.answers = [OK]
    assert _put(kibana, tmp_path) == 14
    ((path, headers, part),) = kibana.asked
    assert path == "/api/saved_objects/_import?overwrite=true"
    assert headers["kbn-xsrf"]  # without it Kibana answers 400
    assert headers["Authorization"].startswith("Basic ")
    assert part.get_param("name", header="Content-Disposition") == "file"
    assert part.get_filename().endswith(".ndjson")  # as it demands
    assert part.get_payload(decode=True) == FILE.read_bytes()


def test_a_key_and_a_space(kibana, tmp_path):
    kibana.answers = [OK]
    _put(kibana, tmp_path, KIBANA_API_KEY="abc", KIBANA_SPACE="news")
    assert kibana.asked[0][0].startswith("/s/news/api/")
    assert kibana.asked[0][1]["Authorization"] == "ApiKey abc"


def test_another_prefix_reaches_the_data_views_and_nothing_else(kibana, tmp_path):
    kibana.answers = [OK]
    _put(kibana, tmp_path, prefix="mine")
    sent = [json.loads(line) for line in kibana.asked[0][2].get_payload(decode=True).splitlines()]
    ours = [json.loads(line) for line in FILE.read_text().splitlines()]
    for mine, original in zip(sent, ours, strict=True):
        if original["type"] == "index-pattern":
            assert mine["attributes"].pop("title").startswith("mine-")
            del original["attributes"]["title"]
        assert mine == original


def test_the_password_of_make_env_is_found(kibana, tmp_path):
    kibana.answers = [OK]
    (tmp_path / ".env").write_text("# a\nELASTIC_PASSWORD=from-env\n")
    _put(kibana, tmp_path, KIBANA_PASSWORD="")
    assert kibana.asked[0][1]["Authorization"] == "Basic ZWxhc3RpYzpmcm9tLWVudg=="


def test_a_kibana_that_is_starting_is_waited_for(kibana, tmp_path):
    kibana.answers = [(503, b"Kibana server is not ready yet."), OK]
    assert _put(kibana, tmp_path) == 14
    assert len(kibana.asked) == 2


def test_a_kibana_that_never_comes_is_one_line(kibana, tmp_path):
    kibana.answers = [(503, b"Kibana server is not ready yet.")]
    with pytest.raises(importing.ImportFailedError, match="does not answer: HTTP 503"):
        _put(kibana, tmp_path, patience_seconds=1.5)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, {"message": "Unauthorized"}), "does not let this user"),
        ((400, {"message": "bad file"}), "refuses wirewatch.ndjson: bad file"),
        ((200, b"<html>"), "is not Kibana"),
        (
            (
                200,
                {
                    "success": False,
                    "successCount": 13,
                    "errors": [{"type": "search", "id": "x", "error": {"type": "missing_references"}}],
                },
            ),
            "search x: missing_references",
        ),
    ],
)
def test_a_refusal_says_why_and_no_secret(kibana, tmp_path, answer, words):
    kibana.answers = [answer]
    with pytest.raises(importing.ImportFailedError, match=words) as caught:
        _put(kibana, tmp_path)
    assert "open sesame" not in str(caught.value)


def test_without_any_way_to_log_in_it_says_what_to_set(tmp_path):
    with pytest.raises(importing.ImportFailedError, match="KIBANA_API_KEY"):
        importing.client({}, tmp_path / ".env")


def test_the_command_says_each_file(kibana, monkeypatch, capsys):
    kibana.answers = [OK]
    monkeypatch.setenv("KIBANA_URL", kibana.url)
    monkeypatch.setenv("KIBANA_PASSWORD", "x")
    assert importing.main() == 0
    assert "wirewatch.ndjson: 14 objects" in capsys.readouterr().out
    kibana.answers = [(401, {})]
    assert importing.main() == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_links_lead_to_the_desk_of_this_place(kibana, tmp_path):
    kibana.answers = [OK]
    with importing.client({"KIBANA_URL": kibana.url, "KIBANA_PASSWORD": "x"}, tmp_path / ".env") as client:
        importing.put(client, FILE, "wirewatch", desk="https://news.example.org/desk/")
        with pytest.raises(importing.ImportFailedError, match="not an http or https address"):
            importing.put(client, FILE, "wirewatch", desk="news.example.org")
    ((_, _, part),) = kibana.asked
    sent = part.get_payload(decode=True).decode()
    assert "https://news.example.org/desk/stories/{{value}}" in sent
    assert "127.0.0.1" not in sent
