"""Which privileges make an administrator, or let a user make itself one: measured on Nexus 3.77 (facts on Nexus)."""

from __future__ import annotations

import pytest

from ciaccess.access.desired.objects import Privilege
from ciaccess.drift.nexus_objects import admin_privileges


def wildcard(pattern: str) -> Privilege:
    return Privilege("own", "wildcard", "", frozenset(), pattern=pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "nexus",
        "nexus:*",
        "nexus:*:*",
        "nexus:users",
        "nexus:users:*",
        "nexus:users,roles:read,update",
        "nexus:*:update",
        "NEXUS:Privileges:UPDATE",
        "nexus:roles:update:*",
        "*:users:create",
    ],
)
def test_a_wildcard_that_lets_a_user_promote_itself_administers(pattern: str) -> None:
    assert "own" in admin_privileges({"own": wildcard(pattern)})


@pytest.mark.parametrize(
    "pattern",
    [
        "nexus:users:read",
        "nexus:search:*",
        "nexus:repository-view:*:*:read",
        "nexus:roles:create",
        "other:*",
        "nexus:users:update:x",
    ],
)
def test_a_wildcard_that_only_reads_or_is_about_something_else_does_not(pattern: str) -> None:
    assert "own" not in admin_privileges({"own": wildcard(pattern)})


@pytest.mark.parametrize(
    "name",
    [
        "nx-all",
        "nx-users-all",
        "nx-users-create",
        "nx-users-update",
        "nx-roles-all",
        "nx-roles-update",
        "nx-privileges-all",
        "nx-privileges-update",
    ],
)
def test_nexus_own_privileges_that_change_users_roles_or_privileges_administer(name: str) -> None:
    assert name in admin_privileges({})


@pytest.mark.parametrize(
    "name", ["nx-users-read", "nx-roles-read", "nx-repository-view-*-*-*", "nx-search-read"]
)
def test_reading_does_not_administer(name: str) -> None:
    assert name not in admin_privileges({})
