"""The command that takes something out of Nexus by hand; its credentials come from the environment, never by argument."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from config import Access


def deleting(access: Access, kind: str, identity: str) -> str:
    """Return the command that deletes an object of /service/rest/v1/security."""
    path = f"{kind}/{quote(identity, safe='')}"
    return _calling(f"-X DELETE {_url(access, path)}")


def disabling_anonymous_access(access: Access) -> str:
    """Return the command that switches anonymous access off."""
    body = """-X PUT -H 'Content-Type: application/json' -d '{"enabled": false}'"""
    return _calling(f"{body} {_url(access, 'anonymous')}")


def _calling(arguments: str) -> str:
    # printf is the shell's own, so that the password stands on no command line.
    signed = """printf 'user = "%s:%s"' "$NEXUS_USERNAME" "$NEXUS_PASSWORD" | curl -fsS -K -"""
    return f"{signed} {arguments}"


def _url(access: Access, path: str) -> str:
    return f"'{access.nexus.url}/service/rest/v1/security/{path}'"
