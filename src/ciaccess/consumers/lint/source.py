"""A consumer's .gitlab-ci.yml as the rules see it: its entries, their variables and id_tokens, their shell commands.

Knows YAML's nodes and where they stand; knows nothing of what is wrong.
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCRIPTS = ("before_script", "script", "after_script")
_ALLOW = re.compile(r"#\s*lint-ci:\s*allow\s+([a-z0-9-]+)")


class SourceError(Exception):
    """The file cannot be read as YAML; the text says where."""


@dataclass(frozen=True)
class Piece:
    """A part of a command: it stands in this line, from this column on; both count from 0."""

    offset: int
    line: int
    column: int


@dataclass(frozen=True)
class Command:
    """A shell command, its continued lines joined. `editable` is False where YAML's quotes change what is written."""

    text: str
    pieces: tuple[Piece, ...]
    editable: bool

    @property
    def line(self) -> int:
        """Return the line that it begins in, from 0."""
        return self.pieces[0].line

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column of a character, from 0."""
        piece = max((each for each in self.pieces if each.offset <= offset), key=lambda each: each.offset)
        return piece.line, piece.column + offset - piece.offset


@dataclass
class Entry:
    """A top-level entry: a job, a hidden job, `default`, or anything else."""

    name: str
    line: int
    node: Node
    commands: list[Command] = field(default_factory=list)

    def get(self, *keys: str) -> tuple[ScalarNode, Node] | None:
        """Return the key's node and the value's, at this path of keys inside the entry."""
        node, found = self.node, None
        for key in keys:
            found = next((pair for pair in pairs(node) if pair[0].value == key), None)
            if found is None:
                return None
            node = found[1]
        return found

    @property
    def is_hidden(self) -> bool:
        """Tell whether it is a job only for others to use."""
        return self.name.startswith(".")

    @property
    def is_job(self) -> bool:
        """Tell whether it has a script of its own or takes one over."""
        return isinstance(self.node, MappingNode) and any(
            self.get(key) for key in (*_SCRIPTS, "extends", "<<")
        )

    @cached_property
    def uses(self) -> set[str]:
        """Return the names that it extends or refers to; merged anchors are found by their node."""
        found = self.get("extends")
        names = {each.value for each in _scalars(found[1])} if found else set()
        for node in _walk(self.node):
            if isinstance(node, SequenceNode) and node.tag == "!reference" and node.value:
                names.add(node.value[0].value)
        return names


class Source:
    """The file: its lines, and its entries in order."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ReusedAnchorWarning)  # GitLab takes the last one, too
                documents = list(YAML().compose_all(io.StringIO(text)))
        except RecursionError:
            raise SourceError("it is nested too deeply") from None
        except YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f"line {mark.line + 1}: " if mark else ""
            raise SourceError(f"{where}{getattr(error, 'problem', None) or 'is no YAML'}") from None
        # With spec:inputs there are two documents, and the jobs are in the last one.
        root = documents[-1] if documents else None
        self.entries = [Entry(key.value, key.start_mark.line, value) for key, value in pairs(root)]
        seen: set[int] = set()
        for entry in self.entries:
            entry.commands = list(self._commands(entry.node, seen))

    def allows(self, rule: str, line: int) -> bool:
        """Tell whether a comment in this line (from 0) or the one before allows what the rule would find."""
        return any(
            match.group(1) == rule
            for index in (line - 1, line)
            if 0 <= index < len(self.lines)
            for match in _ALLOW.finditer(self.lines[index])
        )

    def text_lines(self) -> Iterator[tuple[int, str]]:
        """Yield the lines that are no comments, numbered from 0."""
        for number, line in enumerate(self.lines):
            if not line.lstrip().startswith("#"):
                yield number, line

    def users(self, entry: Entry) -> list[Entry]:
        """Return the jobs that run this entry's commands: itself, or those that build on it where it is hidden.

        Where no visible job does, they are hidden ones; where none of these does, it is the entry.
        """
        if not entry.is_hidden and entry.name != "default":
            return [entry]
        building = [other for other in self.entries if other.is_job and entry in self.bases(other)]
        return [other for other in building if not other.is_hidden] or building or [entry]

    def bases(self, entry: Entry) -> list[Entry]:
        """Return all that an entry builds on: what it extends, refers to or merges, and what those do."""
        found: list[Entry] = []
        waiting = [entry]
        while waiting:
            current = waiting.pop()
            nodes = {id(node) for node in _walk(current.node)}
            for other in self.entries:
                named = other.name in current.uses or (id(other.node) in nodes and other is not current)
                shared = not named and other.line < current.line and _shares(other, nodes)
                if (named or shared) and other is not entry and other not in found:
                    found.append(other)
                    waiting.append(other)
        return found

    def _commands(self, node: Node, seen: set[int]) -> Iterator[Command]:
        for key in (pair for pair in pairs(node) if pair[0].value in _SCRIPTS):
            for scalar in _scalars(key[1]):
                if id(scalar) not in seen:
                    seen.add(id(scalar))
                    yield from self._split(scalar)
        if isinstance(node, SequenceNode):  # an anchor on a list of lines
            for scalar in _scalars(node):
                if id(scalar) not in seen:
                    seen.add(id(scalar))
                    yield from self._split(scalar)

    def _split(self, scalar: ScalarNode) -> Iterator[Command]:
        text, places = "", list[Piece]()
        for number, start, end in self._extent(scalar):
            line = self.lines[number][start:end]
            if not places and line.lstrip().startswith("#"):
                continue
            indent = len(line) - len(line.lstrip())
            continued = line.rstrip().endswith("\\")
            places.append(Piece(len(text), number, start + indent))
            text += line.strip().removesuffix("\\") if continued else line.strip()
            if not continued or scalar.style == ">":
                if text:
                    yield Command(text, tuple(places), editable=scalar.style in ("|", None))
                text, places = "", []
        if text:
            yield Command(text, tuple(places), editable=scalar.style in ("|", None))

    def _extent(self, scalar: ScalarNode) -> Iterator[tuple[int, int, int]]:
        """Yield line, first and last column of each line of a scalar."""
        begin, end = scalar.start_mark, scalar.end_mark
        if scalar.style in ("|", ">"):
            for number in range(begin.line + 1, min(end.line + (end.column > 0), len(self.lines))):
                yield number, 0, len(self.lines[number])
            return
        for number in range(begin.line, end.line + 1):
            start = begin.column if number == begin.line else 0
            yield number, start, end.column if number == end.line else len(self.lines[number])


def pairs(node: Node | None) -> list[tuple[ScalarNode, Node]]:
    """Return a mapping's keys and values; of anything else, none."""
    if not isinstance(node, MappingNode):
        return []
    return [(key, value) for key, value in node.value if isinstance(key, ScalarNode)]


def _scalars(node: Node) -> Iterator[ScalarNode]:
    return (each for each in _walk(node) if isinstance(each, ScalarNode))


def _walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, each once: an alias may stand inside what it stands for."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, MappingNode):
            waiting += [each for pair in reversed(current.value) for each in reversed(pair)]
        elif isinstance(current, SequenceNode) and current.tag != "!reference":
            waiting += reversed(current.value)


def _shares(other: Entry, nodes: set[int]) -> bool:
    """Tell whether an anchor inside another entry, a script or a mapping, is among these nodes."""
    return any(
        node.anchor and id(node) in nodes
        for node in _walk(other.node)
        if isinstance(node, SequenceNode | MappingNode)
    )
