"""Word files: YAML that speakers of a language edit, validated when it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import ConfigError


class WordFile(BaseModel):
    """What a word file holds: frozen; unknown keys are errors, and so are missing ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_File = TypeVar("_File", bound=WordFile)


class _Loader(yaml.CBaseLoader):
    """Reads every scalar as text: "no" is a word of Spanish and Norwegian's code, not false."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        doubled = next((key for place, key in enumerate(keys) if key in keys[:place]), None)
        if doubled is not None:
            line = node.start_mark.line + 1
            raise yaml.constructor.ConstructorError(None, None, f"{doubled} stands twice from line {line} on")
        return dict(super().construct_mapping(node, deep))


def read(path: Path, form: type[_File]) -> _File:
    """Reads a word file.

    Args:
        path: The file.
        form: What must be in it.

    Raises:
        ConfigError: The file is not YAML, or a key is doubled, unknown or missing; the message names file and
            key.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  # makes text, lists, dicts
        return form.model_validate(content or {})
    except yaml.YAMLError as error:
        raise ConfigError(f"{path.name}: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in error.errors()[:3])
        raise ConfigError(f"{path.name}: {'; '.join(wrong)}") from error
