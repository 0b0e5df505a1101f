"""What must not be reported, what looking costs, and that it can be done by an identity that may only read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from ciaccess.access import load
from ciaccess.access.desired.pipeline_identities import service_accounts
from tests.support.drift.drift import (
    CLEAN,
    add_user,
    add_variable,
    look,
    nexus,
    put_role,
    put_user,
    vault_update,
    vault_write,
)
from tests.support.servers.jobs import id_token, login

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.project.project import Project

ROLE = "auth/jwt/role/nexus-ci"
POLICY = "nexus-read-policy"


def rewrite_policy_with_blanks(project: Project) -> None:
    """Vault trims a policy's ends."""
    sys = project.vault().sys
    sys.create_or_update_policy(POLICY, f"\n\n  {sys.read_policy(POLICY)['rules']}  \n\n")


def rewrite_secret(project: Project) -> None:
    """The same values are another version."""
    project.vault().write_data("secret/data/nexus/svc-bench", data={"data": project.secret("svc-bench")})


def leave_a_removed_accounts_secret(project: Project) -> None:
    """The engine deletes the latest version of a removed account's secret, and keeps the older ones."""
    vault = project.vault()
    vault.write_data("secret/data/nexus/svc-gone", data={"data": {"username": "svc-gone", "password": "x"}})
    vault.delete("secret/data/nexus/svc-gone")


def use_everything(project: Project) -> None:
    """Jobs log in and read; Vault counts, and makes entities."""
    vault = login(project, id_token(project, "orchestrator/bench"))
    vault.secrets.kv.v2.read_secret_version(
        "nexus/svc-bench", mount_point="secret", raise_on_deleted_version=True
    )
    assert project.accepts("svc-bench")


def add_others_in_nexus(project: Project) -> None:
    """Roles, users, selectors and privileges of others are theirs."""
    selector = {"name": "their-own", "description": "", "expression": 'format == "raw"'}
    nexus(project, "POST", "content-selectors", json=selector)
    role = {
        "id": "their-own",
        "name": "their-own",
        "description": "",
        "roles": [],
        "privileges": ["nx-search-read"],
    }
    nexus(project, "POST", "roles", json=role)
    add_user("jane.doe", "their-own")(project)
    add_user("service-catalogue", "their-own")(project)


def add_others_in_vault(project: Project) -> None:
    """Policies that do not reach the secrets, and what logs in with them, are others'."""
    vault = project.vault()
    texts = {
        "lists": 'path "secret/metadata/nexus/*" { capabilities = ["list"] }',
        "elsewhere": 'path "secret/data/nexus-of-others/*" { capabilities = ["read"] }',
        "denied": 'path "secret/*" { capabilities = ["read"] }\n'
        'path "secret/data/nexus/*" { capabilities = ["deny"] }\n'
        'path "secret/data/ciaccess/*" { capabilities = ["deny"] }',
        "commented": '# path "secret/*" { capabilities = ["read"] }\npath "sys/health" { capabilities = ["read"] }',
    }
    for name, text in texts.items():
        vault.sys.create_or_update_policy(name, text)
    vault.sys.enable_auth_method("approle")
    vault.write_data("auth/approle/role/theirs", data={"token_policies": list(texts)})


HARMLESS: tuple[Callable[[Project], object], ...] = (
    rewrite_policy_with_blanks,
    vault_update(ROLE, bound_claims={"namespace_path": ["orchestrator/*", "orchestrator"]}),
    # Vault takes durations as text, and gives numbers.
    vault_update(ROLE, token_ttl="10m", token_max_ttl="600s"),
    put_role("ci-svc-orchestrator", lambda role: {"privileges": sorted(role["privileges"], reverse=True)}),
    rewrite_secret,
    leave_a_removed_accounts_secret,
    use_everything,
    add_variable("groups/9", "SOMETHING_ELSE"),
    add_variable("projects/orchestrator%2Fbench", "SOMETHING_ELSE"),
    add_variable("projects/elsewhere%2Fother", "VAULT_ADDR"),
    add_others_in_nexus,
    add_others_in_vault,
    # Both are what an untuned mount has.
    vault_write("sys/auth/jwt/tune", listing_visibility="hidden", default_lease_ttl="0"),
    vault_write("secret/data/other/svc-bench", data={"a": "b"}),
    vault_write(
        "auth/jwt/role/theirs",
        role_type="jwt",
        user_claim="sub",
        bound_audiences=["x"],
        token_policies=["default"],
    ),
)


@pytest.fixture(scope="module")
def lively(provisioned: Project) -> Project:
    """A stack in use, of which nothing has drifted."""
    for make in HARMLESS:
        make(provisioned)
    return provisioned


