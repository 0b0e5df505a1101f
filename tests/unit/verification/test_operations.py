"""What must work and what must be refused, derived from access.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.access import load
from ciaccess.analysis.facts import AccessFacts
from ciaccess.verification.operations import ADMINISTRATION, administration, operations, unknown_rights
from tests.support.access.access import GOOD, ORGANISATION, edited, valid

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access


def derived(access: Access, account: str) -> dict[str, set[str]]:
    """Return the titles by whether they must work."""
    found = operations(access, AccessFacts.of(access), account)
    return {
        "works": {operation.title for operation in found if operation.allowed},
        "refused": {operation.title for operation in found if not operation.allowed},
    }


@pytest.fixture(scope="module")
def organisation() -> Access:
    return load(ORGANISATION)


def test_every_account_is_tried_for_every_action_in_every_repository(organisation: Access) -> None:
    for account in organisation.accounts:
        found = [
            operation.title for operation in operations(organisation, AccessFacts.of(organisation), account)
        ]
        assert len(found) == len(set(found))
        hosted = [
            name
            for repositories in organisation.nexus.repositories.values()
            for name in repositories.by_environment().values()
        ]
        for repository in hosted:
            for action in ("browse", "read", "upload", "delete"):
                assert any(title.startswith(f"{action} {repository}") for title in found), (
                    account,
                    action,
                    repository,
                )
        assert {f"{action} docker-all" for action in ("browse", "read")} <= set(found)
        assert "upload docker-all" not in found, "nobody writes to a group"


def test_a_push_works_in_dev_and_nowhere_else(organisation: Access) -> None:
    found = derived(organisation, "svc-bench")
    assert found["works"] == {"browse rpm-dev", "read rpm-dev", "upload rpm-dev"}
    assert {
        "upload rpm-uat",
        "upload rpm-prod",
        "delete rpm-dev",
        "read raw-dev",
        "browse docker-all",
    } <= found["refused"]


def test_a_pull_reads_the_group_and_no_member(organisation: Access) -> None:
    found = derived(organisation, "svc-datastore")
    assert {"read docker-all", "browse docker-all", "upload docker-dev", "read docker-dev"} <= found["works"]
    assert {"read docker-uat", "read docker-prod"} <= found["refused"]


def test_a_promotion_reads_dev_and_writes_uat_and_prod(organisation: Access) -> None:
    found = derived(organisation, "svc-promoter")
    assert {"read npm-dev", "upload npm-uat", "upload npm-prod"} <= found["works"]
    assert {"upload npm-dev", "delete npm-prod"} <= found["refused"]


def test_who_pulls_everything_writes_nothing(organisation: Access) -> None:
    found = derived(organisation, "svc-deployer")
    assert {title.split()[0] for title in found["works"]} == {"browse", "read"}
    assert {title.split()[0] for title in found["refused"]} == {"upload", "delete"}


def test_an_administrator_is_refused_nothing(organisation: Access) -> None:
    assert derived(organisation, "svc-admin")["refused"] == set()
    facts = AccessFacts.of(organisation)
    assert all(allowed for _, allowed in administration(facts, "svc-admin"))
    assert not any(allowed for _, allowed in administration(facts, "svc-deployer"))


def test_a_path_is_tried_beside_a_sibling_that_begins_alike(organisation: Access) -> None:
    found = derived(organisation, "svc-executor")
    here, beside = "/orchestrator/executor/", "/orchestrator/executor-ciaccess-verify/"
    assert {f"{action} rpm-dev under {here}" for action in ("read", "upload")} <= found["works"]
    assert {f"{action} rpm-dev under {beside}" for action in ("read", "upload", "delete")} <= found["refused"]
    assert f"delete rpm-dev under {here}" in found["refused"]
    assert "browse rpm-dev" in found["works"]
    for wider in ("/", "/orchestrator/", "/orchestrator/exec", "/orchestrator/executor"):
        assert beside.startswith(wider), "a wider selector finds the sibling"
    assert not beside.startswith(here)


def test_a_right_to_half_of_an_action_is_not_tried(tmp_path: Path) -> None:
    half = edited(
        ("privileges: [nx-search-read]", "privileges: [nx-repository-view-raw-raw-dev-edit]"), text=GOOD
    )
    found = derived(valid(tmp_path, half), "svc-deployer")
    assert "upload raw-dev" not in found["works"] | found["refused"]
    assert "upload raw-prod" in found["refused"]


def test_of_a_privilege_that_only_nexus_knows_nothing_is_said_to_be_refused(tmp_path: Path) -> None:
    access = valid(
        tmp_path, edited(("privileges: [nx-search-read]", "privileges: [made-by-hand]"), text=GOOD)
    )
    facts = AccessFacts.of(access)
    assert unknown_rights(facts, "svc-deployer") == ("made-by-hand",)
    found = derived(access, "svc-deployer")
    assert found["refused"] == set()
    assert "read raw-prod" in found["works"]
    assert administration(facts, "svc-deployer") == ()
    assert unknown_rights(facts, "svc-app") == ()


@pytest.mark.parametrize("privilege", ["nx-users-all", "nx-users-read"])
def test_a_privilege_of_the_yaml_to_administer_must_work(tmp_path: Path, privilege: str) -> None:
    access = valid(
        tmp_path, edited(("privileges: [nx-search-read]", f"privileges: [{privilege}]"), text=GOOD)
    )
    tried = {each.title: allowed for each, allowed in administration(AccessFacts.of(access), "svc-deployer")}
    assert tried["read the users"] is True
    assert tried["delete a user"] is (privilege == "nx-users-all")
    assert tried["delete a role"] is False


def test_no_call_to_administer_can_change_anything() -> None:
    for each in ADMINISTRATION:
        assert each.method in ("GET", "DELETE")
        assert "ciaccess-verify-nobody" in each.path, "it names what does not exist"
