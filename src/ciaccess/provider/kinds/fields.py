"""The fields of a kind as data: name, type, default, what is allowed, and how two states of them are compared.

Values are plain: text, bool, int, frozenset of text, mappings of these, and UNKNOWN for what a preview cannot know yet.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Values = dict[str, Any]
_MOST_VALUE_CHARACTERS = 80


class _Marker(Enum):
    UNKNOWN = "unknown"
    REQUIRED = "required"


# A value that is computed by something which a preview has not made.
UNKNOWN: Final = _Marker.UNKNOWN
# The default of a field that has none.
REQUIRED: Final = _Marker.REQUIRED


@dataclass(frozen=True)
class Failure:
    """Why a property was refused; `reason` is for people, and holds no secret."""

    property: str
    reason: str


@dataclass(frozen=True)
class FieldType:
    """A type: what it is called, and `parse`, which makes a value of it or raises ValueError."""

    name: str
    parse: Callable[[Any], Any]


@dataclass(frozen=True)
class Rule:
    """What a value must fulfil; `allowed` says it in words."""

    allowed: str
    holds: Callable[[Any], bool]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 a refused value, whatever the reason
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 a refused value, whatever the reason
    return value


def _whole_number(value: Any) -> int:
    # Pulumi knows no integers: they come as floats.
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise ValueError
    return int(value)


def _names(value: Any) -> frozenset[str]:
    if not isinstance(value, list | tuple | frozenset) or not all(
        isinstance(item, str) and item for item in value
    ):
        raise ValueError
    return frozenset(value)


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError  # noqa: TRY004 a refused value, whatever the reason
    return value


TEXT = FieldType("text", _text)
FLAG = FieldType("true or false", _flag)
WHOLE_NUMBER = FieldType("a whole number", _whole_number)
NAMES = FieldType("a list of names", _names)
MAPPING = FieldType("a mapping", _mapping)


@dataclass(frozen=True)
class Field:
    """A field of a kind.

    `identifies`: the resource's id is made of it, so another value is another object. `replaces`: the system cannot
    change it in place. `compared` is False for what directs the plugin and is no state of the object. `computed` is made
    by the plugin, and no input.
    """

    name: str
    type: FieldType = TEXT
    default: Any = REQUIRED
    rule: Rule | None = None
    secret: bool = False
    identifies: bool = False
    replaces: bool = False
    compared: bool = True
    computed: bool = False

    def parse(self, value: Any, *, concealed: bool = False) -> Any:
        """Return the value as this field's type, the default where it is None; a `concealed` value is in no error.

        Raises:
            ValueError: it is not allowed; the text says what is.
        """
        if value is UNKNOWN:
            return UNKNOWN
        if value is None:
            if self.default is REQUIRED:
                raise ValueError(f"is missing. Allowed: {self._allowed()}")
            return self.default
        try:
            parsed = self.type.parse(value)
        except ValueError:
            raise ValueError(_refused(value, self.type.name, concealed=concealed)) from None
        if self.rule and not self.rule.holds(parsed):
            raise ValueError(_refused(value, self.rule.allowed, concealed=concealed))
        return parsed

    def stored(self, value: Any) -> Any:
        """Return a value out of the state as this field's type; one of another type (an old state) as it is."""
        try:
            return UNKNOWN if value is UNKNOWN else self.type.parse(value)
        except ValueError:
            return value

    def _allowed(self) -> str:
        return self.rule.allowed if self.rule else self.type.name


def _refused(value: Any, allowed: str, *, concealed: bool) -> str:
    return f"{'the secret value' if concealed else shown(value)} is not allowed. Allowed: {allowed}"


def shown(value: Any) -> str:
    """Return a value as a message shows it: JSON, cut when it is long."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = json.dumps(
        sorted(value) if isinstance(value, frozenset) else value, ensure_ascii=False, default=str
    )
    return text if len(text) <= _MOST_VALUE_CHARACTERS else f"{text[: _MOST_VALUE_CHARACTERS - 1]}…"


def check_fields(
    fields: Sequence[Field],
    old: Mapping[str, Any],
    inputs: Mapping[str, Any],
    noun: str,
    secrets: frozenset[str],
) -> tuple[Values, tuple[Failure, ...]]:
    """Return the inputs with types and defaults, and every failure; a refused field is left out of the values.

    `secrets` are the names of fields whose values must not be shown.
    """
    values: Values = {}
    known = [field.name for field in fields]
    allowed = ", ".join(field.name for field in fields if not field.computed)
    failures = [
        Failure(name, f"is no property of a {noun}. Allowed: {allowed}")
        for name in inputs
        # Names that begin with __ are the engine's own.
        if name not in known and not name.startswith("__")
    ]
    for field in fields:
        given = inputs.get(field.name)
        if field.computed:
            # An import gives as inputs what the read found.
            if given not in (None, old.get(field.name)):
                failures.append(
                    Failure(field.name, f"cannot be given: a {noun}'s {field.name} is made by the plugin")
                )
            continue
        try:
            values[field.name] = field.parse(given, concealed=field.name in secrets)
        except ValueError as error:
            failures.append(Failure(field.name, str(error)))
    return values, tuple(failures)


def one_of(*words: str) -> Rule:
    """Return the rule of a field that takes one of some words."""
    return Rule(", ".join(words), lambda value: value in words)


def at_most(characters: int, *, least: int = 0) -> Rule:
    """Return the rule of a text's length, without control characters."""

    def holds(value: str) -> bool:
        return least <= len(value) <= characters and all(ord(letter) >= ord(" ") for letter in value)

    return Rule(f"{least} to {characters} characters on one line", holds)
