"""What an account may hold whose secret a job reads, and which jobs may read what writes releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.access.desired import vault
from tests.support.access.access import checked, edited, valid

if TYPE_CHECKING:
    from pathlib import Path

READ_DEPLOYER = ("accounts: [svc-promoter]", "accounts: [svc-promoter, svc-deployer]")
READ_BY_ANY_BRANCH = ("accounts: [svc-app, svc-tool]", "accounts: [svc-app, svc-tool, svc-deployer]")


@pytest.mark.parametrize(
    "privilege",
    [
        "nx-all",
        "nx-tasks-run",
        "nx-atlas-all",
        "nx-capabilities-create",
        "nx-settings-update",
        "nx-saml-all",
        "nx-usertoken-current",
        "nx-selectors-all",
        "nx-repository-admin-raw-raw-dev-edit",
        "nx-apikey-all",
        "nx-component-upload",
        "my-own-wildcard",
    ],
)
def test_an_account_that_a_job_may_read_holds_nothing_but_work_on_repositories(
    tmp_path: Path, privilege: str
) -> None:
    faults = checked(tmp_path, edited(("[nx-search-read]", f"[{privilege}]"), READ_DEPLOYER)).faults
    assert [fault.field for fault in faults if fault.severity == "error"] == [
        "vault.roles.nexus-promote.accounts[1]"
    ]


def test_a_privilege_behind_two_roles_is_found_with_the_role_that_the_account_has(tmp_path: Path) -> None:
    nested = (
        "      roles: [nx-anonymous]\n",
        "      roles: [nx-inner]\n    nx-inner:\n      description: Inner\n      privileges: [nx-blobstores-all]\n",
    )
    (fault,) = checked(tmp_path, edited(nested, READ_DEPLOYER)).faults
    assert '"nx-blobstores-all" by its role nx-search' in fault.message


def test_work_on_repositories_and_the_selectors_of_accounts_are_allowed(tmp_path: Path) -> None:
    names = "[nx-repository-view-raw-*-read, ci-svc-tool-raw-dev, nx-search-read]"
    assert checked(tmp_path, edited(("[nx-search-read]", names), READ_DEPLOYER)).faults == ()


def test_a_privilege_made_in_nexus_is_allowed_where_it_is_listed_as_one_on_repositories(
    tmp_path: Path,
) -> None:
    listed = ("  roles:\n    nx-pull-all:", "  repository_privileges: [team-raw]\n  roles:\n    nx-pull-all:")
    own = edited(("[nx-search-read]", "[team-raw]"), READ_DEPLOYER)
    assert [fault.severity for fault in checked(tmp_path, own).faults] == ["error"]
    assert checked(tmp_path, edited(("[nx-search-read]", "[team-raw]"), READ_DEPLOYER, listed)).faults == ()


def test_strict_takes_a_privilege_made_in_nexus_for_one_that_writes_releases(tmp_path: Path) -> None:
    listed = ("  roles:\n    nx-pull-all:", "  repository_privileges: [team-raw]\n  roles:\n    nx-pull-all:")
    role = ("[nx-search-read]", "[team-raw]")
    assert checked(tmp_path, edited(role, listed, READ_BY_ANY_BRANCH)).access
    strict = ("version: 1\n", "version: 1\nstrict: true\n")
    faults = checked(tmp_path, edited(role, listed, READ_BY_ANY_BRANCH, strict)).faults
    assert [fault.message for fault in faults if fault.severity == "error"] == [
        "svc-deployer writes to uat or prod by its role nx-search if Nexus's privilege team-raw does (where it only reads: nexus.read_privileges), and a job of any branch may read its secret by this role"
    ]
    assert not checked(tmp_path, edited(role, listed, READ_DEPLOYER, strict)).faults


@pytest.mark.parametrize("listed", ["read_privileges: [team-raw]", "repository_privileges: [team-other]"])
def test_strict_accepts_a_privilege_that_is_listed_as_reading_or_reads_by_its_name(
    tmp_path: Path, listed: str
) -> None:
    name = "team-raw" if "team-raw" in listed else "nx-repository-view-raw-raw-prod-read"
    role = ("[nx-search-read]", f"[{name}]")
    declared = ("  roles:\n    nx-pull-all:", f"  {listed}\n  roles:\n    nx-pull-all:")
    strict = ("version: 1\n", "version: 1\nstrict: true\n")
    assert checked(tmp_path, edited(role, declared, READ_BY_ANY_BRANCH, strict)).faults == ()


@pytest.mark.parametrize("privilege", ["raw-raw-prod-edit", "raw-*-add", "*-*-*", "docker-docker-uat-delete"])
def test_a_role_that_writes_releases_is_found_behind_a_named_role(tmp_path: Path, privilege: str) -> None:
    role = ("[nx-search-read]", f"[nx-repository-view-{privilege}]")
    faults = checked(tmp_path, edited(role, READ_BY_ANY_BRANCH)).faults
    assert [fault.message for fault in faults if "writes to uat or prod" in fault.message] == [
        "svc-deployer writes to uat or prod by its role nx-search, and a job of any branch may read its secret by this role"
    ]


@pytest.mark.parametrize(
    "claims",
    ["ref: main", "ref_path: refs/heads/main", "environment: production", 'ref_protected: ["true", "false"]'],
)
def test_only_a_protected_ref_or_environment_guards(tmp_path: Path, claims: str) -> None:
    (fault,) = checked(tmp_path, edited(("ref_protected: true", claims))).faults
    assert (fault.severity, fault.field) == ("warning", "vault.roles.nexus-promote.accounts[0]")
    strict = edited(("ref_protected: true", claims), ("version: 1\n", "version: 1\nstrict: true\n"))
    assert [fault.severity for fault in checked(tmp_path, strict).faults] == ["error"]


def test_a_protected_environment_guards(tmp_path: Path) -> None:
    assert checked(tmp_path, edited(("ref_protected: true", 'environment_protected: "true"'))).faults == ()


def test_a_role_can_be_bound_to_networks_a_subject_and_a_number_of_uses(tmp_path: Path) -> None:
    fields = (
        "      token_type: batch\n",
        (
            "      token_bound_cidrs: [10.0.0.0/8, 192.0.2.7/32]\n      token_num_uses: 3\n      token_explicit_max_ttl: 30m\n"
            "      token_no_default_policy: true\n"
            "      bound_subject: project_path:orchestrator/promotion:ref_type:branch:ref:main\n"
        ),
    )
    access = valid(tmp_path, edited(fields))
    role = vault.jwt_role("nexus-promote", access.vault.roles["nexus-promote"])
    assert role.token_bound_cidrs == {"10.0.0.0/8", "192.0.2.7"}, "as Vault writes them"
    assert (role.token_num_uses, role.token_explicit_max_ttl, role.token_no_default_policy) == (3, 1800, True)
    assert role.bound_subject == "project_path:orchestrator/promotion:ref_type:branch:ref:main"


@pytest.mark.parametrize(
    "field",
    [
        "token_bound_cidrs: [10.0.0.1/8]",
        "token_bound_cidrs: [everywhere]",
        "token_num_uses: -1",
        "bound_subject: repo:x:ref:refs/heads/main",
        "bound_subject: project_path:orchestrator/*",
    ],
)
def test_a_limit_that_vault_would_not_take_or_never_match_is_refused(tmp_path: Path, field: str) -> None:
    assert (
        checked(tmp_path, edited(("      token_ttl: 300\n", f"      token_ttl: 300\n      {field}\n"))).access
        is None
    )


def test_a_certificate_authority_belongs_to_its_source_and_is_a_certificate(tmp_path: Path) -> None:
    pem = '"-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----"'
    source = "    discovery_url: ${gitlab.url}\n"
    assert checked(tmp_path, edited((source, f"{source}    oidc_discovery_ca_pem: {pem}\n"))).faults == ()
    assert checked(tmp_path, edited((source, f"{source}    jwks_ca_pem: {pem}\n"))).access is None
    assert checked(tmp_path, edited((source, f"{source}    oidc_discovery_ca_pem: ca.pem\n"))).access is None
