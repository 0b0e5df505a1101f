"""A pipeline's YAML as dicts, lists and scalars; each scalar has its file and position.

Owns reading one file as GitLab's parser (Psych) does: merge keys, aliases, the document after a header of inputs.
What the keys mean is merging.py's.
"""

from __future__ import annotations

import re
from typing import Any, TypeGuard

import yaml  # type: ignore[import-untyped]  # its stubs are not installed
from yaml.composer import Composer  # type: ignore[import-untyped]
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode  # type: ignore[import-untyped]

from ciaccess.access.reading.document import syntax_fault
from ciaccess.errors import CiaccessError

MOST_CHARACTERS = 4_000_000
_DEEPEST = 60
_Parser = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_ALLOW = re.compile(r"#\s*lint-ci:\s*allow\s+([a-z0-9-]+)")
_INPUT = re.compile(r"\$\[\[\s*inputs\.([\w-]+)[^\]]*\]\]")

# A scalar, a list, a mapping by scalar, a reference, or UNKNOWN.
Value = Any
Mapping = dict[str, Value]


class SourceError(CiaccessError):
    """The file is not valid YAML, or too large; the text has the place."""


class _Loader(Composer, _Parser):  # type: ignore[misc,valid-type] # PyYAML has no types
    """Composes as GitLab does: of two anchors with one name the last counts. Bounds the depth."""

    def __init__(self, text: str) -> None:
        _Parser.__init__(self, text)
        Composer.__init__(self)
        self.depth = 0

    def compose_node(self, parent: Node | None, index: object) -> Node:
        event = self.peek_event()
        if not isinstance(event, yaml.AliasEvent):
            self.anchors.pop(event.anchor, None)
        self.depth += 1
        if self.depth > _DEEPEST:
            raise SourceError(f"line {event.start_mark.line + 1}: it is nested too deeply, over {_DEEPEST}")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


UNKNOWN = object()  # what a file gives that could not be read


