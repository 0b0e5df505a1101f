"""Changes by hand to what is declared: credentials, and the fields of every kind of object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.drift.drift import (
    GROUP,
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

    from tests.support.project.project import Project

ROLE = "auth/jwt/role/nexus-ci"
POLICY = "nexus-read-policy"
READ_ALL = 'path "secret/*" { capabilities = ["read"] }'


def metadata(account: str, **fields: Any) -> Callable[[Project], object]:
    return vault_write(f"secret/metadata/nexus/{account}", **fields)


def delete(path: str) -> Callable[[Project], object]:
    return lambda project: project.vault().delete(path)


def remove(path: str) -> Callable[[Project], object]:
    return lambda project: nexus(project, "DELETE", path)


def add_policy(name: str, text: str) -> Callable[[Project], object]:
    return lambda project: project.vault().sys.create_or_update_policy(name, text)


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda role: {"privileges": [each for each in role["privileges"] if name not in each]}


def hide(key: str) -> Callable[[Project], object]:
    """Make a variable anew, hidden; there is no other way."""

    def make(project: Project) -> None:
        assert project.gitlab("DELETE", f"{GROUP}/variables/{key}").ok
        as_declared = {"raw": True, "description": "Managed by ciaccess"}
        add_variable("groups/9", key, masked_and_hidden=True, **as_declared)(project)

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
