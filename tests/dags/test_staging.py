"""Batch files between tasks: on a disk, and on a server that speaks S3."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "dags"), str(ROOT / "tests" / "sources")]

from s3_server import BUCKET, s3_server  # noqa: E402

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def s3(tmp_path_factory) -> Iterator[dict[str, str]]:
    """The environment of a server on 127.0.0.1."""
    with s3_server(tmp_path_factory.mktemp("moto")) as environment:
        yield environment


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.slow)])
def app(request, tmp_path, monkeypatch) -> Any:
    """What the staging needs to know of an app."""
    url = f"file://{tmp_path}/staging"
    if request.param == "s3":
        for name, value in request.getfixturevalue("s3").items():
            monkeypatch.setenv(name, value)
        url = f"{BUCKET}/{uuid.uuid4().hex}/staging"
    named = {"staging_url": url, "patience_seconds": 10.0, "run_name": lambda run: run.replace(":", "_")}
    return SimpleNamespace(tasks=SimpleNamespace(**named))


@pytest.fixture
def own(monkeypatch, app) -> Callable[..., Any]:
    """A task's own file, of a run and a map index."""
    import airflow.sdk
    from staged import own_file

    def make(run, index):
        context = {"run_id": run, "ti": SimpleNamespace(map_index=index)}
        monkeypatch.setattr(airflow.sdk, "get_current_context", lambda: context)
        return own_file(app, "fetched")

    return make


def test_what_one_task_writes_another_reads(app, own):
    from staged import file_of

    from pipeline.stages.intake.handover import read, write
    from pipeline.stages.intake.prepare import PreparedBatch

    batch = PreparedBatch(places=("2026/03/01/b.warc.gz",), known={"f": 3}, configuration="c")
    file = own("scheduled__2026:1", 4)
    write(file, batch)
    assert read(file_of(app, {"file": str(file)}), PreparedBatch) == batch
    write(file, batch)  # a task that is tried again


def test_runs_that_ended_long_ago_are_cleared(app, own, monkeypatch):
    import staged

    assert staged.clear_staging(app) == 0
    for run, index in (("old", 0), ("old", 1), ("new", 0)):
        with own(run, index).open("wb") as file:
            file.write(b"x")
    assert staged.clear_staging(app) == 0
    monkeypatch.setattr(time, "time", lambda: 1e11)
    assert staged.clear_staging(app) == 2
    assert staged.clear_staging(app) == 0
    assert not own("new", 0).exists()
