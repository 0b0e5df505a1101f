"""Accounts that are renamed, and accounts that leave: what of them stays for how long, and that no other is touched."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import hvac.exceptions
import pytest

from ciaccess.access.model.checks_dates import today
from tests.support.project.project import STACK
from tests.support.provider.holdings import holdings, metadata, secret
from tests.support.rotation.rotating import rotate
from tests.support.servers.jobs import id_token, login
from tests.support.verification.verification import Verifier

if TYPE_CHECKING:
    from tests.support.project.project import Project

OTHERS = ("svc-orchestrator", "svc-datastore", "svc-promoter", "svc-deployer", "svc-admin")
OLD, NEW = "svc-fsdb", "svc-files"
ENTRY = f"  {OLD}:\n    purpose: FSDB/CWIQFS\n    push: [yum]\n"
ROTATED = "rotation: {count: 2, max_age: 90d, date: 2026-11-01}"
LEAVING, PURGED = "svc-executor", "svc-bench"
# What preview and drift say, and what each account has afterwards.
Over = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]
TODAY, YESTERDAY = today().isoformat(), (today() - timedelta(days=1)).isoformat()


def as_a_job(project: Project) -> hvac.Client:
    return login(project, id_token(project, "orchestrator/fsdb"))


def read_by_a_job(project: Project, account: str) -> dict[str, str]:
    read = as_a_job(project).secrets.kv.v2.read_secret_version(
        f"nexus/{account}", mount_point="secret", raise_on_deleted_version=True
    )
    return dict(read["data"]["data"])


def drift(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = project.ciaccess(
        "drift", "--stack", STACK, "--file", str(project.access), "--json"
    ).json()
    return found


@pytest.fixture(scope="module")
def before(project: Project) -> dict[str, Any]:
    """The stack with all accounts, one of them with two users; what each has."""
    project.edit(ENTRY, f"{ENTRY}    {ROTATED}\n")
    project.edit("  svc-bench:\n", "  svc-bench:\n    purge: true\n")
    project.up().succeeded()
    return holdings(project, (*OTHERS, OLD, LEAVING, PURGED))


@pytest.fixture(scope="module")
def renamed(project: Project, before: dict[str, Any]) -> dict[str, Any]:
    """The stack after one of them was renamed; what each has, the new one too."""
    assert set(before[OLD]["users"]) == {OLD, f"{OLD}-b"}
    formerly = f"    formerly:\n      {OLD}: {{until: {TODAY}, {ROTATED}}}\n"
    project.edit(f"{ENTRY}    {ROTATED}\n", ENTRY.replace(OLD, NEW) + formerly)
    project.edit(f"        - {OLD}\n", f"        - {NEW}\n")
    project.up().succeeded()
    return holdings(project, (*before, NEW))


@pytest.fixture(scope="module")
def over(project: Project, renamed: dict[str, Any]) -> Over:
    """The day after the former name's last one: what preview and drift say, and what each account has after `up`."""
    assert set(renamed[NEW]["users"]) == {NEW}
    project.edit(f"until: {TODAY}", f"until: {YESTERDAY}")
    settings = str(project.folder / f"Pulumi.{STACK}.yaml")
    preview = project.ciaccess("preview", "--stack", STACK, "--config-file", settings, "--json").json()
    found = drift(project)
    project.up().succeeded()
    return preview, found, holdings(project, renamed)


@pytest.fixture(scope="module")
def removed(project: Project, over: Over) -> dict[str, Any]:
    """The stack after two accounts were taken out, one of which said purge; what the others had before."""
    *_, held = over
    for entry in (
        "  svc-executor:\n    purpose: Executor CLI\n    push: [yum, raw]\n    path: /orchestrator/executor/\n",
        "  svc-bench:\n    purge: true\n    purpose: Bench\n    push: [yum]\n",
        "        - svc-executor\n",
        "        - svc-bench\n",
    ):
        project.edit(entry, "")
    project.up().succeeded()
    return {name: held[name] for name in (*OTHERS, NEW)}


def test_a_renaming_leaves_the_former_account_and_every_other_as_they_were(
    before: dict[str, Any], renamed: dict[str, Any]
) -> None:
    assert {name: renamed[name] for name in before} == before


def test_after_a_renaming_both_names_let_in_and_the_same_jobs_read_both(
    project: Project, renamed: dict[str, Any]
) -> None:
    assert (renamed[OLD]["lets in"], renamed[NEW]["lets in"]) == (True, True)
    former, new = read_by_a_job(project, OLD), read_by_a_job(project, NEW)
    assert (former["username"], new["username"]) == (f"{OLD}-b", NEW)
    assert former["password"] != new["password"]


@pytest.mark.usefixtures("renamed")
def test_a_renaming_is_done_with_one_up(project: Project) -> None:
    assert project.preview().code == 0
    assert drift(project)["findings"] == []
    Verifier(project).run(OLD, NEW).succeeded()


