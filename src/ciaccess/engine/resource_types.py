"""The one table of the stack's resource types: tokens, words, and ids in the state.

An account is one resource with all that is its own in Nexus and Vault: its users, role, selectors, privileges and secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

ACCOUNT = "ciaccess:index:ServiceAccount"
USER, ROLE = "ciaccess:nexus:User", "ciaccess:nexus:Role"
SELECTOR, PRIVILEGE = "ciaccess:nexus:ContentSelector", "ciaccess:nexus:Privilege"
# Parts of an account that are never resources of their own.
SECRET, METADATA = "ciaccess:vault:Secret", "ciaccess:vault:SecretMetadata"
VARIABLE = "ciaccess:gitlab:GroupVariable"
PRECONDITIONS = "ciaccess:vault:Preconditions"
MOUNT, POLICY = "vault:index/mount:Mount", "vault:index/policy:Policy"
BACKEND, JWT_ROLE = "vault:jwt/authBackend:AuthBackend", "vault:jwt/authBackendRole:AuthBackendRole"


class Words(NamedTuple):
    """The words for a type: its noun, the input with its name, and its kind in `adopt` ("" for none)."""

    noun: str
    name: str
    kind: str = ""


# In the order of a report.
TYPES = {
    ACCOUNT: Words("account", "account", "account"),
    USER: Words("Nexus user", "user_id"),
    ROLE: Words("Nexus role", "role_id", "role"),
    PRIVILEGE: Words("Nexus privilege", "name"),
    SELECTOR: Words("Nexus content selector", "name"),
    BACKEND: Words("Vault JWT backend", "path", "backend"),
    JWT_ROLE: Words("Vault JWT role", "roleName", "jwt-role"),
    POLICY: Words("Vault policy", "name", "policy"),
    SECRET: Words("Vault secret", "path"),
    METADATA: Words("metadata of Vault secret", "path"),
    MOUNT: Words("Vault mount", "path", "mount"),
    VARIABLE: Words("GitLab variable", "key", "variable"),
    PRECONDITIONS: Words("check before up", ""),
    "pulumi:providers:ciaccess": Words("connection", ""),
    "pulumi:providers:vault": Words("connection", ""),
}


# The inputs of an account that have its parts in Nexus, by kind; all but the role map ids to parts.
PARTS = {"content selector": "selectors", "privilege": "privileges", "role": "role", "user": "users"}


@dataclass(frozen=True)
class Target:
    """A resource of the stack, found in its state by its type and id."""

    type: str
    identity: str


# The id of a resource in the state, by its inputs; an account's is that of the resource, not of its import.
_IDENTITIES = {
    ACCOUNT: "{account}",
    ROLE: "{role_id}",
    BACKEND: "{path}",
    JWT_ROLE: "auth/{backend}/role/{roleName}",
    POLICY: "{name}",
    MOUNT: "{path}",
    VARIABLE: "{group}:{key}:{environment_scope}",
}


def target_of(token: str, inputs: Mapping[str, Any]) -> Target:
    """Return the resource with these inputs, which may not be in the state yet."""
    return Target(token, _IDENTITIES[token].format_map(inputs))


# Those whose id is a name: an account, which is repaired as a whole, a role of no single account, a managed KV mount.
account = partial(Target, ACCOUNT)
role = partial(Target, ROLE)
kv_mount = partial(Target, MOUNT)
backend = partial(Target, BACKEND)
policy = partial(Target, POLICY)


def input_name(field: str) -> str:
    """Return the name that pulumi-vault has for a field: `boundClaims` for bound_claims."""
    return "policy" if field == "text" else re.sub(r"_([a-z])", lambda letter: letter[1].upper(), field)


def jwt_role(mount: str, role: str) -> Target:
    """Return a role of the JWT backend at a mount."""
    return Target(JWT_ROLE, f"auth/{mount}/role/{role}")


def variable(group_id: int, key: str, scope: str) -> Target:
    """Return a variable of a GitLab group."""
    return Target(VARIABLE, f"{group_id}:{key}:{scope}")
