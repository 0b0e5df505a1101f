"""Nexus's roles, privileges and content selectors against access.yaml, and who administers Nexus by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ciaccess.access.desired.difference import differing
from ciaccess.access.desired.nexus import account_objects, named_roles, role_id
from ciaccess.drift.comparing import listed, shown
from ciaccess.drift.findings import Finding
from ciaccess.drift.former_accounts import Ended, undeclared
from ciaccess.drift.manual_commands import deleting
from ciaccess.engine import resource_types

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ciaccess.access import Access
    from ciaccess.access.desired.objects import ContentSelector, Privilege, Role
    from ciaccess.engine.resource_types import Target

# Every account's objects are named by role_id.
_OURS = role_id("svc-")
_EVERYTHING = "nx-all"
_ADMINISTRATION = "nexus"


@dataclass(frozen=True)
class Declared:
    """What Nexus must hold besides users, each with the resource that repairs it."""

    roles: tuple[tuple[Role, Target], ...]
    selectors: tuple[tuple[ContentSelector, Target], ...]
    privileges: tuple[tuple[Privilege, Target], ...]

    @classmethod
    def of(cls, access: Access) -> Self:
        """Take it from access.yaml."""
        own = [(account_objects(access, name), resource_types.account(name)) for name in access.accounts]
        return cls(
            tuple((role, resource_types.role(role.role_id)) for role in named_roles(access))
            + tuple((role, target) for objects, target in own for role in objects.roles),
            tuple((selector, target) for objects, target in own for selector in objects.selectors),
            tuple((privilege, target) for objects, target in own for privilege in objects.privileges),
        )


def admin_privileges(privileges: Mapping[str, Privilege]) -> frozenset[str]:
    """Return the privileges that allow everything: nx-all, and wildcards that are as wide."""
    found = {
        name
        for name, privilege in privileges.items()
        if privilege.type == "wildcard" and _is_everything(privilege.pattern)
    }
    return frozenset(found | {_EVERYTHING})


def _is_everything(pattern: str) -> bool:
    first, *others = pattern.split(":")
    return first in (_ADMINISTRATION, "*") and all(part == "*" for part in others)


def admin_roles(roles: Mapping[str, Role], administering: frozenset[str]) -> frozenset[str]:
    """Return the roles that administer Nexus, by their own privileges or by roles they contain, at any depth."""
    found = {name for name, role in roles.items() if role.privileges & administering}
    while more := {name for name, role in roles.items() if name not in found and role.roles & found}:
        found |= more
    return frozenset(found)


def declared_roles(
    declared: Declared, roles: Mapping[str, Role], administering: frozenset[str], admins: frozenset[str]
) -> Iterator[Finding]:
    """Return what differs in the declared roles; `administering` are privileges, `admins` roles."""
    for wanted, repaired in declared.roles:
        found = roles.get(wanted.role_id)
        what, target = f"role {wanted.role_id}", (repaired,)
        if found is None:
            yield Finding("nexus.role.missing", what, "a role", "nothing", targets=target)
            continue
        expected = {"privileges": set(wanted.privileges), "roles": set(wanted.roles)}
        if names := differing(expected, vars(found)):
            gained = _gained(wanted, found, administering, admins)
            identity = "nexus.role.admin" if gained else "nexus.role.content"
            lost, more = _exchanged(wanted, found)
            yield Finding(
                identity, what, f"with {lost}" if lost else shown(expected, names), more, targets=target
            )
        texts = {"name": wanted.name, "description": wanted.description}
        if names := differing(texts, vars(found)):
            yield Finding(
                "nexus.role.text", what, shown(texts, names), shown(vars(found), names), targets=target
            )


def _gained(
    wanted: Role, found: Role, administering: frozenset[str], admins: frozenset[str]
) -> frozenset[str]:
    """Return by what a role administers Nexus that is not declared."""
    privileges = (found.privileges - frozenset(wanted.privileges)) & administering
    return privileges | ((found.roles - frozenset(wanted.roles)) & admins)


def _exchanged(wanted: Role, found: Role) -> tuple[str, str]:
    """Return what a role lacks, "" for nothing, and what of it there is instead, in words."""
    lost = (frozenset(wanted.privileges) - found.privileges) | (frozenset(wanted.roles) - found.roles)
    more = (found.privileges - frozenset(wanted.privileges)) | (found.roles - frozenset(wanted.roles))
    words = [f"{word} {listed(names)}" for word, names in (("without", lost), ("also", more)) if names]
    return listed(lost) if lost else "", "; ".join(words)


def other_roles(
    access: Access,
    declared: Declared,
    roles: Mapping[str, Role],
    administering: frozenset[str],
    admins: frozenset[str],
) -> Iterator[Finding]:
    """Return the roles that nobody declared, where they administer Nexus, are twins, or are named as ours."""
    ours = {role.role_id for role, _ in declared.roles}
    by_case = {name.lower(): name for name in ours}
    ended = Ended(access)
    for identity, role in roles.items():
        if identity in ours or role.read_only:
            continue
        what, command = f"role {identity}", deleting(access, "roles", identity)
        if held := (role.privileges & administering) | (role.roles & admins):
            yield Finding("nexus.role.admin", what, "no administration", listed(held), by_hand=command)
        if twin := by_case.get(identity.lower()):
            yield Finding("nexus.role.twin", what, f"only {twin}", identity, by_hand=command)
        elif (former := ended.role(identity)) or identity.startswith(_OURS):
            yield undeclared(
                "nexus.role.undeclared", what, "no such role", "a role", by_hand=command, former=former
            )


def privileges_findings(
    access: Access, declared: Declared, privileges: Mapping[str, Privilege]
) -> Iterator[Finding]:
    """Return what differs in the privileges on content selectors, and those named as ours that nobody declared."""
    for wanted, repaired in declared.privileges:
        found = privileges.get(wanted.name)
        what, target = f"privilege {wanted.name}", (repaired,)
        if found is None:
            yield Finding("nexus.privilege.missing", what, "a privilege", "nothing", targets=target)
            continue
        expected = {
            "type": "repository-content-selector",
            "format": wanted.format,
            "repository": wanted.repository,
            "content_selector": wanted.content_selector,
            "actions": set(wanted.actions),
        }
        if names := differing(expected, vars(found)):
            seen = shown(vars(found), names)
            yield Finding("nexus.privilege.fields", what, shown(expected, names), seen, targets=target)
        if found.description != wanted.description:
            yield Finding("nexus.privilege.text", what, wanted.description, found.description, targets=target)
    ours = {wanted.name for wanted, _ in declared.privileges}
    ended = Ended(access)
    for name in sorted(privileges.keys() - ours):
        former = ended.privilege(name)
        if former or name.startswith(_OURS):
            command, what = deleting(access, "privileges", name), f"privilege {name}"
            yield undeclared(
                "nexus.privilege.undeclared", what, "no such privilege", "one", by_hand=command, former=former
            )


def selector_findings(
    wanted: ContentSelector, repaired: Target, found: ContentSelector | None
) -> Iterator[Finding]:
    """Return what differs in a content selector."""
    what, target = f"content selector {wanted.name}", (repaired,)
    if found is None:
        yield Finding("nexus.selector.missing", what, wanted.expression, "nothing", targets=target)
        return
    if found.expression != wanted.expression:
        yield Finding("nexus.selector.expression", what, wanted.expression, found.expression, targets=target)
    if found.description != wanted.description:
        yield Finding("nexus.selector.text", what, wanted.description, found.description, targets=target)
