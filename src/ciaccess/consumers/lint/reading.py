"""The commands of a job in the order in which they run, with their variables filled in."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Generator
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Self

from ciaccess.consumers.lint.document import SourceError
from ciaccess.consumers.lint.printing import output_of
from ciaccess.consumers.lint.shell import LITERAL_DOLLAR, PRINTED, Command, Statement, Word, read
from ciaccess.consumers.lint.variables import MOST_VALUE_CHARACTERS, VARIABLE, Variables, variables_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from ciaccess.consumers.lint.document import Scalar
    from ciaccess.consumers.lint.merging import Job
    from ciaccess.consumers.lint.vocabulary import Vocabulary

MOST_SCRIPT_CHARACTERS = 500_000
_ARGUMENTS = tuple("123456789")
_MOST_WORDS_IN_CALLS = 30_000  # of functions, in one job
_DEEPEST_CALL = 8
_ALL_ARGUMENTS = ("$@", "$*", "${@}", "${*}")
_SETTERS = frozenset({"export", "declare", "typeset", "readonly", "local"})
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=")
_WRAPPERS = frozenset(
    {"sudo", "exec", "command", "nohup", "nexus_run", "env", "nice", "retry", "xargs", "npx", "uvx"}
)
_MODULE_RUNNERS = {("python", "-m"), ("python3", "-m"), ("uv", "run"), ("poetry", "run"), ("pipx", "run")}
# Programs of the shell itself: their words are on no command line of a process.
BUILTINS = frozenset(
    {"echo", "printf", "test", "[", "[[", "case", "for", ":", "read", "set", "unset", "return", "cd", "true"}
    | {"false", "wait", "trap", "shift", "let", "alias", *_SETTERS}
)
VAULT_PROGRAMS = ("vault", "bao")
# Programs that write, search or store a text, whatever is in it.
OF_TEXT = frozenset({"", ":", "echo", "printf", "cat", "tee", "sed", "grep", "git", "awk", "rg", "diff"})


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

    def with_text(self, old: str, new: str) -> str:
        """Return the script line with a text of this part replaced, empty if it is written otherwise."""
        at = self.scalar.find(old, self.start, max(self.end, self.start + 1)) if old else -1
        if at < 0:
            return ""
        begin, end = script_line(self.scalar, at)
        line = self.scalar[begin:end]
        shown = line[: at - begin] + new + line[at - begin + len(old) :]
        return shown.strip() if len(shown) <= MOST_VALUE_CHARACTERS else ""


@dataclass(frozen=True)
class Call:
    """A command with its variables filled in; `name` is the program's, `words` what follows it.

    `raw` are the words as they are written, `given` is what its standard input holds. `is_function`: the script
    defines it.
    """

    name: str
    words: tuple[str, ...]
    raw: tuple[Word, ...]
    given: str
    written_to: tuple[str, ...]
    scalar: Scalar
    is_function: bool

    def place(self, index: int | None = None) -> Place:
        """Return where a word stands, or the command."""
        if index is not None and self.raw:
            word = self.raw[index]
            return Place(self.scalar, word.start, word.end)
        return Place(self.scalar, self.raw[0].start if self.raw else 0, self.raw[-1].end if self.raw else 0)


@dataclass(frozen=True)
class Step:
    """A pipeline of commands; `text` has all words, `raw` as written, `sets` the variables it sets.

    `printed` is what it prints, None where that is not known. `callers` are the calls of the functions that it is in.
    """

    calls: tuple[Call, ...]
    text: str
    raw: str
    place: Place
    sets: tuple[tuple[str, str, Place], ...]
    printed: str | None
    callers: tuple[Place, ...]

    @property
    def programs(self) -> tuple[Call, ...]:
        """Return the commands that are processes of their own."""
        return tuple(
            call for call in self.calls if call.name and call.name not in BUILTINS and not call.is_function
        )

    def pieces(self) -> Iterator[tuple[str, Place]]:
        """Yield every word as it is written, with its place."""
        for call in self.calls:
            for word in call.raw:
                yield word.text, Place(call.scalar, word.start, word.end)
            if call.given:
                yield call.given, call.place()
        for _, value, place in self.sets:
            yield value, place

    def find(self, text: str) -> Place:
        """Return where a text is in it, or in the call of its function; else where it begins."""
        for place in (self.place, *self.callers):
            at = place.scalar.find(text, place.start, max(place.end, place.start + 1))
            if at >= 0:
                return Place(place.scalar, at, at + len(text))
        return self.place


def steps_of(job: Job, words: Vocabulary) -> Iterator[tuple[Step, Variables]]:
    """Yield a job's pipelines with the variables as they are when each runs.

    Raises:
        SourceError: a script is too large, or its functions are called too often.
    """
    before, budget = variables_of(job, words), _Budget(job)
    for shell in job.shells:
        known = Variables(dict(before.values), dict(before.origins), set(before.opaque))
        running = _Shell(known, budget)
        for script in shell:
            if len(script) > MOST_SCRIPT_CHARACTERS:
                where = f"line {script.line}: "
                raise SourceError(
                    f"{where}a script has over {MOST_SCRIPT_CHARACTERS:,} characters, the most that are checked"
                )
            for step in running.script(script):
                yield step, known
        for step in running.functions_without_call():
            yield step, known


class _Budget:
    """Bounds what the calls of a job's functions run: functions that call functions multiply."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._left = _MOST_WORDS_IN_CALLS

    def spend(self, words: int) -> None:
        self._left -= words
        if self._left < 0:
            raise SourceError(
                f"job {self._job.name}: the calls of its functions run over {_MOST_WORDS_IN_CALLS:,} words, the most that are checked"
            )


