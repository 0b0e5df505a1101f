"""What a kind of resource is: six verbs over plain values. It knows a system's objects, and nothing of Pulumi.

The verbs stand in the order check, diff, create, read, update, delete, here and in every kind. `check` and `diff`
follow from the fields; a kind adds to them what its fields cannot say. No verb that writes is ever called in a
preview: the server calls `look` and `planned` instead.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ciaccess.provider.kinds.fields import UNKNOWN, Failure, Field, Values, check_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ciaccess.provider.systems import Systems


class KindError(Exception):
    """A kind refuses to go on; the text is one line: what it was doing, why not, and what to do."""


@dataclass(frozen=True)
class Change:
    """A field that differs, or a path such as `users["svc-x"].roles`; `replaces` tells that another object must be made for it."""

    name: str
    replaces: bool
    was_missing: bool = False
    is_gone: bool = False


@dataclass(frozen=True)
class Difference:
    """All fields that differ; `delete_first` tells that the new object bears the old one's id."""

    changes: tuple[Change, ...]
    delete_first: bool


@dataclass(frozen=True)
class Seen:
    """What a read found: the values of the object, and its id where the one that was asked for is not it."""

    values: Values
    resource_id: str | None = None


class Kind(ABC):
    """A type of resource. `token` is its name in Pulumi, `noun` the one in messages."""

    token: ClassVar[str]
    noun: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    # Whether many resources bear the same id, because their objects lie in no system.
    shares_id: ClassVar[bool] = False

    def __init__(self, systems: Systems) -> None:
        self._systems = systems

    def check(
        self, old: Mapping[str, Any], inputs: Mapping[str, Any], concealed: frozenset[str]
    ) -> tuple[Values, tuple[Failure, ...]]:
        """Return the inputs with their defaults, and what is wrong with them. Asks no system.

        The values of the fields named in `concealed`, and of the kind's own secrets, are in no failure's text.
        """
        return check_fields(self.fields, old, inputs, self.noun, concealed | self.secrets(inputs))

    def diff(self, resource_id: str, state: Values, inputs: Values) -> Difference:
        """Return where the state is not as the inputs want it, sets compared as sets. Asks no system."""
        same_id = self.resource_id(inputs) == resource_id
        changes = tuple(
            Change(
                field.name,
                field.replaces or (field.identifies and not same_id),
                state.get(field.name) is None,
            )
            for field in self.fields
            if field.compared and state.get(field.name) != inputs.get(field.name)
        )
        return Difference(changes, same_id)

    @abstractmethod
    def create(self, inputs: Values) -> Values:
        """Make the object and return its values."""

    @abstractmethod
    def read(self, resource_id: str, state: Values) -> Seen | None:
        """Return the object as it is; None only where it is really gone. `state` is empty on an import."""

    @abstractmethod
    def update(self, resource_id: str, state: Values, inputs: Values) -> Values:
        """Bring the object in line and return its values."""

    @abstractmethod
    def delete(self, resource_id: str, state: Values) -> None:
        """Remove the object; one that is gone already is no error."""

    def look(self, state: Values | None, inputs: Values) -> None:  # noqa: B027 not every kind has anything to look at
        """Refuse in a preview what `create` (`state` is None) or `update` would refuse. Writes nothing."""

    def planned(self, state: Values | None, inputs: Values) -> Values:
        """Return the values that `create` (`state` is None) or `update` is expected to return, for a preview."""
        del state
        return inputs

    @abstractmethod
    def resource_id(self, inputs: Values) -> str | None:
        """Return the id of the object that the inputs describe, None while a preview cannot know it."""

    def inputs_of(self, values: Values, given: Values) -> Values:
        """Return the inputs that an object's values amount to; what directs the plugin stays as it was `given`."""
        directives = {
            field.name: given.get(field.name, field.default)
            for field in self.fields
            if not field.compared and not field.computed
        }
        computed = [field.name for field in self.fields if field.computed]
        return {name: value for name, value in values.items() if name not in computed} | directives

    def outputs_of(self, values: Values) -> Values:
        """Return those of an object's values that are its state."""
        outputs = [field.name for field in self.fields if field.compared or field.computed]
        return {name: values[name] for name in outputs if name in values}

    def secrets(self, values: Mapping[str, Any]) -> frozenset[str]:
        """Return the names of the fields whose values are secrets."""
        del values
        return frozenset(field.name for field in self.fields if field.secret)

    def stored(self, values: Mapping[str, Any]) -> Values:
        """Return the fields of a state, with types; those that it does not have are left out."""
        return {
            field.name: field.stored(values[field.name])
            for field in self.fields
            if values.get(field.name) is not None
        }


def joined_id(inputs: Values, *names: str) -> str | None:
    """Return the values of these fields joined by colons, None where one is not known yet."""
    parts = [inputs.get(name) for name in names]
    return None if UNKNOWN in parts or None in parts else ":".join(map(str, parts))
