"""Every phrase of a mail, one YAML file a language (`texts/`): a new language is a new file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files

import yaml

# The language whose keys and blanks every other one must have.
MODEL = "en"


def read_texts(package: str) -> Mapping[str, Mapping[str, str]]:
    """The phrases of each language, from the folder `texts` of a package.

    Raises:
        ValueError: A file lacks a phrase, or has one that English has not.
    """
    folder = files(package).joinpath("texts")
    texts = {
        entry.name.removesuffix(".yaml"): yaml.safe_load(entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda each: each.name)
        if entry.name.endswith(".yaml")
    }
    for language, phrases in texts.items():
        check_texts(language, phrases, texts[MODEL])
    return texts


def check_texts(language: str, phrases: object, model: Mapping[str, str]) -> None:
    """Whether a file has every phrase, no other, and each with its blanks.

    Raises:
        ValueError: It has not; names the file and the key.
    """
    place = f"texts/{language}.yaml"
    if not isinstance(phrases, dict):
        raise ValueError(f"{place}: must be a mapping of keys to phrases")  # noqa: TRY004  # one kind for all that a file may have wrong
    for key in sorted(model.keys() | phrases.keys(), key=str):
        if key not in model or key not in phrases:
            raise ValueError(f"{place}: {key}: " + ("unknown key" if key not in model else "is missing"))
        phrase = phrases[key]
        if not isinstance(phrase, str) or not phrase.strip():
            raise ValueError(f"{place}: {key}: must be a text in quotation marks")
        if _blanks(phrase) != _blanks(model[key]):
            raise ValueError(
                f"{place}: {key}: must have the blanks {', '.join(_blanks(model[key])) or 'none'}"
            )


def _blanks(phrase: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)\}", phrase))


PHRASES: Mapping[str, Mapping[str, str]] = read_texts("pipeline.alerts.send")
