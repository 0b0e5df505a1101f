"""One mistake brings one message, not those that follow from it as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.access.access import checked, edited

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("vault:\n", "valut:\n", "valut"),
        ("\nnexus:\n", "\nnexsus:\n", "nexsus"),
        ("\ngitlab:\n", "\ngitlb:\n", "gitlb"),
        ("\naccounts:\n", "\nacounts:\n", "acounts"),
        ("  address:", "  adress:", "vault.adress"),
        ("  jwt:", "  jtw:", "vault.jtw"),
        ("discovery_url", "discovry_url", "vault.jwt.discovry_url"),
        ("  roles:\n    nexus-ci", "  rols:\n    nexus-ci", "vault.rols"),
        ("bound_claims", "bound_claim", "vault.roles.nexus-ci.bound_claim"),
        ("      accounts: [svc-app", "      acounts: [svc-app", "vault.roles.nexus-ci.acounts"),
        ("  repositories:", "  repositries:", "nexus.repositries"),
        ("privileges:", "privleges:", "nexus.roles.nx-search.privleges"),
        ("  groups:", "  gruops:", "gitlab.gruops"),
        ("variables:", "varables:", "gitlab.groups.orchestrator.varables"),
        ("accounts: [svc-app, svc-tool]", "accounts: [svc-app, svc-tol]", "vault.roles.nexus-ci.accounts[1]"),
    ],
)
def test_a_misspelt_key_or_account_is_one_fault(tmp_path: Path, old: str, new: str, field: str) -> None:
    assert [each.field for each in checked(tmp_path, edited((old, new))).faults] == [field]


def test_another_mistake_below_a_misspelt_key_is_a_fault_of_its_own(tmp_path: Path) -> None:
    edits = (
        ("  roles:\n    nexus-ci", "  rols:\n    nexus-ci"),
        ("[svc-app, svc-tool]", "[svc-app, nobody]"),
    )
    faults = checked(tmp_path, edited(*edits)).faults
    assert [(each.field, each.line) for each in faults] == [
        ("vault.rols", 9),
        ("vault.roles.nexus-ci.accounts[1]", 16),
    ]


@pytest.mark.parametrize(
    "kv", ["{mount: nexus}", "{mount: nexus, prefix: ci}", "{mount: ciaccess, prefix: nexus}"]
)
def test_a_mount_named_as_a_default_folder_brings_none(kv: str, tmp_path: Path) -> None:
    text = edited(("{mount: secret, prefix: nexus}", kv))
    assert [each for each in checked(tmp_path, text).faults if each.severity == "error"] == []
