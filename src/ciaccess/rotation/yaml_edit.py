"""Counting an account's rotation up in the text of access.yaml: that entry changes, and not a byte beside it.

Owns the four ways in which the entry can stand there: not at all, as a count alone, as a mapping on one line, as a
mapping over several. ruamel.yaml says where things are; only the new words are put in, so that comments and layout
stay as people left them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from ruamel.yaml.nodes import Node

KEY = "rotation"


class EditError(Exception):
    """The entry cannot be written into this text; the text says why."""


@dataclass(frozen=True)
class Turned:
    """An entry as it is to be: its count, and the day."""

    count: int
    day: date

    @property
    def fields(self) -> dict[str, str]:
        """Return the keys with their values, as YAML has them."""
        return {"count": str(self.count), "date": self.day.isoformat()}


def edited(text: str, entries: Mapping[tuple[str, ...], Turned]) -> str:
    """Return the text with each entry as it is to be; `entries` are by the path of the section that has it.

    Raises:
        EditError: a section is not there, or is no mapping.
    """
    root = YAML().compose(text)
    edits = [edit for path, turned in entries.items() for edit in _edits(text, _section(root, path), turned)]
    # The last one first, so that none moves another's place.
    for start, end, words in sorted(edits, reverse=True):
        text = text[:start] + words + text[end:]
    return text


def _edits(text: str, section: MappingNode, turned: Turned) -> Iterator[tuple[int, int, str]]:
    """Return what is put in place of what, by where it starts and ends."""
    entry = _values(section).get(KEY)
    if entry is None:
        yield _added(text, section, {KEY: _flow(turned.fields)})
    elif isinstance(entry, MappingNode):
        known = _values(entry)
        for name, value in known.items():
            if name in turned.fields:
                yield value.start_mark.index, value.end_mark.index, turned.fields[name]
        if missing := {name: value for name, value in turned.fields.items() if name not in known}:
            yield _added(text, entry, missing)
    else:
        start, end = entry.start_mark.index, entry.end_mark.index
        # An entry without a value ends where it starts: behind the colon.
        yield start, end, _flow(turned.fields) if end > start else f" {_flow(turned.fields)}"


def _section(node: Node | None, path: Sequence[str]) -> MappingNode:
    for step in path:
        node = _values(node).get(step) if isinstance(node, MappingNode) else None
    if not isinstance(node, MappingNode):
        raise EditError(f"{'.'.join(path)} is no mapping there")
    return node


def _values(node: MappingNode) -> dict[str, Node]:
    return {str(key.value): value for key, value in node.value if isinstance(key, ScalarNode)}


def _flow(fields: Mapping[str, str]) -> str:
    return "{" + _listed(fields) + "}"


def _listed(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in fields.items())


def _added(text: str, mapping: MappingNode, fields: Mapping[str, str]) -> tuple[int, int, str]:
    """Return the edit that puts further keys at the end of a mapping, laid out as the mapping is."""
    if mapping.flow_style:
        last = len(text[: mapping.end_mark.index - 1].rstrip())
        # Behind a comma that ends it, and in an empty one, there is nothing to separate.
        between = {"{": "", ",": " "}.get(text[last - 1], ", ")
        return last, last, between + _listed(fields)
    last = len(text[: max(_ends(mapping))].rstrip())
    line_end = re.compile(r"\r?\n|\Z").search(text, last)
    position = line_end.start() if line_end else len(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = " " * mapping.value[0][0].start_mark.column
    lines = "".join(f"{newline}{indent}{name}: {value}" for name, value in fields.items())
    return position, position, lines


def _ends(node: Node) -> list[int]:
    """Return where what is in a node ends; that of a block itself lies behind the comments that follow it."""
    if not isinstance(node, MappingNode | SequenceNode) or node.flow_style:
        return [int(node.end_mark.index)]
    parts = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
    return [end for part in parts for end in _ends(part)] or [node.end_mark.index]
