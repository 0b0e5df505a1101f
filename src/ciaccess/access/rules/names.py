"""Names: duplicates, differences only in case, common beginnings, collisions in Nexus."""

from __future__ import annotations

from collections.abc import Iterator

from ciaccess.access.desired import nexus
from ciaccess.access.model.checks import MOST_NAME_CHARACTERS
from ciaccess.access.reading.document import dotted_path
from ciaccess.access.reading.faults import display
from ciaccess.access.rules.lenient_view import GRANTS, Faults, LenientView, Node, Rule

_NEXUS_USERS = ("admin", "anonymous")


def duplicates(view: LenientView) -> Faults:
    """No entry is in a list twice."""
    for entries in _lists(view):
        seen: set[str] = set()
        for entry in entries.texts():
            if entry.text in seen:
                message = f"{display(entry.text)} is in {dotted_path(entries.path)} twice"
                yield entry.fault(message, "each entry once", "Remove one of the two")
            seen.add(entry.text)


def _lists(view: LenientView) -> Iterator[Node]:
    for account in view.accounts:
        yield from map(account.__getitem__, ("push", "pull", "promote", "roles"))
    for role in view.jwt_roles:
        yield from map(role.__getitem__, ("accounts", "bound_audiences", "token_bound_cidrs"))
        yield from role["bound_claims"]
    for role in view.nexus_roles:
        yield from map(role.__getitem__, ("pull", "privileges", "roles"))


def case_twins(view: LenientView) -> Faults:
    """No two names differ in case alone: GitLab and parts of Nexus take them for the same."""
    named: list[list[Node]] = [[name.node for name in view.names]]
    named += [list(view.nexus_roles), list(view["gitlab"]["groups"])]
    for nodes in named:
        seen: dict[str, Node] = {}
        for node in nodes:
            first = seen.setdefault(node.name.lower(), node)
            if first.name != node.name:
                line = first.line()
                message = (
                    f"{display(node.name)} differs from {display(first.name)} in line {line} in case alone"
                )
                yield node.fault(message, "one spelling", "Rename one of the two", key=True)


def prefix_twins(view: LenientView) -> Faults:
    """No account's name begins with another's: Nexus finds users by the beginning of their id."""
    beginnings: list[str] = []
    nodes = {name.text: name.node for name in view.names}
    for name in sorted(nodes, key=str.lower):
        while beginnings and not name.lower().startswith(beginnings[-1].lower()):
            beginnings.pop()
        if beginnings and name.lower() != beginnings[-1].lower():
            message = f"{display(name)} begins with the name of the account {display(beginnings[-1])}"
            allowed = "names of which none begins another"
            remedy = (
                "Rename one of the two, or take care to match exactly in scripts: Nexus searches by prefix"
            )
            yield nodes[name].warning(message, allowed, remedy, key=True)
        if name:
            beginnings.append(name)


def taken_by_nexus(view: LenientView) -> Faults:
    """No account has the name of a built-in Nexus user."""
    for name in view.names:
        if name.text.lower() in _NEXUS_USERS:
            message = f"{display(name.text)} is a user that every Nexus has"
            yield name.node.fault(message, "another name", "Rename the account", key=True)


def derived_names(view: LenientView) -> Faults:
    """What is made in Nexus for accounts gets names that are short enough and differ from each other."""
    roles: dict[str, str] = dict.fromkeys(view.nexus_roles.mapping, "a role under nexus.roles")
    selectors: dict[str, str] = {}
    privileges: dict[str, str] = {}
    for node, account in view.names:
        if not any(account[grant].value for grant in GRANTS):
            continue
        made = [("role", nexus.role_id(node.name), roles)]
        for format_ in account["push"].texts() if account["path"].text else ():
            made.append(("content selector", nexus.selector_name(node.name, format_.text), selectors))
            if repository := view.repositories(format_.text).get("dev"):
                made.append(("privilege", nexus.privilege_name(node.name, repository), privileges))
        kind, name, _ = max(made, key=lambda item: len(item[1]))
        if len(name) > MOST_NAME_CHARACTERS:
            message = f"its {kind} {display(name)} would have {len(name)} characters"
            yield node.fault(message, f"at most {MOST_NAME_CHARACTERS}", "Shorten the name", key=True)
        owner = f"that of {node.name}"
        for kind, name, taken in made:
            if taken.setdefault(name, owner) != owner:
                message = f"its {kind} {display(name)} would have the same name as {taken[name]}"
                yield node.fault(message, "another name", "Rename one of the two", key=True)


RULES: tuple[Rule, ...] = (duplicates, case_twins, prefix_twins, taken_by_nexus, derived_names)