def test_what_is_harmless_is_not_reported(lively: Project) -> None:
    looked = look(lively)
    assert looked.report["findings"] == []
    assert looked.report["could_not_look"] == []
    assert looked.code == CLEAN


def counted(project: Project, system: str, **signed: Any) -> dict[str, int]:
    answer = requests.get(f"{project.address(system)}/simulator/requests", timeout=60, **signed)
    return dict(answer.json()["routes"])


def forget(project: Project, system: str, **signed: Any) -> None:
    assert requests.delete(f"{project.address(system)}/simulator/requests", timeout=60, **signed).ok


def test_a_look_asks_little(lively: Project) -> None:
    signed: dict[str, Any] = {"auth": ("admin", lively.credential("nexus-password"))}
    forget(lively, "nexus", **signed)
    lively.environment()
    assert look(lively).code == CLEAN
    accounts = len(service_accounts(load(lively.access)))
    rest = "/service/rest/v1"
    routes = {
        route: count
        for route, count in counted(lively, "nexus", **signed).items()
        if "/simulator" not in route
    }
    lists = [f"GET {rest}/security/{kind}" for kind in ("users", "roles", "privileges", "content-selectors")]
    assert sum(routes.get(each, 0) for each in lists) <= 4
    assert routes[f"GET {rest}/status"] == accounts
    assert all(route.startswith("GET ") for route in routes), "nothing was written"
    assert sum(routes.values()) == 4 + accounts + 4, (
        "four lists, a login of each account, three settings, the usage"
    )


def test_a_look_writes_nothing_to_gitlab_and_asks_each_place_once(lively: Project) -> None:
    signed: dict[str, Any] = {"headers": {"PRIVATE-TOKEN": lively.credential("gitlab-token")}}
    forget(lively, "gitlab", **signed)
    assert look(lively).code == CLEAN
    routes = {
        route: count
        for route, count in counted(lively, "gitlab", **signed).items()
        if "/simulator" not in route
    }
    assert all(route.startswith("GET ") for route in routes)
    projects = lively.gitlab("GET", "api/v4/groups/9/projects").json()
    assert sum(routes.values()) == 11 + len(projects), (
        "the token, the group, its variables, subgroups and projects; each project's variables; what bound claims name; "
        "of our own project its settings, branch and tags, and the version"
    )


def test_an_identity_that_may_only_read_suffices(lively: Project) -> None:
    vault = lively.vault()
    token = vault.auth.token.create(policies=["ciaccess-drift-policy"])["auth"]["client_token"]
    users = [{"username": "reader", "role": "owner", "group": "orchestrator"}]
    tokens = [{"name": "reader", "user": "reader", "scopes": ["read_api"]}]
    made = lively.gitlab("POST", "simulator/seed", json={"users": users, "tokens": tokens})
    assert made.ok, made.text
    read: Any = vault.read("secret/data/ciaccess/svc-ciaccess-reader")
    lively.extra.update(
        VAULT_TOKEN=token,
        NEXUS_USERNAME="svc-ciaccess-reader",
        NEXUS_PASSWORD=read["data"]["data"]["password"],
        GITLAB_TOKEN=made.json()["tokens"]["reader"],
    )
    try:
        looked = look(lively)
    finally:
        lively.extra.clear()
    assert looked.report["could_not_look"] == []
    assert looked.code == CLEAN


def test_the_local_stacks_credentials_are_found_where_none_are_set(lively: Project) -> None:
    names = ("VAULT_ADDR", "VAULT_TOKEN", "NEXUS_USERNAME", "NEXUS_PASSWORD_FILE", "GITLAB_TOKEN_FILE")
    assert lively.run("./ciaccess", "drift", "--stack", "local", without=names).code == CLEAN


def test_the_state_is_the_same_after_a_look(lively: Project) -> None:
    words = ("pulumi", "stack", "export", "--stack", "local")
    before = lively.run(*words).succeeded().out
    look(lively)
    assert lively.run(*words).succeeded().out == before


def test_users_that_take_turns_are_declared_both(lively: Project) -> None:
    lively.edit("purpose: Bench\n", "purpose: Bench\n    rotation: 2\n")
    lively.up().succeeded()
    words = ("--file", str(lively.access))
    looked = look(lively, *words)
    assert looked.report["findings"] == []
    assert looked.code == CLEAN
    assert any("idle user" in remark for remark in looked.report["remarks"])
    put_user("svc-bench-b", status="disabled")(lively)
    vault_write("secret/metadata/nexus/svc-bench", custom_metadata={"rotation": "7"})(lively)
    assert look(lively, *words).found == {
        ("nexus.user.status", "user svc-bench-b"),
        ("vault.secret.metadata", "secret secret/nexus/svc-bench"),
    }
