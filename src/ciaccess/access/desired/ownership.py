"""The owner marker of an object: `managed by <owner>` in a description or another text.

A user's last name, a description, a policy's first line; <owner> is `owner` of access.yaml. A secret has it in its custom
metadata, as `owner` and `stack`. An object without these words has no owner.
"""

from __future__ import annotations

import re

_MARKER = re.compile(r"\bmanaged by ([A-Za-z0-9][A-Za-z0-9._-]*)", re.IGNORECASE)
_SUFFIX = re.compile(r"\s*\(managed by [^)]*\)$")


def marker(owner: str) -> str:
    """Return the words that end a description; adoption refuses an object with another owner's."""
    return f"(managed by {owner})"


def add_marker(text: str, owner: str) -> str:
    """Return a text with the owner's marker, which it may have already."""
    return text if owner_in(text) == owner else f"{text} {marker(owner)}".strip()


def owner_in(text: str) -> str:
    """Return the owner that a text names, "" where it names none."""
    found = _MARKER.search(text)
    return found[1].rstrip(".") if found else ""


def of_another(found: str, owner: str) -> str:
    """Return why `owner` cannot adopt an object of the owner `found`, "" where it can."""
    if found in ("", owner):
        return ""
    return f"it is managed by {found}, and this is {owner} (owner in access.yaml): release it there first"


def without_owner(text: str) -> str:
    """Return a text without the words at its end."""
    return _SUFFIX.sub("", text)
