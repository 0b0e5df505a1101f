"""What the kinds of Nexus have in common: ids, and objects that Nexus made itself."""

from __future__ import annotations

import re
from typing import TypeVar

from ciaccess.clients.errors import action
from ciaccess.provider.kinds.fields import UNKNOWN, Rule, Values
from ciaccess.provider.kinds.kind import KindError
from ciaccess.provider.kinds.objects import ObjectKind

T = TypeVar("T")

# Columns of Nexus's database: a longer value is answered with 500.
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


# What Nexus takes and can name in a URL again: for roles and users nearly anything, for the others names.
ID = Rule("1 to 200 characters without '/', '\\', ':', '%', '..' and without blanks at an end", _is_id)
NAME = Rule("1 to 200 letters, digits, '.', '_', '-', not starting with '.' or '_', without '..'", _is_name)


class NexusKind(ObjectKind[T]):
    """A kind whose id is the value of the one field that identifies it."""

    system = "Nexus"

    def resource_id(self, inputs: Values) -> str | None:
        """Return the identifying field's value, None while it is unknown."""
        name = next(field.name for field in self.fields if field.identifies)
        value = inputs.get(name)
        return None if value is UNKNOWN or value is None else str(value)


def built_in(noun: str, identity: str) -> KindError:
    """Return the error of an object of Nexus's own."""
    return KindError(
        f"{action('create', noun, identity)}: it is Nexus's own and cannot be changed. Choose another name, "
        f"or use the {noun} as it is without declaring it"
    )
