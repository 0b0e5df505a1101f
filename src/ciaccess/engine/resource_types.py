"""The resources of the stack as findings name them: by the type and the id under which the state has them.

An account is one resource with all that is its own in Nexus and Vault: its users, role, selectors, privileges and secret.
"""

from __future__ import annotations

from dataclasses import dataclass

ACCOUNT = "ciaccess:index:ServiceAccount"


@dataclass(frozen=True)
class Target:
    """A resource of the stack, found in its state by its type and id."""

    type: str
    identity: str


def kv_mount(mount: str) -> Target:
    """Return a managed KV mount."""
    return Target("vault:index/mount:Mount", mount)


def backend(mount: str) -> Target:
    """Return the JWT backend at a mount."""
    return Target("vault:jwt/authBackend:AuthBackend", mount)


def jwt_role(mount: str, role: str) -> Target:
    """Return a role of the JWT backend at a mount."""
    return Target("vault:jwt/authBackendRole:AuthBackendRole", f"auth/{mount}/role/{role}")


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
