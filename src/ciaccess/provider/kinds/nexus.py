"""Rules shared by the kinds of Nexus: ids, and Nexus's built-in objects."""

from __future__ import annotations

import re
from typing import TypeVar

from ciaccess.clients.errors import action
from ciaccess.provider.kinds.fields import UNKNOWN, Rule, Values
from ciaccess.provider.kinds.kind import KindError
from ciaccess.provider.kinds.objects import ObjectKind

T = TypeVar("T")

# Columns of Nexus's database: a longer value fails with HTTP 500.
_MOST_ID_CHARACTERS = 200
MOST_DESCRIPTION_CHARACTERS = 400


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


class NexusKind(ObjectKind[T]):
    """A kind whose id is the value of its one identifying field."""

    system = "Nexus"

    def resource_id(self, inputs: Values) -> str | None:
        """Return the identifying field's value, None while it is unknown."""
        name = next(field.name for field in self.fields if field.identifies)
        value = inputs.get(name)
        return None if value is UNKNOWN or value is None else str(value)


def built_in_error(noun: str, identity: str) -> KindError:
    """Return the error for a built-in object of Nexus."""
    return KindError(
        f"{action('create', noun, identity)}: it is built into Nexus and cannot be changed. Choose another name, "
        f"or use the {noun} as it is without declaring it"
    )
