"""A server that plays the outlets, and configurations whose feeds it serves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "sources"))

from misbehaving import Misbehaving  # noqa: E402
from source_samples import rss  # noqa: E402


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    """All of 127.0.0.0/8 is this machine, so it plays as many hosts as a test names."""
    with Misbehaving(host="0.0.0.0") as running:  # noqa: S104
        running.host = "127.0.0.1"
        yield running


@pytest.fixture
def configured(tmp_path) -> Callable[..., Path]:
    """Writes a configuration with these feeds over that of the seeds; a name gives another folder."""

    def write(*feeds, name="config", base="seeds/config", **settings):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        content = {"base": str(ROOT / base), **settings}
        (folder / "settings.yaml").write_text(yaml.safe_dump(content))
        entries = [{"allow_private": True, **feed} for feed in feeds]
        (folder / "feeds.yaml").write_text(yaml.safe_dump({"feeds": entries}))
        return folder

    return write


@pytest.fixture
def item() -> Callable[..., str]:
    """An item of a feed."""

    def write(title, link="", text="", guid="", date="Sun, 08 Feb 2015 09:00:00 GMT"):
        fields = {"title": title, "link": link, "description": text, "guid": guid, "pubDate": date}
        inner = "".join(f"<{tag}>{value}</{tag}>" for tag, value in fields.items() if value)
        return f"<item>{inner}</item>"

    return write


@pytest.fixture
def feed_body() -> Callable[..., bytes]:
    """A feed around items, as bytes."""
    return lambda *items: rss(*items).encode()
