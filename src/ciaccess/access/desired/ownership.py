"""Whose an object is: the words that our components write into what has a description, and nothing else.

`managed by <owner>`, in a user's last name, a description, or a policy's first line; <owner> is `owner` of access.yaml. A
secret says it in its custom metadata, as `owner` and `stack`. What has no such words is nobody's.
"""

from __future__ import annotations

import re

_MARKER = re.compile(r"\bmanaged by ([A-Za-z0-9][A-Za-z0-9._-]*)", re.IGNORECASE)
_SUFFIX = re.compile(r"\s*\(managed by [^)]*\)$")


def owner_in(text: str) -> str:
    """Return the owner that a text names, "" where it names none."""
    found = _MARKER.search(text)
    return found[1].rstrip(".") if found else ""


def of_another(found: str, owner: str) -> str:
    """Return why what says that it is `found`'s is not `owner`'s to adopt, "" where it is, or is nobody's."""
    if found in ("", owner):
        return ""
    return f"it says that it is managed by {found}, and this is {owner} (owner in access.yaml): let it go there first"


def without_owner(text: str) -> str:
    """Return a text without the words at its end."""
    return _SUFFIX.sub("", text)
