"""A kind whose objects lie in a system under an id that people can read: found, made, taken over, replaced.

Owns the life cycle that Nexus's and GitLab's objects share: creating looks first, and what somebody else made is
never taken over in silence. A kind says which fields an object has, and how one is told from the other.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from ciaccess.clients.errors import ConflictError, NotFoundError, action
from ciaccess.provider.kinds.fields import FLAG, Field, Values
from ciaccess.provider.kinds.kind import Kind, KindError, Seen

T = TypeVar("T")

# A clustered Nexus answers from before a write for some seconds, ten at the most that was heard of.
CLUSTER_WAITS_SECONDS = (0.2, 0.5, 1.0, 2.0, 3.0, 3.0, 3.0)

# Directs `create`, and is no state of the object: to change it is no reason to ask a system anything.
ADOPT = Field("adopt", FLAG, default=False, compared=False)

if TYPE_CHECKING:

    class Objects(Protocol[T]):
        """A system's objects of one type, as clients/ offers them."""

        def find(self, identity: str, /) -> T | None:
            """Return the object from the shared list."""

        def read(self, identity: str, /) -> T | None:
            """Return the object as the system knows it now."""

        def create(self, item: T, /) -> Any:
            """Make the object."""

        def replace(self, item: T, /) -> Any:
            """Write the object as a whole."""

        def delete(self, identity: str, /) -> bool:
            """Remove the object; False where it was not there."""


class ExistsError(KindError):
    """The object exists, and this stack does not know it. `identity` is its id, which an import takes."""

    def __init__(self, noun: str, identity: str, system: str) -> None:
        super().__init__(f"{action('create', noun, identity)}: it exists already in {system}")
        self.identity = identity


class ObjectKind(Kind, Generic[T]):
    """The verbs of such a kind; `system` is where its objects lie."""

    system: ClassVar[str]

    def create(self, inputs: Values) -> Values:
        """Make the object, unless it is there: then take it over if the inputs say so, or if it is ours."""
        identity = self._identity(inputs)
        existing = self.objects(inputs).find(identity)
        if existing is None:
            existing = self._made(identity, inputs)
        if existing is not None:
            self._take_over(identity, existing, inputs)
        return inputs

    def read(self, resource_id: str, state: Values) -> Seen | None:
        """Return the object out of the list that all reads of a process share."""
        del state
        found = self.objects(self.addressed(resource_id)).find(resource_id)
        return None if found is None else Seen(self.observed(found))

    def update(self, resource_id: str, state: Values, inputs: Values) -> Values:
        """Write the object as a whole."""
        del state
        try:
            self.objects(inputs).replace(self.wanted(inputs))
        except NotFoundError:
            raise self.gone(resource_id) from None
        return inputs

    def delete(self, resource_id: str, state: Values) -> None:
        """Remove the object."""
        del state
        self.objects(self.addressed(resource_id)).delete(resource_id)

    @abstractmethod
    def objects(self, address: Values) -> Objects[T]:
        """Return the objects among which the one of these values lies."""

    @abstractmethod
    def wanted(self, inputs: Values) -> T:
        """Return the object that the inputs describe."""

    @abstractmethod
    def observed(self, item: T) -> Values:
        """Return an object's values, by field."""

    def addressed(self, resource_id: str) -> Values:
        """Return the values that an id holds."""
        names = [field.name for field in self.fields if field.identifies]
        return dict(zip(names, [resource_id], strict=True))

    def is_ours(self, existing: T, inputs: Values) -> bool:
        """Tell whether an object is what a create of ours made whose end nobody saw: equal in every field."""
        return existing == self.wanted(inputs)

    def bring_in_line(self, existing: T, inputs: Values) -> None:
        """Make an object that is taken over what the inputs describe."""
        if existing != self.wanted(inputs):
            self.objects(inputs).replace(self.wanted(inputs))

    def make(self, inputs: Values) -> None:
        """Make the object where there is none."""
        self.objects(inputs).create(self.wanted(inputs))

    def look(self, state: Values | None, inputs: Values) -> None:
        """Refuse in a preview an object that exists already."""
        identity = self.resource_id(inputs)
        if state is not None or identity is None or inputs["adopt"]:
            return
        existing = self.objects(inputs).find(identity)
        if existing is not None and not self.is_ours(existing, inputs):
            raise ExistsError(self.noun, identity, self.system)

    def gone(self, resource_id: str) -> KindError:
        """Return the error of an update whose object somebody removed since the state was last refreshed."""
        return KindError(
            f"{action('update', self.noun, resource_id)}: it is no longer in {self.system}. "
            "Run `pulumi up --refresh`, which makes it again"
        )

    def _made(self, identity: str, inputs: Values) -> T | None:
        """Make the object; return what is there instead if somebody was quicker."""
        try:
            self.make(inputs)
        except ConflictError:
            for wait in (0, *CLUSTER_WAITS_SECONDS):
                time.sleep(wait)
                existing = self.objects(inputs).read(identity)
                if existing is not None:
                    return existing
            raise
        return None

    def _take_over(self, identity: str, existing: T, inputs: Values) -> None:
        if not inputs["adopt"] and not self.is_ours(existing, inputs):
            raise ExistsError(self.noun, identity, self.system)
        self.bring_in_line(existing, inputs)

    def _identity(self, inputs: Values) -> str:
        identity = self.resource_id(inputs)
        if identity is None:
            raise KindError(
                f"create {self.noun}: its name is not known. Give it one that no other resource computes"
            )
        return identity
