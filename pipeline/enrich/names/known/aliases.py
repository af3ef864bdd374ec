"""The alias table: which spellings mean whom, and where they stand in a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from pipeline.enrich.names.forms import Token, key_of, skeleton
from pipeline.records import EntityKind
from pipeline.yaml_documents import Document, SettingsSection, validated


class AliasEntry(SettingsSection):
    """One entity of `aliases.yaml`."""

    id: Annotated[str, Field(pattern=r"^(?:person|org|place|event|work):[^\s|]{1,100}$")]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    kind: EntityKind
    aliases: tuple[Annotated[str, Field(min_length=1, max_length=160)], ...] = ()
    country: Annotated[str, Field(max_length=40)] = ""
    demonyms: tuple[Annotated[str, Field(min_length=1, max_length=80)], ...] = ()
    capital: str | tuple[str, ...] = ""

    @property
    def capitals(self) -> tuple[str, ...]:
        """The capital's spellings."""
        if isinstance(self.capital, str):
            return (self.capital,) if self.capital else ()
        return self.capital


class AliasesFile(SettingsSection):
    """`aliases.yaml`."""

    entities: tuple[AliasEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownNames:
    """An entity that the table knows."""

    id: str
    name: str
    kind: EntityKind


@dataclass(frozen=True, slots=True)
class Match:
    """A known spelling in a text, from token `first` up to but without token `last`."""

    first: int
    last: int
    known: KnownNames


@dataclass(frozen=True, slots=True)
class _Form:
    key: tuple[str, ...]
    known: KnownNames
    capitals_only: bool


class Aliases:
    """Spellings and what they mean.

    Args:
        entries: Entities; the first of two that share a spelling keeps it.
    """

    def __init__(self, entries: Sequence[AliasEntry] = ()) -> None:
        self._forms: dict[tuple[str, ...], _Form] = {}
        self._by_first: dict[str, list[_Form]] = {}
        self._skeletons: dict[tuple[str, ...], KnownNames] = {}
        self._entries = {entry.id: entry for entry in entries}
        for entry in entries:
            known = KnownNames(entry.id, entry.name, entry.kind)
            for spelling in (entry.name, *entry.aliases, *entry.demonyms, *entry.capitals):
                self._add(spelling, known)
        for forms in self._by_first.values():
            forms.sort(key=lambda form: (-len(form.key), form.key))

    def _add(self, spelling: str, known: KnownNames) -> None:
        key = key_of(spelling)
        if not key or key in self._forms:
            return
        letters = "".join(char for char in spelling if char.isalpha())
        form = _Form(key, known, capitals_only=len(key) == 1 and len(letters) <= 5 and letters.isupper())
        self._forms[key] = form
        self._by_first.setdefault(key[0], []).append(form)
        if known.kind == "person" and len(key) > 1:
            self._skeletons.setdefault(skeleton(key), known)

    @classmethod
    def from_document(cls, document: Document) -> Aliases:
        """Reads `aliases.yaml`.

        Raises:
            ConfigError: An unknown key, a wrong value, an id given twice, or a name or alias without letters
                or of two entities; names file, line and key.
        """
        entries = validated(AliasesFile, document).entities
        ids: set[str] = set()
        owners: dict[tuple[str, ...], AliasEntry] = {}
        for position, entry in enumerate(entries):
            key = f"entities.{position}"
            if entry.id in ids:
                raise document.error(f"the id {entry.id!r} is given twice", f"{key}.id")
            ids.add(entry.id)
            for spelling in (entry.name, *entry.aliases):
                if not key_of(spelling):
                    raise document.error(f"{spelling!r} holds no letters", f"{key}.aliases")
                owner = owners.setdefault(key_of(spelling), entry)
                if owner.id != entry.id:
                    raise document.error(f"{spelling!r} is already a name of {owner.id}", f"{key}.aliases")
        return cls(entries)

    def known(self, id_: str) -> KnownNames | None:
        """The entity of this id."""
        entry = self._entries.get(id_)
        return KnownNames(entry.id, entry.name, entry.kind) if entry else None

    def country(self, id_: str) -> str:
        """The country code of an entity of the table, or ""."""
        return self._entries[id_].country if id_ in self._entries else ""

    def find(self, key: tuple[str, ...]) -> KnownNames | None:
        """The entity that has exactly this folded name."""
        form = self._forms.get(key)
        return form.known if form else None

    def find_person(self, key: tuple[str, ...]) -> KnownNames | None:
        """The person of this name in any transliteration; every word of the name must fit."""
        known = self.find(key)
        if known is not None:
            return known
        return self._skeletons.get(skeleton(key)) if len(key) > 1 else None

    def scan(self, tokens: Sequence[Token], *, shouting: bool = False) -> list[Match]:
        """All known spellings in a text, the longest first where they overlap.

        Args:
            tokens: The words of the text.
            shouting: Whether the text is in capitals throughout, so that capitals mean nothing.
        """
        matches: list[Match] = []
        position = 0
        while position < len(tokens):
            token = tokens[position]
            form = None
            if token.folded in self._by_first and not token.text[0].islower():
                form = self._longest(tokens, position, shouting=shouting)
            if form is None:
                position += 1
                continue
            matches.append(Match(position, position + len(form.key), form.known))
            position += len(form.key)
        return matches

    def _longest(self, tokens: Sequence[Token], position: int, *, shouting: bool) -> _Form | None:
        for form in self._by_first[tokens[position].folded]:
            length = len(form.key)
            if position + length > len(tokens):
                continue
            if any(tokens[position + at].folded != form.key[at] for at in range(1, length)):
                continue
            if length > 1 and not _adjacent(tokens[position : position + length]):
                continue
            if form.capitals_only and (shouting or not tokens[position].text.isupper()):
                continue
            return form
        return None


def _adjacent(tokens: Sequence[Token]) -> bool:
    """Whether only a blank, hyphen, apostrophe or the like stands between each word and the next."""
    return all(right.start - left.end <= 2 for left, right in pairwise(tokens))
