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
