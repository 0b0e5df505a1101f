"""Follows a job's scripts as its shells would run them, as far as the file shows.

Where the script does not decide a branch, each course that it may take is followed: a `State` is what one of them knows.
What a program does or prints is unknown, but for known_commands.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.document import SourceError
from ciaccess.consumers.lint.expanding import Expander, file_named, words_of
from ciaccess.consumers.lint.known_commands import ENDS, after_builtin, is_certain, output_of, succeeds
from ciaccess.consumers.lint.reading import BUILTINS, LIBRARY, SETTERS, Place, Step
from ciaccess.consumers.lint.shell import SHELLS, read, whole_scripts
from ciaccess.consumers.lint.shell_words import LITERAL_DOLLAR
from ciaccess.consumers.lint.states import Remnant, State, distinct, limit
from ciaccess.consumers.lint.variables import fill_in, first_values, is_outside, made_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ciaccess.consumers.lint.document import Scalar
    from ciaccess.consumers.lint.expanding import Ready
    from ciaccess.consumers.lint.merging import Job
    from ciaccess.consumers.lint.reading import Call
    from ciaccess.consumers.lint.shell import Block, Command, Compound, Statement
    from ciaccess.consumers.lint.variables import Values
    from ciaccess.consumers.lint.vocabulary import Vocabulary

MOST_SCRIPT_CHARACTERS = 500_000
_MOST_WORDS = 30_000  # that run again, in one job: of functions, loops and branches
_MOST_WORDS_OF_COURSES = 1_500  # that run again because there are several courses
_MOST_WORDS_OF_CASES = 60_000  # after which no further set of first variables is run
_WORDS_OF_A_CALL = 5
_DEEPEST_CALL = 8
_MOST_ROUNDS = 20  # of a loop whose condition holds
_GLOB = re.compile(r"[*?\[]")
_SOURCES = frozenset({".", "source"})
# Commands of the shell that print nothing.
_SILENT = frozenset({"test", "[", "[[", "((", "set", "shift", "cd", "unset", "read", *SETTERS, *ENDS})


def runs_of(job: Job, words: Vocabulary) -> tuple[list[tuple[Values, list[Step]]], list[str]]:
    """Return each set of first variables with the pipelines that then run, and what was left out.

    Raises:
        SourceError: a script is too large, or its functions, loops and branches run too much.
    """
    unread, left = dict[str, None](), _MOST_WORDS_OF_CASES
    cases = distinct([State(values) for values in first_values(job, words)])
    runs = [(case.values, list[Step]()) for case in cases]
    for number, (case, (_, steps)) in enumerate(zip(cases, runs, strict=True)):
        if left < 0:
            most = f"it may start with {len(cases)} sets of variables; the first {number} were checked"
            unread[most] = None
            break
        budget = _Budget(job)
        for shell in job.shells:
            _Shell(steps, budget).run_all(shell, [case])
        left -= budget.spent
        if budget.has_left_out:
            unread["its branches take more courses than are followed; some were not checked"] = None
    return runs, [f"job {job.name}: {each}" for each in unread]


class _Budget:
    """Bounds what a job's functions, loops and branches run: inside each other, they multiply.

    `is_other_course`: what runs has run already, in another course. `has_left_out`: courses were not followed.
    Our own library, `in_library`, has its own share, and tests of its own.
    """

    def __init__(self, job: Job) -> None:
        self.is_other_course = self.in_library = self.has_left_out = False
        self.spent = 0
        self._job = job
        self._most = _MOST_WORDS + sum(len(script) for shell in job.shells for script in shell)
        self._left_of_courses = {False: _MOST_WORDS_OF_COURSES, True: _MOST_WORDS_OF_COURSES}

    def limit(self, states: list[State]) -> list[State]:
        """Return the states to go on with; in the end the last one alone."""
        found = distinct(states)
        kept = limit(found) if self._left_of_courses[self.in_library] > 0 else found[-1:]
        self.has_left_out |= len(kept) < len(found) and not self.in_library
        return kept

    def spend(self, words: int) -> None:
        self.spent += words
        self._left_of_courses[self.in_library] -= words * self.is_other_course
        if self.spent > self._most:
            raise SourceError(
                f"job {self._job.name}: its functions, loops and branches run over {_MOST_WORDS:,} words, the most that are checked"
            )


@dataclass
class _Line:
    """A pipeline while it runs: its commands, what they print, and what it writes to files."""

    state: State
    commands: list[Ready] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    out: str | None = None

    def __post_init__(self) -> None:
        self.files: Mapping[str, str] = self.state.files

    def add(self, command: Command, ready: Ready, printed: str | None) -> None:
        call, before = ready.call, self.out
        if printed is None:
            self.texts += [call.name, *call.words, call.given]
            if self.state.given and not self.commands and any(each.endswith("@-") for each in call.words):
                self.texts.append(self.state.given)
        elif (
            before is not None and not call.given and self.texts
        ):  # it has read what the one before it prints
            self.texts[-1] = printed
        else:
            self.texts.append(printed)
        for name in (each for each in call.written_to if not each.startswith("/dev/")):
            above = self.files.get(name) if command.appends else None
            text = Remnant(" ".join(self.texts)) if printed is None else printed
            whole = made_of((above, text), f"{above}\n{text}") if above else text
            self.files = {**self.files, name: whole}
        self.commands.append(ready)
        self.out = "" if command.written_to else printed


class _Shell:
    """One shell: the functions that its scripts have defined so far, and the calls that are open.

    A function is read where it is called, with its arguments; one without a call, at the end.
    """

    def __init__(self, steps: list[Step], budget: _Budget) -> None:
        self._steps = steps
        self._budget = budget
        self._functions: dict[str, tuple[Scalar, Block]] = {}
        self._called: set[str] = set()
        self._callers: tuple[Place, ...] = ()
        self._is_at_end = self._is_outside = False

    def _limit(self, states: list[State]) -> list[State]:
        return self._budget.limit(states) if len(states) > 1 else states

    def run_all(self, scripts: Sequence[Scalar], states: list[State]) -> None:
        """Run scripts one after the other, then the functions without a call."""
        for script in scripts:
            if len(script) > MOST_SCRIPT_CHARACTERS:
                raise SourceError(
                    f"line {script.line}: a script has over {MOST_SCRIPT_CHARACTERS:,} characters, the most that are checked"
                )
        for script in whole_scripts(scripts):
            after = self._run(read(str(script))[0], states, script)
            states = self._limit([each for each in after if not each.ended]) or states
        self._is_at_end = True
        for name, (scalar, body) in list(self._functions.items()):
            if name not in self._called:
                self._budget.in_library = _is_library(name, scalar)
                self._run(body, [state.with_arguments(None) for state in states], scalar)
        self._budget.in_library = False

    def _run(self, block: Block, states: list[State], scalar: Scalar) -> list[State]:
        """Run a list in each of these states, and return the states behind it."""
        for statement in block:
            after: list[State] = []
            around = self._budget.is_other_course
            for index, state in enumerate(states):
                self._budget.is_other_course = around or index > 0
                is_due = state.status is None or state.status is (statement.after == "&&")
                if state.ended or (statement.after and not is_due):
                    after.append(state)
                    continue
                if statement.after and state.status is None:  # it may be left out
                    after.append(state.but(status=statement.after == "||"))
                ready = state.but(status=None)
                for expander in self._expanders(statement, ready, scalar):
                    after += self._pipeline(statement, ready, expander)
            self._budget.is_other_course = around
            states = self._limit(after)
        return states

    def _expanders(self, statement: Statement, state: State, scalar: Scalar) -> Iterator[Expander]:
        """Run a pipeline's substitutions; yield an expander for each course that these may take."""
        outputs: dict[int, list[str | None]] = {}
        for word in (word for command in statement.commands for word in words_of(command)):
            for block in word.inner:
                ends = self._run(block, [state.but(out="" if block else None)], scalar)
                outputs[id(block)] = list(dict.fromkeys(each.out for each in ends))
        for index in range(max(map(len, outputs.values()), default=1)):
            printed = {block: texts[min(index, len(texts) - 1)] for block, texts in outputs.items()}
            yield Expander(scalar, printed, self._functions, self._is_outside)

    def _pipeline(self, statement: Statement, state: State, expander: Expander) -> list[State]:
        line, is_alone = _Line(state), len(statement.commands) == 1
        inside: list[State] | None = None
        for command in statement.commands:
            listens = not is_alone or state.out is not None or command.written_to
            stage = state.but(out="" if listens else None, given=line.out or state.given)
            ready = expander.ready(command, stage)
            self._budget.spend(1 + len(ready.call.arguments))
            given = ready.call.given or stage.given
            inside = self._inside(command, ready, stage, expander)
            line.add(
                command,
                ready,
                _output_of_call(ready, given, line.files) if inside is None else _common(inside),
            )
        self._note(statement, line, expander.scalar)
        if not is_alone:
            return [state.but(files=line.files).with_output(line.out)]
        if inside is None:
            status = (
                succeeds(ready.call, command.words, ready.values)
                if ready.call.name
                else _sets_literals(command)
            )
            status = status if status is None else status != statement.is_negated
            after = state.but(values=ready.kept, files=line.files, status=status).with_output(line.out)
            return [after_builtin(ready.call, after)]
        written = {name: line.files[name] for name in ready.call.written_to if name in line.files}
        back = [
            each.but(out=state.out, given=state.given, files={**each.files, **written}) for each in inside
        ]
        outs = ["" if command.written_to else each.out for each in inside]
        return [each.with_output(out) for each, out in zip(back, outs, strict=True)]

    def _note(self, statement: Statement, line: _Line, scalar: Scalar) -> None:
        done = [each for each in line.commands if each.call.name or each.sets or each.call.given]
        if done:
            calls, sets = tuple(each.call for each in done), tuple(one for each in done for one in each.sets)
            place = Place(scalar, statement.start, statement.end)
            self._steps.append(Step(calls, " ".join(line.texts), place, sets, done[-1].values, self._callers))

    def _inside(self, command: Command, ready: Ready, stage: State, expander: Expander) -> list[State] | None:
        """Run what a command runs in turn: lists, a function, a script; None where it has none."""
        call = ready.call
        state = stage.but(values=ready.values, given=call.given or stage.given)
        if not (command.compound or command.script or call.is_function or state.files or state.given):
            return None
        if command.compound:
            return self._compound(command.compound, state, expander)
        if command.script:
            after = self._run(command.script, [state], expander.scalar)
            return after if call.name == "eval" else [state.but(out=each.out) for each in after]
        if call.is_function:
            return self._in_call(call, *self._functions[call.name], state, call.name)
        runs_file = call.name in SHELLS or call.name in _SOURCES
        words = enumerate(call.words) if runs_file else ()
        at = next((at for at, word in words if not word.startswith("-")), -1)
        text = state.files.get(file_named(call.words[at] if at >= 0 else call.name))
        if call.name in SHELLS and at < 0:
            text = state.given or None
        if text is None or isinstance(text, Remnant) or call.name in BUILTINS:
            return None
        body = read(text.replace(LITERAL_DOLLAR, "$"), call.at.start)[0]
        call = replace(call, arguments=call.arguments[at + 1 :])
        around, self._is_outside = self._is_outside, self._is_outside or is_outside(text)
        after = self._in_call(call, call.at.scalar, body, state, "")
        self._is_outside = around
        return after if call.name in _SOURCES else [state.but(out=each.out) for each in after]

    def _in_call(self, call: Call, scalar: Scalar, body: Block, state: State, function: str) -> list[State]:
        """Run a function's or file's commands with the arguments of a call."""
        # What nothing calls runs nothing: functions inside it are read once.
        if len(self._callers) >= _DEEPEST_CALL or (self._is_at_end and function in self._called):
            return [state.but(out=None)]
        self._budget.spend(_WORDS_OF_A_CALL)
        self._called.add(function)
        around = self._callers, self._budget.in_library
        self._callers = (call.at, *self._callers)
        self._budget.in_library |= _is_library(function, scalar)
        inside = state.with_arguments(call.arguments, may_have_more=call.may_have_more)
        after = self._run(body, [inside], scalar)
        self._callers, self._budget.in_library = around
        back = [each.with_arguments(state.arguments, may_have_more=state.may_have_more) for each in after]
        return self._limit(
            [each.but(ended=each.ended * (each.ended == "exit"), status=None) for each in back]
        )

    def _compound(  # noqa: PLR0911 one for each kind
        self, compound: Compound, state: State, expander: Expander
    ) -> list[State]:
        scalar, arms = expander.scalar, compound.arms
        match compound.kind:
            case "function":
                self._functions[compound.name] = (scalar, arms[0] if arms else ())
                return [state]
            case "{":
                return self._run(arms[0], [state], scalar)
            case "(":
                after = self._run(arms[0], [state], scalar)
                return self._limit([state.but(out=each.out, files=each.files) for each in after])
            case "if":
                after = []
                for each in self._run(compound.head, [state], scalar):
                    for arm, left_out in zip(arms, (False, True), strict=True):
                        if each.status is not left_out:
                            after += self._run(arm, [each.but(status=None)], scalar)
                return self._limit(after)
            case "case":
                return self._case(compound, state, expander)
            case "for":
                return self._for(compound, state, expander)
            case _:
                return self._while(compound, state, scalar)

    def _case(self, compound: Compound, state: State, expander: Expander) -> list[State]:
        word, patterns = compound.items[0], compound.patterns
        text = expander.text(word, state.values)
        decided = is_certain(word, state.values) and not any("$" in each for row in patterns for each in row)
        after, is_met = list[State](), False
        for row, arm in zip(patterns, compound.arms, strict=True):
            if is_met or (decided and not any(fnmatchcase(text, each) for each in row)):
                continue
            after += self._run(arm, [state], expander.scalar)
            is_met = decided or "*" in row
        return self._limit(after if is_met else [*after, state])

    def _for(self, compound: Compound, state: State, expander: Expander) -> list[State]:
        running, done, items = [state], list[State](), compound.items
        texts = list(dict.fromkeys(each.text for each in expander.words(items, state, state.values)))
        if not texts and not all(is_certain(word, state.values) for word in items):
            texts, done = ["$"], [state]  # empty here, not in every run
        for text in texts:
            value = None if "$" in text or _GLOB.search(text) else text
            running = [each.but(values={**each.values, compound.name: value}) for each in running]
            running, left = _rounds(self._run(compound.arms[0], running, expander.scalar))
            done += left
        return self._limit([*running, *done])

    def _while(self, compound: Compound, state: State, scalar: Scalar) -> list[State]:
        running, done = [state], list[State]()
        last = compound.head[-1].commands[-1] if compound.head else None
        reads = last is not None and [word.text for word in last.words[:1]] == ["read"]
        lines = state.given.splitlines() if reads else []
        for turn in range(max(len(lines), 1) if reads else _MOST_ROUNDS):
            going = list[State]()
            line = made_of([state.given], lines[turn]) if lines else ""
            running = [each.but(given=line) if lines else each for each in running]
            for each in self._run(compound.head, running, scalar):
                is_over = None if each.status is None else each.status is (compound.kind == "until")
                if each.ended or is_over:
                    done += _rounds([each])[1] if each.ended else [each]
                    continue
                after, left = _rounds(self._run(compound.arms[0], [each.but(status=None)], scalar))
                done += left
                done += [each] if is_over is None and not reads else []
                # But for lines that are read, another round is another one only where it has other arguments.
                for one in after:
                    (going if reads or one.arguments != each.arguments else done).append(one)
            running = self._limit(going)
        return self._limit([*done, *running])


