"""Builds the wheel: the folder `pipeline/` goes in as the package `wirewatch`.

`pipeline` is a name that other projects use for a package of their own; two of them in one environment
overwrite each other. The folder keeps its name in the repository. So the wheel holds a copy of it in which
the package is called `wirewatch` (docs/decisions/2026-11-28-the-wheel-is-called-wirewatch.md).
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# The package's name where it is imported, and where a string or a comment names one of its modules.
# A variable may be called `pipeline`, too, and keeps its name.
_IMPORTED = re.compile(r"^(\s*(?:>>> )?(?:from|import)\s+)pipeline\b", re.MULTILINE)
_QUOTED = re.compile(r"(?<=[\"'`])pipeline(?=\.[a-z_]+)")


def renamed(source: str) -> str:
    """A module's source with the package under its installed name.

    >>> renamed("from pipeline.records import Story  # of pipeline/records/stories.py")
    'from wirewatch.records import Story  # of pipeline/records/stories.py'
    >>> renamed("    from pipeline import text as analysis")
    '    from wirewatch import text as analysis'
    >>> renamed("pipeline.add_pipe('ner'); files('pipeline.desk')")
    "pipeline.add_pipe('ner'); files('wirewatch.desk')"
    """
    return _QUOTED.sub("wirewatch", _IMPORTED.sub(r"\1wirewatch", source))


class WheelHook(BuildHookInterface[Any]):
    """Puts the renamed copies and the configuration into the wheel; an editable install needs neither."""

    PLUGIN_NAME = "custom"
    _copy: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Makes the copy and names it to the builder."""
        if version == "editable" or self.target_name != "wheel":
            return
        root = Path(self.root)
        self._copy = Path(tempfile.mkdtemp(prefix="wirewatch-wheel-"))
        package = self._copy / "wirewatch"
        shutil.copytree(root / "pipeline", package, ignore=shutil.ignore_patterns("__pycache__"))
        for file in package.rglob("*.py"):
            file.write_text(renamed(file.read_text(encoding="utf-8")), encoding="utf-8")
        (package / "py.typed").touch()
        # The folder that an Airflow is shown: each file by itself, so it is no package.
        (package / "dags" / "plugins").mkdir(parents=True)
        for file in (*(root / "dags").glob("*.py"), *(root / "dags" / "plugins").glob("*.py")):
            source = renamed(file.read_text(encoding="utf-8"))
            (package / file.relative_to(root)).write_text(source, encoding="utf-8")
        for name in (".airflowignore", "pools.json"):
            shutil.copy(root / "dags" / name, package / "dags")
        build_data["force_include"][str(package)] = "wirewatch"
        config = root / "config"
        build_data["force_include"][str(config / "elasticsearch")] = "wirewatch/store/elasticsearch/templates"
        # What `wirewatch init` copies, and the boards that are imported into Kibana by hand.
        for file in (*config.glob("*.yaml"), *config.glob("kibana/*")):
            build_data["force_include"][str(file)] = f"wirewatch/config/{file.relative_to(config)}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes the copy."""
        del version, build_data, artifact_path
        if self._copy:
            shutil.rmtree(self._copy)
