"""Names: duplicates, differences only in case, common beginnings, collisions in Nexus."""

from __future__ import annotations

from collections.abc import Iterator

from ciaccess.access.desired import nexus
from ciaccess.access.model.checks import MOST_NAME_CHARACTERS
from ciaccess.access.reading.document import YamlPath, dotted_path
from ciaccess.access.reading.faults import display
from ciaccess.access.rules.lenient_view import GRANTS, Faults, LenientView, Rule

_NEXUS_USERS = ("admin", "anonymous")


def duplicates(view: LenientView) -> Faults:
    """No entry is in a list twice."""
    for path in _lists(view):
        seen: dict[str, YamlPath] = {}
        for here, word in view.texts(*path):
            if word in seen:
                message = f"{display(word)} is in {dotted_path(path)} twice"
                yield view.fault(here, message, "each entry once", "Remove one of the two")
            seen.setdefault(word, here)


def _lists(view: LenientView) -> Iterator[YamlPath]:
    for account in view.mapping("accounts"):
        for key in ("push", "pull", "promote", "roles"):
            yield ("accounts", account, key)
    for role in view.mapping("vault", "roles"):
        for key in ("accounts", "bound_audiences", "token_bound_cidrs"):
            yield ("vault", "roles", role, key)
        for claim in view.mapping("vault", "roles", role, "bound_claims"):
            yield ("vault", "roles", role, "bound_claims", claim)
    for role in view.mapping("nexus", "roles"):
        for key in ("pull", "privileges", "roles"):
            yield ("nexus", "roles", role, key)


def case_twins(view: LenientView) -> Faults:
    """No two names differ in case alone: GitLab and parts of Nexus take them for the same."""
    sections: tuple[YamlPath, ...] = (("nexus", "roles"), ("gitlab", "groups"))
    named: list[list[tuple[str, YamlPath]]] = [[(name.text, name.path) for name in view.names]]
    named += [[(name, (*section, name)) for name in view.mapping(*section)] for section in sections]
    for names in named:
        seen: dict[str, tuple[str, YamlPath]] = {}
        for name, path in names:
            first, where = seen.setdefault(name.lower(), (name, path))
            if first != name:
                line = view.line(where)
                message = f"{display(name)} differs from {display(first)} in line {line} in case alone"
                yield view.fault(path, message, "one spelling", "Rename one of the two", key=True)


def prefix_twins(view: LenientView) -> Faults:
    """No account's name begins with another's: Nexus finds users by the beginning of their id."""
    beginnings: list[str] = []
    paths = {name.text: name.path for name in view.names}
    for name in sorted(paths, key=str.lower):
        while beginnings and not name.lower().startswith(beginnings[-1].lower()):
            beginnings.pop()
        if beginnings and name.lower() != beginnings[-1].lower():
            message = f"{display(name)} begins with the name of the account {display(beginnings[-1])}"
            allowed = "names of which none begins another"
            remedy = (
                "Rename one of the two, or take care to match exactly in scripts: Nexus searches by prefix"
            )
            yield view.fault(paths[name], message, allowed, remedy, key=True, severity="warning")
        if name:
            beginnings.append(name)


def taken_by_nexus(view: LenientView) -> Faults:
    """No account has the name of a built-in Nexus user."""
    for name in view.names:
        if name.text.lower() in _NEXUS_USERS:
            message = f"{display(name.text)} is a user that every Nexus has"
            yield view.fault(name.path, message, "another name", "Rename the account", key=True)


def derived_names(view: LenientView) -> Faults:
    """What is made in Nexus for accounts gets names that are short enough and differ from each other."""
    roles: dict[str, str] = dict.fromkeys(view.mapping("nexus", "roles"), "a role under nexus.roles")
    selectors: dict[str, str] = {}
    privileges: dict[str, str] = {}
    for account, path, named in view.names:
        if not any(view.value("accounts", named, grant) for grant in GRANTS):
            continue
        made = [("role", nexus.role_id(account), roles)]
        if view.text("accounts", named, "path"):
            for _, format_ in view.texts("accounts", named, "push"):
                made.append(("content selector", nexus.selector_name(account, format_), selectors))
                if repository := view.repositories(format_).get("dev"):
                    made.append(("privilege", nexus.privilege_name(account, repository), privileges))
        kind, name, _ = max(made, key=lambda item: len(item[1]))
        if len(name) > MOST_NAME_CHARACTERS:
            message = f"its {kind} {display(name)} would have {len(name)} characters"
            allowed = f"at most {MOST_NAME_CHARACTERS}"
            yield view.fault(path, message, allowed, "Shorten the name", key=True)
        owner = f"that of {account}"
        for kind, name, taken in made:
            if taken.setdefault(name, owner) != owner:
                message = f"its {kind} {display(name)} would have the same name as {taken[name]}"
                remedy = "Rename one of the two"
                yield view.fault(path, message, "another name", remedy, key=True)


RULES: tuple[Rule, ...] = (duplicates, case_twins, prefix_twins, taken_by_nexus, derived_names)
