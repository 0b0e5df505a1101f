"""The fields of a resource in two states, compared by the systems' rules.

Owns what may be shown: never what the engine masked, the value of a masked variable, or a
variable's value that was set by hand, which may be a credential.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ciaccess.access.desired.difference import different_fields
from ciaccess.access.reading.faults import truncate
from ciaccess.engine.events import Inputs
from ciaccess.engine.resource_types import VARIABLE

# What marks a secret in the engine's own serialization, and a value that only `up` will know.
_SECRET_MARK = "4dabf18193072939515e22adb298388d"  # noqa: S105 a public constant of Pulumi's
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_MOST_CHARACTERS = 200
_YES = "yes"
_NO_FIELDS = ("adopt",)  # how a resource is made, nothing of it


@dataclass(frozen=True)
class Masked:
    """A secret that is not known; two are the same where their versions are."""

    version: tuple[str | None, ...] = ()

    def __str__(self) -> str:
        return "(not shown)"


MASKED = Masked()
Value = str | tuple[str, ...] | Masked | None


@dataclass(frozen=True)
class FieldChange:
    """A field that changes; a missing side is None, `note` is a secret's only text."""

    name: str
    before: Value
    after: Value
    note: str = ""

    def sentence(self) -> str:
        """Return it on one line; a long text is cut, a list is whole."""
        if self.note:
            return f"{self.name}: {self.note}"
        if isinstance(self.before, tuple) or isinstance(self.after, tuple):
            before, after = _members(self.before), _members(self.after)
            signed = [f"+ {each}" for each in after if each not in before]
            signed += [f"- {each}" for each in before if each not in after]
            return f"{self.name}: {', '.join(truncate(each, _MOST_CHARACTERS) for each in signed)}"
        flag = _YES in (self.before, self.after)
        return f"{self.name}: {_display(self.before, flag=flag)} → {_display(self.after, flag=flag)}"

    @property
    def is_text(self) -> bool:
        """Tell whether it is a text of several lines, to be shown as a difference of lines."""
        return not self.note and any(
            isinstance(text, str) and "\n" in text for text in (self.before, self.after)
        )

    def lines(self) -> tuple[str, ...]:
        """Return the difference of lines, each with its sign."""
        before, after = (
            text.splitlines() if isinstance(text, str) else [] for text in (self.before, self.after)
        )
        difference = difflib.unified_diff(before, after, n=2, lineterm="")
        lines = list(difference)[3:]
        return tuple(" …" if line.startswith("@@") else line for line in lines)

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object; a secret has a note in place of values."""
        if self.note:
            return {"field": self.name, "note": self.note}
        return {"field": self.name, "before": _plain(self.before), "after": _plain(self.after)}


def values(type_: str, inputs: Inputs | None) -> dict[str, Value]:
    """Return a resource's non-empty fields by name, those of a mapping as `<name>.<key>`."""
    found: dict[str, Value] = {}
    for name, value in (inputs or {}).items():
        if name.startswith("__") or name in _NO_FIELDS:
            continue
        if isinstance(value, dict) and _SECRET_MARK not in value:
            # Vault's role takes the values of a bound claim as one text.
            found |= {
                f"{name}.{key}": tuple(sorted(each.split(","))) if isinstance(each, str) else _value(each)
                for key, each in value.items()
            }
        else:
            found[name] = _value(value)
    if type_ == VARIABLE and (inputs or {}).get("masked"):
        found["value"] = MASKED
    return {name: value for name, value in found.items() if value not in (None, "", ())}


def changes(
    before: Mapping[str, Value], after: Mapping[str, Value], among: Iterable[str] | None = None
) -> tuple[FieldChange, ...]:
    """Return what differs, but not two secrets. `among` are the names to compare, if not all."""
    chosen = None if among is None else frozenset(among)
    return tuple(
        FieldChange(name, before.get(name), after.get(name))
        for name in different_names(before, after)
        if (chosen is None or name.split(".")[0] in chosen) and not is_secret(before, after, name)
    )


def is_secret(before: Mapping[str, Value], after: Mapping[str, Value], name: str) -> bool:
    """Tell whether a field is a secret in both states."""
    return isinstance(before.get(name), Masked) and isinstance(after.get(name), Masked)


def different_names(before: Mapping[str, Value], after: Mapping[str, Value]) -> list[str]:
    """Return the names of the fields that differ, of either side."""
    return different_fields({name: after.get(name) for name in sorted(before.keys() | after.keys())}, before)


def _value(value: Any) -> Value:
    if isinstance(value, Masked):
        return value
    if isinstance(value, dict):
        return MASKED if _holds_secret(value) else str(value)
    if isinstance(value, list):
        return MASKED if any(map(_holds_secret, value)) else tuple(sorted(map(_text, value)))
    # Undeclared, 0 and false are one to Vault.
    return None if value is None or value is False or value == 0 else _text(value)


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return _SECRET_MARK in value or any(map(_holds_secret, value.values()))
    return isinstance(value, list) and any(map(_holds_secret, value))


def _text(value: Any) -> str:
    if value is True:
        return _YES
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "(known after up)" if value == _UNKNOWN else str(value)


def _members(value: Value) -> tuple[str, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (str(value),)


def _display(value: Value, *, flag: bool) -> str:
    if value is None:
        return "no" if flag else "nothing"
    return truncate(str(value), _MOST_CHARACTERS)


def _plain(value: Value) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Masked) else value
