"""The resources of the stack as findings name them: by the type and the id under which the state has them.

An account is one resource with all that is its own in Nexus and Vault: its users, role, selectors, privileges and secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ciaccess.access import Access

ACCOUNT = "ciaccess:index:ServiceAccount"


@dataclass(frozen=True)
class Target:
    """A resource of the stack, found in its state by its type and id."""

    type: str
    identity: str


def kv_mount(access: Access) -> tuple[Target, ...]:
    """Return the KV mount, if it is managed."""
    kv = access.vault.kv
    return (Target("vault:index/mount:Mount", kv.mount),) if kv.manage else ()


def backend(access: Access) -> Target:
    """Return the JWT backend."""
    return Target("vault:jwt/authBackend:AuthBackend", access.vault.jwt.mount)


def jwt_role(access: Access, role: str) -> Target:
    """Return a JWT role."""
    identity = f"auth/{access.vault.jwt.mount}/role/{role}"
    return Target("vault:jwt/authBackendRole:AuthBackendRole", identity)


def policy(name: str) -> Target:
    """Return a policy of Vault."""
    return Target("vault:index/policy:Policy", name)


def account(name: str) -> Target:
    """Return an account, which is repaired as a whole."""
    return Target(ACCOUNT, name)


def role(role_id: str) -> Target:
    """Return a role of Nexus that is no account's own."""
    return Target("ciaccess:nexus:Role", role_id)


def variable(group_id: int, key: str, scope: str) -> Target:
    """Return a variable of a GitLab group."""
    return Target("ciaccess:gitlab:GroupVariable", f"{group_id}:{key}:{scope}")
