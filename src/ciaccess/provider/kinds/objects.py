"""The life cycle of objects in Nexus and GitLab: find, create, take over, replace, delete.

`create` first checks whether the object exists, and never silently takes over a foreign one. A subclass defines the
fields of an object and how an own object is recognised.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from ciaccess.access.desired.ownership import of_another, owner_in
from ciaccess.clients.errors import ConflictError, NotFoundError, action
from ciaccess.provider.kinds.fields import FLAG, Field, Values
from ciaccess.provider.kinds.kind import Kind, KindError, ReadResult

T = TypeVar("T")

# A clustered Nexus may return stale data for some seconds after a write, ten at most as far as known.
CLUSTER_WAITS_SECONDS = (0.2, 0.5, 1.0, 2.0, 3.0, 3.0, 3.0)

# A directive to `create`, not part of the object: changing it needs no call to a system.
ADOPT = Field(
    "adopt",
    FLAG,
    default=False,
    compared=False,
    about="Whether to take over an existing object; not in the state",
)

if TYPE_CHECKING:

    class Objects(Protocol[T]):
        """A system's objects of one type, as in clients/."""

        def find(self, identity: str, /) -> T | None:
            """Return the object from the shared list."""

        def read(self, identity: str, /) -> T | None:
            """Return the object, read from the system now."""

        def create(self, item: T, /) -> Any:
            """Create the object."""

        def replace(self, item: T, /) -> Any:
            """Write the object as a whole."""

        def delete(self, identity: str, /) -> bool:
            """Delete the object; False if it did not exist."""


class ExistsError(KindError):
    """The object exists and is not in this stack's state. `identity` is its import id."""

    def __init__(self, text: str, identity: str) -> None:
        super().__init__(text)
        self.identity = identity


def owner_text(owner: str) -> str:
    """Return an owner as text."""
    return f"managed by {owner}" if owner else "without an owner"


def foreign_error(doing: str, parts: list[str]) -> KindError:
    """Return the error of a deletion of objects without this stack's marker and claim."""
    return KindError(
        f"{doing}: {', '.join(parts)}: not marked and claimed as this stack's. Nothing was deleted. If it belongs to this "
        "stack, `pulumi up --refresh` with it declared marks it again; if not, remove it from the state: pulumi state delete"
    )


class ObjectKind(Kind, Generic[T]):
    """The verbs of such a kind.

    `system` has its objects, which are of the type `item` and have the owner marker in the field `marked_in`.
    """

    system: ClassVar[str]
    item: ClassVar[type[Any]]
    marked_in: ClassVar[str] = "description"

    def create(self, inputs: Values) -> Values:
        """Create the object, or take over an existing one that is ours or has `adopt`."""
        identity = self._identity(inputs)
        existing = self.objects().find(identity) or self._create_or_find(identity, inputs)
        if existing is not None:
            self.refuse_foreign(identity, existing, inputs)
            self.bring_in_line(existing, inputs)
        return inputs

    def read(self, resource_id: str, state: Values) -> ReadResult | None:
        """Return the object from the list that all reads of a process share."""
        found = self.objects().find(resource_id)
        return None if found is None else ReadResult(self.values_of(found))

    def update(self, resource_id: str, state: Values, inputs: Values) -> Values:
        """Write the object as a whole."""
        try:
            self.objects().replace(self.desired_object(inputs))
        except NotFoundError:
            raise self.gone_error(resource_id) from None
        return inputs

    def delete(self, resource_id: str, state: Values) -> None:
        """Delete the object if its marker names the declared owner: an entry of the state may be forged."""
        existing = self.objects().find(resource_id)
        owner = self.owner_of(existing)
        if existing is not None and owner != self._systems.owner:
            raise foreign_error(
                action("delete", self.noun, resource_id), [f"the {self.noun} is {owner_text(owner)}"]
            )
        self.remove(resource_id, {})

    def remove(self, resource_id: str, state: Values) -> None:
        """Delete the object whatever its owner marker is."""
        self.objects().delete(resource_id)

    def owner_of(self, existing: T | None) -> str:
        """Return the owner that an object's marker names, "" without one."""
        return owner_in(str(getattr(existing, self.marked_in, "")))

    @abstractmethod
    def objects(self) -> Objects[T]:
        """Return the system's objects of this kind."""

    def desired_object(self, inputs: Values) -> T:
        """Return the object of the inputs."""
        item: T = self.item(**{name: inputs[name] for name in self._shared_fields})
        return item

    def values_of(self, item: T) -> Values:
        """Return an object's values, by field."""
        return {name: getattr(item, name) for name in self._shared_fields}

    def is_ours(self, existing: T, inputs: Values) -> bool:
        """Tell whether an existing object is ours, from a create that was cut off: all fields are equal."""
        return existing == self.desired_object(inputs)

    def bring_in_line(self, existing: T, inputs: Values) -> None:
        """Update an object that is taken over to the inputs."""
        if existing != self.desired_object(inputs):
            self.objects().replace(self.desired_object(inputs))

    def make(self, inputs: Values) -> None:
        """Create an object that does not exist."""
        self.objects().create(self.desired_object(inputs))

    def check_live(self, state: Values | None, inputs: Values) -> None:
        """Raise in a preview if a foreign object exists."""
        identity = self.resource_id(inputs)
        if state is not None or identity is None:
            return
        existing = self.objects().find(identity)
        if existing is not None:
            self.refuse_foreign(identity, existing, inputs)

    def refuse_foreign(self, identity: str, existing: T, inputs: Values) -> None:
        """Refuse to take over a foreign object; with `adopt` only one with another owner's marker.

        Raises:
            ExistsError: it is not ours, and not to be adopted.
            KindError: it is to be adopted, and managed by another owner.
        """
        if inputs["adopt"]:
            other = of_another(self.owner_of(existing), owner_in(str(inputs[self.marked_in])))
            if other:
                raise KindError(f"{action('adopt', self.noun, identity)}: {other}")
        elif not self.is_ours(existing, inputs):
            doing = action("create", self.noun, identity)
            raise ExistsError(f"{doing}: it exists already in {self.system}", identity)

    def gone_error(self, resource_id: str) -> KindError:
        """Return the error of an update whose object was deleted since the last refresh."""
        return KindError(
            f"{action('update', self.noun, resource_id)}: it is no longer in {self.system}. "
            "Run `pulumi up --refresh`, which creates it again"
        )

    def _create_or_find(self, identity: str, inputs: Values) -> T | None:
        """Create the object; if another client created it meanwhile, return that one."""
        try:
            self.make(inputs)
        except ConflictError:
            for wait in (0, *CLUSTER_WAITS_SECONDS):
                time.sleep(wait)
                existing = self.objects().read(identity)
                if existing is not None:
                    return existing
            raise
        return None

    @cached_property
    def _shared_fields(self) -> list[str]:
        """The fields that both the kind and the object have."""
        names = {each.name for each in fields(self.item)}
        return [field.name for field in self.fields if field.name in names]

    def _identity(self, inputs: Values) -> str:
        identity = self.resource_id(inputs)
        if identity is None:
            raise KindError(
                f"create {self.noun}: its name is unknown. Give it a name that does not depend on another resource"
            )
        return identity
