"""Nexus's roles. A PUT replaces a role; deleting one removes it from users and other roles."""

from __future__ import annotations

from ciaccess.access.desired.objects import Role
from ciaccess.clients.nexus.wire import Kind

ROLES = Kind(
    noun="role",
    model=Role,
    path="/security/roles",
    identity="role_id",
    wire={
        "role_id": "id",
        "name": "name",
        "description": "description",
        "privileges": "privileges",
        "roles": "roles",
        "read_only": "readOnly",
    },
    params={"source": "default"},
    unsent=frozenset({"read_only"}),
    built_in=frozenset({"nx-admin", "nx-anonymous"}),
    grants="nx-roles",
)
