"""Ways to the secrets that somebody made by hand: what logs in at any mount, token roles, identities, policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.drift.changes import POLICY, add_policy
from tests.support.drift.drift import Change, change, several, vault_write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.project.project import Project

TEMPLATED = 'path "secret/data/nexus/{{identity.entity.metadata.account}}" { capabilities = ["read"] }'
BY_PRIORITY = """
path "secret/data/nexus/*" { capabilities = ["deny"] }
path "secret/data/nexus/+" { capabilities = ["read"] }
"""
HARMLESS = """
path "secret/data/nexus/*" { capabilities = ["read"] }
path "secret/data/nexus/+" { capabilities = ["deny"] }
path "secret/metadata/{{identity.entity.name}}" { capabilities = ["read"] }
"""


# Who makes users gives them any policy.
DELEGATING = 'path "auth/a/b/people/users/*" { capabilities = ["create", "update"] }'
MINTING = 'path "auth/token/create" { capabilities = ["update", "sudo"] }'
# Neither mints alone.
HALVES = {
    "mints-by-update": 'path "auth/token/create-orphan" { capabilities = ["update"] }',
    "mints-by-sudo": 'path "auth/token/create-orphan" { capabilities = ["sudo"] }',
}


def enable_auth(kind: str, path: str | None = None) -> Callable[[Project], object]:
    return lambda project: project.vault().sys.enable_auth_method(kind, path=path)


def add_alias(project: Project) -> None:
    """Make an entity that reads the secrets, with an alias at the token mount, and a token role that allows it."""
    vault: Any = project.vault()
    accessor = vault.sys.list_auth_methods()["data"]["token/"]["accessor"]
    entity = vault.write_data("identity/entity", data={"name": "boss", "policies": [POLICY]})["data"]["id"]
    alias = {"name": "Boss-1", "canonical_id": entity, "mount_accessor": accessor}
    vault.write_data("identity/entity-alias", data=alias)
    vault.write_data("auth/token/roles/by-alias", data={"allowed_entity_aliases": ["boss-*"]})


def _mounted(kind: str, mount: str, place: str, **fields: Any) -> Change:
    return change(
        several(enable_auth(kind, mount), vault_write(f"auth/{mount}/{place}", **fields)), _role(mount, place)
    )


def _role(mount: str, place: str) -> tuple[str, str]:
    return "vault.auth.role", f"auth/{mount}/{place}"


WAYS = (
    _mounted("approle", "team/approle", "role/reader", token_policies=[POLICY.upper()]),
    _mounted("userpass", "a/b/people", "users/jane", password="by-hand-1", token_policies=["by-priority"]),
    _mounted(
        "jwt",
        "team/jwt",
        "role/ci",
        role_type="jwt",
        user_claim="x",
        bound_audiences=["x"],
        policies=[POLICY],
    ),
    change(
        vault_write("auth/token/roles/by-glob", allowed_policies_glob=["nexus*"]),
        ("vault.auth.role", "auth/token/roles/by-glob"),
    ),
    change(
        vault_write("auth/token/roles/by-exclusion", disallowed_policies=["root"]),
        ("vault.auth.role", "auth/token/roles/by-exclusion"),
    ),
    change(
        vault_write("identity/entity", name="jane", policies=["templated"]),
        ("vault.auth.role", "identity entity jane"),
    ),
    change(
        add_alias,
        ("vault.auth.role", "auth/token/roles/by-alias"),
        ("vault.auth.role", "identity entity boss"),
    ),
    change(add_policy("minting", MINTING), ("vault.policy.undeclared", "policy minting")),
    change(
        vault_write("auth/a/b/people/users/by-minting", password="by-hand-1", token_policies=["minting"]),
        _role("a/b/people", "users/by-minting"),
    ),
    change(
        several(
            *(add_policy(name, text) for name, text in HALVES.items()),
            vault_write(
                "auth/a/b/people/users/both", password="by-hand-1", token_policies=[*HALVES, "default"]
            ),
            vault_write("auth/a/b/people/users/half", password="by-hand-1", token_policies=[*HALVES][:1]),
        ),
        ("vault.auth.role", "auth/a/b/people/users/both"),
    ),
    change(add_policy("delegating", DELEGATING), ("vault.policy.undeclared", "policy delegating")),
    change(
        vault_write("auth/a/b/people/users/lead", password="by-hand-1", token_policies=["delegating"]),
        _role("a/b/people", "users/lead"),
    ),
    change(add_policy("templated", TEMPLATED), ("vault.policy.undeclared", "policy templated")),
    change(add_policy("by-priority", BY_PRIORITY), ("vault.policy.undeclared", "policy by-priority")),
    change(
        several(
            add_policy("harmless", HARMLESS), vault_write("auth/token/roles/a", allowed_policies=["harmless"])
        )
    ),
)
