"""Nexus: its two registries, its repositories, and the roles with names of their own."""

from __future__ import annotations

from collections.abc import Iterator

from ciaccess.access.model.checks import ENVIRONMENTS
from ciaccess.access.reading.document import dotted_path
from ciaccess.access.reading.faults import Fault, display
from ciaccess.access.rules.lenient_view import BUILT_IN_ROLES, Faults, LenientView, Node, Rule


def registries(view: LenientView) -> Faults:
    """The registries are not swapped, as far as paths show; one for both must do both."""
    push, pull = view["nexus"]["push_registry"], view["nexus"]["pull_registry"]
    group = view.formats["docker"]["group"].text
    if group and push.text.endswith(f"/{group}") and push.text != pull.text:
        message = f"{display(push.text)} is the group repository, which images are pulled from"
        is_swapped = not pull.text.endswith(f"/{group}")
        remedy = "Swap push_registry and pull_registry" if is_swapped else "Name that one"
        yield push.fault(message, "the registry of the hosted repository", remedy)
    elif push.text and push.text == pull.text:
        message = f"{display(pull.text)} is push_registry too, so pulls see only what that repository serves"
        allowed = (
            "the registry of the group, or one for both where its repository accepts pushes and serves pulls"
        )
        remedy = "Name the registry of the group, unless this one serves both"
        yield pull.warning(message, allowed, remedy)


def repositories(view: LenientView) -> Faults:
    """A repository has one format and one environment; Nexus takes no notice of case."""
    seen: dict[str, Node] = {}
    for format_ in view.formats:
        if isinstance(format_.value, dict) and not any(map(format_.value.get, ENVIRONMENTS)):
            message, allowed = "no environment has a repository", f"at least one of {', '.join(ENVIRONMENTS)}"
            remedy = "Add the repository of an environment, or remove the format"
            yield format_.fault(message, allowed, remedy, key=True)
        for repository in map(format_.__getitem__, (*ENVIRONMENTS, "group")):
            first = seen.setdefault(repository.text.lower(), repository)
            if repository.text and first is not repository:
                message = f"{display(repository.text)} is {dotted_path(first.path)} too"
                yield repository.fault(message, "a repository of its own", "Correct one of the two")


def roles(view: LenientView) -> Faults:
    """A named role has rights, is used, and is not built into Nexus."""
    declared = view.nexus_roles
    given = {role.text for holder in (*view.accounts, *declared) for role in holder["roles"].texts()}
    # While a role is given that does not exist, it may be meant for the unused one.
    is_spelt = given <= {*declared.mapping, *BUILT_IN_ROLES}
    for role in declared:
        if role.name in BUILT_IN_ROLES:
            message = f"{display(role.name)} is a role that every Nexus has, and cannot be changed"
            yield role.fault(message, "another name", "Rename the role", key=True)
        elif isinstance(role.value, dict) and not any(map(role.value.get, ("pull", "privileges", "roles"))):
            remedy = "Add what it gives, or remove the role"
            yield role.fault("the role gives nothing", "pull, privileges or roles", remedy, key=True)
        elif role.name not in given and is_spelt and view.accounts.mapping:
            message = f"no account has the role {display(role.name)}"
            yield role.warning(message, "roles in use", "Give it to an account, or remove it", key=True)
        for privilege in role["privileges"].texts():
            if privilege.text.startswith("nx-repository-admin-") or privilege.text.endswith(
                ("-delete", "-*")
            ):
                message = f"{display(privilege.text)} gives more than browse, read, edit and add"
                remedy = "Name the actions one by one, unless deleting is what the role is for"
                yield privilege.warning(message, "…-browse, -read, -edit, -add", remedy)


def contained_roles(view: LenientView) -> Faults:
    """A role contains roles that exist, and never itself, not even by way of others."""
    for role in view.nexus_roles:
        for inner in role["roles"].texts():
            if inner.text not in view.nexus_roles.mapping and inner.text not in BUILT_IN_ROLES:
                yield unknown_role(view, inner)
    for circle in _circles(view):
        way = " contains ".join((*circle, circle[0]))
        contained = view.nexus_roles[circle[0]]["roles"]
        yield contained.fault(f"{way}: a circle", "roles without a circle", "Take one of them out", key=True)


def unknown_role(view: LenientView, role: Node) -> Fault:
    """Return the fault of a role that is neither declared nor one of Nexus's own."""
    known = list(dict.fromkeys([*view.nexus_roles.mapping, *BUILT_IN_ROLES]))
    remedy = view.suggest(role.text, known, "Declare it under nexus.roles")
    return role.fault(f"there is no role {display(role.text)}", ", ".join(known), remedy)


def _circles(view: LenientView) -> Iterator[tuple[str, ...]]:
    """Return each circle once, from the first of its roles in the file."""
    inner = {role.name: [each.text for each in role["roles"].texts()] for role in view.nexus_roles}
    closed: set[str] = set()
    for first in inner:
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
