"""Nexus's roles, privileges and selectors against the desired state, and administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ciaccess.access.desired.difference import difference
from ciaccess.access.desired.nexus import READ, role_id
from ciaccess.access.desired.objects import ON_REPOSITORIES
from ciaccess.drift.declared import findings
from ciaccess.drift.findings import Finding, names_or_none
from ciaccess.drift.manual_commands import delete_own
from ciaccess.engine import resource_types

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ciaccess.access import Access
    from ciaccess.access.desired.objects import Privilege, Role
    from ciaccess.access.desired.state import Desired

# Every account's objects are named by role_id.
_OURS = role_id("svc-")
# What validate takes for work on repositories by its name; in Nexus, a privilege made by hand may have it.
_NAMES = "nx-repository-view-"
_WORK = frozenset({"browse", "read", "edit", "add", "delete", "all"})
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
            yield from findings(changes, target, reclassified=reclassified)


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
            seen = f"a role that administers Nexus by {names_or_none(held)}" + (
                f", with an id like {twin}" if twin else ""
            )
            yield Finding("nexus.role.admin", what, "no such role", seen, manual_command=command)
        elif twin:
            yield Finding("nexus.role.twin", what, f"only {twin}", identity, manual_command=command)
        elif what in ours.removed or identity.startswith(_OURS):
            yield Finding("nexus.role.undeclared", what, "no such role", "a role", manual_command=command)


def undeclared_privileges(ours: Ours, privileges: Mapping[str, Privilege]) -> Iterator[Finding]:
    """Return the privileges named as ours that are not declared."""
    for name in sorted(privileges.keys() - ours.desired.objects("privilege").keys()):
        what = f"privilege {name}"
        if what in ours.removed or name.startswith(_OURS):
            command = delete_own(ours.access, "privileges", name, privileges[name].description)
            yield Finding(
                "nexus.privilege.undeclared", what, "no such privilege", "one", manual_command=command
            )


def wider_privileges(access: Access, privileges: Mapping[str, Privilege]) -> Iterator[Finding]:
    """Return the privileges that allow more than access.yaml lists them for."""
    nexus = access.nexus
    known = [name for role in nexus.roles.values() for name in role.privileges if name.startswith(_NAMES)]
    listed = dict.fromkeys((*known, *nexus.repository_privileges), ("work on repositories", _WORK))
    listed |= {name: ("browse and read on repositories", frozenset(READ)) for name in nexus.read_privileges}
    for name, (expected, actions) in listed.items():
        each = privileges.get(name)
        if each and not (each.type in ON_REPOSITORIES and each.actions <= actions):
            seen = f"{each.type} {each.pattern or names_or_none(each.actions)}"
            yield Finding("nexus.privilege.wider", f"privilege {name}", expected, seen)
