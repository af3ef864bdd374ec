"""A YAML file that a person edits: read, and validated by a model; an error names file, line and key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import ConfigError

if TYPE_CHECKING or not yaml.__with_libyaml__:
    from yaml import SafeLoader
else:  # spares each start most of a second
    from yaml import CSafeLoader as SafeLoader


class SettingsSection(BaseModel):
    """A part of a configuration file: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed YAML file: its path as given, its content, and the line of each dotted key.

    `fault` says why it has no content, where it could not be read and that stops only who needs it.
    """

    path: str
    content: Mapping[str, Any]
    lines: Mapping[str, int]
    fault: ConfigError | None = None

    def error(self, message: str, key: str = "") -> ConfigError:
        """An error that names this file, and the line of `key` or of the nearest key above it."""
        above = key
        while above and above not in self.lines:
            above = above.rpartition(".")[0]
        return ConfigError(message, self.path, self.lines.get(above), key)


class _UniqueKeyLoader(SafeLoader):
    """A SafeLoader that refuses a key given twice."""


_TEXT = yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG


def _mapping(loader: SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    given = [key for key, _ in node.value]  # without those that `<<` brings
    if any(key.tag != _TEXT for key in given) or len({key.value for key in given}) < len(given):
        _refuse_doubled(loader, given)
    return dict(loader.construct_mapping(node, deep=True))


def _refuse_doubled(loader: SafeLoader, given: Sequence[yaml.Node]) -> None:
    seen: set[Any] = set()
    for node in given:
        key = loader.construct_object(node)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is given twice", node.start_mark
            )
        seen.add(key)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


class _Lines(Mapping[str, int]):
    """The line of each key of a YAML text, looked for once something is wrong."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _found(self) -> dict[str, int]:
        found: dict[str, int] = {}
        _lines(yaml.compose(self._text, _UniqueKeyLoader), "", found)
        return found

    def __getitem__(self, key: str) -> int:
        return self._found[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _lines(node: yaml.Node | None, prefix: str, into: dict[str, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            path = f"{prefix}.{key.value}" if prefix else str(key.value)
            into[path] = key.start_mark.line + 1
            _lines(value, path, into)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            path = f"{prefix}.{position}"
            into[path] = value.start_mark.line + 1
            _lines(value, path, into)


@lru_cache(maxsize=16)
def _content(text: str) -> object:
    """What a YAML text says; remembered, since the pages read the same files again and again."""
    loader = _UniqueKeyLoader(text)
    node = loader.get_single_node()
    return loader.construct_document(node) if node else {}


def read_document(path: Path) -> Document:
    """Reads one YAML file whose top is a mapping.

    Raises:
        ConfigError: It is missing, not YAML, not UTF-8, not a mapping, or gives a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError("no such file", str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", str(path)) from None
    try:
        content = _content(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        lines = text.splitlines()
        # The mark may stand behind the last line.
        here = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
        tab = mark is not None and here[mark.column :].startswith("\t")
        said = "a tab stands where YAML takes spaces only" if tab else str(error.problem)
        raise ConfigError(said, str(path), mark.line + 1 if mark else None) from None
    except yaml.YAMLError as error:
        raise ConfigError(str(error).splitlines()[0], str(path)) from None
    if not isinstance(content, dict):
        raise ConfigError("must be a mapping of keys to values", str(path), 1)
    return Document(str(path), content, _Lines(text))


Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], document: Document, part: object = None, key: str = "") -> Model:
    """Validates a document's content, or a part of it, by a pydantic model.

    Args:
        model: What it must be.
        document: For the lines.
        part: Instead of all of the content.
        key: Where the part stands.

    Raises:
        ConfigError: With the first thing that is wrong, its line and key, and the keys that exist.
    """
    try:
        return model.model_validate(part if key else dict(document.content))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(each) for each in (*filter(None, [key]), *first["loc"]))
        message = first["msg"].removeprefix("Value error, ")  # pydantic's, before what we say ourselves
        if first["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:  # of a model, of a dataclass
            message = "unknown key"
        if first["type"] in {"model_type", "dataclass_type"}:
            message = "must be keys with values"
        if first["type"] == "tuple_type":
            message = "must be a list, such as [one, two]"
        raise document.error(message, key) from None
