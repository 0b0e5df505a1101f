"""A script as the shell parses it: pipelines of commands, unquoted words, positions.

One pass over the text, whatever its length. It covers quotes, continued lines, comments, substitutions, here-documents,
redirections and functions of POSIX shells and bash; a script handed to another shell (`sh -c '…'`, a here-document) is read too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A `$` that the shell would not expand: in single quotes, or behind a backslash.
LITERAL_DOLLAR = "\ue000"
# In a word, the place of a command's output.
PRINTED = "$(…)"
_DEEPEST = 40
_TOKEN = re.compile(
    r"""(?P<blank>(?:[ \t\r]|\\\r?\n)+)
      |(?P<plain>[^\s\\'"`$;&|()<>\#]+)
      |(?P<newline>\n)
      |(?P<hash>\#)
      |(?P<heredoc><<-?(?!<))
      |(?P<redirect><<<|&>>?|[<>]&|>>|>\||[<>](?!\())
      |(?P<process>[<>]\()
      |(?P<separator>&&|\|\||;;|[;&])
      |(?P<pipe>\|&?)
      |(?P<open>\()
      |(?P<close>\))
      |(?P<escape>\\.?)
      |(?P<single>'[^']*'?)
      |(?P<ansi>\$'(?:[^'\\]|\\.)*'?)
      |(?P<double>")
      |(?P<command>\$\()
      |(?P<parameter>\$\{)
      |(?P<backtick>`)
      |(?P<dollar>\$)""",
    re.VERBOSE | re.DOTALL,
)
_IN_QUOTES = re.compile(r'[^"\\$`]+|\\.?|\$\(|\$\{|\$|`|"', re.DOTALL)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=")
_KEYWORDS = frozenset({"if", "then", "do", "else", "elif", "while", "until", "!", "{", "}", "time"})
_DEFINITION = re.compile(r"(?:function\s+([\w:.-]+)(?:\s*\(\s*\))?|([\w:.-]+)\s*\(\s*\))\s*\{(?=\s)")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_PRINTERS = frozenset({"echo", "printf", ":"})
_TAKES_A_SCRIPT = _SHELLS | {"eval", "ssh"}


@dataclass(frozen=True)
class Word:
    """A word: its text without quotes, and the part of the script that it is."""

    text: str
    start: int
    end: int


@dataclass
class Command:
    """A simple command; `assigned` are variables set in front of it, `given` is its input."""

    words: list[Word] = field(default_factory=list)
    assigned: list[tuple[str, Word]] = field(default_factory=list)
    given: str = ""
    given_at: int = 0
    read_from: str = ""
    written_to: list[str] = field(default_factory=list)


@dataclass
class Statement:
    """A pipeline; its commands in order."""

    commands: list[Command]
    start: int
    end: int


@dataclass(frozen=True)
class Script:
    """A script: its pipelines, those of substitutions before the enclosing ones, and its functions."""

    statements: tuple[Statement, ...]
    functions: dict[str, tuple[Statement, ...]]


@lru_cache(maxsize=4096)
def read(script: str) -> Script:
    """Return what a script runs, and the functions that it defines."""
    scanner = _Scanner(script)
    scanner.list_until("", 0)
    return Script(tuple(scanner.found), scanner.functions)


class _Scanner:
    def __init__(self, text: str, depth: int = 0, unspent: list[int] | None = None) -> None:
        self.text = text
        self.found: list[Statement] = []
        self.functions: dict[str, tuple[Statement, ...]] = {}
        self._at = 0
        self._depth = depth
        # Scripts inside scripts are read again: no more of them, in all, than the text has.
        self._unspent = unspent or [len(text)]
        self._awaited: list[tuple[Command, str, bool, bool]] = []

    def list_until(self, closing: str, depth: int) -> None:
        """Read pipelines until the `)` or `}` that closes them, or the end."""
        pipeline: list[Command] = [Command()]
        start, braces = self._at, 0
        while (token := _TOKEN.match(self.text, self._at)) is not None:
            kind, text = token.lastgroup, token.group()
            begins = not (pipeline[-1].words or pipeline[-1].assigned)
            braces += begins * (text == "{") - begins * (text == "}")
            if (kind == "close" and closing == ")") or (braces < 0 and closing == "}"):
                break
            if begins and depth < _DEEPEST and (named := _DEFINITION.match(self.text, self._at)):
                self._at = named.end()
                self._function(named.group(1) or named.group(2), depth)
            elif kind in ("newline", "separator", "close", "open"):
                self._end(pipeline, start, token.start())
                self._at = token.end()
                if kind == "newline":
                    self._here_documents()
                pipeline, start = [Command()], self._at
            elif kind == "pipe":
                self._at = token.end()
                pipeline.append(Command())
            else:
                self._part(str(kind), text, pipeline[-1], depth)
        self._end(pipeline, start, self._at)
        self._at = min(self._at + 1, len(self.text))

    def _function(self, name: str, depth: int) -> None:
        around, self.found = self.found, []
        self.list_until("}", depth + 1)
        self.functions[name], self.found = tuple(self.found), around

    def _part(self, kind: str, text: str, command: Command, depth: int) -> None:
        """Read what does not end a command."""
        if kind == "hash":
            end = self.text.find("\n", self._at)
            self._at = len(self.text) if end < 0 else end
        elif kind == "blank":
            self._at += len(text)
        elif kind == "heredoc":
            self._at += len(text)
            self._blank()
            word = self._word(depth)
            literal = word.text != self.text[word.start : word.end]
            self._awaited.append((command, word.text, text.endswith("-"), literal))
        elif kind == "redirect":
            self._redirect(text, command, depth)
        else:
            self._add(command, self._word(depth))

    def _redirect(self, operator: str, command: Command, depth: int) -> None:
        self._at += len(operator)
        self._blank()
        word = self._word(depth)
        if operator == "<<<":
            command.given, command.given_at = word.text, word.start
        elif operator == "<":
            command.read_from = word.text
        elif ">" in operator and word.text:
            command.written_to.append(word.text)

    def _add(self, command: Command, word: Word) -> None:
        if word.end == word.start:  # nothing that could begin a word: never stand still
            self._at += 1
            return
        named = _ASSIGNMENT.match(word.text) if not command.words else None
        if named:
            command.assigned.append((named.group(1), Word(word.text[named.end() :], word.start, word.end)))
        elif command.words or command.assigned or word.text not in _KEYWORDS:
            command.words.append(word)

    def _end(self, pipeline: list[Command], start: int, end: int) -> None:
        commands = [each for each in pipeline if each.words or each.assigned]
        if commands:
            self.found.append(Statement(commands, start, end))
            for command in commands:
                self._inner_script(command)

    def _inner_script(self, command: Command) -> None:
        """Read the script that a shell gets as a word, also one that another program starts."""
        names = [word.text.rsplit("/", 1)[-1] for word in command.words]
        if not names or names[0] in _PRINTERS:
            return
        first = next((index for index, name in enumerate(names) if name in _SHELLS), len(names))
        for before, word in pairwise(command.words[0 if names[0] == "eval" else first :]):
            if names[0] == "eval" or re.fullmatch(r"-\w*c", before.text):
                self._read_nested(word.text, word.start)
                return

    def _read_nested(self, text: str, at: int) -> None:
        """Read a script inside the script; all of it counts as standing where it begins."""
        self._unspent[0] -= len(text)
        if self._depth >= _DEEPEST or self._unspent[0] < 0:
            return
        inner = _Scanner(text.replace(LITERAL_DOLLAR, "$"), self._depth + 1, self._unspent)
        inner.list_until("", 0)
        self.found += _move_to(inner.found, at)
        self.functions |= {name: tuple(_move_to(body, at)) for name, body in inner.functions.items()}

    def _here_documents(self) -> None:
        for command, delimiter, stripped, literal in self._awaited:
            command.given_at = self._at
            lines = []
            while self._at < len(self.text):
                end = self.text.find("\n", self._at)
                end = len(self.text) if end < 0 else end
                line = self.text[self._at : end]
                self._at = end + 1
                if (line.lstrip("\t") if stripped else line).rstrip("\r") == delimiter:
                    break
                lines.append(line)
            command.given = "\n".join(lines)
            name = command.words[0].text.rsplit("/", 1)[-1] if command.words else ""
            if name in _TAKES_A_SCRIPT:
                self._read_nested(command.given, command.given_at)
            elif literal:
                command.given = command.given.replace("$", LITERAL_DOLLAR)
        self._awaited.clear()

    def _blank(self) -> None:
        if (token := _TOKEN.match(self.text, self._at)) and token.lastgroup == "blank":
            self._at = token.end()

    def _word(self, depth: int) -> Word:
        start, parts = self._at, list[str]()
        while (token := _TOKEN.match(self.text, self._at)) is not None:
            kind = token.lastgroup
            if kind in ("plain", "dollar"):
                parts.append(token.group())
            elif kind == "hash" and self._at > start:
                parts.append("#")
            elif kind == "escape":
                parts.append(token.group()[1:].replace("$", LITERAL_DOLLAR))
            elif kind in ("single", "ansi"):
                parts.append(token.group().lstrip("$").strip("'").replace("$", LITERAL_DOLLAR))
            elif kind == "double":
                self._at = token.end()
                parts.append(self._read_quoted(depth))
                continue
            elif kind in ("command", "process", "parameter", "backtick"):
                parts.append(self._substitution(str(kind), depth))
                continue
            else:
                break
            self._at = token.end()
        return Word("".join(parts), start, self._at)

    def _read_quoted(self, depth: int) -> str:
        parts = []
        while (token := _IN_QUOTES.match(self.text, self._at)) is not None:
            piece = token.group()
            if piece == '"':
                self._at = token.end()
                break
            if piece in ("$(", "${", "`"):
                kind = {"$(": "command", "${": "parameter", "`": "backtick"}[piece]
                parts.append(self._substitution(kind, depth))
                continue
            self._at = token.end()
            if piece.startswith("\\"):
                parts.append(_unescape(piece))
            else:
                parts.append(piece)
        return "".join(parts)

    def _substitution(self, kind: str, depth: int) -> str:
        """Read `$(…)`, `<(…)`, `${…}` or backticks; commands inside are returned only as PRINTED."""
        start = self._at
        if kind == "parameter":
            end = self.text.find("}", start)
            self._at = len(self.text) if end < 0 else end + 1
        elif kind == "backtick":
            end = self.text.find("`", start + 1)
            self._at = len(self.text) if end < 0 else end + 1
            self._read_nested(self.text[start + 1 : self._at - 1], start)
        elif depth >= _DEEPEST:
            self._at = len(self.text)
        else:
            self._at = start + 2
            self.list_until(")", depth + 1)
        return self.text[start : self._at] if kind == "parameter" else PRINTED


def _move_to(statements: Iterable[Statement], at: int) -> Iterator[Statement]:
    for statement in statements:
        for command in statement.commands:
            command.words = [Word(each.text, at, at) for each in command.words]
            command.assigned = [(name, Word(each.text, at, at)) for name, each in command.assigned]
        yield Statement(statement.commands, at, at)


def _unescape(piece: str) -> str:
    if piece in ("\\\n", "\\"):
        return ""
    if piece[1:] in '"\\`':
        return piece[1:]
    return LITERAL_DOLLAR if piece == "\\$" else piece
