"""The resources of the stack as findings name them: by the type and the id under which the state has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.permissions import secret_metadata_path, secret_path
from drift.findings import Target

if TYPE_CHECKING:
    from config import Access


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


def secret(access: Access, account: str) -> Target:
    """Return an account's secret."""
    return Target("vault:generic/secret:Secret", secret_path(access, account))


def secret_metadata(access: Access, account: str) -> Target:
    """Return what the metadata of an account's secret says of its rotation."""
    return Target("ciaccess:vault:SecretMetadata", secret_metadata_path(access, account))


def user(user_id: str) -> Target:
    """Return a user of Nexus."""
    return Target("ciaccess:nexus:User", user_id)


def role(role_id: str) -> Target:
    """Return a role of Nexus."""
    return Target("ciaccess:nexus:Role", role_id)


def selector(name: str) -> Target:
    """Return a content selector of Nexus."""
    return Target("ciaccess:nexus:ContentSelector", name)


def privilege(name: str) -> Target:
    """Return a privilege of Nexus."""
    return Target("ciaccess:nexus:Privilege", name)


def variable(group_id: int, key: str, scope: str) -> Target:
    """Return a variable of a GitLab group."""
    return Target("ciaccess:gitlab:GroupVariable", f"{group_id}:{key}:{scope}")
