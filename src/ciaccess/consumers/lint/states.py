"""What one course of a script knows: variables, files, arguments, and what it has printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ciaccess.consumers.lint.variables import Outside, is_outside, made_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ciaccess.consumers.lint.reading import Argument
    from ciaccess.consumers.lint.variables import Values


class Remnant(str):
    """The words of a command in place of what it has written to a file, which is not known."""

    __slots__ = ()


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
