"""Reading YAML into plain data with positions of keys and values, and every fault of the file.

Owns the YAML subset: mappings with text keys, lists and scalars as YAML 1.2's core schema reads them. Anchors,
aliases, merge keys and tags are refused, because a reviewer must see in a diff what an account gets; without them
a document cannot grow beyond its own text either.
"""

from __future__ import annotations

import codecs
import math
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

# PyYAML's libyaml reads a thousand accounts in 10 ms, ruamel.yaml in 600 (docs/adr/0007).
import yaml  # type: ignore[import-untyped]  # its stubs are not installed
from yaml.composer import Composer  # type: ignore[import-untyped]  # the same
from yaml.cyaml import CParser  # type: ignore[import-untyped]  # the same
from yaml.resolver import BaseResolver  # type: ignore[import-untyped]  # the same

from ciaccess.access.reading.faults import ConfigError, Fault, FileFault

YamlPath = tuple[str | int, ...]
_MOST_BYTES = 4_000_000
_DEEPEST = 20
_ALLOWED = "a YAML document in UTF-8"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Keys and values together; a thousand accounts have some twenty thousand.
_MOST_NODES = 60_000
# What YAML does not allow at all, and what no reviewer can see: zero-width and direction-changing characters.
_UNSEEN = re.compile(
    "[^\t\n\r -~\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NOTHING = ("", "~", "null", "Null", "NULL")
# No field takes a longer number; Python refuses to convert thousands of digits.
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")


@dataclass
class Document:
    """A YAML file's data; `keys` and `values` map a path to (line, column), both from 1."""

    file: str
    data: Any = None
    keys: dict[YamlPath, tuple[int, int]] = field(default_factory=dict)
    values: dict[YamlPath, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def position(self, path: YamlPath, *, key: bool = False) -> tuple[int, int]:
        """Return the position of a path's value (or key), for a missing one that of its parent's key."""
        if not key and path in self.values:
            return self.values[path]
        while path:
            if path in self.keys:
                return self.keys[path]
            if path in self.values:
                return self.values[path]
            path = path[:-1]
        return (1, 1)

    def at(self, path: YamlPath) -> Any:
        """Return the value at a path, None where there is none."""
        found = self.data
        for step in path:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def with_keys(self, misspelt: Mapping[YamlPath, str]) -> Document:
        """Return the document with the keys that misspelt ones were meant for where these are missing."""
        misspelt = {path: key for path, key in misspelt.items() if self.at((*path[:-1], key)) is None}

        def correction(path: YamlPath) -> YamlPath:
            for end in range(1, len(path) + 1):
                if key := misspelt.get(path[:end]):
                    return (*path[: end - 1], key, *path[end:])
            return path

        if not misspelt:
            return self
        found = replace(self, data=deepcopy(self.data))
        for path, key in misspelt.items():
            section = found.at(path[:-1])
            section[key] = section.pop(path[-1])
        found.keys, found.values = (
            {correction(path): position for path, position in table.items()}
            for table in (self.keys, self.values)
        )
        return found

    def replace(self, path: YamlPath, value: Any) -> None:
        """Put another value at a path; its parent must exist."""
        self.at(path[:-1])[path[-1]] = value


def read(path: Path) -> Document:
    """Read a YAML file.

    Raises:
        ConfigError: the file does not exist, or is not UTF-8 or YAML.
    """
    document = Document(file=_name(path))
    text = _text(document, path)
    try:
        _Reader(document).read(text)
    except _TooLargeError as error:
        raise _unreadable(document, error.problem, "Split it into stacks") from None
    except yaml.MarkedYAMLError as error:
        raise ConfigError((syntax_fault(document.file, error, text),)) from None
    except yaml.YAMLError as error:
        raise _unreadable(
            document, f"is not YAML: {str(error).splitlines()[0]}", "Correct the YAML"
        ) from None
    return document


def _name(path: Path) -> str:
    """Return the file's name as a user of this folder would type it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _text(document: Document, path: Path) -> str:
    content = _content(document, path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = "is UTF-16, not UTF-8" if content.startswith(_UTF_16) else "a character here is not UTF-8"
        before = error.object[: error.start].decode()
        raise _refused_after(document, before, message, _ALLOWED, "Save the file as UTF-8") from None
    if unseen := _UNSEEN.search(text):
        message = f"the character U+{ord(unseen[0]):04X} cannot be seen in a review"
        remedy = "Remove the character at this position"
        raise _refused_after(document, text[: unseen.start()], message, "characters that print", remedy)
    return text


def _refused_after(document: Document, before: str, message: str, allowed: str, remedy: str) -> ConfigError:
    """Return the error of a character, by the text before it."""
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return ConfigError((Fault(document.file, line, column, "(file)", None, message, allowed, remedy),))


def _content(document: Document, path: Path) -> bytes:
    """Return a file's content, or a pipe's, such as `<(git show …)` or /dev/stdin."""
    try:
        if path.is_dir():
            raise _unreadable(document, "is a directory", "Name the YAML file in it")
        if path.is_fifo():
            content = _read_pipe(path)
            if not content:
                raise _unreadable(
                    document, "is a pipe into which nothing was written", "Check the command before it"
                )
        elif not path.exists():
            raise _unreadable(document, "there is no such file", "Name an existing YAML file")
        elif not path.is_file():
            raise _unreadable(
                document, "is neither a file nor a pipe", "Name a YAML file, or pipe one into it"
            )
        else:
            with path.open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _unreadable(
            document, f"cannot be read: {error.strerror}", "Name a readable YAML file"
        ) from None
    except ValueError:  # a NUL in the name
        raise _unreadable(document, "is not a file's name", "Name an existing YAML file") from None
    if len(content) > _MOST_BYTES:
        raise _unreadable(document, f"is larger than {_MOST_BYTES} bytes", "Split it into stacks")
    return content


def _read_pipe(path: Path) -> bytes:
    """Return what is written into a pipe.

    Nothing where it has no writer: a wait would never end.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb", buffering=0) as pipe:
        first = pipe.read(_MOST_BYTES + 1)  # None: it has a writer, who has not begun
        if first == b"":
            return first
        os.set_blocking(descriptor, True)
        content = first or b""
        while len(content) <= _MOST_BYTES and (more := pipe.read(_MOST_BYTES + 1)):
            content += more
    return content


def _unreadable(document: Document, message: str, remedy: str) -> ConfigError:
    return ConfigError((FileFault(document.file, 1, 1, "(file)", None, message, _ALLOWED, remedy),))


def syntax_fault(file: str, error: yaml.MarkedYAMLError, text: str) -> Fault:
    """Return what PyYAML refuses in a text as a fault: where it begins, and what to do."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    message, remedy = f"is not YAML: {error.problem or error.context}", "Correct the YAML at this position"
    opening = _open_bracket(error, text) if mark else None
    lines = text.splitlines()
    if opening and opening.line < line:
        message = f"is not YAML: the quote or bracket that opens here is not closed before line {line + 1}"
        remedy = "Close it where the value ends"
        line, column = opening.line, opening.column
    elif line < len(lines) and "\t" in lines[line][: column + 1]:
        remedy = "Indent with blanks instead of tabs"
    return Fault(file, line + 1, column + 1, "(file)", None, message, "", remedy)


def _open_bracket(error: yaml.MarkedYAMLError, text: str) -> Any:
    """Return the mark of the quote or bracket that is open in the faulty line, None without one."""
    if re.search("quoted|flow", error.context or ""):
        return error.context_mark
    with suppress(yaml.YAMLError):
        for token in yaml.scan(text, yaml.CSafeLoader):
            if token.end_mark.line >= error.problem_mark.line:
                return token.start_mark if getattr(token, "style", None) in ("'", '"') else None
    return None


class _TooLargeError(yaml.MarkedYAMLError):  # type: ignore[misc]  # PyYAML has no types here
    """The document has more nodes than are read."""


class _Nodes(Composer, CParser, BaseResolver):  # type: ignore[misc]  # PyYAML has no types here
    """PyYAML's nodes with `refusals`: constructs that a reviewer cannot see in a diff, with remedies."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._depth = 0
        self._made = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose the next node; an alias is not followed, and what is too deep is left out."""
        event = self.peek_event()
        self._made += 1
        if self._made > _MOST_NODES:
            problem = f"it has more than {_MOST_NODES} keys and values"
            raise _TooLargeError(problem=problem, problem_mark=event.start_mark)
        refusals = _refusals(event)
        is_deep = self._depth >= _DEEPEST and isinstance(event, yaml.CollectionStartEvent)
        if is_deep:
            refusals.append(("is nested too deeply", f"{_DEEPEST} levels", "Flatten it"))
        if is_deep or isinstance(event, yaml.AliasEvent):
            self._skip()
            node = yaml.ScalarNode("", "", event.start_mark, event.end_mark)
        else:
            event.anchor = event.tag = None
            self._depth += 1
            node = super().compose_node(parent, index)
            self._depth -= 1
        node.refusals = refusals
        return node

    def _skip(self) -> None:
        """Leave out the next value with all that is in it."""
        depth = 0
        while True:
            event = self.get_event()
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth <= 0:
                return


def _refusals(event: Any) -> list[tuple[str, str, str]]:
    """Return what is not read of an event: each a message, what is allowed, and what to do."""
    if isinstance(event, yaml.AliasEvent):
        remedy = "Write the value out, so that a diff shows what each account gets"
        return [(f"the alias *{event.anchor} is not read", "plain values", remedy)]
    found = []
    if event.anchor is not None:
        found.append((f"the anchor &{event.anchor} is not read", "plain values", "Remove the anchor"))
    if event.tag is not None:
        found.append((f"the tag {event.tag} is not read", "plain values", "Remove the tag"))
    return found


class _Reader:
    """Turns nodes into data, and records positions and faults."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def read(self, text: str) -> None:
        nodes = _Nodes(text)
        if nodes.check_node():
            self._document.data = self._value(nodes.get_node(), ())
        while nodes.check_node():
            remedy = "Remove the line --- and what follows, or join the two"
            self._fault(nodes.peek_event(), (), "a second document starts here", "one document", remedy)
            nodes.get_node()

    def _value(self, node: Any, path: YamlPath) -> Any:
        self._document.values[path] = _start(node)
        for refusal in node.refusals:
            self._fault(node, path, *refusal)
        if isinstance(node, yaml.ScalarNode):
            return node.value if node.style else _scalar(node.value)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        keys = ((self._key(key, path), value) for key, value in node.value)
        return {key: self._value(value, (*path, key)) for key, value in keys if key is not None}

    def _key(self, node: Any, path: YamlPath) -> str | None:
        """Return a key that may be read, None for one that is refused."""
        if not isinstance(node, yaml.ScalarNode) or node.refusals:
            self._fault(node, path, "a key is not plain text", "text", "Write a plain key")
            return None
        key = str(node.value)
        here = (*path, key)
        if key == "<<":
            remedy = "Write the keys out, so that a diff shows what each account gets"
            self._fault(node, here, "merge keys are not read", "plain keys", remedy)
            return None
        if here in self._document.keys:
            message = f"the key {key!r} is already in line {self._document.keys[here][0]}"
            self._fault(node, here, message, "each key once", "Remove or rename one of the two")
            return None
        self._document.keys[here] = _start(node)
        return key

    def _fault(self, at: Any, path: YamlPath, message: str, allowed: str, remedy: str) -> None:
        fault = Fault(self._document.file, *_start(at), dotted_path(path), None, message, allowed, remedy)
        self._document.faults.append(fault)


def _start(at: Any) -> tuple[int, int]:
    """Return where a node or an event starts, counted from 1."""
    return at.start_mark.line + 1, at.start_mark.column + 1


def _scalar(text: str) -> Any:
    """Resolve a plain scalar by YAML 1.2's core schema: `yes`, `12:30` and `.inf` are text."""
    if text in _NOTHING:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _INTEGER.fullmatch(text):
        return int(text, 0 if text.startswith(("0o", "0x")) else 10)
    if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def dotted_path(path: YamlPath) -> str:
    """Return a path as a message shows it: `accounts.svc-x.push[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text or "(document)"
