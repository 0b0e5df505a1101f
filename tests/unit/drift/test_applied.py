"""What access.yaml has, or no longer has, since the last `pulumi up` is told apart from what somebody changed by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access import load
from ciaccess.access.desired.difference import changes_of, fields_of
from ciaccess.access.desired.state import Desired
from ciaccess.clients.nexus import Privilege, Role, User
from ciaccess.drift.applied import Applied
from ciaccess.drift.declared import findings
from ciaccess.drift.findings import Finding, Report
from ciaccess.drift.nexus_objects import Ours, undeclared_privileges, undeclared_roles
from ciaccess.drift.nexus_users import undeclared_users
from ciaccess.drift.page import page_of
from ciaccess.drift.repairs import Plan
from ciaccess.engine import resource_types
from ciaccess.engine.state import State
from ciaccess.report.page import markdown
from tests.support.access.organisation import organisation, renamed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ciaccess.access import Access
    from ciaccess.engine.resource_types import Target

LAST, AFTER = date(2026, 12, 24), date(2026, 12, 25)
NOBODY = frozenset[str]()
OURS = "(managed by ciaccess)"
FORMER = {
    "users": {
        name: {
            "user_id": name,
            "first_name": "By",
            "last_name": OURS,
            "email_address": "by@hand.test",
            "status": "active",
            "roles": [],
            "version": 1,
        }
        for name in ("svc-executor", "svc-executor-b")
    },
    "role": {
        "role_id": "ci-svc-executor",
        "name": "ci-svc-executor",
        "description": OURS,
        "privileges": [],
        "roles": [],
    },
    "privileges": {
        "ci-svc-executor-rpm-dev": {
            "name": "ci-svc-executor-rpm-dev",
            "type": "repository-content-selector",
            "description": OURS,
            "actions": ["read"],
            "format": "yum",
            "repository": "rpm-dev",
            "content_selector": "x",
            "pattern": "",
        }
    },
    "secret": {"path": "secret/data/nexus/svc-executor"},
    "metadata": {"owner": "ciaccess", "rotation": "1"},
}


@pytest.fixture
def ended(tmp_path: Path) -> Access:
    """An account whose name of now begins its former one, of which somebody might say that it is a twin."""
    return load(renamed(tmp_path, "svc-executor", "svc-exec", LAST), on=AFTER)


def applied(access: Access, inputs: dict[Target, dict[str, Any]]) -> Applied:
    return Applied(Desired.of(access), State(dict.fromkeys(inputs, "urn"), {}, inputs))


def leftovers(access: Access) -> tuple[Applied, Ours]:
    """Return the state of a stack that has a former account, and what is ours by it."""
    found = applied(access, {resource_types.account("svc-executor"): FORMER})
    return found, Ours(access, Desired.of(access), frozenset(found.removed))


def user(user_id: str, *roles: str, last_name: str = OURS) -> User:
    return User(user_id, "By", last_name, "by@hand.test", "active", frozenset(roles))


def role(role_id: str) -> Role:
    return Role(role_id, role_id, OURS, frozenset(), frozenset())


def privilege(name: str) -> Privilege:
    return Privilege(name, "repository-content-selector", OURS, frozenset({"read"}), "yum", "rpm-dev", "x")


def repairs(known: Applied, found: Iterable[Finding]) -> dict[str, tuple[str, bool, bool]]:
    """Return each finding's class, and whether the engine and whether a person repairs it."""
    engine = (resource_types.account("svc-executor"),)
    marked = [known.mark(each) for each in found]
    assert [each.is_removed for each in marked] == [each.targets == engine for each in marked]
    assert [each.not_applied for each in marked] == [
        each.is_removed and each.id != "nexus.user.admin" for each in marked
    ]
    return {each.object: (each.id, each.targets == engine, bool(each.manual_command)) for each in marked}


def test_users_of_a_former_account_are_the_engines_and_others_a_persons(ended: Access) -> None:
    known, ours = leftovers(ended)
    ids = ("svc-executor", "svc-executor-b", "svc-executor-c", "svc-other")
    found = undeclared_users(ours, {each: user(each) for each in ids}, NOBODY, NOBODY)
    assert repairs(known, found) == {
        "user svc-executor": ("nexus.user.undeclared", True, False),
        "user svc-executor-b": ("nexus.user.undeclared", True, False),
        "user svc-executor-c": ("nexus.user.twin", False, True),
        "user svc-other": ("nexus.user.undeclared", False, True),
    }


def test_one_that_administers_nexus_is_the_engines_too(ended: Access) -> None:
    known, ours = leftovers(ended)
    users = {"svc-executor": user("svc-executor", "nx-admin")}
    found = undeclared_users(ours, users, frozenset({"nx-admin"}), NOBODY)
    assert repairs(known, found) == {"user svc-executor": ("nexus.user.admin", True, False)}


