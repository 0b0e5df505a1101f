"""What a job runs, for the rules: commands with their variables filled in, and where each is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

from ciaccess.consumers.lint.document import is_scalar
from ciaccess.consumers.lint.variables import MOST_VALUE_CHARACTERS, fill_in, variables_in

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from ciaccess.consumers.lint.document import Scalar
    from ciaccess.consumers.lint.shell_words import Word
    from ciaccess.consumers.lint.variables import Values

SETTERS = frozenset({"export", "declare", "typeset", "readonly", "local"})
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=")
_WRAPPERS = frozenset(
    {"sudo", "exec", "command", "nohup", "nexus_run", "env", "nice", "retry", "xargs", "npx", "uvx", "time"}
)
_MODULE_RUNNERS = {("python", "-m"), ("python3", "-m"), ("uv", "run"), ("poetry", "run"), ("pipx", "run")}
LIBRARY = re.compile(r"_?nexus_\w+")  # the functions of our own templates
# Programs of the shell itself: their words are on no command line of a process.
BUILTINS = frozenset(
    {"echo", "printf", "test", "[", "[[", "((", ":", "read", "set", "unset", "return", "cd", "true"}
    | {"false", "wait", "trap", "shift", "let", "alias", "exit", "break", "continue", *SETTERS}
)
VAULT_PROGRAMS = ("vault", "bao")
# Programs that write, search or store a text, whatever is in it.
OF_TEXT = frozenset({"", ":", "echo", "printf", "cat", "tee", "sed", "grep", "git", "awk", "rg", "diff"})

# Options of programs for images that take no value: what follows is a name of its own.
_FLAGS = frozenset(
    {"-q", "--quiet", "-a", "--all-tags", "--disable-content-trust", "--all", "--insecure", "--plain-http"}
)


def script_line(script: str, at: int) -> tuple[int, int]:
    """Return where the line around a character begins and ends."""
    end = script.find("\n", at)
    return script.rfind("\n", 0, at) + 1, end if end >= 0 else len(script)


@dataclass(frozen=True)
class Place:
    """A part of a script: where a finding is shown."""

    scalar: Scalar
    start: int
    end: int

    @classmethod
    def of(cls, scalar: Scalar) -> Self:
        """Return the place of a whole scalar."""
        return cls(scalar, 0, len(scalar))

    @property
    def line(self) -> int:
        """Return its first line in the file, from 1."""
        return self.scalar.line_at(self.start)

    @property
    def written(self) -> str:
        """Return the text of the script there."""
        return self.scalar[self.start : self.end]

    def find(self, text: str) -> Self | None:
        """Return where in it a text is, None where it is not."""
        at = self.scalar.find(text, self.start, max(self.end, self.start + 1)) if text else -1
        return type(self)(self.scalar, at, at + len(text)) if at >= 0 else None

    def with_text(self, old: str, new: str) -> str:
        """Return the script line with a text of this part replaced, empty if it is written otherwise."""
        found = self.find(old)
        if not found:
            return ""
        begin, end = script_line(self.scalar, found.start)
        shown = self.scalar[begin : found.start] + new + self.scalar[found.end : end]
        return shown.strip() if len(shown) <= MOST_VALUE_CHARACTERS else ""


@dataclass(frozen=True)
class Argument:
    """A word with its variables filled in: the word as it is written, and where that is."""

    text: str
    raw: Word
    place: Place


@dataclass(frozen=True)
class Call:
    """A command; `name` is the program's, `arguments` are what follows it.

    `given` is what its standard input holds, if known, `given_at` where that is, `read_from` the file of it, `files` the known texts of
    files that it names. `is_function`: the script defines it. `may_have_more`: a word without quotes was empty here, not in every run.
    """

    name: str
    arguments: tuple[Argument, ...]
    at: Place
    given: str
    given_at: Place
    read_from: str
    files: str
    written_to: tuple[str, ...]
    is_function: bool
    may_have_more: bool

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Return the texts of its arguments."""
        return tuple([each.text for each in self.arguments])

    @property
    def verbs(self) -> list[str]:
        """Return its first three words without the options."""
        return [each for each in self.words[:3] if not each.startswith("-")]

    def values_of(self, *options: str) -> Iterator[tuple[int, str]]:
        """Yield the values of options (`-o value`, `--option=value`, `-ovalue`) with their index."""
        for index, word in enumerate(self.words):
            for option in options:
                if word == option and index + 1 < len(self.words):
                    yield index + 1, self.words[index + 1]
                elif word.startswith(f"{option}="):
                    yield index, word[len(option) + 1 :]
                elif re.fullmatch(r"-\w", option) and word.startswith(option) and word != option:
                    yield index, word[2:]

    def positional(self, start: int) -> Iterator[tuple[int, str]]:
        """Yield the words that are neither options nor, as far as can be seen, their values."""
        value = False
        for index, word in enumerate(self.words[start:], start):
            if word.startswith("-") and len(word) > 1:
                value = "=" not in word and word not in _FLAGS
            else:
                if not value or "/" in word:
                    yield index, word
                value = False

    def place(self, index: int | None = None) -> Place:
        """Return where an argument is, or the command."""
        return self.at if index is None or not self.arguments else self.arguments[index].place


