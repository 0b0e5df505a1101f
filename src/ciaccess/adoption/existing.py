"""The existing object for each desired one: its import id, the differences, the obstacles.

One function per type of resource; each reads one object from its system. The differences are the one comparison's
(access/desired/difference), named as the engine's inputs, so that the plan lists exactly the changes of the first `up`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ciaccess.access.desired.difference import changes_of
from ciaccess.access.desired.objects import LEFT_BY_ENGINE, JwtBackend, JwtRole, Policy, Variable
from ciaccess.access.desired.ownership import owner_in
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.objects import read_jwt_backend, read_jwt_role, read_policy
from ciaccess.engine import resource_types

_KV_VERSION = 2


@dataclass(frozen=True)
class Existing:
    """An existing object: its import id, its owner by the marker, and the obstacle to an adoption.

    `differences` are the inputs, by path, that the first `up` changes; `kept` are those that no `up` changes, which `drift`
    reports. `missing` and `undeclared` are whole parts of an account, which it creates and deletes.
    """

    identity: str
    differences: tuple[str, ...] = ()
    owner: str = ""
    obstacle: str = ""
    missing: tuple[str, ...] = ()
    undeclared: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


NOTHING = Existing("")


def in_nexus(find: Callable[[str], Any], identity: str, desired: object) -> Existing | None:
    """Return the object of Nexus with this id; a user's marker is in its last name."""
    found = find(identity)
    if found is None:
        return None
    obstacle = ""
    if getattr(found, "read_only", False):
        obstacle = "it is built into Nexus"
    elif getattr(found, "type", "") != getattr(desired, "type", ""):
        obstacle = f"it is of type {found.type}"
    marker = found.last_name if hasattr(found, "last_name") else found.description
    return Existing(identity, _different_fields(desired, found), owner_in(marker), obstacle)


def variable(desired: Variable, gitlab: GitLab) -> Existing | None:
    """Return a variable of GitLab."""
    group, key, scope = desired.group, desired.key, desired.environment_scope
    found = gitlab.variables(group).find(key, scope)
    if found is None:
        return None
    hidden = "it is hidden, so its value cannot be read: delete it, or do not declare it"
    identity = resource_types.variable(int(group), key, scope).identity
    differences, owner = _different_fields(desired, found), owner_in(found.description)
    return Existing(identity, differences, owner, hidden if found.hidden else "")


def kv_mount(mount: str, vault: Vault) -> Existing | None:
    """Return a KV mount of Vault."""
    version = vault.kv_version(mount)
    if version is None:
        return None
    obstacle = "" if version == _KV_VERSION else f"it is a KV engine of version {version}"
    return Existing(mount, obstacle=obstacle)


def policy(desired: Policy, vault: Vault) -> Existing | None:
    """Return a policy of Vault, whose text has the marker."""
    found = read_policy(vault, desired.name)
    return _in_vault(desired.name, desired, found, owner_in(found.text) if found else "")


def backend(mount: str, desired: JwtBackend, vault: Vault) -> Existing | None:
    """Return a JWT backend of Vault."""
    return _in_vault(mount, desired, read_jwt_backend(vault, mount))


def jwt_role(mount: str, desired: JwtRole, vault: Vault) -> Existing | None:
    """Return a role of a JWT backend."""
    identity = resource_types.jwt_role(mount, desired.name).identity
    return _in_vault(identity, desired, read_jwt_role(vault, mount, desired.name))


def _in_vault(identity: str, desired: object, found: object | None, owner: str = "") -> Existing | None:
    """Return an object of Vault.

    Its differences are inputs of pulumi-vault: `boundClaims` for the field bound_claims.
    """
    if found is None:
        return None
    names = _different_fields(desired, found)
    kept = [name for name in names if name in LEFT_BY_ENGINE and not getattr(desired, name)]
    changed = [resource_types.input_name(name) for name in names if name not in kept]
    return Existing(identity, tuple(changed), owner, kept=tuple(map(resource_types.input_name, kept)))


def _different_fields(desired: object, found: object) -> tuple[str, ...]:
    return tuple(sorted(change.field for change in changes_of("", "", desired, found)))
