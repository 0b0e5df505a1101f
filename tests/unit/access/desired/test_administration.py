"""Which privileges make an administrator, or let a user make itself one: measured on Nexus 3.77 and 3.71."""

from __future__ import annotations

import pytest

from ciaccess.access.desired.administration import admin_privileges, is_admin_name
from ciaccess.access.desired.objects import Privilege


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
        "nexus:",
        "nexus:users:",
        "nexus:users::",
        " nexus:users:update: ",
        "nexus:settings:update",
        "nexus:roles:create",
        "nexus:*:create",
        "nexus:script:*:*",
        "nexus:script:mine:run",
        "nexus:script:mine,other:read,edit",
        "nexus:script",
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
        "nexus:roles:delete",
        "nexus:userschangepw:*",
        "nexus:tasks:*",
        "nexus:*:read",
        "nexus:script:*:read,browse,delete",
        "nexus:scripts:*:run",
        "other:*",
        "nexus:users:update:x",
        "nexus: users:update",
        "nexus:users , search:update",
        "nexus:u*:*",
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
        "nx-roles-create",
        "nx-roles-update",
        "nx-privileges-all",
        "nx-privileges-update",
        "nx-capabilities-all",
        "nx-ldap-update",
        "nx-settings-update",
        "nx-script-*-run",
    ],
)
def test_nexus_own_privileges_that_change_users_roles_or_privileges_administer(name: str) -> None:
    assert is_admin_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "nx-users-read",
        "nx-roles-read",
        "nx-repository-view-*-*-*",
        "nx-search-read",
        "nx-userschangepw",
        "nx-script-*-read",
    ],
)
def test_reading_does_not_administer(name: str) -> None:
    assert not is_admin_name(name)


@pytest.mark.parametrize(
    ("domain", "actions", "administers"),
    [
        ("users", {"all"}, True),
        ("users", {"add", "read"}, True),
        ("roles", {"edit", "read"}, True),
        ("roles", {"add"}, True),
        ("roles", {"delete", "read"}, False),
        ("users,roles", {"edit"}, True),
        ("users:*", {"edit"}, False),
        ("userschangepw", {"all"}, False),
        ("script", {"all"}, True),
        ("*", {"edit"}, True),
        ("users", {"read", "delete"}, False),
        ("search", {"all"}, False),
    ],
)
def test_a_custom_privilege_of_an_application_counts_by_its_domain_and_actions(
    domain: str, actions: set[str], *, administers: bool
) -> None:
    own = Privilege("own", "application", "", frozenset(actions), domain=domain)
    assert ("own" in admin_privileges({"own": own})) is administers


@pytest.mark.parametrize(("actions", "administers"), [({"run"}, True), ({"browse", "read"}, False)])
def test_a_custom_privilege_that_runs_a_script_administers(actions: set[str], *, administers: bool) -> None:
    own = Privilege("own", "script", "", frozenset(actions))
    assert ("own" in admin_privileges({"own": own})) is administers
