"""Nexus's roles, privileges and selectors against the desired state, and administrators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ciaccess.access import Access
from ciaccess.access.desired.difference import difference, fields_of
from ciaccess.access.desired.nexus import READ, role_id
from ciaccess.access.desired.objects import ON_REPOSITORIES, Privilege, Role
from ciaccess.access.desired.state import Desired
from ciaccess.drift.declared import findings
from ciaccess.drift.findings import NOTHING, Finding, names_or_none
from ciaccess.drift.manual_commands import delete_own
from ciaccess.engine import resource_types

# Every account's objects are named by role_id.
_OURS = role_id("svc-")
# Of Nexus's own privileges, which validate takes for what they say; one made by hand may be named so, too.
_NAMES = "nx-repository-view-"
_WORK = frozenset({"browse", "read", "edit", "add", "delete", "all"})
_READ = frozenset(READ)
# The classes of a declared object that administers Nexus without being declared to.
_ADMINISTERING = {"nexus.role.content": "nexus.role.admin", "nexus.user.roles": "nexus.user.admin"}


@dataclass(frozen=True)
class Ours:
    """The desired state, and what the stack made and access.yaml no longer has (`Applied`)."""

    access: Access
    desired: Desired
    removed: frozenset[str] = frozenset()


def declared_objects(
    desired: Desired, kind: str, found: Mapping[str, object], admins: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Return the differences of declared objects; `admins` are those that administer Nexus."""
    wanted = [(resource_types.account(each.name), each.objects[kind]) for each in desired.accounts.values()]
    if kind == "role":
        wanted += [(resource_types.role(name), {name: role}) for name, role in desired.named_roles.items()]
    for target, objects in wanted:
        for changes in difference(kind, objects, found).values():
            gained = {
                name
                for each in changes
                if each.field in ("privileges", "roles")
                for name in each.observed - each.desired
            }
            reclassified = _ADMINISTERING if gained & admins else None
            yield from findings(changes, target, reclassified)


def undeclared_roles(
    ours: Ours, roles: Mapping[str, Role], administering: frozenset[str], admins: frozenset[str]
) -> Iterator[Finding]:
    """Return a finding for each undeclared role that administers, is a twin, or is named as ours."""
    declared = ours.desired.objects("role")
    by_case = {name.lower(): name for name in declared}
    for identity, role in roles.items():
        if identity in declared or role.read_only:
            continue
        what, command = f"role {identity}", delete_own(ours.access, "roles", identity, role.description)
        twin = by_case.get(identity.lower())
        if held := (role.privileges & administering) | (role.roles & admins):
            seen = f"a role that administers Nexus by {names_or_none(held)}"
            seen += f", with an id like {twin}" if twin else ""
            yield Finding("nexus.role.admin", what, "no such role", seen, command)
        elif twin:
            yield Finding("nexus.role.twin", what, f"only {twin}", identity, command)
        elif what in ours.removed or identity.startswith(_OURS):
            yield undeclared_finding("nexus.role.undeclared", "role", identity, vars(role), "a role", command)


def undeclared_privileges(ours: Ours, privileges: Mapping[str, Privilege]) -> Iterator[Finding]:
    """Return the privileges named as ours that are not declared."""
    for name in sorted(privileges.keys() - ours.desired.objects("privilege").keys()):
        if f"privilege {name}" in ours.removed or name.startswith(_OURS):
            found = privileges[name]
            command = delete_own(ours.access, "privileges", name, found.description)
            yield undeclared_finding(
                "nexus.privilege.undeclared", "privilege", name, vars(found), "one", command
            )


def undeclared_finding(
    identity: str, kind: str, name: str, fields: Mapping[str, Any], found: str, command: str
) -> Finding:
    """Return the finding of an object that may be one of a removed account, by its fields."""
    what, changes = f"{kind} {name}", fields_of(kind, name, fields)
    return Finding(identity, what, f"no such {kind}", found, command, changes=changes)


def wider_privileges(ours: Ours, privileges: Mapping[str, Privilege]) -> Iterator[Finding]:
    """Return the privileges that allow more than they are listed for, or than their names tell.

    One that is listed and missing is found too.
    """
    nexus = ours.access.nexus
    listed = dict.fromkeys(nexus.repository_privileges, ("work on repositories", _WORK))
    listed |= dict.fromkeys(nexus.read_privileges, ("browse and read on repositories", _READ))
    roles = [*ours.desired.named_roles.values(), *(each.role for each in ours.desired.accounts.values())]
    held = {name for role in roles if role for name in role.privileges if name.startswith(_NAMES)}
    for name in sorted(listed.keys() | held):
        what, each = f"privilege {name}", privileges.get(name)
        expected, actions = listed.get(name, ("what its name tells", _WORK))
        if each is None and name in listed:
            yield Finding("nexus.privilege.missing", what, expected, NOTHING)
        elif each and not (each.type in ON_REPOSITORIES and each.actions <= actions & _told_by(each)):
            seen = f"{each.type} {each.pattern or names_or_none(each.actions)}"
            seen += f" on {each.repository}" if each.repository else ""
            yield Finding("nexus.privilege.wider", what, expected, seen)


def _told_by(privilege: Privilege) -> frozenset[str]:
    """Return the actions that a privilege's name tells, none if it names another repository."""
    begin, _, action = privilege.name.rpartition("-")
    if privilege.read_only or not begin.startswith(_NAMES):
        return _WORK
    if begin != f"{_NAMES}{privilege.format}-{privilege.repository}":
        return frozenset()
    return _WORK if action == "*" else _READ | {action}