_Steps = Generator[Step, None, str | None]


class _Shell:
    """One shell: its variables, and the functions that its scripts have defined so far.

    A function is read where it is called, with its arguments; one without a call, at the end.
    """

    def __init__(self, known: Variables, budget: _Budget) -> None:
        self._known = known
        self._budget = budget
        self._functions: dict[str, tuple[Scalar, tuple[Statement, ...]]] = {}
        self._called: set[str] = set()
        self._callers: tuple[Place, ...] = ()
        self._is_at_end = False

    def script(self, scalar: Scalar) -> _Steps:
        script = read(str(scalar))
        self._functions |= {name: (scalar, body) for name, body in script.functions.items()}
        return self._run(script.statements, scalar)

    def functions_without_call(self) -> Iterator[Step]:
        self._is_at_end = True
        for name, (scalar, body) in self._functions.items():
            if name not in self._called:
                yield from self._run(body, scalar)

    def _run(self, statements: tuple[Statement, ...], scalar: Scalar) -> _Steps:
        """Read pipelines in order; return what they print, None where that is not known."""
        waiting: list[Step] = []
        for statement in statements:
            first = len(waiting)
            while first and waiting[first - 1].place.start >= statement.start:
                first -= 1
            inner = waiting[first:]
            del waiting[first:]
            step = yield from self._step(statement, scalar, inner)
            waiting.append(step)
            yield step
        return waiting[-1].printed if waiting else None

    def _step(self, statement: Statement, script: Scalar, inner: list[Step]) -> Generator[Step, None, Step]:
        """Read a pipeline; `inner` are the substitutions inside it, in order."""
        if self._callers:
            self._budget.spend(1 + sum(len(command.words) for command in statement.commands))
        known, calls, printed = self._known, list[Call](), list[str | None]()
        sets: list[tuple[str, str, Place]] = []
        passed_on: list[Call] = []
        for command in statement.commands:
            call, assigned = _call(command, script, known, inner, self._functions)
            calls.append(call)
            sets += assigned
            if call.is_function:
                passed_on += self._passed_on(call)
            printed.append((yield from self._function(call)) if call.is_function else None)
        filled = [(call.name, call.words, call.given) for call in calls]
        written = [
            (
                call.name,
                [word.text for word in call.raw],
                command.given or known.files.get(command.read_from, ""),
            )
            for call, command in zip(calls, statement.commands, strict=True)
        ]
        texts, text = _texts(filled, printed, known.files)
        shown, _ = _texts(written, printed, known.files)
        raw = " ".join(shown)
        for call in calls:
            known.files |= dict.fromkeys(call.written_to, raw if text is None else text)
        place = Place(script, statement.start, statement.end)
        return Step((*calls, *passed_on), " ".join(texts), raw, place, tuple(sets), text, self._callers)

    def _passed_on(self, call: Call, depth: int = 0) -> Iterator[Call]:
        """Yield the programs that a function runs with all its arguments; they stand where it is called."""
        at = call.place().start
        commands = [each for statement in self._functions[call.name][1] for each in statement.commands]
        shifts = [
            [word.text for word in each.words]
            for each in commands
            if each.words[:1] and each.words[0].text == "shift"
        ]
        dropped = int(shifts[0][1]) if shifts and shifts[0][1:] and shifts[0][1].isdecimal() else 1
        skipped = dropped if len(shifts) == 1 else 0  # several are of a loop over options
        for command in commands:
            index = next((i for i, word in enumerate(command.words) if word.text in _ALL_ARGUMENTS), None)
            if index is None:
                continue
            before, after = (
                [Word(self._known.fill_in(word.text), at, at) for word in part]
                for part in (command.words[:index], command.words[index + 1 :])
            )
            raw = [*before, *call.raw[skipped:], *after]
            words = [*(word.text for word in before), *call.words[skipped:], *(word.text for word in after)]
            self._budget.spend(len(words))
            first = _program(words)
            if first == len(words):
                continue
            name = words[first].rsplit("/", 1)[-1]
            runs = replace(
                call,
                name=name,
                words=tuple(words[first + 1 :]),
                raw=tuple(raw[first + 1 :]),
                is_function=False,
            )
            if name in self._functions and name != call.name and depth < _DEEPEST_CALL:
                yield from self._passed_on(runs, depth + 1)
            else:
                yield runs

    def _function(self, call: Call) -> _Steps:
        """Read a function's body with the arguments of a call."""
        # What nothing calls runs nothing: functions inside it are read once.
        if len(self._callers) >= _DEEPEST_CALL or (self._is_at_end and call.name in self._called):
            return None
        self._called.add(call.name)
        scalar, body = self._functions[call.name]
        around = {name: self._known.values.pop(name, None) for name in _ARGUMENTS}
        for name, word in zip(_ARGUMENTS, call.words, strict=False):
            self._known.assign(name, word)
        self._callers = (call.place(), *self._callers)
        printed = yield from self._run(body, scalar)
        self._callers = self._callers[1:]
        self._known.values = {
            name: value for name, value in {**self._known.values, **around}.items() if value is not None
        }
        return printed


