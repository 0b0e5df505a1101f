"""Nexus: its two registries, its repositories, and the roles with names of their own."""

from __future__ import annotations

from collections.abc import Iterator

from ciaccess.access.reading.document import YamlPath, dotted_path
from ciaccess.access.reading.faults import Fault, display
from ciaccess.access.rules.lenient_view import BUILT_IN_ROLES, ENVIRONMENTS, Faults, LenientView, Rule

_ROLES = ("nexus", "roles")


def registries(view: LenientView) -> Faults:
    """The registries are not swapped, as far as paths show; one for both must do both."""
    here: YamlPath = ("nexus", "push_registry")
    push, pull = view.text(*here), view.text("nexus", "pull_registry")
    group = view.text("nexus", "repositories", "docker", "group")
    if group and push.endswith(f"/{group}") and push != pull:
        message = f"{display(push)} is the group repository, which images are pulled from"
        remedy = "Swap push_registry and pull_registry" if not pull.endswith(f"/{group}") else "Name that one"
        yield view.fault(here, message, "the registry of the hosted repository", remedy)
    elif push and push == pull:
        message = f"{display(pull)} is push_registry too, so pulls see only what that repository serves"
        allowed = (
            "the registry of the group, or one for both where its repository accepts pushes and serves pulls"
        )
        remedy = "Name the registry of the group, unless this one serves both"
        yield view.fault(("nexus", "pull_registry"), message, allowed, remedy, severity="warning")


def repositories(view: LenientView) -> Faults:
    """A repository has one format and one environment; Nexus takes no notice of case."""
    seen: dict[str, YamlPath] = {}
    for format_, declared in view.mapping("nexus", "repositories").items():
        here: YamlPath = ("nexus", "repositories", format_)
        if isinstance(declared, dict) and not any(declared.get(environment) for environment in ENVIRONMENTS):
            message = "no environment has a repository"
            remedy = "Add the repository of an environment, or remove the format"
            yield view.fault(here, message, f"at least one of {', '.join(ENVIRONMENTS)}", remedy, key=True)
        for place in (*ENVIRONMENTS, "group"):
            repository = view.text(*here, place)
            first = seen.setdefault(repository.lower(), (*here, place)) if repository else ()
            if first and first != (*here, place):
                message = f"{display(repository)} is {dotted_path(first)} too"
                yield view.fault((*here, place), message, "a repository of its own", "Correct one of the two")


def roles(view: LenientView) -> Faults:
    """A named role has rights, is used, and is not built into Nexus."""
    declared = view.mapping(*_ROLES)
    given = {
        role for account in view.mapping("accounts") for _, role in view.texts("accounts", account, "roles")
    }
    given |= {inner for role in declared for _, inner in view.texts(*_ROLES, role, "roles")}
    # While a role is given that does not exist, it may be meant for the unused one.
    is_spelt = given <= {*declared, *BUILT_IN_ROLES}
    for role, body in declared.items():
        path: YamlPath = (*_ROLES, role)
        if role in BUILT_IN_ROLES:
            message = f"{display(role)} is a role that every Nexus has, and cannot be changed"
            yield view.fault(path, message, "another name", "Rename the role", key=True)
        elif isinstance(body, dict) and not any(map(body.get, ("pull", "privileges", "roles"))):
            remedy = "Add what it gives, or remove the role"
            yield view.fault(path, "the role gives nothing", "pull, privileges or roles", remedy, key=True)
        elif role not in given and is_spelt and view.mapping("accounts"):
            message = f"no account has the role {display(role)}"
            remedy = "Give it to an account, or remove it"
            yield view.fault(path, message, "roles in use", remedy, key=True, severity="warning")
        for here, privilege in view.texts(*path, "privileges"):
            if privilege.startswith("nx-repository-admin-") or privilege.endswith(("-delete", "-*")):
                message = f"{display(privilege)} gives more than browse, read, edit and add"
                remedy = "Name the actions one by one, unless deleting is what the role is for"
                yield view.fault(here, message, "…-browse, -read, -edit, -add", remedy, severity="warning")


def contained_roles(view: LenientView) -> Faults:
    """A role contains roles that exist, and never itself, not even by way of others."""
    declared = view.mapping(*_ROLES)
    for role in declared:
        for here, inner in view.texts(*_ROLES, role, "roles"):
            if inner not in declared and inner not in BUILT_IN_ROLES:
                yield unknown_role(view, here, inner)
    for circle in _circles(view):
        way = " contains ".join((*circle, circle[0]))
        path: YamlPath = (*_ROLES, circle[0], "roles")
        yield view.fault(path, f"{way}: a circle", "roles without a circle", "Take one of them out", key=True)


def unknown_role(view: LenientView, path: YamlPath, role: str) -> Fault:
    """Return the fault of a role that is neither declared nor one of Nexus's own."""
    known = list(dict.fromkeys([*view.mapping(*_ROLES), *BUILT_IN_ROLES]))
    remedy = view.suggest(role, known, "Declare it under nexus.roles")
    return view.fault(path, f"there is no role {display(role)}", ", ".join(known), remedy)


def _circles(view: LenientView) -> Iterator[tuple[str, ...]]:
    """Return each circle once, from the first of its roles in the file."""
    declared = list(view.mapping(*_ROLES))
    inner = {role: [name for _, name in view.texts(*_ROLES, role, "roles")] for role in declared}
    closed: set[str] = set()
    for first in declared:
        ways: list[tuple[str, ...]] = [(first,)]
        reached = {first}
        while ways and first not in closed:
            way = ways.pop()
            for role in inner.get(way[-1], ()):
                if role == first:
                    closed |= set(way)
                    yield way
                    break
                if role not in reached:
                    reached.add(role)
                    ways.append((*way, role))


RULES: tuple[Rule, ...] = (registries, repositories, roles, contained_roles)
