"""Nexus's anonymous access, read only: whether it is enabled, and as which user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ciaccess.clients.nexus.wire import Kind

if TYPE_CHECKING:
    from ciaccess.clients.nexus.api import Api


@dataclass(frozen=True)
class AnonymousAccess:
    """The setting, of which there is one; `user_id` is whose rights they have."""

    user_id: str
    enabled: bool


ANONYMOUS_ACCESS = Kind(
    noun="anonymous access",
    model=AnonymousAccess,
    path="/security/anonymous",
    identity="user_id",
    wire={"user_id": "userId", "enabled": "enabled"},
    grants="nx-settings",
)


def read_anonymous_access(api: Api) -> AnonymousAccess:
    """Return the setting as the server has it now.

    Raises:
        UnexpectedAnswerError: the answer does not say whether it is enabled.
    """
    doing = "read anonymous access"
    return ANONYMOUS_ACCESS.decode(api.json(ANONYMOUS_ACCESS.path, doing, ANONYMOUS_ACCESS), doing)
