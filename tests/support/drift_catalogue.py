"""The catalogue of changes by hand, in batches: within one, each concerns objects of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.drift import (
    GROUP,
    Change,
    add_user,
    add_variable,
    change,
    nexus,
    put_object,
    put_privilege,
    put_role,
    put_secret,
    put_user,
    put_variable,
    set_password,
    several,
    vault_update,
    vault_write,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.project import Project

ROLE = "auth/jwt/role/nexus-ci"
POLICY = "nexus-read-policy"
READ_ALL = 'path "secret/*" { capabilities = ["read"] }'


def metadata(account: str, **fields: Any) -> Callable[[Project], object]:
    return vault_write(f"secret/metadata/nexus/{account}", **fields)


def delete(path: str) -> Callable[[Project], object]:
    return lambda project: project.vault().delete(path)


def remove(path: str) -> Callable[[Project], object]:
    return lambda project: nexus(project, "DELETE", path)


def add_role(role_id: str, *privileges: str) -> Callable[[Project], object]:
    body = {"id": role_id, "name": role_id, "description": "", "privileges": privileges, "roles": []}
    return lambda project: nexus(project, "POST", "roles", json=body)


def add_policy(name: str, text: str) -> Callable[[Project], object]:
    return lambda project: project.vault().sys.create_or_update_policy(name, text)


def enable_auth(kind: str) -> Callable[[Project], object]:
    return lambda project: project.vault().sys.enable_auth_method(kind)


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda role: {"privileges": [each for each in role["privileges"] if name not in each]}


def hide(key: str) -> Callable[[Project], object]:
    """Make a variable anew, hidden; there is no other way."""

    def make(project: Project) -> None:
        assert project.gitlab("DELETE", f"{GROUP}/variables/{key}").ok
        as_declared = {"raw": True, "description": "Managed by ciaccess"}
        add_variable("groups/9", key, masked_and_hidden=True, **as_declared)(project)

    return make


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


CREDENTIALS = (
    change(put_secret("svc-bench", password="by-hand"), ("vault.secret.password", "account svc-bench")),
    change(set_password("svc-fsdb"), ("nexus.user.password", "account svc-fsdb")),
    change(
        several(put_secret("svc-datastore", password="by-hand"), set_password("svc-datastore")),
        ("account.password.both", "account svc-datastore"),
    ),
    change(
        several(put_secret("svc-promoter", password="by-hand"), set_password("svc-promoter", "another")),
        ("account.password.both", "account svc-promoter"),
    ),
    change(put_user("svc-executor", status="disabled"), ("nexus.user.status", "user svc-executor")),
    change(remove("users/svc-deployer"), ("nexus.user.missing", "user svc-deployer")),
    change(
        delete("secret/data/nexus/svc-orchestrator"),
        ("vault.secret.deleted", "secret secret/nexus/svc-orchestrator"),
    ),
    change(
        put_secret("svc-admin", username="svc-other"),
        ("vault.secret.username", "secret secret/nexus/svc-admin"),
    ),
)

FIELDS = (
    change(
        delete("secret/metadata/nexus/svc-bench"), ("vault.secret.missing", "secret secret/nexus/svc-bench")
    ),
    change(
        vault_write("secret/destroy/nexus/svc-fsdb", versions=[1, 2, 3]),
        ("vault.secret.destroyed", "secret secret/nexus/svc-fsdb"),
    ),
    change(
        put_secret("svc-datastore", host="elsewhere"),
        ("vault.secret.fields", "secret secret/nexus/svc-datastore"),
    ),
    change(
        vault_write("secret/data/nexus/svc-promoter", data={"username": "svc-promoter"}),
        ("vault.secret.fields", "secret secret/nexus/svc-promoter"),
    ),
    change(
        metadata("svc-admin", custom_metadata={"owner": "somebody"}),
        ("vault.secret.metadata", "secret secret/nexus/svc-admin"),
    ),
    change(
        metadata("svc-executor", max_versions=1, delete_version_after="8760h"),
        ("vault.secret.metadata", "secret secret/nexus/svc-executor"),
    ),
    change(
        several(put_user("svc-deployer", status="disabled"), put_secret("svc-deployer", password="by-hand")),
        ("nexus.user.status", "user svc-deployer"),
        ("vault.secret.password", "account svc-deployer"),
    ),
    change(
        put_user("svc-bench", roles=["ci-svc-bench", "nx-pull-all"]), ("nexus.user.roles", "user svc-bench")
    ),
    change(
        put_user("svc-datastore", roles=["ci-svc-datastore", "nx-admin"]),
        ("nexus.user.admin", "user svc-datastore"),
    ),
    change(
        put_user("svc-orchestrator", firstName="Someone"), ("nexus.user.profile", "user svc-orchestrator")
    ),
    change(
        add_policy(POLICY, 'path "*" { capabilities = ["read"] }'),
        ("vault.policy.text", f"policy {POLICY}"),
    ),
    change(
        vault_update(ROLE, bound_audiences=["https://elsewhere"], token_ttl=3600, token_max_ttl=3600),
        ("vault.role.fields", "JWT role nexus-ci"),
    ),
    change(vault_update("auth/jwt/config", bound_issuer=""), ("vault.backend.config", "JWT backend jwt/")),
    change(
        vault_write("sys/auth/jwt/tune", description="by hand"),
        ("vault.backend.description", "JWT backend jwt/"),
    ),
    change(
        vault_write("sys/auth/jwt/tune", default_lease_ttl="20m", listing_visibility="unauth"),
        ("vault.backend.tune", "JWT backend jwt/"),
    ),
    change(vault_write("secret/config", max_versions=3), ("vault.kv.config", "KV engine secret/")),
    change(put_role("ci-svc-bench", without("-edit")), ("nexus.role.content", "role ci-svc-bench")),
    change(
        put_role("nx-pull-all", lambda _: {"description": "by hand"}),
        ("nexus.role.text", "role nx-pull-all"),
    ),
    change(
        put_role("ci-svc-fsdb", lambda role: {"privileges": [*role["privileges"], "nx-all"]}),
        ("nexus.role.admin", "role ci-svc-fsdb"),
    ),
    change(
        put_object("content-selectors/ci-svc-executor-raw", expression='format == "raw"'),
        ("nexus.selector.expression", "content selector ci-svc-executor-raw"),
    ),
    change(
        put_object("content-selectors/ci-svc-executor-yum", description="by hand"),
        ("nexus.selector.text", "content selector ci-svc-executor-yum"),
    ),
    change(
        put_privilege("ci-svc-executor-raw-dev", actions=["BROWSE", "READ", "EDIT", "ADD", "DELETE"]),
        ("nexus.privilege.fields", "privilege ci-svc-executor-raw-dev"),
    ),
    change(
        put_privilege("ci-svc-executor-rpm-dev", description="by hand"),
        ("nexus.privilege.text", "privilege ci-svc-executor-rpm-dev"),
    ),
    change(
        put_variable("VAULT_ADDR", value="https://elsewhere.example"),
        ("gitlab.variable.value", "variable VAULT_ADDR of orchestrator"),
    ),
    change(
        put_variable("NEXUS_REGISTRY", protected=True, raw=False),
        ("gitlab.variable.flags", "variable NEXUS_REGISTRY of orchestrator"),
    ),
    change(
        lambda project: project.gitlab("DELETE", f"{GROUP}/variables/NEXUS_RPM_REPO").raise_for_status(),
        ("gitlab.variable.missing", "variable NEXUS_RPM_REPO of orchestrator"),
    ),
    change(
        hide("NEXUS_REGISTRY_PULL"),
        ("gitlab.variable.hidden", "variable NEXUS_REGISTRY_PULL of orchestrator"),
    ),
)

OUTSIDE = (
    change(add_user("svc-ghost", "nx-anonymous"), ("nexus.user.undeclared", "user svc-ghost")),
    change(add_user("SVC-Bench", "nx-anonymous"), ("nexus.user.twin", "user SVC-Bench")),
    change(add_user("svc-deployer-b", "nx-anonymous"), ("nexus.user.twin", "user svc-deployer-b")),
    change(add_user("jane.doe", "nx-admin"), ("nexus.user.admin", "user jane.doe")),
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
    "outside": OUTSIDE,
    "missing": MISSING + ENGINE_GONE,
    "an engine of version 1, a frozen Nexus": ENGINE_OLD + READ_ONLY,
}