def test_roles_and_privileges_of_a_former_account_are_the_engines_and_others_a_persons(ended: Access) -> None:
    known, ours = leftovers(ended)
    roles = {each: role(each) for each in ("ci-svc-executor", "ci-svc-executor-x")}
    assert repairs(known, undeclared_roles(ours, roles, NOBODY, NOBODY)) == {
        "role ci-svc-executor": ("nexus.role.undeclared", True, False),
        "role ci-svc-executor-x": ("nexus.role.undeclared", False, True),
    }
    others = {each: privilege(each) for each in ("ci-svc-executor-rpm-dev", "ci-svc-fsdb-rpm-dev")}
    assert repairs(known, undeclared_privileges(ours, others)) == {
        "privilege ci-svc-executor-rpm-dev": ("nexus.privilege.undeclared", True, False),
        "privilege ci-svc-fsdb-rpm-dev": ("nexus.privilege.undeclared", False, True),
    }


HELD = user("svc-executor")
CHANGED = (
    replace(HELD, roles=frozenset({"nx-anonymous"})),
    replace(HELD, status="disabled"),
    replace(role("ci-svc-executor"), privileges=frozenset({"nx-search-read"})),
    replace(privilege("ci-svc-executor-rpm-dev"), actions=frozenset({"all"})),
)


@pytest.mark.parametrize("changed", CHANGED, ids=str)
def test_what_somebody_changed_in_a_former_account_is_the_engines_and_a_change_by_hand(
    ended: Access, changed: User | Role | Privilege
) -> None:
    known, ours = leftovers(ended)
    if isinstance(changed, User):
        found = list(undeclared_users(ours, {changed.user_id: changed}, NOBODY, NOBODY))
    elif isinstance(changed, Role):
        found = list(undeclared_roles(ours, {changed.role_id: changed}, NOBODY, NOBODY))
    else:
        found = list(undeclared_privileges(ours, {changed.name: changed}))
    (marked,) = map(known.mark, found)
    assert (marked.targets, marked.is_removed) == ((resource_types.account("svc-executor"),), True)
    assert not marked.not_applied


@pytest.mark.parametrize(
    ("custom", "waits"),
    [({"owner": "ciaccess", "rotation": "1"}, True), ({"owner": "eve"}, False), ({}, False)],
)
def test_a_former_secret_with_other_metadata_was_made_by_hand(
    ended: Access, custom: dict[str, str], *, waits: bool
) -> None:
    known, _ = leftovers(ended)
    noted = fields_of("metadata", "svc-executor", custom)
    what = "secret secret/nexus/svc-executor"
    finding = Finding("vault.secret.undeclared", what, "no such secret", "a secret", changes=noted)
    assert known.mark(finding).not_applied is waits


def test_what_is_not_marked_as_ours_has_no_command_that_removes_it(ended: Access) -> None:
    """A user, role or privilege may be in somebody's use, whatever its name."""
    known, ours = leftovers(ended)
    users = {"svc-other": user("svc-other", last_name="(managed by terraform)")}
    found = undeclared_users(ours, users, NOBODY, NOBODY)
    assert repairs(known, found) == {"user svc-other": ("nexus.user.undeclared", False, False)}


def test_until_its_day_is_over_a_former_account_is_declared(tmp_path: Path) -> None:
    access = load(renamed(tmp_path, "svc-executor", "svc-exec", LAST), on=LAST)
    known, ours = leftovers(access)
    assert not known.removed
    assert not list(undeclared_users(ours, {"svc-executor": user("svc-executor")}, NOBODY, NOBODY))


JWT = {
    "roleName": "nexus-ci",
    "tokenTtl": 300,
    "boundClaims": {"namespace_path": "orchestrator,orchestrator/*"},
}


def waits(inputs: dict[str, Any], **observed: Any) -> bool:
    """Tell whether a JWT role with these fields is one that no `up` has changed since the state's inputs."""
    access = organisation()
    desired = Desired.of(access)
    target, wanted = resource_types.jwt_role("jwt", "nexus-ci"), desired.jwt_roles["nexus-ci"]
    changes = changes_of("JWT role", "nexus-ci", wanted, replace(wanted, **observed))
    (finding,) = findings(changes, target)
    return applied(access, {target: inputs}).mark(finding).not_applied


