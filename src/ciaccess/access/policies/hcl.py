"""A parser for the two languages of policies, HCL 1 and JSON.

Owns the syntax, and refuses what it does not know: misreading a policy is worse than reporting it.
No maintained library parses HCL 1: python-hcl2 parses HCL 2, a different language, and pyhcl's last release is of 2023.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

# What a key holds: a text, a number, a boolean, a list of those, or a Block.
Value = Any
_TOKEN = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*|//[^\n]*|/\*.*?\*/)
    |"(?P<text>(?:[^"\\\n]|\\.)*)"
    |(?P<number>-?\d{1,18}(?:\.\d{1,18})?)(?![\w.])
    |(?P<word>[^\W\d][\w.-]*)
    |(?P<mark>[{}\[\],=])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": True, "false": False}


class HclError(ValueError):
    """A syntax error, with its line."""


@dataclass(frozen=True)
class Block:
    """Keys and values in their order. `path "x" {…}` has the keys path and x."""

    items: tuple[tuple[tuple[str, ...], Value], ...]


def parse(text: str) -> Block:
    """Parse a policy; text that begins with a brace is JSON, as in Vault.

    Raises:
        HclError: the text is invalid, or has unsupported syntax.
    """
    if text.lstrip().startswith("{"):
        return _from_json(text)
    try:
        return _Reader(_tokens(text)).block(is_top=True)
    except RecursionError:
        raise HclError("it is nested too deeply") from None


def _from_json(text: str) -> Block:
    def block(pairs: list[tuple[str, Value]]) -> Block:
        return Block(tuple(((key,), value) for key, value in pairs))

    try:
        found: Block = json.loads(text, object_pairs_hook=block)
    except (ValueError, RecursionError) as error:
        raise HclError(f"invalid JSON: {error}") from None
    return Block(_flatten(found.items))


def _flatten(items: tuple[tuple[tuple[str, ...], Value], ...]) -> tuple[tuple[tuple[str, ...], Value], ...]:
    """Return JSON's nested objects and lists of objects as items with two keys, as in HCL."""
    flat: list[tuple[tuple[str, ...], Value]] = []
    for (first,), outer in items:
        for level in outer if isinstance(outer, list) else [outer]:
            if not isinstance(level, Block):
                flat.append(((first,), outer))
                break
            for (second,), inner in level.items:
                flat += [((first, second), each) for each in (inner if isinstance(inner, list) else [inner])]
    return tuple(flat)


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise HclError(f"line {line}: unexpected {text[position : position + 20]!r}")
        kind = match.lastgroup
        if kind != "blank":
            found.append((kind, match[kind], line))
        line += match[0].count("\n")
        position = match.end()
    return [*found, ("end", "the end", line)]


class _Reader:
    """A recursive descent over tokens (kind, text, line)."""

    def __init__(self, tokens: list[tuple[str, str, int]]) -> None:
        self._tokens = tokens
        self._next = 0

    def block(self, *, is_top: bool = False) -> Block:
        """Read items up to the closing brace, or the end."""
        items = []
        while not self._accept("end" if is_top else "}"):
            keys = self._keys()
            has_sign = self._accept("=")
            items.append((keys, self._value() if has_sign else self._braced_block()))
            if has_sign and len(keys) > 1:
                raise self._fault()
            self._accept(",")
        assigned = [keys for keys, value in items if not isinstance(value, Block)]
        if len(set(assigned)) != len(assigned):
            raise HclError(f"{assigned[-1][0]} and others are set more than once")
        return Block(tuple(items))

    def _keys(self) -> tuple[str, ...]:
        keys = []
        while self._tokens[self._next][0] in ("word", "text"):
            keys.append(self._text())
        if not keys:
            raise self._fault()
        return tuple(keys)

    def _braced_block(self) -> Block:
        if not self._accept("{"):
            raise self._fault()
        return self.block()

    def _value(self) -> Value:
        kind, text, _ = self._tokens[self._next]
        if kind == "text":
            return self._text()
        if text == "{":
            return self._braced_block()
        if text == "[":
            return self._list()
        self._next += 1
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind == "word" and text in _WORDS:
            return _WORDS[text]
        self._next -= 1
        raise self._fault()

    def _list(self) -> list[Value]:
        self._next += 1
        values: list[Value] = []
        while not self._accept("]"):
            values.append(self._value())
            if not self._accept(",") and self._tokens[self._next][1] != "]":
                raise self._fault()
        return values

    def _text(self) -> str:
        kind, text, line = self._tokens[self._next]
        self._next += 1
        if kind == "word":
            return text
        if "${" in text:
            raise HclError(f"line {line}: ${{ in a text")
        try:
            return re.sub(r"\\(.)", lambda escape: _ESCAPES[escape[1]], text, flags=re.DOTALL)
        except KeyError as error:
            raise HclError(f"line {line}: unknown escape \\{error.args[0]}") from None

    def _accept(self, mark: str) -> bool:
        kind, text, _ = self._tokens[self._next]
        found = kind == mark if mark == "end" else kind == "mark" and text == mark
        self._next += found and mark != "end"
        return found

    def _fault(self) -> HclError:
        _, text, line = self._tokens[self._next]
        return HclError(f"line {line}: unexpected {text!r}")
