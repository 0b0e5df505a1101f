"""The catalogue of changes by hand, in batches: within one, each concerns objects of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.drift.changes import (
    CREDENTIALS,
    FIELDS,
    POLICY,
    READ_ALL,
    ROLE,
    add_policy,
    delete,
    remove,
)
from tests.support.drift.drift import (
    Change,
    add_user,
    add_variable,
    change,
    nexus,
    several,
    vault_update,
    vault_write,
)
from tests.support.drift.ways import WAYS, enable_auth

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.project.project import Project


def add_role(role_id: str, *privileges: str) -> Callable[[Project], object]:
    body = {"id": role_id, "name": role_id, "description": "", "privileges": privileges, "roles": []}
    return lambda project: nexus(project, "POST", "roles", json=body)


def shadow_in_subgroup(project: Project) -> None:
    made = project.gitlab("POST", "simulator/seed", json={"groups": [{"path": "orchestrator/tools"}]})
    assert made.ok, made.text
    add_variable(f"groups/{made.json()['groups']['orchestrator/tools']}", "VAULT_ADDR")(project)


def give_group_identity(project: Project) -> None:
    vault = project.vault()
    vault.secrets.identity.create_or_update_group(name="readers", policies=[POLICY])


def remount(version: str) -> Callable[[Project], object]:
    def make(project: Project) -> None:
        sys = project.vault().sys
        sys.disable_secrets_engine("secret")
        if version:
            sys.enable_secrets_engine("kv", path="secret", options={"version": version})

    return make


OUTSIDE = (
    change(add_user("svc-ghost", "nx-anonymous"), ("nexus.user.undeclared", "user svc-ghost")),
    change(add_user("SVC-Bench", "nx-anonymous"), ("nexus.user.twin", "user SVC-Bench")),
    change(add_user("svc-deployer-b", "nx-anonymous"), ("nexus.user.twin", "user svc-deployer-b")),
    change(add_user("jane.doe", "nx-admin"), ("nexus.user.admin", "user jane.doe")),
    change(add_user("max.moe", "nx-pull-all"), ("nexus.user.holder", "user max.moe")),
    change(
        several(add_role("helpdesk", "nx-users-update"), add_user("hd1", "helpdesk")),
        ("nexus.role.admin", "role helpdesk"),
    ),
    change(
        lambda project: nexus(
            project, "PUT", "realms/active", json=[*nexus(project, "GET", "realms/active"), "DefaultRole"]
        ),
        ("nexus.realm.defaultrole", "realm DefaultRole"),
    ),
    change(add_role("ci-svc-ghost"), ("nexus.role.undeclared", "role ci-svc-ghost")),
    change(add_role("CI-svc-bench"), ("nexus.role.twin", "role CI-svc-bench")),
    change(
        several(
            lambda project: nexus(
                project,
                "POST",
                "privileges/wildcard",
                json={"name": "by-hand-everything", "description": "", "pattern": "nexus:*"},
            ),
            add_role("operators", "by-hand-everything"),
            add_user("john.doe", "operators"),
        ),
        ("nexus.role.admin", "role operators"),
    ),
    change(
        lambda project: nexus(
            project,
            "POST",
            "privileges/wildcard",
            json={"name": "ci-svc-ghost-raw", "description": "", "pattern": "nexus:search:read"},
        ),
        ("nexus.privilege.undeclared", "privilege ci-svc-ghost-raw"),
    ),
    change(
        lambda project: nexus(project, "PUT", "anonymous", json={"enabled": True}),
        ("nexus.anonymous.enabled", "anonymous access"),
    ),
    change(add_policy("by-hand", READ_ALL), ("vault.policy.undeclared", "policy by-hand")),
    change(
        vault_write(
            "auth/jwt/role/by-hand",
            role_type="jwt",
            user_claim="project_id",
            bound_audiences=["x"],
            token_policies=[POLICY],
        ),
        ("vault.role.undeclared", "JWT role by-hand"),
    ),
    change(
        several(enable_auth("approle"), vault_write("auth/approle/role/reader", token_policies=["by-hand"])),
        ("vault.auth.role", "auth/approle/role/reader"),
    ),
    change(
        several(
            enable_auth("userpass"),
            vault_write("auth/userpass/users/jane", password="by-hand-1", token_policies=[POLICY]),
        ),
        ("vault.auth.role", "auth/userpass/users/jane"),
    ),
    change(
        vault_write("auth/token/roles/reader", allowed_policies=[POLICY]),
        ("vault.auth.role", "auth/token/roles/reader"),
    ),
    change(give_group_identity, ("vault.auth.role", "identity group readers")),
    change(
        vault_write("secret/data/nexus/ghost", data={"a": "b"}),
        ("vault.secret.undeclared", "secret secret/nexus/ghost"),
    ),
    change(
        vault_write("secret/data/nexus/SVC-fsdb", data={"a": "b"}),
        ("vault.secret.twin", "secret secret/nexus/SVC-fsdb"),
    ),
    change(
        vault_update(ROLE, claim_mappings={"ref": "ref"}, clock_skew_leeway=120),
        ("vault.role.fields", "JWT role nexus-ci"),
    ),
    change(
        vault_update("auth/jwt/config", jwt_supported_algs=["RS256", "ES256"]),
        ("vault.backend.config", "JWT backend jwt/"),
    ),
    change(
        vault_write("secret/config", cas_required=True, delete_version_after="24h"),
        ("vault.kv.config", "KV engine secret/"),
    ),
    change(
        add_variable("groups/9", "Vault_Addr"),
        ("gitlab.variable.twin", "variable Vault_Addr of orchestrator"),
    ),
    change(
        add_variable("projects/orchestrator%2Fbench", "VAULT_ADDR"),
        ("gitlab.variable.shadowed", "variable VAULT_ADDR of orchestrator/bench"),
    ),
    change(shadow_in_subgroup, ("gitlab.variable.shadowed", "variable VAULT_ADDR of orchestrator/tools")),
)

MISSING = (
    change(delete(f"sys/policies/acl/{POLICY}"), ("vault.policy.missing", f"policy {POLICY}")),
    change(delete(ROLE), ("vault.role.missing", "JWT role nexus-ci")),
    change(
        remove("roles/nx-pull-all"),
        ("nexus.role.missing", "role nx-pull-all"),
        ("nexus.user.roles", "user svc-deployer"),
    ),
    change(
        several(
            remove("privileges/ci-svc-executor-raw-dev"), remove("content-selectors/ci-svc-executor-raw")
        ),
        ("nexus.privilege.missing", "privilege ci-svc-executor-raw-dev"),
        ("nexus.selector.missing", "content selector ci-svc-executor-raw"),
        ("nexus.role.content", "role ci-svc-executor"),
    ),
)

BACKEND_GONE = (
    change(
        lambda project: project.vault().sys.disable_auth_method("jwt"),
        ("vault.backend.missing", "JWT backend jwt/"),
    ),
)
ENGINE_GONE = (change(remount(""), ("vault.mount.missing", "KV engine secret/")),)
ENGINE_OLD = (change(remount("1"), ("vault.mount.version", "KV engine secret/")),)

READ_ONLY = (
    change(
        lambda project: project.nexus("POST", "read-only/freeze").raise_for_status(),
        ("nexus.mode.readonly", "Nexus"),
    ),
)

BATCHES: dict[str, tuple[Change, ...]] = {
    "credentials": CREDENTIALS + BACKEND_GONE,
    "fields": FIELDS,
    "outside": OUTSIDE + WAYS,
    "missing": MISSING + ENGINE_GONE,
    "an engine of version 1, a frozen Nexus": ENGINE_OLD + READ_ONLY,
}
