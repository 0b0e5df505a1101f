"""What one course of a script knows: variables, files, arguments, and what it has printed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ciaccess.consumers.lint.variables import Outside, is_outside, made_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ciaccess.consumers.lint.reading import Argument, Call
    from ciaccess.consumers.lint.variables import Values


class Remnant(str):
    """The words of a command in place of what it has written to a file, which is not known."""

    __slots__ = ()


ENDS = frozenset({"exit", "return", "break", "continue"})
_MOST_STATES = 4


@dataclass(frozen=True)
class State:
    """What a course of a script knows at one point.

    `out` is what the list that runs has printed, `given` its standard input, `ended` the command that ended it, `status`
    whether the last pipeline succeeded; None is unknown.
    """

    values: Values
    files: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[Argument, ...] | None = None
    may_have_more: bool = False
    out: str | None = None
    given: str = ""
    ended: str = ""
    status: bool | None = None

    def but(self, **changes: Any) -> State:
        """Return the state with other fields; dataclasses.replace takes five times as long."""
        made = object.__new__(State)
        made.__dict__.update(self.__dict__, **changes)
        return made

    def with_arguments(self, arguments: tuple[Argument, ...] | None, *, may_have_more: bool = False) -> State:
        """Return the state with other positional parameters."""
        values = {
            name: value for name, value in self.values.items() if not (name.isdecimal() or name in "@*#")
        }
        if arguments is not None:
            texts = [each.text for each in arguments]
            rest = Outside("") if may_have_more else ""
            values |= dict.fromkeys("123456789", rest) | {str(at): text for at, text in enumerate(texts, 1)}
            all_of = made_of((rest, *texts), " ".join(texts))
            values |= {"@": all_of, "*": all_of, "#": made_of([rest], str(len(texts)))}
        return self.but(values=values, arguments=arguments, may_have_more=may_have_more)

    def with_output(self, text: str | None) -> State:
        """Return the state after something is printed."""
        if self.out is None or text is None:
            return self.but(out=None)
        return self.but(out=made_of((self.out, text), "\n".join(filter(None, (self.out, text)))))

    @property
    def outside(self) -> set[str]:
        """Return the variables and files that the script alone does not decide."""
        named = (*self.values.items(), *self.files.items(), ("", self.out))
        return {name for name, value in named if is_outside(value)}


def distinct(states: Sequence[State]) -> list[State]:
    """Return the states that differ."""
    found: list[State] = []
    for state in states:
        if not any(each == state and each.outside == state.outside for each in found):
            found.append(state)
    return found


def limit(states: Sequence[State]) -> list[State]:
    """Return these states; of over four, one for each value of each variable."""
    if len(states) <= _MOST_STATES:
        return list(states)
    kept, seen = list[State](), set[object]()
    for state in states:
        known = (*state.values.items(), *state.files.items(), ("out", state.out), ("ended", state.ended))
        shown = {(name, value, is_outside(value)) for name, value in known if value is not None}
        if not shown <= seen:
            kept.append(state)
            seen |= shown
    return kept


def after_builtin(call: Call, state: State) -> State:
    """Return the state after a command of the shell that changes it."""
    words, arguments = call.words, state.arguments
    if call.name in ENDS:
        return state.but(ended=call.name)
    if call.name == "shift" and arguments is not None:
        number = int(words[0]) if words and re.fullmatch(r"\d{1,9}", words[0]) else 1
        return state.with_arguments(arguments[number:], may_have_more=state.may_have_more)
    if call.name == "set" and "--" in words:
        arguments = call.arguments[words.index("--") + 1 :]
        return state.with_arguments(arguments, may_have_more=call.may_have_more)
    if call.name in ("read", "mapfile", "readarray"):
        names = [each for each in words if each.isidentifier()]
        given = call.given or state.given
        line = given.splitlines()[:1] if names else []
        parts = [made_of([given], part) for each in line for part in each.split(None, len(names) - 1)]
        known = dict(zip(names, parts, strict=False)) if call.name == "read" else {}
        return state.but(values={**state.values, **dict.fromkeys(names), **known}, status=None)
    if call.name == "unset":
        return state.but(values={name: value for name, value in state.values.items() if name not in words})
    return state
