"""Fills in a command's words: variables, arguments, and what substitutions print."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.reading import ASSIGNMENT, SETTERS, Argument, Call, Place, program_index
from ciaccess.consumers.lint.shell_words import LITERAL_DOLLAR, PRINTED, PRINTED_FILE, Word
from ciaccess.consumers.lint.variables import (
    VARIABLE,
    Outside,
    assign,
    fill_in,
    is_outside,
    made_of,
    only_variable,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from ciaccess.consumers.lint.document import Scalar
    from ciaccess.consumers.lint.shell import Command
    from ciaccess.consumers.lint.states import State
    from ciaccess.consumers.lint.variables import Values

_REST = re.compile(r"\$\{@:(\d{1,9})\}")
_POSITION = re.compile(r"[1-9]\d{0,8}")
_OUTPUT = re.compile(f"({re.escape(PRINTED)}|{re.escape(PRINTED_FILE)})")

# What these run is a program, not a function of the same name.
_PROGRAMS_ALONE = frozenset({"command", "sudo", "exec", "env", "nohup", "timeout", "xargs"})


@dataclass(frozen=True)
class Ready:
    """A filled-in command. `values` are its variables, `kept` those that stay behind it."""

    call: Call
    sets: tuple[tuple[str, str, Place], ...]
    values: Values
    kept: Values


@dataclass(frozen=True)
class Expander:
    """Fills in words. `printed` is what substitutions print, by block; None is unknown.

    `is_outside`: the words are of a file that values from outside the script are written to.
    """

    scalar: Scalar
    printed: Mapping[int, str | None]
    functions: Container[str]
    is_outside: bool

    def text(self, word: Word | None, values: Values) -> str:
        """Return a word's text, empty where there is no word."""
        return fill_in(self._with_output(word), values) if word else ""

    def words(self, words: Sequence[Word], state: State, values: Values) -> list[Argument]:
        """Fill in words; a variable or substitution without quotes becomes as many as its text has."""
        found = list[Argument]()
        for word in words:
            place, name, rest = self._place(word), only_variable(word.text), _REST.fullmatch(word.text)
            if state.arguments is not None and (rest or name in ("@", "*")):
                found += state.arguments[int(rest[1]) - 1 if rest else 0 :]
                continue
            if state.arguments and _POSITION.fullmatch(name) and int(name) <= len(state.arguments):
                found.append(state.arguments[int(name) - 1])
                continue
            filled = self.text(word, values)
            text = filled.replace(LITERAL_DOLLAR, "$")
            splits = not word.is_quoted and (word.text == PRINTED or name)
            parts = text.split() if splits and text != PRINTED else [text]
            found += [Argument(made_of([filled], part), word, place) for part in parts]
        return found

    def ready(self, command: Command, state: State) -> Ready:
        """Fill in a command's words, input and files."""
        values = before = _with_defaults(command, state.values)
        found = self.words(command.words, state, values)
        assigned, target = list(command.assigned), ""
        if len(found) > 2 and found[1].raw.text == "=":  # noqa: PLR2004 PowerShell: $name = command
            target, found = only_variable(found[0].raw.text), found[2:]
        texts = [each.text for each in found]
        first, is_setter = program_index(texts, self.functions), bool(texts) and texts[0] in SETTERS
        assigned += [
            (named[1], Word(raw.text[named.end() :], raw.start, raw.end, raw.inner))
            for raw in (each.raw for each in (found[1:] if is_setter else found[:first]))
            if (named := ASSIGNMENT.match(raw.text))
        ]
        for name, word in assigned:
            values = assign(values, name, self._with_output(word))
        call = self._call(command, found, first, state, values)
        # Set in front of a command, a variable is that command's alone.
        kept = values if is_setter or not texts else before
        if target:
            # @{ … } is a literal of PowerShell; of several words, the first is a command's.
            is_literal = len(texts) == 1 or texts[0].startswith("@{")
            kept = {**kept, target: " ".join(texts) if is_literal else None}
            assigned.append((target, found[0].raw))
        sets = tuple((name, word.text, self._place(word)) for name, word in assigned)
        return Ready(call, sets, values, kept)

    def _call(
        self, command: Command, found: list[Argument], first: int, state: State, values: Values
    ) -> Call:
        name = found[first].text.rsplit("/", 1)[-1] if first < len(found) else ""
        arguments, texts_before = found[first + 1 :], {each.text for each in found[:first]}
        if "xargs" in texts_before:
            arguments = _with_input(arguments, state.given)
        texts = [each.text for each in arguments]
        read_from = file_named(self.text(command.read_from, values))
        given = self.text(command.given, values) or state.files.get(read_from, "")
        written = [self.text(each, values) for each in command.written_to] + _written_by(name, texts)
        place = found[first].place if first < len(found) else Place(self.scalar, 0, 0)
        ends = [each.place.end for each in arguments if each.place.scalar is place.scalar]
        at = Place(place.scalar, place.start, max([place.end, *ends]))
        return Call(
            name=name,
            arguments=tuple(arguments),
            at=at,
            given=fill_in(given, values),
            given_at=self._place(command.given) if command.given else at,
            read_from=read_from,
            files=fill_in(self._text_of_files(command.words, texts, state), values),
            written_to=tuple(map(file_named, written)),
            is_function=texts_before.isdisjoint(_PROGRAMS_ALONE)
            and found[first : first + 1] != []
            and found[first].text in self.functions,
            may_have_more=any(self._may_have_words(word, values) for word in command.words),
        )

    def _may_have_words(self, word: Word, values: Values) -> bool:
        """Report whether a word without quotes is empty here, not in every run."""
        name = "" if word.is_quoted else only_variable(word.text)
        return bool(name) and is_outside(values.get(name)) and not self.text(word, values).strip()

    def _place(self, word: Word) -> Place:
        return Place(self.scalar, word.start, word.end)

    def _with_output(self, word: Word) -> str:
        if not word.inner:
            return Outside(word.text) if self.is_outside else word.text
        pieces = _OUTPUT.split(word.text)
        if len(pieces) != 2 * len(word.inner) + 1:
            return word.text
        for index, block in enumerate(word.inner):
            printed = self.printed.get(id(block))
            if printed is not None and pieces[2 * index + 1] == PRINTED:
                pieces[2 * index + 1] = printed
        return made_of(pieces, "".join(pieces))

    def _text_of_files(self, words: Sequence[Word], texts: list[str], state: State) -> str:
        """Return what the files hold that words name, or that `<(…)` stands for."""
        named = [state.files[key] for key in map(file_named, texts) if key in state.files]
        blocks = (block for word in words if PRINTED_FILE in word.text for block in word.inner)
        return "\n".join([*named, *(self.printed.get(id(block)) or "" for block in blocks)])