def _texts(
    commands: Sequence[tuple[str, Sequence[str], str]], known: Sequence[str | None], files: dict[str, str]
) -> tuple[list[str], str | None]:
    """Return the words of a pipeline, or what they print, and what all of it prints, if known."""
    texts = list[str]()
    printed: str | None = None
    for (name, words, given), by_function in zip(commands, known, strict=True):
        before = printed
        printed = by_function or output_of(name, words, given or before or "", files)
        if printed is None:
            texts += [name, *words, given]
        elif before is not None and not given:  # it has read what the one before it prints
            texts[-1] = printed
        else:
            texts.append(printed)
    return texts, printed


def _text_with_output(word: Word, inner: list[Step]) -> str:
    """Return a word's text with what its one substitution prints, if that is known."""
    if word.text.count(PRINTED) != 1:
        return word.text
    index = bisect(inner, word.end, key=lambda step: step.place.start) - 1
    last = inner[index] if index >= 0 and inner[index].place.start >= word.start else None
    return word.text if last is None or last.printed is None else word.text.replace(PRINTED, last.printed)


def _call(
    command: Command, script: Scalar, known: Variables, inner: list[Step], functions: Container[str]
) -> tuple[Call, list[tuple[str, str, Place]]]:
    written = list(command.words)
    filled = [known.fill_in(_text_with_output(word, inner)).replace(LITERAL_DOLLAR, "$") for word in written]
    for match in chain.from_iterable(VARIABLE.finditer(word.text) for word in written):
        if (match["operator"] or "").endswith("=") and match["braced"] not in {*known.values, *known.opaque}:
            known.assign(match["braced"], match["default"])
    first = _program(filled, functions)
    name = filled[first].rsplit("/", 1)[-1] if first < len(filled) else ""
    is_setter = bool(filled) and filled[0] in _SETTERS
    sets = command.assigned + [
        (named.group(1), Word(word.text[named.end() :], word.start, word.end))
        for word in (written[1:] if is_setter else written[:first])
        if (named := _ASSIGNMENT.match(word.text))
    ]
    # Set in front of a command, a variable is that command's alone.
    if is_setter or not filled:
        for variable, word in sets:
            known.assign(variable, _text_with_output(word, inner))
    given = known.fill_in(command.given or known.files.get(command.read_from, ""))
    files = [*command.written_to, *_written_by(name, filled[first + 1 :])]
    call = Call(
        name,
        tuple(filled[first + 1 :]),
        tuple(written[first + 1 :]),
        given,
        tuple(files),
        script,
        name in functions,
    )
    return call, [(name, word.text, Place(script, word.start, word.end)) for name, word in sets]


def _written_by(name: str, words: list[str]) -> list[str]:
    if name == "sed" and any(re.match(r"-\w*i|--in-place", word) for word in words):
        return words[-1:]
    return words if name == "tee" else []


def _program(words: list[str], functions: Container[str] = ()) -> int:
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
            while index < len(words) and (words[index].startswith("-") or _ASSIGNMENT.match(words[index])):
                index += 1
        elif (name, words[index + 1] if index + 1 < len(words) else "") in _MODULE_RUNNERS:
            index += 2
        else:
            break
    return index
