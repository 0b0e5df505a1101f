"""What a crawl says of things that access.yaml cannot describe is what `up --refresh` does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.drift.changes import POLICY, ROLE, add_policy
from tests.support.drift.drift import (
    DRIFT,
    add_user,
    add_variable,
    look,
    several,
    user_of,
    vault_update,
    vault_write,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project.project import Project

BACKEND = "auth/jwt/config"
# The backend's own reasons, which nothing describes.
FIELDS = {"jwt_supported_algs": ["RS256", "ES256"]}
KEPT = {"claim_mappings": {"project_path": "project_path"}}
JWT_ROLE: dict[str, Any] = {
    "role_type": "jwt",
    "user_claim": "project_id",
    "bound_audiences": ["x"],
    "bound_claims": {"namespace_path": ["orchestrator"]},
}
PEOPLE: dict[str, Any] = {
    "role_type": "oidc",
    "user_claim": "sub",
    "allowed_redirect_uris": ["http://127.0.0.1/callback"],
    "token_policies": [POLICY],
}
# What stays, by the crawl's rule, and how to see that it does.
VAULT = {
    "role-left-out: theirs": "auth/jwt/role/theirs",
    "role-writes: writer": "auth/jwt/role/writer",
    "role-oidc: people": "auth/jwt/role/people",
    "kv-version-1: old/": "sys/mounts/old",
    "secret-elsewhere: secret/other/svc-bench": "secret/data/other/svc-bench",
}


def make_by_hand(project: Project) -> None:
    project.vault().sys.enable_secrets_engine("kv", path="old", options={"version": "1"})
    several(
        vault_write("auth/jwt/role/theirs", **JWT_ROLE, token_policies=["default"]),
        add_policy("writes", 'path "secret/data/nexus/+" { capabilities = ["create", "update"] }'),
        vault_write("auth/jwt/role/people", **PEOPLE),
        vault_write("auth/jwt/role/writer", **JWT_ROLE, token_policies=["writes"]),
        vault_write("secret/data/other/svc-bench", data={"a": "b"}),
        add_user("jane", "nx-anonymous"),
        add_variable("groups/9", "NEXUS_PASSWORD"),
        vault_update(BACKEND, **FIELDS),
    )(project)


def crawl(project: Project, out: Path) -> str:
    settings = ("--stack", "local", "--config-file", str(project.folder / "Pulumi.local.yaml"))
    words = ("adopt", "crawl", "--group", "orchestrator", "--out", str(out), *settings)
    return project.ciaccess(*words).succeeded().out


def seen(project: Project) -> dict[str, Any]:
    vault: Any = project.vault()
    found = {path: vault.read(path)["data"] for path in VAULT.values()}
    variables = project.gitlab("GET", "api/v4/groups/9/variables/NEXUS_PASSWORD").json()
    return {**found, "jane": user_of(project, "jane"), "variable": variables}


def backend(project: Project) -> dict[str, Any]:
    found: Any = project.vault().read(BACKEND)
    return {name: value for name, value in found["data"].items() if value}


def test_what_stays_and_what_the_next_up_removes_is_as_the_crawl_says(
    provisioned: Project, tmp_path: Path
) -> None:
    make_by_hand(provisioned)
    said = crawl(provisioned, tmp_path / "one.yaml")
    for rule in VAULT:
        assert rule in said
    assert "own policies neither read nor write a secret in secret/nexus" in said
    assert "user-without-secret: jane is a user" in said
    assert "credential-variable: " in said
    assert "backend-field: the backend has jwt_supported_algs" in said
    before, fields = seen(provisioned), backend(provisioned)
    vault_update(BACKEND, default_role="nexus-ci")(provisioned)
    vault_update(ROLE, **KEPT)(provisioned)
    said = crawl(provisioned, tmp_path / "two.yaml")
    assert "default-role: " in said
    assert "role-field: it has claim_mappings, which access.yaml cannot describe. up leaves it" in said
    provisioned.up("--refresh").succeeded()
    assert seen(provisioned) == before
    assert backend(provisioned) == {name: value for name, value in fields.items() if name not in FIELDS}
    role: Any = provisioned.vault().read(ROLE)
    assert role["data"]["claim_mappings"] == KEPT["claim_mappings"]


def test_a_role_with_fields_that_no_up_changes_is_adopted_and_reset_by_the_command_of_drift(
    provisioned: Project,
) -> None:
    settings = ("--stack", "local", "--config-file", str(provisioned.folder / "Pulumi.local.yaml"))
    vault_update(ROLE, **KEPT, token_ttl=500)(provisioned)
    (urn,) = (
        each["urn"]
        for each in provisioned.inspect("export").json()["deployment"]["resources"]
        if each["urn"].endswith("AuthBackendRole::vault-role-nexus-ci")
    )
    provisioned.run("pulumi", "state", "delete", urn, "--stack", "local", "--yes").succeeded()
    words = (
        "the first up changes tokenTtl; up leaves claimMappings: drift has the command",
        "not in the plan",
    )
    done = provisioned.ciaccess("adopt", "run", "--all", "--yes", *settings)
    assert (done.code, [each in done.text for each in words]) == (DRIFT, [True, False]), done.text
    (finding,) = of_the_role(provisioned)
    assert finding["found"] == 'claim_mappings={"project_path": "project_path"}'
    assert provisioned.run("sh", "-ec", finding["by_hand"]).code == 0
    provisioned.ciaccess("adopt", "run", "--all", "--yes", *settings).succeeded()
    provisioned.preview().succeeded()
    assert of_the_role(provisioned) == []


def of_the_role(project: Project) -> list[dict[str, Any]]:
    """Return the findings of the role; the test before this may have left others."""
    return [each for each in look(project).report["findings"] if each["object"] == "JWT role nexus-ci"]
