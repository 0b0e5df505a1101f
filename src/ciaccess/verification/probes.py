"""Checks in repositories of each format, with a client, or by rights without an artifact.

Measured on Nexus 3.30 and 3.71. The list of assets is refused by the right to read, whatever the format. A path that a format
does not serve is 404 to every user, so it proves nothing; apt and r ask for the right before they reject the path, and store
nothing. Nothing of the kind is known of the other formats: their uploads and deletions are not tried (docs/verify.md).
"""

from __future__ import annotations

from urllib.parse import quote

from ciaccess.clients.artifacts import FORMATS
from ciaccess.verification.operations import Action

_READING = (Action.BROWSE, Action.READ)
_WRITING = {"apt": (Action.UPLOAD, Action.DELETE), "r": (Action.UPLOAD,)}
# 404 to every user, of what exists too.
_UNSERVED = (("pypi", Action.DELETE),)
METHODS = {Action.UPLOAD: "PUT", Action.DELETE: "DELETE"}
# What comes to a user with the right: the path is wrong, or the method is.
ADMITTED = (400, 404, 405)


def can_try(format_: str, action: Action) -> bool:
    """Tell whether an action can be tried in repositories of this format."""
    if format_ in FORMATS:
        return (format_, action) not in _UNSERVED
    return action in (*_READING, *_WRITING.get(format_, ()))


def assets(repository: str) -> str:
    """Return the path of the list of a repository's assets, in the REST API."""
    return f"/assets?repository={quote(repository, safe='')}"
