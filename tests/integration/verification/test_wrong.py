"""Each class of wrong is found with exit code 2 and named: all of them done at once, in one run; then repaired, none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.project.project import Project
    from tests.support.verification.verification import Verified, Verifier

WIDE_POLICY = """
path "secret/data/nexus/*" { capabilities = ["read", "update"] }
"""
SIBLING = "/orchestrator/executor-ciaccess-verify/"


def nexus(project: Project, method: str, path: str, **options: Any) -> Any:
    answer = project.nexus(method, f"security/{path}", **options)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def change_privileges(
    role: str, *, add: tuple[str, ...] = (), take: tuple[str, ...] = ()
) -> Callable[[Project], None]:
    def make(project: Project) -> None:
        found = nexus(project, "GET", f"roles/{role}")
        privileges = sorted((set(found["privileges"]) | set(add)) - set(take))
        nexus(project, "PUT", f"roles/{role}", json={**found, "privileges": privileges})

    return make


def disable(account: str) -> Callable[[Project], None]:
    def make(project: Project) -> None:
        (user,) = nexus(project, "GET", f"users?userId={account}&source=default")
        nexus(project, "PUT", f"users/{account}", json={**user, "status": "disabled"})

    return make


def change_password(project: Project) -> None:
    path = "users/svc-orchestrator/change-password"
    nexus(project, "PUT", path, data="by-hand", headers={"Content-Type": "text/plain"})


def widen_selector(project: Project) -> None:
    path = "content-selectors/ci-svc-executor-raw"
    wider = 'format == "raw" and path =^ "/orchestrator/"'
    nexus(project, "PUT", path, json={**nexus(project, "GET", path), "expression": wider})


def write_role(name: str, **fields: Any) -> Callable[[Project], None]:
    def make(project: Project) -> None:
        found: Any = project.vault().read("auth/jwt/role/nexus-ci")
        project.vault().write_data(f"auth/jwt/role/{name}", data={**found["data"], **fields})

    return make


def put_variable(key: str, **fields: Any) -> Callable[[Project], None]:
    def make(project: Project) -> None:
        assert project.gitlab("PUT", f"api/v4/groups/9/variables/{key}", json=fields).ok

    return make


@dataclass(frozen=True)
class Wrong:
    """Something made wrong, and the tries that must say so: (subject, title)."""

    name: str
    make: Callable[[Project], object]
    found: tuple[tuple[str, str], ...]
    said: str = ""


WRONGS = (
    Wrong(
        "role gained an upload",
        change_privileges("ci-svc-bench", add=("nx-repository-view-raw-raw-prod-edit",)),
        (("svc-bench", "upload raw-prod"),),
        "201",
    ),
    Wrong(
        "role gained a deletion",
        change_privileges("ci-svc-fsdb", add=("nx-repository-view-yum-rpm-dev-delete",)),
        (("svc-fsdb", "delete rpm-dev"),),
        "not refused",
    ),
    Wrong(
        "role gained a format's whole reading",
        change_privileges("ci-svc-fsdb", add=("nx-repository-view-npm-*-read",)),
        tuple(("svc-fsdb", f"read npm-{environment}") for environment in ("dev", "uat", "prod")),
        "200",
    ),
    Wrong(
        "role gained administration",
        change_privileges("ci-svc-datastore", add=("nx-users-all",)),
        (("svc-datastore", "read the users"), ("svc-datastore", "delete a user")),
    ),
    Wrong(
        "role lost a right",
        change_privileges("ci-svc-promoter", take=("nx-repository-view-raw-raw-uat-edit",)),
        (("svc-promoter", "upload raw-uat"),),
        "403",
    ),
    Wrong(
        "role lost browsing",
        change_privileges("ci-svc-promoter", take=("nx-repository-view-npm-npm-uat-browse",)),
        (("svc-promoter", "browse npm-uat"),),
        "does not show it",
    ),
    Wrong(
        "selector widened",
        widen_selector,
        tuple(("svc-executor", f"{action} raw-dev under {SIBLING}") for action in ("read", "upload")),
        "20",
    ),
    Wrong("user disabled", disable("svc-deployer"), (("svc-deployer", "Nexus login"),), "disabled"),
    Wrong("password changed", change_password, (("svc-orchestrator", "Nexus login"),), "password"),
    Wrong(
        "policy widened",
        lambda project: project.vault().sys.create_or_update_policy("nexus-read-policy", WIDE_POLICY),
        (
            ("svc-admin", "read secret/data/nexus/svc-admin with role nexus-ci"),
            *(
                (account, f"change secret/data/nexus/{account} with role nexus-ci")
                for account in (
                    *("svc-orchestrator", "svc-executor", "svc-datastore", "svc-bench", "svc-fsdb"),
                    *("svc-promoter", "svc-deployer", "svc-admin"),
                )
            ),
        ),
    ),
    Wrong(
        "JWT role without bound claims",
        write_role("nexus-ci", bound_claims={}),
        (("role nexus-ci", "a job of elsewhere/other"),),
        "admitted",
    ),
    Wrong(
        "JWT role of the policy's name",
        write_role("nexus-read-policy"),
        (("role nexus-ci", "the policy's name nexus-read-policy used as the role"),),
        "admitted",
    ),
    Wrong(
        "variable protected",
        put_variable("VAULT_ADDR", protected=True),
        (("group orchestrator", "variable VAULT_ADDR"),),
        "it is protected: jobs of unprotected refs do not have it",
    ),
    Wrong(
        "variable changed",
        put_variable("NEXUS_REGISTRY", value="elsewhere:8444"),
        (("group orchestrator", "variable NEXUS_REGISTRY"),),
        "another value",
    ),
    Wrong(
        "variable deleted",
        lambda project: project.gitlab("DELETE", "api/v4/groups/9/variables/NEXUS_RPM_REPO"),
        (("group orchestrator", "variable NEXUS_RPM_REPO"),),
        "no variable with this key",
    ),
)


@pytest.fixture(scope="module")
def broken(verifier: Verifier) -> Verified:
    for wrong in WRONGS:
        wrong.make(verifier.project)
    return verifier.report()


def test_wrong_is_exit_code_2_and_nothing_else_is_said_to_be_wrong(broken: Verified) -> None:
    assert broken.code == 2
    assert broken.report["verdict"] == "wrong"
    assert broken.titles("wrong") == {found for wrong in WRONGS for found in wrong.found}
    assert broken.titles("could not look") == set()


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: wrong.name)
def test_a_wrong_is_found_and_named(broken: Verified, wrong: Wrong) -> None:
    for found in wrong.found:
        assert found in broken.titles("wrong")
        assert wrong.said in broken.said(*found)


def test_what_was_uploaded_though_it_must_not_be_is_removed(verifier: Verifier, broken: Verified) -> None:
    assert not [remark for remark in broken.report["remarks"] if "left behind" in remark]
    for repository in ("raw-prod", "raw-dev"):
        assert verifier.project.nexus("GET", f"assets?repository={repository}").json()["items"] == []


def test_people_read_what_is_wrong_by_name(verifier: Verifier, broken: Verified) -> None:
    del broken
    done = verifier.run("svc-bench")
    assert done.code == 2
    assert "svc-bench: upload raw-prod: must be refused; 201 Created" in done.out
    assert "elsewhere:8444" not in done.text


def test_a_verification_after_the_repair_is_clean(verifier: Verifier, broken: Verified) -> None:
    del broken
    verifier.project.vault().delete("auth/jwt/role/nexus-read-policy")
    verifier.project.up("--refresh").succeeded()
    repaired = verifier.report()
    assert (repaired.code, repaired.titles("wrong")) == (0, set())


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (None, "not found in Vault"),
        ({"username": "svc-bench"}, "username or password is missing"),
        ({"username": "svc-promoter", "password": "x" * 20}, "the username is not the account's user"),
    ],
    ids=["gone", "incomplete", "another account's"],
)
def test_a_secret_that_is_not_the_accounts_is_wrong(
    verifier: Verifier, secret: dict[str, str] | None, said: str
) -> None:
    kv = verifier.project.vault().secrets.kv.v2
    kept = verifier.project.secret("svc-bench")
    if secret is None:
        kv.delete_metadata_and_all_versions("nexus/svc-bench", mount_point="secret")
    else:
        kv.create_or_update_secret("nexus/svc-bench", secret, mount_point="secret")
    try:
        verified = verifier.report("svc-bench")
    finally:
        kv.create_or_update_secret("nexus/svc-bench", kept, mount_point="secret")
    assert verified.code == 2
    title = "read secret/data/nexus/svc-bench with role nexus-ci"
    assert verified.titles("wrong") == {("svc-bench", title)}
    assert said in verified.said("svc-bench", title)
