"""The pages of one store in a file, for clients that come in by each way."""

from pathlib import Path

import yaml
from desk_store import NOW, WATCH
from starlette.testclient import TestClient

from pipeline.api.api_tokens import Tokens
from pipeline.app import App
from pipeline.app.wiring import Wiring
from pipeline.desk.access import Doors, FeedKey
from pipeline.desk.readers import Readers
from pipeline.desk.site import Site, SiteOptions

ROOT = Path(__file__).resolve().parents[2]
WATCHES = {
    "watches": [
        {
            "name": WATCH,
            "query": "storm",
            "description": "Storms of any kind",
            "deliver": {"mail": ["dora@newsroom.example"], "webhook": "https://hook.example/secret-path"},
        }
    ]
}
FEEDS = {"feeds": [{"id": "courier", "url": "https://me:s3cret@x.example/f?token=s3cret"}]}


class Desk:
    """The pages of one store; `client` opens them as somebody."""

    def __init__(self, home, commit=None, store=""):
        self.home, self.config = home, home / "config"
        self.store = store or f"sqlite:///{home}/desk.db"
        self.config.mkdir(parents=True)
        settings = {"base": str(ROOT / "config"), "stories": {"vectors": "none"}}
        for name, content in (("settings", settings), ("watches", WATCHES), ("feeds", FEEDS)):
            (self.config / f"{name}.yaml").write_text(yaml.safe_dump(content))
        self._readers, self.filed = [], []
        if commit is not None:
            with self.opened() as app:
                store = app._wiring.store
                lease = store.acquire("stories", "test", NOW, 300.0)
                store.commit(commit, lease)
                store.release(lease)

    def opened(self):
        return App(Wiring(self.home, self.config, self.store, {}, lambda: NOW))

    def site(self, doors=None, clock=lambda: NOW):
        readers = Readers(self.opened, self.config, lambda: 0.0, threads=1)
        self._readers.append(readers)
        options = SiteOptions(
            doors or Doors(open=True),
            b"k" * 32,
            clock,
            limit_seconds=60.0,
            feed_key=FeedKey(self.home / "desk"),
            api_tokens=Tokens(self.home / "desk" / "tokens"),
        )
        return Site(readers, options, lambda: self.filed.append(1)).application()

    def client(self, doors=None, clock=lambda: NOW, base_url="http://127.0.0.1:8090", **more):
        more.setdefault("follow_redirects", False)
        return TestClient(self.site(doors, clock), base_url, **more)

    def close(self):
        for readers in self._readers:
            readers.close()