def _is_library(function: str, script: Scalar) -> bool:
    """Report whether a function is one of our own templates: their script defines it."""
    return LIBRARY.fullmatch(function) is not None and "nexus_auth()" in script


def _rounds(states: list[State]) -> tuple[list[State], list[State]]:
    """Return the states that go on with a loop, and those that have left it."""
    going = [each.but(ended="") for each in states if each.ended in ("", "continue")]
    left = [each for each in states if each.ended not in ("", "continue")]
    return going, [each.but(ended=each.ended * (each.ended != "break")) for each in left]


def _output_of_call(ready: Ready, given: str, files: Mapping[str, str]) -> str | None:
    call = ready.call
    if not call.name or call.name in _SILENT:
        return ""
    text = output_of(call.name, call.words, given, files)
    if not text:
        return text
    text = made_of((given, *call.words, *map(files.get, call.words)), text)
    return fill_in(text, ready.values) if call.name == "envsubst" else text


def _common(states: list[State]) -> str | None:
    """Return what all courses print together, None where one is not known."""
    texts = list(dict.fromkeys(each.out for each in states))
    return None if None in texts else made_of(texts, "\n".join(text for text in texts if text))


def _sets_literals(command: Command) -> bool | None:
    return None if any(word.inner for _, word in command.assigned) else True