class Source:
    """One file: its name as the user gave it, and its text."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.lines = text.split("\n")

    def allows(self, rule: str, line: int) -> bool:
        """Tell whether a comment in this line (from 1) or the one before allows a finding of the rule."""
        return any(
            match.group(1) == rule
            for index in (line - 2, line - 1)
            if 0 <= index < len(self.lines)
            for match in _ALLOW.finditer(self.lines[index])
        )


class Scalar(str):
    """A scalar's text, with its node's position in a source."""

    __slots__ = ("node", "source")

    source: Source
    node: ScalarNode

    @classmethod
    def of(cls, text: str, node: ScalarNode, source: Source) -> Scalar:
        """Return a scalar with its origin."""
        scalar = cls(text)
        scalar.source, scalar.node = source, node
        return scalar

    @property
    def line(self) -> int:
        """Return the line of its first character, from 1."""
        return self.line_at(0)

    def line_at(self, offset: int) -> int:
        """Return the line, from 1, of a character of its text."""
        first, last = self.node.start_mark.line, self.node.end_mark.line
        if self.node.style == "|":
            return int(min(first + 2 + self.count("\n", 0, offset), max(last, first + 2)))
        if first == last:
            return int(first + 1)
        # Folded and quoted text: its lines are in it one after the other, joined by blanks.
        position, found = 0, first
        for number in range(first, min(last + 1, len(self.source.lines))):
            piece = self.source.lines[number].strip().strip("\"'").rstrip("\\")
            at = self.find(piece, position) if piece else -1
            if at < 0:
                continue
            if at > offset:
                break
            position, found = at + len(piece), number
        return int(found) + 1


class Lines(Scalar):
    """Several scalars as one text: items of a script that only together are whole commands."""

    __slots__ = ("parts",)

    parts: list[Scalar]

    @classmethod
    def of_parts(cls, parts: list[Scalar]) -> Lines:
        """Return scalars of one source, joined by line ends."""
        joined = cls("\n".join(parts))
        joined.source, joined.node, joined.parts = parts[0].source, parts[0].node, parts
        return joined

    def line_at(self, offset: int) -> int:
        """Return the line, from 1, of a character of its text."""
        for part in self.parts[:-1]:
            if offset <= len(part):
                return part.line_at(offset)
            offset -= len(part) + 1
        return self.parts[-1].line_at(offset)


class Reference(tuple[str, ...]):
    """A `!reference [entry, key…]`."""

    __slots__ = ()


def is_scalar(value: Value) -> TypeGuard[Scalar]:
    """Report whether a value is a scalar of a file."""
    return isinstance(value, Scalar)


def mapping_of(value: Value) -> Mapping:
    """Return a mapping; of anything else, an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Value) -> list[Value]:
    """Return a list; of anything else a list of it, of nothing an empty one."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def scalars_of(value: Value) -> list[Scalar]:
    """Return the scalars of a list, or the one."""
    return [each for each in as_list(value) if is_scalar(each)]


def at(value: Value, *keys: str) -> Value:
    """Return what is behind keys of mappings inside each other, None where one is missing."""
    for key in keys:
        value = mapping_of(value).get(key)
    return value


def load(source: Source, inputs: Mapping | None = None) -> Mapping:
    """Return a file's top level; `inputs` are filled in where an include gives them.

    Raises:
        SourceError: it is not YAML, not a mapping, too large or nested too deeply.
    """
    if len(source.text) > MOST_CHARACTERS:
        raise SourceError(f"it has over {MOST_CHARACTERS:,} characters, the most that are checked")
    try:
        documents = [each for each in yaml.compose_all(source.text, Loader=_Loader) if each is not None]
    except yaml.MarkedYAMLError as error:
        fault = syntax_fault(source.name, error, source.text)
        raise SourceError(f"line {fault.line}: {fault.message}. {fault.remedy}") from None
    except yaml.YAMLError as error:
        raise SourceError(f"is not YAML: {str(error).splitlines()[0]}") from None
    if not documents:
        raise SourceError("it is empty: a pipeline is a mapping of jobs")
    read = _Reader(source, {})
    header = read.value(documents[0]) if len(documents) > 1 else {}
    if len(documents) > 1 or inputs:
        read = _Reader(source, _inputs(header, inputs or {}))
    value = read.value(documents[-1])
    if not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else "one value" if value else "empty"
        raise SourceError(
            f"line {documents[-1].start_mark.line + 1}: it is {kind}: a pipeline is a mapping of jobs"
        )
    return value


def _inputs(header: Value, given: Mapping) -> Mapping:
    declared = mapping_of(at(header, "spec", "inputs"))
    for name in given:
        if name not in declared:
            where = f"{name.source.name}:{name.line}: " if is_scalar(name) else ""
            known = f"Its inputs: {', '.join(declared)}" if declared else "It has none"
            raise SourceError(
                f"{where}the included file has no input {name}: GitLab refuses the pipeline. {known}"
            )
    defaults = {
        str(name): fields["default"]
        for name, fields in declared.items()
        if is_scalar(mapping_of(fields).get("default"))
    }
    return {**defaults, **{str(name): value for name, value in given.items() if is_scalar(value)}}


class _Reader:
    """Turns the nodes of one file into values; a node behind several aliases becomes one value."""

    def __init__(self, source: Source, inputs: Mapping) -> None:
        self._source, self._inputs = source, inputs
        self._made: dict[int, Value] = {}
        self._open: set[int] = set()

    def value(self, node: Node) -> Value:
        key = id(node)
        if key in self._made:
            return self._made[key]
        if key in self._open:  # an alias inside what it stands for: GitLab refuses it
            return []
        self._open.add(key)
        made = self._make(node)
        self._open.remove(key)
        self._made[key] = made
        return made

    def _make(self, node: Node) -> Value:
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if isinstance(node, SequenceNode):
            items = [self.value(each) for each in node.value]
            if node.tag == "!reference":
                return Reference(each for each in items if isinstance(each, str))
            return items
        return self._mapping(node)

    def _scalar(self, node: ScalarNode) -> Scalar:
        text = node.value
        whole = _INPUT.fullmatch(text)
        if whole and is_scalar(given := self._inputs.get(whole.group(1))):
            return given  # with the position of what the include gives
        if "$[[" in text and self._inputs:
            text = _INPUT.sub(lambda match: str(self._inputs.get(match.group(1), match.group())), text)
        return Scalar.of(text, node, self._source)

    def _mapping(self, node: MappingNode) -> Mapping:
        made: Mapping = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                continue
            value = self.value(value_node)
            if key_node.value == "<<" and key_node.tag.endswith(":merge"):
                # As Psych does: what is merged replaces what is above it, the first of a list wins.
                for each in reversed(value) if isinstance(value, list) else (value,):
                    if isinstance(each, dict):
                        for name, merged in each.items():
                            _set(made, name, merged)
            else:
                _set(made, self._scalar(key_node), value)
        return made


def _set(mapping: Mapping, key: str, value: Value) -> None:
    mapping.pop(key, None)  # else the old key, with its position, would stay
    mapping[key] = value


def deep_merge(base: Mapping, over: Mapping) -> Mapping:
    """Return the base merged with another mapping as GitLab does: mappings deeply, all else replaced."""
    merged = dict(base)
    for key, value in over.items():
        below = merged[key] if isinstance(merged.get(key), dict) else None
        deeper = deep_merge(below, value) if below is not None and isinstance(value, dict) else value
        _set(merged, key, deeper)
    return merged