def words_of(command: Command) -> Iterator[Word]:
    """Yield every word of a command."""
    yield from command.words
    yield from (word for _, word in command.assigned)
    yield from command.written_to
    yield from (word for word in (command.given, command.read_from) if word)
    yield from command.compound.items if command.compound else ()


def file_named(word: str) -> str:
    """Return the file that a word names, also as `@file`, `name=@file` and `./file`."""
    return word.rsplit("@", 1)[-1].lstrip("=").removeprefix("./")


def _with_defaults(command: Command, values: Values) -> Values:
    """Return the variables with those that `${NAME:=default}` sets."""
    for word in command.words:
        for match in VARIABLE.finditer(word.text) if "=" in word.text else ():
            if (match["operator"] or "").endswith("=") and match["braced"] not in values:
                values = assign(values, match["braced"], match["default"])
    return values


def _with_input(arguments: list[Argument], given: str) -> list[Argument]:
    """Return the arguments of a program that xargs runs, with what it reads."""
    if not given or not arguments:
        return arguments
    added = [replace(arguments[-1], text=made_of([given], part)) for part in given.split()]
    return [each for each in arguments if each.text != "{}"] + added


def _written_by(name: str, words: list[str]) -> list[str]:
    """Return the files that a program writes by its own options."""
    if name == "sed" and any(re.match(r"-\w*i|--in-place", word) for word in words):
        return words[-1:]
    if name in ("curl", "wget"):
        options = ("-o", "--output") if name == "curl" else ("-O", "--output-document")
        return [after for option, after in pairwise(words) if option in options]
    return [word for word in words if not word.startswith("-")] if name == "tee" else []
