"""What the kinds of Nexus share: ids, descriptions, and Nexus's built-in objects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ciaccess.clients.errors import action
from ciaccess.provider.kinds.fields import Field, Rule, Values, at_most
from ciaccess.provider.kinds.kind import KindError
from ciaccess.provider.kinds.objects import ObjectKind

if TYPE_CHECKING:
    from ciaccess.provider.kinds.objects import Objects

T = TypeVar("T")

# Columns of Nexus's database: a longer value fails with HTTP 500.
_MOST_ID_CHARACTERS = 200
_MOST_DESCRIPTION_CHARACTERS = 400


def _is_id(value: str) -> bool:
    return (
        0 < len(value) <= _MOST_ID_CHARACTERS
        and value == value.strip()
        and ".." not in value
        and not any(letter in "/\\:%" or ord(letter) < ord(" ") for letter in value)
    )


def _is_name(value: str) -> bool:
    return _is_id(value) and re.fullmatch(r"[A-Za-z0-9-][A-Za-z0-9._-]*", value) is not None


# Values that Nexus accepts and that work in its URLs: roles and users allow more than other objects.
ID = Rule("1 to 200 characters without '/', '\\', ':', '%', '..' and without blanks at an end", _is_id)
NAME = Rule("1 to 200 letters, digits, '.', '_', '-', not starting with '.' or '_', without '..'", _is_name)
DESCRIPTION = Field(
    "description",
    default="",
    rule=at_most(_MOST_DESCRIPTION_CHARACTERS),
    about="What it is for, with the owner marker",
)


class NexusKind(ObjectKind[T]):
    """A kind of Nexus; `collection` is the name of its objects at the client."""

    system = "Nexus"
    collection: ClassVar[str]

    def objects(self) -> Objects[T]:
        """Return Nexus's objects of this kind."""
        found: Objects[T] = getattr(self._systems.nexus(), self.collection)
        return found

    def bring_in_line(self, existing: Any, inputs: Values) -> None:
        """Update an existing object to the inputs, unless it is built into Nexus."""
        if getattr(existing, "read_only", False):
            raise KindError(
                f"{action('create', self.noun, str(self.resource_id(inputs)))}: it is built into Nexus and cannot be "
                f"changed. Choose another name, or use the {self.noun} as it is without declaring it"
            )
        super().bring_in_line(existing, inputs)
