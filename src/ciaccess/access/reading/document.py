"""Reading YAML into plain data and the position of each key and value, with every fault of the document's own.

Owns the YAML subset: mappings with text keys, lists and scalars as YAML 1.2's core schema reads them. Anchors,
aliases, merge keys and tags are refused, because a reviewer must see in a diff what an account gets; without them
no document can grow beyond its own text either.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

# PyYAML's libyaml reads a thousand accounts in 10 ms, ruamel.yaml in 600 (docs/adr/0007).
import yaml  # type: ignore[import-untyped]  # its stubs are no dependency of ours

from ciaccess.access.reading.faults import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

YamlPath = tuple[str | int, ...]
_MOST_BYTES = 4_000_000
_DEEPEST = 20
_LOADER = yaml.CLoader if yaml.__with_libyaml__ else yaml.Loader
# What YAML does not allow at all, and what no reviewer can see: zero-width and direction-changing characters.
_UNSEEN = re.compile(
    "[^\t\n\r -~\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NOTHING = ("", "~", "null", "Null", "NULL")
# Longer ones are no number that anybody means; Python refuses to convert those of thousands of digits.
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")


@dataclass
class Document:
    """A YAML file's data with positions. `keys` and `values` map a path to (line, column), both from 1."""

    file: str
    data: Any = None
    keys: dict[YamlPath, tuple[int, int]] = field(default_factory=dict)
    values: dict[YamlPath, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def position(self, path: YamlPath, *, key: bool = False) -> tuple[int, int]:
        """Return where a path's value (or key) starts; for a missing one, where its nearest parent's key does."""
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

    def replace(self, path: YamlPath, value: Any) -> None:
        """Put another value at a path; its parent must exist."""
        self.at(path[:-1])[path[-1]] = value


def read(path: Path) -> Document:
    """Read a YAML file.

    Raises:
        ConfigError: there is no such file, it is no UTF-8, or no YAML: then nothing else can be said of it.
    """
    document = Document(file=_name(path))
    text = _text(document, path)
    try:
        _Reader(document, yaml.parse(text, Loader=_LOADER)).read()
    except yaml.MarkedYAMLError as error:
        raise _syntax(document, error, text) from None
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
    try:
        if path.is_dir():
            raise _unreadable(document, "is a directory", "Name the YAML file in it")
        if not path.is_file():
            raise _unreadable(document, "there is no such file", "Name an existing YAML file")
        if path.stat().st_size > _MOST_BYTES:
            raise _unreadable(document, f"is larger than {_MOST_BYTES} bytes", "Split it into stacks")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _unreadable(
            document, f"cannot be read: {error.strerror}", "Name a readable YAML file"
        ) from None
    except UnicodeDecodeError as error:
        raise _unreadable(
            document, f"byte {error.start + 1} is not UTF-8", "Save the file as UTF-8"
        ) from None
    except ValueError:  # a NUL in the name
        raise _unreadable(document, "is not a file's name", "Name an existing YAML file") from None
    unseen = _UNSEEN.search(text)
    if unseen:
        before = text[: unseen.start()]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = f"the character U+{ord(unseen[0]):04X} cannot be seen in a review"
        remedy = "Remove the character at this position"
        fault = Fault(document.file, line, column, "(file)", None, message, "characters that print", remedy)
        raise ConfigError((fault,))
    return text


def _unreadable(document: Document, message: str, remedy: str) -> ConfigError:
    return ConfigError(
        (Fault(document.file, 1, 1, "(file)", None, message, "a YAML document in UTF-8", remedy),)
    )


def _syntax(document: Document, error: yaml.MarkedYAMLError, text: str) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    remedy = "Correct the YAML at this position"
    lines = text.splitlines()
    if line < len(lines) and "\t" in lines[line][: column + 1]:
        remedy = "Indent with blanks instead of tabs"
    message = f"is not YAML: {error.problem or error.context}"
    return ConfigError((Fault(document.file, line + 1, column + 1, "(file)", None, message, "", remedy),))


class _Reader:
    """Turns the parser's events into data, and notes positions and faults as it goes."""

    def __init__(self, document: Document, events: Iterator[Any]) -> None:
        self._document = document
        self._events = events

    def read(self) -> None:
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                first = next(self._events)
                if documents == 1:
                    self._document.data = self._value(first, ())
                    continue
                remedy = "Remove the line --- and what follows, or join the two"
                self._fault(event, (), "a second document starts here", "one document", remedy)
                self._drop(first)

    def _value(self, event: Any, path: YamlPath) -> Any:
        self._document.values[path] = (event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.AliasEvent):
            remedy = "Write the value out, so that a diff shows what each account gets"
            self._fault(event, path, f"the alias *{event.anchor} is not read", "plain values", remedy)
            return None
        if event.anchor is not None:
            self._fault(
                event, path, f"the anchor &{event.anchor} is not read", "plain values", "Remove the anchor"
            )
        if event.tag is not None:
            self._fault(event, path, f"the tag {event.tag} is not read", "plain values", "Remove the tag")
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event.value) if event.implicit[0] and event.tag is None else event.value
        if len(path) >= _DEEPEST:
            self._fault(event, path, "is nested too deeply", f"{_DEEPEST} levels", "Flatten it")
            self._drop(event)
            return None
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._sequence(path)

    def _sequence(self, path: YamlPath) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _mapping(self, path: YamlPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, path)
            value = next(self._events)
            if key is None:
                self._drop(value)
            else:
                found[key] = self._value(value, (*path, key))
        return found

    def _key(self, event: Any, path: YamlPath) -> str | None:
        """Return a key that may be read, None for one that was refused."""
        if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None or event.tag is not None:
            self._fault(event, path, "a key is not plain text", "text", "Write a plain key")
            self._drop(event)
            return None
        key = str(event.value)
        here = (*path, key)
        if key == "<<":
            remedy = "Write the keys out, so that a diff shows what each account gets"
            self._fault(event, here, "merge keys are not read", "plain keys", remedy)
            return None
        if here in self._document.keys:
            line = self._document.keys[here][0]
            message = f"the key {key!r} stands here a second time; the first is in line {line}"
            self._fault(event, here, message, "each key once", "Remove or rename one of the two")
            return None
        self._document.keys[here] = (event.start_mark.line + 1, event.start_mark.column + 1)
        return key

    def _drop(self, event: Any) -> None:
        """Leave out a value with all that is in it."""
        depth = 0
        while True:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth <= 0:
                return
            event = next(self._events)

    def _fault(self, event: Any, path: YamlPath, message: str, allowed: str, remedy: str) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        fault = Fault(self._document.file, line, column, dotted(path), None, message, allowed, remedy)
        self._document.faults.append(fault)


def _scalar(text: str) -> Any:
    """Resolve a plain scalar by YAML 1.2's core schema: `yes` and `12:30` are text; so is what is no finite number."""
    if text in _NOTHING:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _INTEGER.fullmatch(text):
        return int(text, 0 if text.startswith(("0o", "0x")) else 10)
    if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def dotted(path: YamlPath) -> str:
    """Return a path as a message shows it: `accounts.svc-x.push[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text or "(document)"
