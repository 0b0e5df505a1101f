"""What somebody changes by hand is seen by `preview --refresh` with exit code 7, and put back by `up --refresh`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.project.project import Project

CHANGES = 7


@dataclass(frozen=True)
class Drift:
    """A change out of band: where it shows, how it is made, and how one sees that it is repaired.

    `resource` is a logical name; of an account, the part of it as the preview names it comes after a blank.
    """

    resource: str
    make: Callable[[Project], object]
    is_repaired: Callable[[Project], bool]


def nexus(project: Project, method: str, path: str, **options: Any) -> Any:
    answer = project.nexus(method, f"security/{path}", **options)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def user(project: Project, account: str) -> dict[str, Any]:
    found = {row["userId"]: row for row in nexus(project, "GET", "users?source=default")}
    return dict(found.get(account, {}))


def put_user(account: str, **fields: Any) -> Callable[[Project], None]:
    def make(project: Project) -> None:
        nexus(project, "PUT", f"users/{account}", json={**user(project, account), **fields})

    return make


def set_password(account: str) -> Callable[[Project], None]:
    def make(project: Project) -> None:
        text = {"Content-Type": "text/plain"}
        nexus(project, "PUT", f"users/{account}/change-password", data="by-hand", headers=text)

    return make


def put_role(role: str, **fields: Any) -> Callable[[Project], None]:
    def make(project: Project) -> None:
        nexus(project, "PUT", f"roles/{role}", json={**nexus(project, "GET", f"roles/{role}"), **fields})

    return make


def gives(role: str) -> Callable[[Project], set[str]]:
    return lambda project: set(nexus(project, "GET", f"roles/{role}")["privileges"])


def variable(project: Project, key: str) -> dict[str, Any]:
    return dict(project.gitlab("GET", f"api/v4/groups/9/variables/{key}").json())


def put_variable(key: str, **fields: Any) -> Callable[[Project], None]:
    def make(project: Project) -> None:
        assert project.gitlab("PUT", f"api/v4/groups/9/variables/{key}", json=fields).ok

    return make


def vault_write(path: str, **fields: Any) -> Callable[[Project], object]:
    return lambda project: project.vault().write_data(path, data=fields)


def vault_read(project: Project, path: str) -> dict[str, Any]:
    found: Any = project.vault().read(path)
    return dict(found["data"])


SELECTOR = "content-selectors/ci-svc-executor-raw"
DRIFTS = (
    Drift(
        'svc-bench users["svc-bench"].login',
        set_password("svc-bench"),
        lambda project: project.accepts("svc-bench"),
    ),
    Drift(
        'svc-fsdb users["svc-fsdb"].status',
        put_user("svc-fsdb", status="disabled"),
        lambda project: project.accepts("svc-fsdb"),
    ),
    Drift(
        'svc-datastore users["svc-datastore"].roles',
        put_user("svc-datastore", roles=["ci-svc-datastore", "nx-admin"]),
        lambda project: user(project, "svc-datastore")["roles"] == ["ci-svc-datastore"],
    ),
    Drift(
        'svc-promoter users["svc-promoter"]',
        lambda project: nexus(project, "DELETE", "users/svc-promoter"),
        lambda project: project.accepts("svc-promoter"),
    ),
    Drift(
        "nexus-role-nx-pull-all",
        put_role("nx-pull-all", privileges=["nx-all"]),
        lambda project: (
            gives("nx-pull-all")(project) == {"nx-repository-view-*-*-browse", "nx-repository-view-*-*-read"}
        ),
    ),
    Drift(
        'svc-executor selectors["ci-svc-executor-raw"].expression',
        lambda project: nexus(
            project, "PUT", SELECTOR, json={"description": "", "expression": 'format == "raw"'}
        ),
        lambda project: "/orchestrator/executor/" in nexus(project, "GET", SELECTOR)["expression"],
    ),
    Drift(
        'svc-executor privileges["ci-svc-executor-rpm-dev"]',
        lambda project: nexus(project, "DELETE", "privileges/ci-svc-executor-rpm-dev"),
        lambda project: "ci-svc-executor-rpm-dev" in gives("ci-svc-executor")(project),
    ),
    Drift(
        "orchestrator-variable-VAULT_ADDR",
        put_variable("VAULT_ADDR", value="https://elsewhere", protected=True),
        lambda project: (
            variable(project, "VAULT_ADDR")["value"] == project.address("vault")
            and not variable(project, "VAULT_ADDR")["protected"]
        ),
    ),
    Drift(
        "orchestrator-variable-NEXUS_RPM_REPO",
        lambda project: project.gitlab(
            "DELETE", "api/v4/groups/9/variables/NEXUS_RPM_REPO"
        ).raise_for_status(),
        lambda project: variable(project, "NEXUS_RPM_REPO")["value"].endswith("/repository/rpm-dev"),
    ),
    Drift(
        "vault-policy-nexus-read-policy",
        lambda project: project.vault().sys.create_or_update_policy(
            "nexus-read-policy", 'path "*" {capabilities=["read"]}'
        ),
        lambda project: 'path "*"' not in project.vault().sys.read_policy("nexus-read-policy")["rules"],
    ),
    Drift(
        "vault-role-nexus-ci",
        lambda project: project.vault().delete("auth/jwt/role/nexus-ci"),
        lambda project: (
            vault_read(project, "auth/jwt/role/nexus-ci")["bound_audiences"]
            == ["https://gitlab.shared.cwiq.io"]
        ),
    ),
    Drift(
        "svc-deployer secret.holds",
        vault_write("secret/data/nexus/svc-deployer", data={"username": "svc-deployer", "password": "x"}),
        lambda project: project.accepts("svc-deployer"),
    ),
    Drift(
        "svc-orchestrator secret.holds",
        lambda project: project.vault().delete("secret/data/nexus/svc-orchestrator"),
        lambda project: project.accepts("svc-orchestrator"),
    ),
)


def changed(project: Project) -> set[str]:
    """Return what a preview would change, by logical name, and by name and property; check its exit code."""
    done = project.preview("--json")
    assert done.code == CHANGES, done.text
    steps = json.loads(done.out)["steps"]
    steps = [step for step in steps if step["op"] not in ("same", "refresh", "read")]
    by_name = {step["urn"].rpartition("::")[2]: step.get("detailedDiff") or {} for step in steps}
    return by_name.keys() | {f"{name} {part}" for name, parts in by_name.items() for part in parts}


@pytest.fixture(scope="module")
def drifted(provisioned: Project) -> set[str]:
    """All of it at once, and what the preview then says: a preview takes seconds, a change a millisecond."""
    for drift in DRIFTS:
        drift.make(provisioned)
    return changed(provisioned)


@pytest.fixture(scope="module")
def repaired(provisioned: Project, drifted: set[str]) -> Project:
    assert drifted
    provisioned.up("--refresh").succeeded()
    return provisioned


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.resource)
def test_a_change_by_hand_is_seen_but_for_a_password_in_nexus(drift: Drift, drifted: set[str]) -> None:
    # A preview tries no login.
    assert (drift.resource in drifted) is not drift.resource.endswith(".login")


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.resource)
def test_a_change_by_hand_is_repaired(drift: Drift, repaired: Project) -> None:
    assert drift.is_repaired(repaired)


def test_nothing_is_left_after_the_repair(repaired: Project) -> None:
    assert repaired.preview().code == 0
