"""Hooks of the docs site (mkdocs.yml): it takes in pages of the repository's root, and lists folders.

Links are written for a reader of the repository. `../CHANGELOG.md` leads out of `docs/` there, and to a
page of the site here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
ROOT_PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
_OUT = re.compile(r"(\]\((?:\.\./)*)\.\./(" + "|".join(map(re.escape, ROOT_PAGES)) + r")(?=[#)])")
_IN = re.compile(r"(\]\()docs/")
_FOLDERS = ("decisions", "research")


def anchor(title: str, separator: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", separator)


def on_config(config: Any) -> Any:
    """Puts the pages of a folder into the navigation, newest decision first."""
    for entry in config.nav:
        for name, folder in entry.items():
            if isinstance(folder, str) and folder.rstrip("/") in _FOLDERS:
                inside = ROOT / "docs" / folder
                pages = sorted(page.name for page in inside.glob("*.md") if page.name != "README.md")
                entry[name] = [f"{folder}README.md", *(f"{folder}{page}" for page in reversed(pages))]
    return config


def on_files(files: Files, *, config: Any) -> Files:
    """Adds the pages of the repository's root, with their links as seen from `docs/`."""
    for name in ROOT_PAGES:
        text = _IN.sub(r"\1", (ROOT / name).read_text(encoding="utf-8"))
        files.append(File.generated(config, name, content=re.sub(r"\]\(LICENSE\)", "](licenses.md)", text)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Turns links out of `docs/` to pages of the root into links within the site."""
    return _OUT.sub(r"\1\2", markdown)
