"""The interface of a kind of resource: six verbs over plain values, without Pulumi.

The verbs are in the order check, diff, create, read, update, delete, here and in every kind. `check` and `diff` follow
from the fields; a kind adds what its fields cannot express. A preview calls no verb that writes: the server calls
`check_live` and `planned_values` instead.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ciaccess.access.desired.difference import different_fields
from ciaccess.errors import CiaccessError
from ciaccess.provider.kinds.fields import (
    UNKNOWN,
    Checked,
    Failure,
    Field,
    Values,
    check_fields,
    typed_fields,
)

if TYPE_CHECKING:
    from ciaccess.provider.systems import Systems


class KindError(CiaccessError):
    """A kind refuses a request; the text is one line: the action, the reason, the remedy."""


@dataclass(frozen=True)
class Change:
    """A changed field, or a path such as `users["svc-x"].roles`; `replaces`: it needs a new object."""

    name: str
    replaces: bool = False
    was_missing: bool = False
    is_gone: bool = False


@dataclass(frozen=True)
class Difference:
    """All changed fields; `delete_first`: the new object has the same id as the old one."""

    changes: tuple[Change, ...]
    delete_first: bool


@dataclass(frozen=True)
class ReadResult:
    """The result of a read: the object's values, and its id if it is not the requested one."""

    values: Values
    resource_id: str | None = None


class Kind(ABC):
    """A type of resource. `token` is its name in Pulumi, `noun` its name in messages."""

    token: ClassVar[str]
    noun: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    # Whether several resources share an id, because they have no object in a system.
    shares_id: ClassVar[bool] = False

    def __init__(self, systems: Systems) -> None:
        self._systems = systems

    def check(self, old: Values, inputs: Values, concealed: frozenset[str]) -> Checked:
        """Return the inputs with their defaults, and the failures. Queries no system.

        No failure shows the values of the fields in `concealed` or of the kind's own secrets.
        """
        secrets = concealed | self.secrets(inputs)
        values, failures = check_fields(self.fields, old, inputs, self.noun, secrets)
        return values, failures + self.contradictions(values)

    def diff(self, resource_id: str, state: Values, inputs: Values) -> Difference:
        """Return the fields in which state and inputs differ. Queries no system."""
        same_id = self.resource_id(inputs) == resource_id
        compared = {field.name: field for field in self.fields if field.compared}
        changes = tuple(
            Change(
                name,
                compared[name].replaces or (compared[name].identifies and not same_id),
                state.get(name) is None,
            )
            for name in different_fields({name: inputs.get(name) for name in compared}, state)
        )
        return Difference(changes, same_id)

    @abstractmethod
    def create(self, inputs: Values) -> Values:
        """Create the object and return its values."""

    @abstractmethod
    def read(self, resource_id: str, state: Values) -> ReadResult | None:
        """Return the object as observed; None only if it does not exist. `state` is empty on an import."""

    @abstractmethod
    def update(self, resource_id: str, state: Values, inputs: Values) -> Values:
        """Update the object and return its values."""

    @abstractmethod
    def delete(self, resource_id: str, state: Values) -> None:
        """Delete the object; succeeds if it does not exist."""

    def remove(self, resource_id: str, state: Values) -> None:
        """Delete an object that this run has compared with its declaration, to create it again."""
        self.delete(resource_id, state)

    def check_live(self, state: Values | None, inputs: Values) -> None:  # noqa: B027 not every kind has something to check
        """Raise in a preview what `create` (`state` is None) or `update` would raise. Writes nothing."""

    def planned_values(self, state: Values | None, inputs: Values) -> Values:
        """Return for a preview the expected result of `create` (`state` is None) or `update`."""
        return inputs

    def contradictions(self, values: Values) -> tuple[Failure, ...]:
        """Return the failures of fields that do not go together."""
        return ()

    def resource_id(self, inputs: Values) -> str | None:
        """Return the identifying fields joined by colons, None while a preview cannot know one."""
        parts = [inputs.get(field.name) for field in self.fields if field.identifies]
        return None if UNKNOWN in parts or None in parts else ":".join(map(str, parts))

    def inputs_of(self, values: Values, given: Values) -> Values:
        """Return an object's values as inputs; directives to the plugin stay as `given`."""
        directives = {
            field.name: given.get(field.name, field.default)
            for field in self.fields
            if not field.compared and not field.computed
        }
        computed = [field.name for field in self.fields if field.computed]
        return {name: value for name, value in values.items() if name not in computed} | directives

    def outputs_of(self, values: Values) -> Values:
        """Return the values of an object that belong in its state."""
        outputs = [field.name for field in self.fields if field.compared or field.computed]
        return {name: values[name] for name in outputs if name in values}

    def secrets(self, values: Mapping[str, Any]) -> frozenset[str]:
        """Return the names of secret fields."""
        return frozenset(field.name for field in self.fields if field.secret)

    def from_state(self, values: Mapping[str, Any]) -> Values:
        """Return the fields of a state with types, without missing ones."""
        return typed_fields(self.fields, values)
