"""Packs of public news feeds by country, language and subject: data in `packs/`, which is shipped."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from pipeline.errors import UsageError
from pipeline.ports import FeedSource
from pipeline.yaml_documents import SettingsSection

OutletKind = Literal[
    "newspaper", "broadcaster", "agency", "magazine", "online", "trade", "official", "science"
]


class PackEntry(SettingsSection):
    """One feed of a pack: language and country where they differ from the pack's."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    outlet: Annotated[str, Field(min_length=1)]
    url: Annotated[str, Field(pattern=r"^https?://[^\s${}@]+$")]
    kind: OutletKind
    language: Annotated[str, Field(pattern=r"^([a-z]{2})?$")] = ""
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""


class PackFile(SettingsSection):
    """A file of `packs/`.

    `language` (ISO 639-1) and `country` (ISO 3166-1; "" for a pack about the world) hold for each feed that
    has none of its own. `licence` says what may be done with the list, and with what the feeds send.
    """

    title: str
    subject: str
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    licence: Annotated[str, Field(min_length=20)]
    feeds: Annotated[tuple[PackEntry, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class FeedPack:
    """A pack: its name, and what its file says."""

    name: str
    file: PackFile

    def feeds(self) -> list[FeedSource]:
        """Its feeds as they are configured; the pack's name and the country become tags."""
        return [
            FeedSource(
                id=entry.id,
                url=entry.url,
                outlet=entry.outlet,
                language=entry.language or self.file.language,
                tags=tuple(filter(None, (self.name, (entry.country or self.file.country).lower()))),
            )
            for entry in self.file.feeds
        ]


@cache
def packs() -> dict[str, FeedPack]:
    """All packs by name."""
    folder = files("pipeline.sources.feeds").joinpath("packs")
    found = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".yaml"):
            name = file.name.removesuffix(".yaml")
            found[name] = FeedPack(name, PackFile.model_validate(yaml.safe_load(file.read_text("utf-8"))))
    return found


def described() -> list[dict[str, Any]]:
    """What each pack is, as the command line tells it."""
    return [
        {
            "name": name,
            "title": pack.file.title,
            "country": pack.file.country,
            "language": pack.file.language,
            "subject": pack.file.subject,
            "feeds": len(pack.file.feeds),
            "licence": pack.file.licence.strip(),
        }
        for name, pack in packs().items()
    ]


def pack_named(name: str) -> FeedPack:
    """One pack.

    Raises:
        UsageError: There is none of this name.
    """
    known = packs()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name.lower().replace(" ", "-"), known, n=3, cutoff=0.5)
    hint = f"is it {' or '.join(near)}? " if near else ""
    raise UsageError(f"{name}: there is no feed pack of this name; {hint}`wirewatch feeds packs` lists them")
