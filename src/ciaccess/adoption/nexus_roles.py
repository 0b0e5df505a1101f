"""The section `nexus.roles`: roles that accounts have besides their grants, with contained roles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ciaccess.access.desired.administration import contained_roles
from ciaccess.access.desired.nexus import READ
from ciaccess.access.desired.objects import ON_REPOSITORIES
from ciaccess.access.desired.ownership import without_owner
from ciaccess.access.model.checks import FORMATS, MOST_TEXT_CHARACTERS, SEGMENT
from ciaccess.access.rules.lenient_view import BUILT_IN_ROLES
from ciaccess.adoption.draft import Draft
from ciaccess.adoption.inventory import NexusInventory
from ciaccess.clients.nexus import Role

PATH = ("nexus", "roles")
_PRIVILEGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._*-]*")


def obstacle(nexus: NexusInventory, roles: Iterable[str]) -> str:
    """Return why one of these roles cannot be described, "" if all can."""
    for name in sorted(contained_roles(nexus.roles, roles)):
        role = nexus.roles.get(name)
        if role is None:
            return f"its role {name} does not exist in Nexus"
        if not re.fullmatch(SEGMENT, name) or ".." in name:
            return f"the name of its role {name!r} is not allowed here"
        odd = [each for each in sorted(role.privileges) if not _PRIVILEGE.fullmatch(each)]
        if odd and name not in BUILT_IN_ROLES:
            return f"its role {name} has the privilege {odd[0]!r}, whose name is not allowed here"
    return ""


def describe(
    nexus: NexusInventory, roles: Iterable[str], renamed: Mapping[str, str], draft: Draft
) -> dict[str, dict[str, Any]]:
    """Return the named roles, some under another name; remark on wide and unmanaged privileges."""
    found: dict[str, dict[str, Any]] = {}
    for original in _to_declare(nexus, roles):
        name, privileges = renamed.get(original, original), nexus.roles[original].privileges
        found[name] = _describe(nexus.roles[original], renamed)
        wide = sorted(
            each
            for each in privileges
            if each.startswith("nx-repository-admin-") or each == "nx-all" or each.endswith(("-*", "-delete"))
        )
        if wide:
            text = f"the role has {', '.join(wide)}: more than browse, read, edit and add"
            remedy = "up keeps them: list the actions one by one, unless the role needs all"
            draft.remark("wide-role", (*PATH, name), text, remedy)
        own = sorted(
            each for each in privileges if each in nexus.privileges and not nexus.privileges[each].read_only
        )
        if own:
            text = (
                f"{', '.join(own)} was created manually; the role uses it, but access.yaml does not manage it"
            )
            remedy = "Keep it in Nexus; or give the account push with a path, which creates its own, and delete this one"
            draft.remark("privilege-by-hand", (*PATH, name), text, remedy)
    return found


def repository_privileges(nexus: NexusInventory, roles: Iterable[str]) -> list[str]:
    """Return the manually created privileges of these roles on repositories or selectors, sorted."""
    held = {each for name in _to_declare(nexus, roles) for each in nexus.roles[name].privileges}
    seen = [nexus.privileges[name] for name in sorted(held & nexus.privileges.keys())]
    return [each.name for each in seen if not each.read_only and each.type in ON_REPOSITORIES]


def _to_declare(nexus: NexusInventory, roles: Iterable[str]) -> list[str]:
    """Return the roles that access.yaml has to declare for these, sorted: all but Nexus's own."""
    return sorted({*contained_roles(nexus.roles, roles)} - {*BUILT_IN_ROLES})


def _describe(role: Role, renamed: Mapping[str, str]) -> dict[str, Any]:
    """Return a role as in the YAML; `pull` replaces pairs of browse and read on every repository."""
    every = set(role.privileges)
    pulled: list[str] = []
    for format_ in ("*", *FORMATS):
        pair = {f"nx-repository-view-{format_}-*-{action}" for action in READ}
        if pair <= every and (format_ != "*" or not pulled):
            every -= pair
            pulled.append(format_)
            if format_ == "*":
                break
    found: dict[str, Any] = {"description": text_of(without_owner(role.description), role.name, role.role_id)}
    if pulled:
        found["pull"] = "all" if pulled == ["*"] else pulled
    if every:
        found["privileges"] = sorted(every)
    if role.roles:
        found["roles"] = sorted(renamed.get(each, each) for each in role.roles)
    return found


def text_of(*candidates: str) -> str:
    """Return the first text that is valid as a description."""
    return next(
        (
            each
            for each in candidates
            if each.strip() and each.isprintable() and len(each) <= MOST_TEXT_CHARACTERS
        ),
        "Created manually",
    )
