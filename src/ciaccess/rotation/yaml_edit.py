"""Edits of an account's rotation in the text of access.yaml; no other byte changes.

Owns the four forms of the entry: missing, a bare count, a mapping on one line, a mapping over several. ruamel.yaml finds
the positions; only the new values are inserted, so that comments and layout are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ciaccess.errors import CiaccessError

KEY = "rotation"


class EditError(CiaccessError):
    """The entry cannot be written to this text; the message has the reason."""


def edit(text: str, entries: Mapping[tuple[str, ...], Mapping[str, str]]) -> str:
    """Return the text with new entries: their fields, as in YAML, by the path of their section.

    Raises:
        EditError: a section is missing or not a mapping.
    """
    root = YAML().compose(text)
    edits = [edit for path, fields in entries.items() for edit in _edits(text, _section(root, path), fields)]
    # From the last one on, so that positions stay valid.
    for start, end, words in sorted(edits, reverse=True):
        text = text[:start] + words + text[end:]
    return text


def _edits(text: str, section: MappingNode, fields: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    """Return the edits of a section, each as start, end and new text."""
    entry = _values(section).get(KEY)
    if entry is None:
        yield _addition(text, section, {KEY: _flow(fields)})
    elif isinstance(entry, MappingNode):
        known = _values(entry)
        for name, value in known.items():
            if name in fields:
                yield value.start_mark.index, value.end_mark.index, fields[name]
        if missing := {name: value for name, value in fields.items() if name not in known}:
            yield _addition(text, entry, missing)
    else:
        start, end = entry.start_mark.index, entry.end_mark.index
        # An entry without a value starts and ends behind the colon.
        yield start, end, _flow(fields) if end > start else f" {_flow(fields)}"


def _section(node: Node | None, path: Sequence[str]) -> MappingNode:
    for step in path:
        node = _values(node).get(step) if isinstance(node, MappingNode) else None
    if not isinstance(node, MappingNode):
        raise EditError(f"{'.'.join(path)} is missing or not a mapping")
    return node


def _values(node: MappingNode) -> dict[str, Node]:
    return {str(key.value): value for key, value in node.value if isinstance(key, ScalarNode)}


def _flow(fields: Mapping[str, str]) -> str:
    return "{" + _pairs(fields) + "}"


def _pairs(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in fields.items())


def _addition(text: str, mapping: MappingNode, fields: Mapping[str, str]) -> tuple[int, int, str]:
    """Return the edit that adds keys at the end of a mapping, in its layout."""
    if mapping.flow_style:
        last = len(text[: mapping.end_mark.index - 1].rstrip())
        # No separator after a trailing comma or in an empty mapping.
        between = {"{": "", ",": " "}.get(text[last - 1], ", ")
        return last, last, between + _pairs(fields)
    last = len(text[: max(_ends(mapping))].rstrip())
    line_end = re.compile(r"\r?\n|\Z").search(text, last)
    position = line_end.start() if line_end else len(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = " " * mapping.value[0][0].start_mark.column
    lines = "".join(f"{newline}{indent}{name}: {value}" for name, value in fields.items())
    return position, position, lines


def _ends(node: Node) -> list[int]:
    """Return the ends of a node's content; a block node ends only after its comments."""
    if not isinstance(node, MappingNode | SequenceNode) or node.flow_style:
        return [int(node.end_mark.index)]
    parts = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
    return [end for part in parts for end in _ends(part)] or [node.end_mark.index]
