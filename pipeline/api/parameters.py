"""The parameters of requests, and how they are read: one that an operation does not name is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pipeline.api.cursor import MOST_CURSOR_CHARS, PageCursor, question_of, read_cursor
from pipeline.errors import UsageError

MOST_CHARS: Final = 1000
MOST_LIMIT: Final = 100
_USUAL_LIMIT: Final = 30


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    Attributes:
        name: As it is written.
        about: What it does, for the description.
        choices: What it may be; () for any text.
        least, most: Where it is a whole number, its bounds.
        otherwise: Its value where it is not given.
        chars: The most characters.
        where: "query" or "path".
        steers: Whether it is part of the question that a cursor belongs to (`cursor.question_of`).
    """

    name: str
    about: str
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    otherwise: str | int = ""
    chars: int = MOST_CHARS
    where: str = "query"
    steers: bool = True

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        if self.least is not None:
            bounds = {"minimum": self.least, "maximum": self.most}
            return {"type": "integer", **bounds, "default": self.otherwise}
        found: dict[str, Any] = {"type": "string"}
        if self.choices:
            found |= {"enum": list(self.choices)}
        else:
            found |= {"maxLength": self.chars}
        if self.where == "path":
            found |= {"minLength": 1, "pattern": "^[^/?#]+$"}
        return found | ({"default": self.otherwise} if self.otherwise else {})

    def read(self, text: str) -> str | int:
        """The value that a text stands for.

        Raises:
            UsageError: The text is not among the choices, out of bounds or too long.
        """
        if self.least is not None and self.most is not None:
            if not re.fullmatch(r"-?[0-9]{1,15}", text) or not self.least <= int(text) <= self.most:
                raise UsageError(f"{self.name}: give a whole number from {self.least} to {self.most}")
            return int(text)
        if self.choices and text not in self.choices:
            raise UsageError(f"{self.name}: give one of {', '.join(self.choices)}")
        if len(text) > self.chars:
            raise UsageError(f"{self.name}: longer than {self.chars} characters")
        return text.strip()


LIMIT: Final = Parameter(
    "limit", "How many at most.", least=1, most=MOST_LIMIT, otherwise=_USUAL_LIMIT, steers=False
)
CURSOR: Final = Parameter(
    "cursor", "The `next` of the page before, with the same filters.", chars=MOST_CURSOR_CHARS, steers=False
)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request whose parameters have been read.

    Attributes:
        given: The value of every parameter by name; `otherwise` where the request does not give it.
        question: Which question it is (`pipeline.api.cursor.question_of`).
        now: The present time (UTC).
    """

    given: Mapping[str, str | int]
    question: str
    now: datetime

    def text(self, name: str) -> str:
        """A text."""
        return str(self.given[name])

    def number(self, name: str) -> int:
        """A whole number."""
        return int(self.given[name])

    def cursor(self, *kinds: type) -> PageCursor:
        """Where to go on; the beginning, and now, where no cursor is given.

        Args:
            kinds: The types of the parts of a place in this list.

        Raises:
            UsageError: It was not given out for this question.
        """
        text = self.text("cursor")
        return read_cursor(text, self.question, kinds) if text else PageCursor((), self.now)


def read_parameters(
    parameters: Sequence[Parameter],
    path: str,
    in_path: Mapping[str, str],
    pairs: Sequence[tuple[str, str]],
    now: datetime,
) -> ApiRequest:
    """Reads a request.

    Raises:
        UsageError: A parameter is unknown, is given twice, or has a value that it may not have.
    """
    known = {each.name: each for each in parameters}
    given: dict[str, str | int] = {name: each.otherwise for name, each in known.items()}
    seen: set[str] = set()
    for name, text in pairs:
        if name not in known or known[name].where != "query":
            queried = [each.name for each in parameters if each.where == "query"]
            raise UsageError(f"{name[:80]}: no such parameter; there are {', '.join(queried) or 'none'}")
        if name in seen:
            raise UsageError(f"{name}: give it once")
        seen.add(name)
        given[name] = known[name].read(text)
    for name, text in in_path.items():
        given[name] = known[name].read(text)
    return ApiRequest(given, question_of(path, [pair for pair in pairs if known[pair[0]].steers]), now)
