"""The fields of a kind as data: name, type, default, allowed values, comparison.

Values are plain: text, bool, int, frozenset of text, mappings of these, and UNKNOWN for what a preview cannot know yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from ciaccess.access.reading import faults

Values = dict[str, Any]


class _Marker(Enum):
    UNKNOWN = "unknown"
    REQUIRED = "required"


# A value computed by a resource that does not exist yet in a preview.
UNKNOWN: Final = _Marker.UNKNOWN
# The default of a required field.
REQUIRED: Final = _Marker.REQUIRED


@dataclass(frozen=True)
class Failure:
    """The reason why a property is invalid, without secrets."""

    property: str
    reason: str


# The result of a check: the valid values with their types and defaults, and all failures.
Checked = tuple[Values, tuple[Failure, ...]]


@dataclass(frozen=True)
class FieldType:
    """A type: its name, `parse`, which returns a value or raises ValueError, and its package schema."""

    name: str
    parse: Callable[[Any], Any]
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """A condition on a value; `allowed` describes it."""

    allowed: str
    holds: Callable[[Any], bool]


def _only(type_: type) -> Callable[[Any], Any]:
    def parse(value: Any) -> Any:
        if not isinstance(value, type_):
            raise ValueError  # noqa: TRY004 a refused value, whatever the reason
        return value

    return parse


def _whole_number(value: Any) -> int:
    # Pulumi has no integers: they arrive as floats.
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise ValueError
    return int(value)


def _names(value: Any) -> frozenset[str]:
    if not isinstance(value, list | tuple | frozenset) or not all(
        isinstance(item, str) and item for item in value
    ):
        raise ValueError
    return frozenset(value)


def _mapping_of(item: Mapping[str, Any]) -> FieldType:
    return FieldType("a mapping", _only(dict), {"type": "object", "additionalProperties": item})


TEXT = FieldType("text", _only(str), {"type": "string"})
FLAG = FieldType("true or false", _only(bool), {"type": "boolean"})
WHOLE_NUMBER = FieldType("a whole number", _whole_number, {"type": "integer"})
NAMES = FieldType("a list of names", _names, {"type": "array", "items": TEXT.schema})
MAPPING = _mapping_of(TEXT.schema)
NUMBERS = _mapping_of(WHOLE_NUMBER.schema)


@dataclass(frozen=True)
class Field:
    """A field of a kind.

    `identifies`: it is part of the resource's id, so another value is another object. `replaces`: the system cannot
    change it in place. `compared` is False for a directive to the plugin. `computed`: an output, never an input.
    `about` describes it in the package schema, which adds the allowed values.
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
    about: str = ""

    def parse(self, value: Any, *, concealed: bool = False) -> Any:
        """Return the value as this field's type, the default for None; errors omit a `concealed` value.

        Raises:
            ValueError: the value is not allowed; the text names the allowed ones.
        """
        if value is UNKNOWN:
            return UNKNOWN
        if value is None:
            if self.default is REQUIRED:
                raise ValueError(f"is missing. Allowed: {self.rule.allowed if self.rule else self.type.name}")
            return self.default
        try:
            parsed = self.type.parse(value)
            allowed = self.rule.allowed if self.rule and not self.rule.holds(parsed) else ""
        except ValueError:
            allowed = self.type.name
        if allowed:
            shown = "the secret value" if concealed else display(value)
            raise ValueError(f"{shown} is not allowed. Allowed: {allowed}")
        return parsed

    def from_state(self, value: Any) -> Any:
        """Return a value of the state as this field's type; unchanged if it has another (an old state)."""
        try:
            return UNKNOWN if value is UNKNOWN else self.type.parse(value)
        except ValueError:
            return value


def display(value: Any) -> str:
    """Return a value as JSON for a message, cut when long; Pulumi's numbers are floats."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return faults.display(sorted(value) if isinstance(value, frozenset) else value)


def check_fields(
    fields: Sequence[Field],
    old: Mapping[str, Any],
    inputs: Mapping[str, Any],
    noun: str,
    secrets: frozenset[str],
) -> Checked:
    """Return the inputs with types and defaults, without invalid ones, and every failure.

    `secrets` are the names of fields whose values must not be shown.
    """
    values: Values = {}
    known = [field.name for field in fields]
    allowed = ", ".join(field.name for field in fields if not field.computed)
    failures = [
        Failure(name, f"is not a property of a {noun}. Allowed: {allowed}")
        for name in inputs
        # Names that begin with __ are the engine's own.
        if name not in known and not name.startswith("__")
    ]
    for field in fields:
        given = inputs.get(field.name)
        if field.computed:
            # An import passes the result of the read as inputs.
            if given not in (None, old.get(field.name)):
                failures.append(
                    Failure(field.name, f"is not allowed: the plugin computes the {field.name} of a {noun}")
                )
            continue
        try:
            values[field.name] = field.parse(given, concealed=field.name in secrets)
        except ValueError as error:
            failures.append(Failure(field.name, str(error)))
    return values, tuple(failures)


def typed_fields(fields: Sequence[Field], values: Mapping[str, Any]) -> Values:
    """Return the fields of a state with types, without missing ones."""
    given = ((field, values.get(field.name)) for field in fields)
    return {field.name: field.from_state(value) for field, value in given if value is not None}


def one_of(*words: str) -> Rule:
    """Return the rule of a field with a fixed set of values."""
    return Rule(", ".join(words), lambda value: value in words)


def at_most(characters: int, *, least: int = 0) -> Rule:
    """Return the rule for the length of a text without control characters."""

    def holds(value: str) -> bool:
        return least <= len(value) <= characters and all(ord(letter) >= ord(" ") for letter in value)

    return Rule(f"{least} to {characters} characters on one line", holds)
