"""Wirewatch itself, by its judge (`wirewatch evaluate`), in the shipped configuration."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.peers.vectors import KeptVectors
from pipeline.app import App
from pipeline.app.wiring import Wiring
from pipeline.ports import Embedder

_CONFIG: Final = Path(__file__).parents[2] / "config"


class _Wiring(Wiring):
    """The usual parts, but vectors that were made before are not made again."""

    kept: KeptVectors

    @cached_property
    def embedder(self) -> Embedder | None:
        """The kept vectors, where the settings want any."""
        return self.kept if self.settings.stories.vectors == self.kept.name else None


def evaluated(file: Path, kept: KeptVectors) -> dict[str, Any]:
    """What `wirewatch evaluate` says of one file.

    Args:
        file: Labelled news.
        kept: Makes the vectors.
    """
    with TemporaryDirectory() as home:
        wiring = _Wiring(Path(home), _CONFIG, f"sqlite:///{home}/w.db", os.environ)
        wiring.kept = kept
        with App(wiring) as app:
            row: dict[str, Any] = app.quality.evaluate([file])["files"][0]
            return row
