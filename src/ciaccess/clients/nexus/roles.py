"""Nexus's roles. A PUT replaces the whole role; deleting one takes it out of users and of roles that contain it."""

from __future__ import annotations

from dataclasses import dataclass

from ciaccess.clients.nexus.wire import Kind


@dataclass(frozen=True)
class Role:
    """A role; `read_only` ones are Nexus's own. Without a description Nexus gives it its id as one."""

    role_id: str
    name: str
    description: str
    privileges: frozenset[str]
    roles: frozenset[str]
    read_only: bool = False


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
    grants="nx-roles",
)
