"""The pages of a small town's news, served on loopback, and Debian's Chromium to read them with."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
import yaml
from desk_site import Desk

from pipeline.app import App
from pipeline.app.wiring import Wiring
from pipeline.desk.access import Doors, FeedKey
from pipeline.desk.carrier import Carrier
from pipeline.desk.readers import Readers
from pipeline.desk.site import Site, SiteOptions

NOW = datetime(2026, 1, 6, 8, 0, tzinfo=UTC)
NEWS = yaml.safe_load(Path(__file__).with_name("town.yaml").read_text(encoding="utf-8"))
WATCHES = [
    {"name": "storms", "query": "storm", "description": "Storms of any kind",
     "conditions": {"outlets": 2}, "match": "any", "deliver": {"mail": ["dora@newsroom.example"]}},
    {"name": "ferries", "query": "ferry", "description": "Ferries that three outlets report",
     "conditions": {"outlets": 3}, "match": "any", "deliver": {"mail": ["dora@newsroom.example"]}},
]  # fmt: skip


def chromium() -> str | None:
    """Where the browser is; None where there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


class Town(Desk):
    """A store that the stages filled, its alerts sent, and the pages over it on a port of 127.0.0.1."""

    def __init__(self, home):
        super().__init__(home)
        # Names by their look: no model is loaded for nine articles.
        settings = yaml.safe_load((self.config / "settings.yaml").read_text()) | {"enrich": {"models": {}}}
        (self.config / "settings.yaml").write_text(yaml.safe_dump(settings))
        (self.config / "watches.yaml").write_text(yaml.safe_dump({"watches": WATCHES}, sort_keys=False))
        rows = [
            {"title": each["title"], "text": each["text"], "source": each["outlet"]}
            | {"url": f"https://o{n}.example/{n}", "published": f"2026-01-05T{each['hour']:02d}:00:00Z"}
            for n, each in enumerate(NEWS)
        ]
        file = home / "news.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows) + "{not a row\n")
        with self.opened() as app:
            app.ingest.load([file], alert=True)
            app.watches.alert()
        self._behind = ExitStack()
        readers = Readers(self.opened, self.config, time.monotonic, threads=2)
        self._behind.callback(readers.close)
        carrier = Carrier(self.opened, self._run)
        self._behind.callback(carrier.close)
        options = SiteOptions(
            Doors(open=True), b"k" * 32, lambda: NOW, limit_seconds=60.0, feed_key=FeedKey(home / "desk")
        )
        site = Site(readers, options, carrier.wake).application()
        self._server = uvicorn.Server(
            uvicorn.Config(site, log_level="error", access_log=False, lifespan="off")
        )
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.run, args=([listening],), daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def opened(self):
        return App(Wiring(self.home, self.config, f"sqlite:///{self.home}/desk.db", {}, lambda: NOW))

    def _run(self, arguments):
        """What the verbs do that a child process is asked for; test_desk_mending starts a real one."""
        with self.opened() as app:
            if arguments[0] == "corrections":
                app.requests.carry_out()
                return 0, "[]", ""
            return 0, json.dumps(app.care.replay_quarantine(arguments[3:]).as_json()), ""

    def close(self):
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._behind.close()
        super().close()
