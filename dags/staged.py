"""Batch files between mapped tasks, under `WIREWATCH_STAGING` (any fsspec URL) or in the home."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from upath import UPath

    from pipeline.app import App

# For this many days a run that is cleared and retried finds its batch files.
STAGING_DAYS = 3


def own_file(app: App, name: str) -> UPath:
    """Where this mapped task writes its batch; `name` says of what kind it is."""
    from airflow.sdk import get_current_context

    context = get_current_context()
    run = app.tasks.run_name(context["run_id"])
    path = _root(app) / run / f"{name}-{context['ti'].map_index}.json.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def file_of(app: App, part: dict[str, Any]) -> UPath:
    """The batch file that another task wrote, found by its run and name wherever staging is mounted here."""
    run, name = part["file"].rsplit("/", 2)[-2:]
    return _root(app) / run / name


def clear_staging(app: App) -> int:
    """Removes the batch files of runs that ended more than `STAGING_DAYS` ago; returns how many runs went."""
    root, gone = _root(app), 0
    before = time.time() - STAGING_DAYS * 86400
    for run in list(root.iterdir()) if root.exists() else ():
        files = list(run.iterdir())
        if all(file.stat().st_mtime < before for file in files):
            for file in files:
                file.unlink()
            if run.exists():  # an object store has no folders: they go with what is in them
                run.rmdir()
            gone += 1
    return gone


def _root(app: App) -> UPath:
    from upath import UPath

    url = app.tasks.staging_url
    scheme = url.partition("://")[0]
    if scheme != "file":
        from obstore.fsspec import register

        from pipeline.sources.archive.objects import retries

        register(scheme)
        return UPath(url, retry_config=retries(app.tasks.patience_seconds))
    return UPath(url)
