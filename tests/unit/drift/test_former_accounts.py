"""What is left of a former account whose day is over: told as undeclared, and left to the engine, not to a person."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from ciaccess.access import load
from ciaccess.access.desired.state import Desired
from ciaccess.clients.nexus import Privilege, Role, User
from ciaccess.drift.nexus_objects import undeclared_privileges, undeclared_roles
from ciaccess.drift.nexus_users import undeclared_users
from ciaccess.engine import resource_types
from tests.support.access.organisation import renamed

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access
    from ciaccess.drift.findings import Finding

LAST, AFTER = date(2026, 12, 24), date(2026, 12, 25)
NOBODY = frozenset[str]()
OURS = "(managed by ciaccess)"


@pytest.fixture
def ended(tmp_path: Path) -> Access:
    """An account whose name of now begins its former one, of which somebody might say that it is a twin."""
    return load(renamed(tmp_path, "svc-executor", "svc-exec", LAST), on=AFTER)


def user(user_id: str, *roles: str, last_name: str = OURS) -> User:
    return User(user_id, "By", last_name, "by@hand.test", "active", frozenset(roles))


def role(role_id: str) -> Role:
    return Role(role_id, role_id, OURS, frozenset(), frozenset())


def privilege(name: str) -> Privilege:
    return Privilege(name, "repository-content-selector", OURS, frozenset({"read"}), "yum", "rpm-dev", "x")


def repairs(found: list[Finding]) -> dict[str, tuple[str, bool, bool]]:
    """Return each finding's class, and whether the engine and whether a person repairs it."""
    engine = (resource_types.account("svc-executor"),)
    return {each.object: (each.id, each.targets == engine, bool(each.manual_command)) for each in found}


def test_users_of_a_former_account_are_the_engines_and_others_a_persons(ended: Access) -> None:
    ids = ("svc-executor", "svc-executor-b", "svc-executor-c", "svc-other")
    found = list(
        undeclared_users(ended, Desired.of(ended), {each: user(each) for each in ids}, NOBODY, NOBODY)
    )
    assert repairs(found) == {
        "user svc-executor": ("nexus.user.undeclared", True, False),
        "user svc-executor-b": ("nexus.user.undeclared", True, False),
        "user svc-executor-c": ("nexus.user.twin", False, True),
        "user svc-other": ("nexus.user.undeclared", False, True),
    }
    assert found[0].expected == (
        "no such user: svc-executor is a former name of svc-exec, which ended with 2026-12-24"
    )


def test_one_that_administers_nexus_is_the_engines_too(ended: Access) -> None:
    users = {"svc-executor": user("svc-executor", "nx-admin")}
    found = list(undeclared_users(ended, Desired.of(ended), users, frozenset({"nx-admin"}), NOBODY))
    assert [(each.id, bool(each.targets)) for each in found] == [("nexus.user.admin", True)]


def test_roles_and_privileges_of_a_former_account_are_the_engines_and_others_a_persons(ended: Access) -> None:
    desired = Desired.of(ended)
    roles = {each: role(each) for each in ("ci-svc-executor", "ci-svc-executor-x")}
    assert repairs(list(undeclared_roles(ended, desired, roles, NOBODY, NOBODY))) == {
        "role ci-svc-executor": ("nexus.role.undeclared", True, False),
        "role ci-svc-executor-x": ("nexus.role.undeclared", False, True),
    }
    names = ("ci-svc-executor-rpm-dev", "ci-svc-fsdb-rpm-dev")
    others = {each: privilege(each) for each in names}
    found = list(undeclared_privileges(ended, desired, others))
    assert repairs(found) == {
        "privilege ci-svc-executor-rpm-dev": ("nexus.privilege.undeclared", True, False),
        "privilege ci-svc-fsdb-rpm-dev": ("nexus.privilege.undeclared", False, True),
    }


def test_what_is_not_marked_as_ours_has_no_command_that_removes_it(ended: Access) -> None:
    """A user, role or privilege may be in somebody's use, whatever its name."""
    users = {"svc-other": user("svc-other", last_name="(managed by terraform)")}
    found = undeclared_users(ended, Desired.of(ended), users, NOBODY, NOBODY)
    assert repairs(list(found)) == {"user svc-other": ("nexus.user.undeclared", False, False)}


def test_until_its_day_is_over_a_former_account_is_declared(tmp_path: Path) -> None:
    access = load(renamed(tmp_path, "svc-executor", "svc-exec", LAST), on=LAST)
    assert (
        list(
            undeclared_users(
                access, Desired.of(access), {"svc-executor": user("svc-executor")}, NOBODY, NOBODY
            )
        )
        == []
    )