@dataclass(frozen=True)
class Step:
    """A pipeline; `text` has all words, `sets` the variables it sets, `values` those it knows.

    `callers` are the calls of the functions that it is in.
    """

    calls: tuple[Call, ...]
    text: str
    place: Place
    sets: tuple[tuple[str, str, Place], ...]
    values: Values
    callers: tuple[Place, ...]

    @cached_property
    def programs(self) -> tuple[Call, ...]:
        """Return the commands that are processes of their own."""
        return tuple(
            call for call in self.calls if call.name and call.name not in BUILTINS and not call.is_function
        )

    def pieces(self) -> Iterator[tuple[str, Place]]:
        """Yield every word as it is written, with its place."""
        for call in self.calls:
            for each in call.arguments:
                yield each.raw.text, each.place
            if call.given:
                yield call.given, call.given_at
        for _, value, place in self.sets:
            yield value, place

    @property
    def places(self) -> tuple[Place, ...]:
        """Return where its text is: itself, its here-documents, the calls of its functions."""
        return (self.place, *(call.given_at for call in self.calls), *self.callers)

    def find(self, text: str) -> Place:
        """Return where a text of it is; else where it begins."""
        return next((found for place in self.places if (found := place.find(text))), self.place)

    def source_of(self, text: str) -> tuple[Place, Scalar | None]:
        """Return where a name is from: the script that has it, or the variable of the YAML."""
        if any(place.find(text) for place in self.places):
            return self.find(text), None
        # Of variables with the same value, one that the step names, also through others; the last of these has the literal.
        names = [name for place in self.places for name in variables_in(place.written)]
        for name in names:
            names += [each for each in variables_in(self.values.get(name) or "") if each not in names]
        for name in (*reversed(names), *self.values):
            value = self.values.get(name)
            if is_scalar(value) and fill_in(value, self.values) == text:
                return Place.of(value), value
        return self.find(text), None


def program_index(words: Sequence[str], functions: Container[str] = ()) -> int:
    """Return the index of the program, after `sudo`, `env A=b`, `timeout 60` and `python -m`."""
    index = 0
    while index < len(words):
        name = words[index].rsplit("/", 1)[-1]
        if name in functions:
            break
        if name == "timeout":
            index += 2
        elif name in _WRAPPERS:
            index += 1
            while index < len(words) and (words[index].startswith("-") or ASSIGNMENT.match(words[index])):
                index += 1
        elif (name, words[index + 1] if index + 1 < len(words) else "") in _MODULE_RUNNERS:
            index += 2
        else:
            break
    return index