def test_a_field_that_is_as_the_last_up_left_it_was_changed_in_access_yaml() -> None:
    assert waits(JWT, token_ttl=300)
    claims = {"namespace_path": frozenset({"orchestrator", "orchestrator/*"}), "ref": frozenset({"x"})}
    assert not waits(JWT, bound_claims=claims), "somebody added one"
    del claims["ref"]
    assert not waits({**JWT, "boundClaims": {}}, token_ttl=99)
    assert waits(
        {**JWT, "boundClaims": {"namespace_path": "a"}}, bound_claims={"namespace_path": frozenset("a")}
    )


def test_one_field_by_hand_is_enough() -> None:
    assert not waits(JWT, token_ttl=300, token_num_uses=7)


def test_what_the_stack_has_not_made_yet_waits_and_without_a_state_nothing_is_known() -> None:
    access = organisation()
    target = resource_types.account("svc-bench")
    missing = Finding("vault.secret.missing", "secret secret/nexus/svc-bench", "x", "nothing", (target,))
    other: dict[Target, dict[str, Any]] = {resource_types.account("svc-fsdb"): {}}
    assert applied(access, other).mark(missing).not_applied
    assert not applied(access, {**other, target: {}}).mark(missing).not_applied
    assert not applied(access, {}).mark(missing).not_applied


def test_what_has_the_name_of_something_new_was_made_by_hand() -> None:
    access = organisation()
    wanted = Desired.of(access).jwt_roles["nexus-ci"]
    other: dict[Target, dict[str, Any]] = {resource_types.account("svc-fsdb"): {}}
    known, target = applied(access, other), resource_types.jwt_role("jwt", "nexus-ci")
    for observed, expected in ((None, True), (replace(wanted, token_ttl=9), False)):
        (finding,) = findings(changes_of("JWT role", "nexus-ci", wanted, observed), target)
        assert known.mark(finding).not_applied is expected
    of_a_backend = Finding("vault.backend.missing", "JWT backend jwt/", "x", "oidc without a configuration")
    assert not known.mark(replace(of_a_backend, repair=target)).not_applied


@pytest.mark.parametrize(("data", "waits"), [({}, True), ({"token_bound_cidrs": ["10.0.0.0/8"]}, False)])
def test_a_removed_jwt_role_is_the_engines_and_compared_with_the_state(
    data: dict[str, Any], *, waits: bool
) -> None:
    inputs = {**JWT, "roleName": "former", "tokenType": "default", "backend": "jwt"}
    known = applied(organisation(), {resource_types.jwt_role("jwt", "former"): inputs})
    claims = {"namespace_path": ["orchestrator", "orchestrator/*"]}
    read = {
        "token_ttl": 300,
        "bound_claims": claims,
        "token_type": "default",
        "claim_mappings": None,
        "max_age": 0,
    }
    finding = Finding(
        "vault.role.undeclared",
        "JWT role former",
        "x",
        "y",
        changes=fields_of("JWT role", "former", read | data),
    )
    assert (known.mark(finding).is_removed, known.mark(finding).not_applied) == (True, waits)


@pytest.mark.parametrize("name", ["nexus-ci", "former"])
def test_a_role_of_the_former_jwt_mount_says_nothing_of_one_of_the_mount_of_now(name: str) -> None:
    known = applied(organisation(), {resource_types.jwt_role("old", name): {**JWT, "roleName": name}})
    finding = Finding("vault.role.fields", f"JWT role {name}", "x", "y", "vault write")
    assert known.mark(finding) == finding


def test_the_page_says_what_is_declared_no_longer_in_words_of_its_own(ended: Access) -> None:
    known, ours = leftovers(ended)
    found = tuple(map(known.mark, undeclared_users(ours, {"svc-executor": HELD}, NOBODY, NOBODY)))
    shown = markdown(page_of(Report("prod", found, ()), Plan("prod", (), False, ()), "now"))  # noqa: FBT003
    assert "no longer declared; the next" in shown
    assert "declared since" not in shown


@pytest.mark.parametrize(
    ("kind", "part"),
    [("user", "users"), ("role", "role"), ("content selector", "selectors"), ("privilege", "privileges")],
)
def test_a_part_of_an_account_is_compared_with_its_part_of_the_state(kind: str, part: str) -> None:
    access = organisation()
    account = Desired.of(access).accounts["svc-executor"]
    identity, wanted = next(iter(account.objects[kind].items()))
    field = {"user": "first_name", "content selector": "expression"}.get(kind, "description")
    inputs = {field: "before"} if kind == "role" else {identity: {field: "before"}}
    for observed, expected in (("before", True), ("by hand", False)):
        changes = changes_of(kind, identity, wanted, replace(wanted, **{field: observed}))
        (finding,) = findings(changes, resource_types.account("svc-executor"))
        known = applied(access, {resource_types.account("svc-executor"): {part: inputs}})
        assert known.mark(finding).not_applied is expected
