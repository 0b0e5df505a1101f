"""Findings of declared objects: differences of desired and observed state, by class.

The table maps a field's change to its class; what a change cannot express has a check of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ciaccess.access.desired.difference import Change
from ciaccess.drift.findings import NOTHING, Finding, Repair, display_fields, names_or_none

# By kind and field: "" is a missing object, "*" any other field.
_CLASSES: dict[str, Mapping[str, str]] = {
    "policy": {
        "": "vault.policy.missing",
        "undeclared_fields": "vault.policy.settings",
        "*": "vault.policy.text",
    },
    "JWT role": {"": "vault.role.missing", "*": "vault.role.fields"},
    "JWT backend": {"*": "vault.backend.config"},
    "user": {
        "": "nexus.user.missing",
        "status": "nexus.user.status",
        "roles": "nexus.user.roles",
        "*": "nexus.user.profile",
    },
    "role": {
        "": "nexus.role.missing",
        "privileges": "nexus.role.content",
        "roles": "nexus.role.content",
        "*": "nexus.role.text",
    },
    "content selector": {
        "": "nexus.selector.missing",
        "description": "nexus.selector.text",
        "*": "nexus.selector.expression",
    },
    "privilege": {
        "": "nexus.privilege.missing",
        "description": "nexus.privilege.text",
        "*": "nexus.privilege.fields",
    },
    "variable": {
        "": "gitlab.variable.missing",
        "value": "gitlab.variable.value",
        "hidden": "gitlab.variable.hidden",
        "*": "gitlab.variable.flags",
    },
}


def findings(
    changes: Iterable[Change], repair: Repair, reclassified: Mapping[str, str] | None = None
) -> Iterator[Finding]:
    """Return a finding for each class that changes of one object belong to.

    `reclassified` maps a class to the one that takes its place.
    """
    by_class: dict[str, list[Change]] = {}
    for change in changes:
        classes = _CLASSES[change.kind]
        identity = classes.get(change.field, classes["*"])
        by_class.setdefault((reclassified or {}).get(identity, identity), []).append(change)
    for identity, group in by_class.items():
        texts = [_texts(change) for change in group]
        yield Finding(
            identity,
            f"{group[0].kind} {group[0].identity}",
            ", ".join(expected for expected, _ in texts),
            ", ".join(found for _, found in texts),
            repair,
            changes=tuple(group),
        )


def _texts(change: Change) -> tuple[str, str]:
    """Return a change as a finding shows it: what is expected, and what is found."""
    desired, observed = change.desired, change.observed
    if not change.field:
        return f"a {change.kind}", NOTHING
    if isinstance(desired, str) and "\n" in desired:
        return _first_difference(desired, str(observed))
    expected, found = (display_fields({change.field: value}, [change.field]) for value in (desired, observed))
    if isinstance(desired, frozenset) and isinstance(observed, frozenset) and desired and observed:
        differences = {"without": desired - observed, "also": observed - desired}
        words = "; ".join(f"{word} {names_or_none(names)}" for word, names in differences.items() if names)
        found += f" ({words})"
    return expected, found


def _first_difference(expected: str, found: str) -> tuple[str, str]:
    ours, theirs = expected.splitlines(), found.splitlines()
    number = next(
        (index for index, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]),
        min(len(ours), len(theirs)),
    )
    lines = [texts[number].strip() if number < len(texts) else "the end" for texts in (ours, theirs)]
    return f"line {number + 1}: {lines[0]}", f"line {number + 1}: {lines[1]}"
