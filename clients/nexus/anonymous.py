"""Nexus's anonymous access, to read only: whether it serves those who show no credentials, and as which user."""

from __future__ import annotations

from dataclasses import dataclass

from clients.nexus.wire import Kind


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