@pytest.mark.usefixtures("renamed")
def test_a_former_account_is_rotated_as_any_other_and_its_successor_left_alone(project: Project) -> None:
    first, new = project.secret(OLD), project.secret(NEW)
    rotate(project, OLD, "--up").succeeded()
    second = project.secret(OLD)
    assert (first["username"], second["username"]) == (f"{OLD}-b", OLD)
    assert project.accepts(OLD)
    assert project.nexus("GET", "status", auth=(first["username"], first["password"])).ok
    assert project.secret(NEW) == new
    counted = (
        f"{OLD}: {{until: {TODAY}, {ROTATED.replace('count: 2', 'count: 3').replace('2026-11-01', TODAY)}}}"
    )
    assert counted in project.access.read_text(encoding="utf-8")


def test_the_first_preview_after_the_last_day_says_that_the_former_account_goes(over: Over) -> None:
    preview, *_ = over
    assert preview["former"] == [f"{OLD}: former name of {NEW}, which ended with {YESTERDAY}: up removes it"]
    assert preview["counts"] == {"create": 0, "update": 1, "delete": 1}
    assert [each["name"] for each in preview["changes"] if each["kind"] == "account"] == [OLD]
    losses = {change["sentence"] for change in preview["access"]["losses"]}
    assert losses >= {f"{OLD} is no longer an account", f"jobs of orchestrator/* lose secret {OLD}"}
    assert preview["access"]["gains"] == []


def test_drift_leaves_a_former_account_whose_day_is_over_to_the_engine(
    over: Over,
) -> None:
    _, found, _ = over
    told = {each["object"]: (each["id"], each["repair"]) for each in found["findings"]}
    assert told == {
        "policy nexus-read-policy": ("vault.policy.text", "pulumi"),
        f"secret secret/nexus/{OLD}": ("vault.secret.undeclared", "pulumi"),
        f"user {OLD}": ("nexus.user.undeclared", "pulumi"),
        f"user {OLD}-b": ("nexus.user.undeclared", "pulumi"),
        f"role ci-{OLD}": ("nexus.role.undeclared", "pulumi"),
    }
    assert all(each["not_applied"] for each in found["findings"])


def test_after_the_last_day_the_former_account_is_gone_and_no_other_is_touched(
    project: Project, renamed: dict[str, Any], over: Over
) -> None:
    *_, held = over
    assert (held[OLD]["users"], held[OLD]["objects"], held[OLD]["lets in"]) == ({}, {}, None)
    with pytest.raises(hvac.exceptions.Forbidden):
        read_by_a_job(project, OLD)
    assert {name: held[name] for name in held if name != OLD} == {
        name: renamed[name] for name in held if name != OLD
    }


@pytest.mark.usefixtures("over")
def test_the_versions_of_a_former_accounts_secret_are_kept(project: Project, before: dict[str, Any]) -> None:
    kept = metadata(project, OLD)
    assert kept is not None
    assert kept["versions"].keys() > before[OLD]["secret"]["versions"].keys(), (
        "it was rotated in the meantime"
    )
    assert not any(version["destroyed"] for version in kept["versions"].values())
    assert secret(project, OLD) is None


def test_a_removed_account_leaves_nothing_in_nexus_and_no_other_is_touched(
    project: Project, before: dict[str, Any], removed: dict[str, Any]
) -> None:
    assert before[LEAVING]["objects"].keys() >= {
        ("roles", "ci-svc-executor"),
        ("content-selectors", "ci-svc-executor-yum"),
        ("privileges", "ci-svc-executor-rpm-dev"),
    }
    for account in (LEAVING, PURGED):
        left = holdings(project, (account,))[account]
        assert (left["users"], left["objects"]) == ({}, {})
    assert holdings(project, removed) == removed


@pytest.mark.usefixtures("removed")
def test_a_removed_accounts_secret_can_be_undeleted_and_lets_nobody_in(
    project: Project, before: dict[str, Any]
) -> None:
    assert secret(project, LEAVING) is None
    with pytest.raises(hvac.exceptions.Forbidden):
        read_by_a_job(project, LEAVING)
    versions = before[LEAVING]["secret"]["versions"]
    kept = metadata(project, LEAVING)
    assert kept is not None
    assert kept["versions"].keys() == versions.keys()
    project.vault().secrets.kv.v2.undelete_secret_versions(
        f"nexus/{LEAVING}", [int(each) for each in versions], mount_point="secret"
    )
    assert not project.accepts(LEAVING)


def test_with_purge_a_removed_accounts_secret_is_gone_for_good(
    project: Project, before: dict[str, Any], removed: dict[str, Any]
) -> None:
    assert PURGED not in removed
    assert before[PURGED]["secret"] is not None
    assert metadata(project, PURGED) is None
