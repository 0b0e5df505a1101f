"""The commands that are printed for people do no more than they should, on a real Vault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.drift.changes import ROLE
from tests.support.drift.drift import CLEAN, DRIFT, add_user, do_by_hand, look, nexus, vault_update
from tests.support.servers.scripted_server import make_certificate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project.project import Project

# Every field that the engine does not reset, with a value.
LEFT = {
    "allowed_redirect_uris": ["https://elsewhere.test/callback"],
    "claim_mappings": {"project_path": "project_path"},
    "clock_skew_leeway": 120,
    "expiration_leeway": 130,
    "max_age": 99,
    "not_before_leeway": 140,
    "oidc_scopes": ["email"],
    "user_claim_json_pointer": True,
}


def role(project: Project) -> dict[str, Any]:
    """Return the role; a field that was written as empty is empty, and no longer null."""
    found: Any = project.vault().read(ROLE)
    return {name: value or None for name, value in found["data"].items()}


def test_fields_of_a_role_are_reset_and_the_role_stays(provisioned: Project) -> None:
    before = role(provisioned)
    vault_update(ROLE, **LEFT)(provisioned)
    looked = look(provisioned)
    (finding,) = looked.report["findings"]
    assert (finding["id"], finding["repair"]) == ("vault.role.fields", "by hand")
    assert "delete" not in finding["by_hand"]
    assert all(f"{field}=" in finding["found"] for field in LEFT)
    do_by_hand(provisioned, looked)
    assert role(provisioned) == before
    assert look(provisioned).code == CLEAN
    assert provisioned.preview().code == 0


def test_an_undeclared_service_account_that_administers_nexus_is_one_finding(provisioned: Project) -> None:
    add_user("svc-ghost", "nx-admin")(provisioned)
    try:
        looked = look(provisioned)
        assert looked.code == DRIFT
        (finding,) = looked.report["findings"]
        assert (finding["id"], finding["object"]) == ("nexus.user.admin", "user svc-ghost")
        assert finding["found"] == "a service account that administers Nexus by nx-admin"
        do_by_hand(provisioned, looked)
        assert look(provisioned).code == CLEAN
    finally:
        if any(row["userId"] == "svc-ghost" for row in nexus(provisioned, "GET", "users?source=default")):
            nexus(provisioned, "DELETE", "users/svc-ghost")


def test_settings_of_the_own_project_that_let_other_code_in_are_found_and_set_by_the_commands(
    provisioned: Project,
) -> None:
    """In GitLab: who may push, merge and set variables; caches, tags."""
    own = "api/v4/projects/orchestrator%2Fciaccess"
    loose = {"name": "main", "push_access_level": 40, "merge_access_level": 30, "allow_force_push": True}
    settings = {"ci_pipeline_variables_minimum_override_role": "developer", "ci_separated_caches": False}
    for method, path, body in (
        ("DELETE", f"{own}/protected_branches/main", None),
        ("POST", f"{own}/protected_branches", loose),
        ("PUT", own, settings),
        ("DELETE", f"{own}/protected_tags/*", None),
    ):
        assert provisioned.gitlab(method, path, json=body).ok
    looked = look(provisioned)
    assert looked.code == DRIFT
    found = {finding["id"]: finding["found"] for finding in looked.report["findings"]}
    assert found == {
        "gitlab.project.branch": "Maintainers may push, Developers may merge, force push is allowed",
        "gitlab.project.variables": "developer",
        "gitlab.project.caches": "one cache for all branches",
        "gitlab.project.tags": "Developers may create the tag main",
    }
    do_by_hand(provisioned, looked)
    assert look(provisioned).code == CLEAN
    assert provisioned.gitlab("DELETE", f"{own}/protected_branches/main").ok
    looked = look(provisioned)
    (finding,) = looked.report["findings"]
    assert (finding["id"], finding["found"]) == ("gitlab.project.branch", "not protected")
    do_by_hand(provisioned, looked)
    assert look(provisioned).code == CLEAN


def test_an_authority_that_is_declared_is_sent_kept_and_put_back_by_the_engine(
    provisioned: Project, tmp_path: Path
) -> None:
    pem = make_certificate(tmp_path)[0].read_text(encoding="ascii").strip()
    line = "    discovery_url: ${gitlab.url}\n"
    block = "".join(f"      {each}\n" for each in pem.splitlines())
    provisioned.edit(line, f"{line}    oidc_discovery_ca_pem: |\n{block}")
    provisioned.up().succeeded()
    config = "auth/jwt/config"
    found: Any = provisioned.vault().read(config)
    assert found["data"]["oidc_discovery_ca_pem"].strip() == pem
    assert provisioned.preview().code == 0
    words = ("--file", str(provisioned.access))
    assert look(provisioned, *words).code == CLEAN
    vault_update(config, oidc_discovery_ca_pem="")(provisioned)
    looked = look(provisioned, *words)
    (finding,) = looked.report["findings"]
    assert (finding["id"], finding["repair"]) == ("vault.backend.config", "pulumi")
    # As `drift --repair` would, but with this project's settings.
    provisioned.pulumi(*looked.report["repair"], "--yes", "--skip-preview").succeeded()
    assert look(provisioned, *words).code == CLEAN
