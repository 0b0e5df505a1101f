"""What each account of the organisation may do, spelled out: a change here is a change of somebody's access."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.access.desired import nexus
from ciaccess.access.desired.objects import SCOPED, Privilege, Role
from ciaccess.access.desired.state import Desired
from ciaccess.access.desired.vault import bound_claims_type, secret_of, vault_policies
from tests.support.access.access import edited, valid

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access

READ = ("browse", "read")
WRITE = ("browse", "read", "edit", "add")


def view(format_: str, repository: str, actions: tuple[str, ...]) -> set[str]:
    return {f"nx-repository-view-{format_}-{repository}-{action}" for action in actions}


def role_of(access: Access, role_id: str) -> Role:
    found: Role = Desired.of(access).objects("role")[role_id]
    return found


EXPECTED = {
    "svc-orchestrator": view("docker", "docker-dev", WRITE)
    | view("docker", "docker-all", READ)
    | view("yum", "rpm-dev", WRITE)
    | view("raw", "raw-dev", WRITE)
    | view("pypi", "pypi-dev", WRITE),
    "svc-executor": {"ci-svc-executor-rpm-dev", "ci-svc-executor-raw-dev"},
    "svc-datastore": view("docker", "docker-dev", WRITE) | view("docker", "docker-all", READ),
    "svc-bench": view("yum", "rpm-dev", WRITE),
    "svc-fsdb": view("yum", "rpm-dev", WRITE),
    "svc-promoter": {
        privilege
        for format_, name in (
            ("docker", "docker"),
            ("yum", "rpm"),
            ("raw", "raw"),
            ("pypi", "pypi"),
            ("npm", "npm"),
        )
        for environment, actions in (("dev", READ), ("uat", WRITE), ("prod", WRITE))
        for privilege in view(format_, f"{name}-{environment}", actions)
    },
}


@pytest.mark.parametrize(
    ("promote", "read", "written"),
    [
        ("{docker: {to: [uat]}}", {"docker-dev"}, {"docker-uat"}),
        ("{docker: {to: [prod]}}", {"docker-uat"}, {"docker-prod"}),
        ("{docker: {to: [uat, prod]}}", {"docker-dev"}, {"docker-uat", "docker-prod"}),
        ("{docker: {}}", {"docker-dev"}, {"docker-uat", "docker-prod"}),
        ("{raw: {to: [prod]}}", {"raw-dev"}, {"raw-prod"}),
    ],
)
def test_a_limited_promotion_reads_the_environment_before_and_writes_no_other(
    tmp_path: Path, promote: str, read: set[str], written: set[str]
) -> None:
    access = valid(tmp_path, edited(("promote: [docker, yum, raw]", f"promote: {promote}")))
    format_ = promote[1:].partition(":")[0]
    expected = {privilege for name in read for privilege in view(format_, name, READ)}
    expected |= {privilege for name in written for privilege in view(format_, name, WRITE)}
    assert role_of(access, "ci-svc-promoter").privileges == expected


@pytest.mark.parametrize("account", EXPECTED)
def test_an_accounts_role_holds_exactly_its_grants(access: Access, account: str) -> None:
    role = role_of(access, f"ci-{account}")
    assert set(role.privileges) == EXPECTED[account]
    assert not role.roles
    assert nexus.user_roles(access, account) == {f"ci-{account}"}


def test_no_role_may_delete_administer_or_reach_every_repository_but_by_reading(access: Access) -> None:
    for role in Desired.of(access).objects("role").values():
        for privilege in role.privileges:
            assert not privilege.endswith(("-delete", "-*"))
            assert not privilege.startswith("nx-repository-admin")
            assert "*" not in privilege or role.role_id == "nx-pull-all"


def test_only_the_promoter_writes_beyond_dev(access: Access) -> None:
    for role in Desired.of(access).objects("role").values():
        beyond = [
            name for name in role.privileges if name.endswith(("-edit", "-add")) and "-dev-" not in name
        ]
        assert bool(beyond) == (role.role_id == "ci-svc-promoter")


def test_the_deployer_has_nx_pull_all_and_nothing_else(access: Access) -> None:
    assert nexus.user_roles(access, "svc-deployer") == {"nx-pull-all"}
    assert set(role_of(access, "nx-pull-all").privileges) == view("*", "*", READ)


def test_the_administrator_has_nexuss_own_role_and_no_policy_of_the_yamls_reads_its_secret(
    access: Access,
) -> None:
    assert nexus.user_roles(access, "svc-admin") == {"nx-admin"}
    for role, policy in vault_policies(access).items():
        if role in access.vault.roles:
            assert "svc-admin" not in policy.text
            assert "+" not in policy.text


def test_accounts_without_grants_of_their_own_get_no_role_of_their_own(access: Access) -> None:
    made = Desired.of(access).objects("role").keys()
    pipelines = {"ciaccess-reader", "ciaccess-writer"}
    assert made == {"nx-pull-all", *pipelines, *(f"ci-{account}" for account in EXPECTED)}


def test_a_path_becomes_a_selector_for_each_format_and_a_privilege_for_each_repository(
    access: Access,
) -> None:
    desired = Desired.of(access)
    account = desired.accounts["svc-executor"]
    # No other account has one.
    assert desired.objects("content selector").keys() == {each.name for each in account.selectors}
    assert desired.objects("privilege").keys() == {each.name for each in account.privileges}
    assert [(selector.name, selector.expression) for selector in account.selectors] == [
        ("ci-svc-executor-yum", 'format == "yum" and path =^ "/orchestrator/executor/"'),
        ("ci-svc-executor-raw", 'format == "raw" and path =^ "/orchestrator/executor/"'),
    ]
    assert account.privileges == (
        Privilege(
            "ci-svc-executor-rpm-dev",
            SCOPED,
            "rpm-dev under /orchestrator/executor/ (managed by ciaccess)",
            frozenset(WRITE),
            "yum",
            "rpm-dev",
            "ci-svc-executor-yum",
        ),
        Privilege(
            "ci-svc-executor-raw-dev",
            SCOPED,
            "raw-dev under /orchestrator/executor/ (managed by ciaccess)",
            frozenset(WRITE),
            "raw",
            "raw-dev",
            "ci-svc-executor-raw",
        ),
    )


def test_the_policy_lists_each_secret_by_its_whole_path(access: Access) -> None:
    policy = vault_policies(access)["nexus-ci"]
    assert policy.name == "nexus-read-policy"
    paths = [line.split('"')[1] for line in policy.text.splitlines() if line.startswith("path")]
    names = ["bench", "datastore", "deployer", "executor", "fsdb", "orchestrator", "promoter"]
    assert paths == [f"secret/data/nexus/svc-{name}" for name in names]
    assert policy.text.count('capabilities = ["read"]') == 7
    assert "*" not in policy.text


def test_a_secret_is_named_with_data_in_the_api_alone(access: Access) -> None:
    assert secret_of(access, "svc-bench").path == "secret/nexus/svc-bench"
    assert secret_of(access, "svc-bench").api_path == "secret/data/nexus/svc-bench"


def test_a_role_without_a_policys_name_gets_one_of_its_own(tmp_path: Path) -> None:
    promote = vault_policies(valid(tmp_path, edited()))["nexus-promote"]
    assert promote.name == "nexus-promote-policy"


def test_claims_are_globs_only_where_one_has_a_star(tmp_path: Path) -> None:
    roles = valid(tmp_path, edited()).vault.roles
    assert bound_claims_type(roles["nexus-ci"]) == "glob"
    assert bound_claims_type(roles["nexus-promote"]) == "string"
    assert roles["nexus-promote"].bound_claims["ref_protected"] == ["true"], "claims are text in the token"


def test_a_pull_beside_a_push_with_a_path_still_reads_the_whole_repository(tmp_path: Path) -> None:
    access = valid(tmp_path, edited(("push: [yum, raw]", "push: [yum, raw]\n    pull: [raw]")))
    assert set(role_of(access, "ci-svc-tool").privileges) == {
        "ci-svc-tool-rpm-dev",
        "ci-svc-tool-raw-dev",
        *view("raw", "raw-dev", READ),
        *view("raw", "raw-prod", READ),
    }


def test_promotion_starts_at_the_first_environment_there_is(tmp_path: Path) -> None:
    access = valid(
        tmp_path,
        edited(
            ("raw: {dev: raw-dev, prod", "raw: {uat: raw-uat, prod"),
            ("push: [yum, raw]", "push: [yum]"),
            ("promote: [docker, yum, raw]", "promote: [raw]"),
        ),
    )
    expected = view("raw", "raw-uat", READ) | view("raw", "raw-prod", WRITE)
    assert set(role_of(access, "ci-svc-promoter").privileges) == expected


def test_a_role_stands_after_those_it_contains(tmp_path: Path) -> None:
    access = valid(tmp_path, edited(("pull: all\n", "pull: all\n      roles: [nx-search]\n")))
    ids = list(Desired.of(access).named_roles)
    assert ids.index("nx-search") < ids.index("nx-pull-all")


def test_adoption_is_the_nearest_word_on_it(tmp_path: Path) -> None:
    access = valid(
        tmp_path,
        edited(
            ("version: 1", "version: 1\nadopt: true"),
            ("url: https://nexus", "adopt: false\n  url: https://nexus"),
        ),
    )
    assert access.adopts(access.vault)
    assert not access.adopts(access.nexus)
    assert access.adopts(access.accounts["svc-app"])
