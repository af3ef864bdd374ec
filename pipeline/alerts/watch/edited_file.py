"""One watch in the text of `watches.yaml`: read, replaced or added, and every other byte stays. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from pipeline.alerts.watch.first_watch import with_entry
from pipeline.errors import UsageError


def entry_of(text: str, name: str) -> str:
    """The lines of a watch, without the indentation of the list.

    Raises:
        UsageError: The file has none of this name, or writes its list in a way that has no lines of its own.
    """
    first, last, indent = _place(text, name)
    return "".join(
        line.removeprefix(" " * indent) for line in text.splitlines(keepends=True)[first : last + 1]
    )


def with_changed(text: str, name: str, entry: str) -> str:
    r"""The file with another text for one watch.

    >>> with_changed("watches:\n  # mine\n  - name: a\n    query: x\n", "a", "- name: a\n  query: y\n")
    'watches:\n  # mine\n  - name: a\n    query: y\n'

    Raises:
        UsageError: The file has none of this name.
    """
    first, last, indent = _place(text, name)
    lines = text.splitlines(keepends=True)
    new = [f"{' ' * indent}{line}\n" if line.strip() else "\n" for line in entry.strip("\n").splitlines()]
    return "".join([*lines[:first], *new, *lines[last + 1 :]])


def with_added(text: str, entry: str) -> str:
    """The file with one more watch at its end."""
    return with_entry(text, entry.strip("\n"))


def _place(text: str, name: str) -> tuple[int, int, int]:
    """The first and the last line of a watch, and how far its dash is indented."""
    try:
        top = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise UsageError(f"watches.yaml cannot be read: {' '.join(str(error).split())}") from None
    for key, value in top.value if isinstance(top, yaml.MappingNode) else ():
        if key.value == "watches" and isinstance(value, yaml.SequenceNode) and not value.flow_style:
            for entry in value.value:
                if _name(entry) == name:
                    line: int = entry.start_mark.line
                    dash = text.splitlines()[line].find("-")
                    if dash < 0 or dash > entry.start_mark.column:
                        break
                    last = max(_ends(entry))
                    while last > line and not text.splitlines()[last].strip():
                        last -= 1  # empty lines part it from what follows
                    return line, last, dash
    raise UsageError(f"watch {name}: watches.yaml has no lines of its own for it; change the file by hand")


def _name(entry: yaml.Node) -> str:
    pairs = entry.value if isinstance(entry, yaml.MappingNode) and not entry.flow_style else ()
    return next((str(value.value) for key, value in pairs if key.value == "name"), "")


def _ends(node: yaml.Node) -> Iterator[int]:
    """The last lines of what a node is made of; the mark of a block lies behind the empty lines after it."""
    if isinstance(node, yaml.ScalarNode) or getattr(node, "flow_style", False):
        end = node.end_mark
        yield end.line - (end.column == 0 and end.line > node.start_mark.line)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _ends(key)
            yield from _ends(value)
    else:
        for item in node.value:
            yield from _ends(item)
