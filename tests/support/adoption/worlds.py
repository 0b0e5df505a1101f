"""Worlds for unit tests: a small one in which all is well, to be changed at one place."""

from __future__ import annotations

from typing import Any

from ciaccess.access.desired.objects import Variable
from ciaccess.adoption.inventory import GroupInventory, Inventory, NexusInventory
from ciaccess.adoption.vault_reading import VaultInventory
from ciaccess.clients.nexus import Privilege, Repository, Role, User
from ciaccess.clients.vault.secret import THERE, SecretSnapshot

READ = ("nx-repository-view-raw-raw-dev-browse", "nx-repository-view-raw-raw-dev-read")
PASSWORD = "by-hand-password"


def policy(*paths: str) -> str:
    return "\n".join(f'path "{path}" {{ capabilities = ["read"] }}' for path in paths)


def user(name: str, *roles: str, **fields: Any) -> User:
    return User(
        **{
            "user_id": name,
            "first_name": "Some",
            "last_name": "Body",
            "email_address": f"{name}@example.org",
            "status": "active",
            "roles": frozenset(roles),
            **fields,
        }
    )


def role(name: str, *privileges: str, roles: tuple[str, ...] = (), description: str = "By hand") -> Role:
    return Role(name, name, description, frozenset(privileges), frozenset(roles))


def secret(name: str, *more: str, username: str | None = None, **custom: str) -> SecretSnapshot:
    fields = {"username": name if username is None else username, "password": PASSWORD}
    return SecretSnapshot(THERE, 1, fields=fields | dict.fromkeys(more, "x"), custom=custom)


def jwt_role(*policies: str, **fields: Any) -> dict[str, Any]:
    return {
        "role_type": "jwt",
        "token_policies": list(policies),
        "bound_audiences": ["https://gitlab.example"],
        "bound_claims": {"namespace_path": ["team", "team/*"]},
        "bound_claims_type": "glob",
        "user_claim": "project_id",
        "token_ttl": 600,
        "token_max_ttl": 600,
        "token_type": "service",
        **fields,
    }


def nexus(**changes: Any) -> NexusInventory:
    fields: dict[str, Any] = {
        "url": "https://nexus.example",
        "users": {"svc-a": user("svc-a", "reads")},
        "roles": {"reads": role("reads", *READ), "nx-admin": role("nx-admin", "nx-all")},
        "privileges": {},
        "selectors": {},
        "repositories": {
            name: Repository(name, "raw", "hosted", "") for name in ("raw-dev", "raw-uat", "raw-prod")
        },
        "accepted_secrets": frozenset({"svc-a"}),
    }
    return NexusInventory(**{**fields, **changes})


def vault(**changes: Any) -> VaultInventory:
    fields: dict[str, Any] = {
        "address": "https://vault.example",
        "mount": "secret",
        "prefix": "nexus",
        "secrets": {"svc-a": secret("svc-a")},
        "elsewhere": (),
        "kv_one": (),
        "unlisted": (),
        "jwt_mount": "jwt",
        "backend": {"bound_issuer": "https://gitlab.example", "oidc_discovery_url": "https://gitlab.example"},
        "roles": {"ci": jwt_role("reads-a")},
        "policies": {"reads-a": policy("secret/data/nexus/svc-a")},
    }
    return VaultInventory(**{**fields, **changes})


def variable(key: str, value: str, **fields: Any) -> Variable:
    return Variable("9", key, value, **{"raw": True, "description": "Managed by ciaccess", **fields})


def world(
    vault_seen: VaultInventory | None = None, nexus_seen: NexusInventory | None = None, *variables: Variable
) -> Inventory:
    given = variables or (
        variable("VAULT_ADDR", "https://vault.example"),
        variable("NEXUS_REGISTRY_PUSH", "nexus.example:8443"),
        variable("NEXUS_REGISTRY_PULL", "nexus.example:8444"),
    )
    return Inventory(
        vault_seen or vault(),
        nexus_seen or nexus(),
        "https://gitlab.example",
        (GroupInventory(9, "team", given),),
    )


def privilege(name: str, selector: str, repository: str = "raw-dev") -> Privilege:
    return Privilege(
        name, "repository-content-selector", "", frozenset({"read"}), "raw", repository, selector
    )
