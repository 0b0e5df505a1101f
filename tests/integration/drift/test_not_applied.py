"""What access.yaml has since the last `up` is told from what somebody changed by hand, on the real state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.drift.drift import CLEAN, DRIFT, look, put_user, several, vault_update

if TYPE_CHECKING:
    from tests.support.project.project import Project

NEW = "  svc-new:\n    purpose: New\n    push: [raw]\n  svc-deployer:\n"
# Of each kind of object a change in access.yaml, and what drift says of it.
EDITS = (
    ("token_ttl: 10m", "token_ttl: 5m"),
    ("purpose: Bench\n    push: [yum]", "purpose: Benchmarks\n    push: [yum, raw]"),
    ("  svc-fsdb:\n    purpose: FSDB/CWIQFS\n    push: [yum]\n", ""),
    ("        - svc-fsdb\n", ""),
    ("  svc-deployer:\n", NEW),
)
NOT_APPLIED = {
    "JWT role nexus-ci",
    "policy nexus-read-policy",
    "user svc-bench",
    "role ci-svc-bench",
    "user svc-fsdb",
    "role ci-svc-fsdb",
    "secret secret/nexus/svc-fsdb",
    "user svc-new",
    "role ci-svc-new",
    "secret secret/nexus/svc-new",
}
BY_HAND = {"user svc-promoter", "JWT role ciaccess-drift"}


def test_changes_of_access_yaml_are_told_from_changes_by_hand_until_they_are_applied(
    provisioned: Project,
) -> None:
    words = ("--file", str(provisioned.access))
    for old, new in EDITS:
        provisioned.edit(old, new)
    several(
        put_user("svc-promoter", status="disabled"),
        vault_update("auth/jwt/role/ciaccess-drift", token_ttl=60),
    )(provisioned)
    looked = look(provisioned, *words)
    assert looked.code == DRIFT
    found = {each["object"]: each["not_applied"] for each in looked.report["findings"]}
    assert {name for name, waits in found.items() if waits} == NOT_APPLIED
    assert {name for name, waits in found.items() if not waits} == BY_HAND
    assert all(each["repair"] == "pulumi" and not each["by_hand"] for each in looked.report["findings"])
    shown = provisioned.ciaccess("drift", "--stack", "local", *words).out
    assert "of them by changes of access.yaml since the last `pulumi up`" in shown
    without = look(provisioned, "--no-state", *words).report["findings"]
    assert not any(each["not_applied"] for each in without)
    provisioned.up("--refresh").succeeded()
    assert look(provisioned, *words).code == CLEAN


FORMER = """\
    nexus-former:
      bound_audiences: ["https://gitlab.shared.cwiq.io"]
      bound_claims: {namespace_path: [orchestrator, "orchestrator/*"], ref_protected: "true"}
      accounts: [svc-former]
"""
ACCOUNT = "  svc-former:\n    purpose: Former\n    push: [raw]\n    path: /former/\n"


def test_what_is_declared_no_longer_is_told_from_what_somebody_changed_in_it(provisioned: Project) -> None:
    words = ("--file", str(provisioned.access))
    before = provisioned.access.read_text(encoding="utf-8")
    provisioned.edit("    nexus-ci: ", f"{FORMER}    nexus-ci: ")
    provisioned.edit("  svc-deployer:\n", f"{ACCOUNT}  svc-deployer:\n")
    provisioned.up().succeeded()
    provisioned.access.write_text(before, encoding="utf-8")
    gone = {
        "JWT role nexus-former",
        "policy nexus-former-policy",
        "policy ciaccess-apply-policy",  # it names the role
        "user svc-former",
        "role ci-svc-former",
        "privilege ci-svc-former-raw-dev",
        "secret secret/nexus/svc-former",
    }
    found = look(provisioned, *words).report["findings"]
    assert {each["object"] for each in found if each["not_applied"]} == gone
    assert {each["object"] for each in found} == gone
    several(
        put_user("svc-former", roles=["ci-svc-former", "nx-admin"]),
        vault_update("auth/jwt/role/nexus-former", token_bound_cidrs=["10.0.0.0/8"]),
    )(provisioned)
    found = look(provisioned, *words).report["findings"]
    by_hand = {each["object"]: each["id"] for each in found if not each["not_applied"]}
    assert by_hand == {
        "user svc-former": "nexus.user.admin",
        "JWT role nexus-former": "vault.role.undeclared",
    }
    assert {each["repair"] for each in found} == {"pulumi"}
    shown = provisioned.ciaccess("drift", "--stack", "local", *words).out
    assert "no longer declared; the next `pulumi up` deletes it" in shown
    provisioned.up().succeeded()
    assert look(provisioned, *words).code == CLEAN
