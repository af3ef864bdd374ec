"""Every phrase of the pages, one YAML file a language (`texts/`): a new language is a new file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from pipeline.alerts.send.mail_texts import MODEL, read_texts


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """The phrases of each language; read once."""
    return read_texts("pipeline.desk")


def chosen(asked: str, kept: str, accepted: str) -> str:
    """The language to answer in: what was asked for, else what was kept, else what the browser accepts.

    >>> chosen("", "", "it, fr;q=0.8, de;q=0.9"), chosen("xx", "es", "de")
    ('de', 'es')
    """
    for each in (asked, kept, *_accepted(accepted)):
        if each in texts():
            return each
    return MODEL


def _accepted(header: str) -> Iterable[str]:
    weighed = []
    for part in header[:500].split(","):
        name, _, rest = part.strip().partition(";")
        try:
            weight = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            weight = 0.0
        weighed.append((-weight, name.strip().partition("-")[0].lower()))
    return (name for _, name in sorted(weighed, key=lambda pair: pair[0]))


def say(language: str, key: str, **values: object) -> str:
    """A phrase in a language; of two with `_one` and `_many`, the one that fits `count`."""
    phrases = texts()[language]
    if key not in phrases and "count" in values:
        key = f"{key}_{'one' if values['count'] == 1 else 'many'}"
    return phrases[key].format_map(values) if values else phrases[key]
