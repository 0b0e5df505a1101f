"""Privileges and roles that administer Nexus: one rule for validate, crawl, drift, pull-secret.

A user administers Nexus if it holds everything, or can give itself what it lacks. Measured on 3.77: a user that can update
users, roles or privileges promotes itself, one that can create users makes an administrator, and a new role named like a
group of LDAP belongs to its members. A capability gives every user a role, an LDAP connection maps its groups to roles, a
script runs as Nexus. Settings decide whose rights a caller without credentials has: with the administrator's, such a caller
can write to every repository (measured on 3.71).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ciaccess.access.desired.objects import Privilege, Role

_NEXUS = "nexus"
# Of Nexus's own privileges and of wildcards: (domain, action).
_RIGHTS = (
    ("users", "create"), ("users", "update"), ("roles", "create"), ("roles", "update"), ("privileges", "update"), ("capabilities", "create"),
    ("capabilities", "update"), ("ldap", "create"), ("ldap", "update"), ("settings", "update"),
)  # fmt: skip
# What the API calls the actions of an application's or a script's privilege.
_ACTIONS = {"all": "*", "add": "create", "edit": "update"}
_SCRIPT_ACTIONS = frozenset({"*", "create", "update", "run"})
_SCRIPT_WORDS = ("-*", "-add", "-edit", "-run")
_OWN = frozenset(
    {"nx-all"} | {f"nx-{domain}-{each}" for domain, action in _RIGHTS for each in (action, "all")}
)


def is_admin_name(name: str) -> bool:
    """Tell whether one of Nexus's own privileges administers it, by its name."""
    return name in _OWN or (name.startswith("nx-script-") and name.endswith(_SCRIPT_WORDS))


def admin_privileges(privileges: Mapping[str, Privilege]) -> frozenset[str]:
    """Return the privileges that administer Nexus.

    Its own ones are in the result by name, whether found or not; others by what they give.
    """
    return _OWN | {name for name, each in privileges.items() if is_admin_name(name) or _administers(each)}


def admin_roles(roles: Mapping[str, Role], administering: frozenset[str]) -> frozenset[str]:
    """Return the roles that administer Nexus, by own privileges or by contained roles."""
    return roles_containing(roles, {name for name, role in roles.items() if role.privileges & administering})


def roles_containing(roles: Mapping[str, Role], names: Iterable[str]) -> frozenset[str]:
    """Return these roles and those that contain one of them, at any depth."""
    found = set(names)
    while more := {name for name, role in roles.items() if name not in found and role.roles & found}:
        found |= more
    return frozenset(found)


def contained_roles(roles: Mapping[str, Role], names: Iterable[str]) -> list[str]:
    """Return these roles and those that they contain, each once, however they contain each other."""
    found: list[str] = []
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found.append(name)
            waiting += sorted(roles[name].roles) if name in roles else ()
    return found


def _administers(privilege: Privilege) -> bool:
    actions = {_ACTIONS.get(action, action) for action in privilege.actions}
    if privilege.type == "script":
        return bool(actions & _SCRIPT_ACTIONS)
    if privilege.type == "application":
        return _includes_a_right(f"{_NEXUS}:{privilege.domain}:{','.join(sorted(actions))}")
    return privilege.type == "wildcard" and _includes_a_right(privilege.pattern)


def _includes_a_right(pattern: str) -> bool:
    """Tell whether a wildcard permission administers, by Apache Shiro's rule.

    Parts are separated by colons, alternatives by commas; parts that are left out or empty at the end match everything. A space
    within is part of a word (both measured on 3.71).
    """
    parts = [set(part.split(",")) for part in pattern.strip().lower().rstrip(":").split(":")]
    # A script's right has its name: `nexus:script:mine:run`. Only where scripts are named, any word is one.
    names = parts[2] if len(parts) > 2 and "script" in parts[1] else {"*"}  # noqa: PLR2004 the third part
    scripts = (("script", name, action) for name in names for action in ("add", "edit", "run"))
    return any(_implies(parts, (_NEXUS, *right)) for right in (*_RIGHTS, *scripts))


def _implies(parts: list[set[str]], wanted: tuple[str, ...]) -> bool:
    pairs = zip(parts, wanted, strict=False)
    more = parts[len(wanted) :]
    return all("*" in part or word in part for part, word in pairs) and all("*" in part for part in more)
