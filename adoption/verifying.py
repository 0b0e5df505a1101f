"""What the engine still wants to change after an adoption, against what the plan said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adoption.declared import name_of
from adoption.plan import Becomes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adoption.plan import Plan

_NOTHING = ("same", "refresh", "read")
# Settings of pulumi-vault alone, which an import leaves empty: they say nothing about the object, and show beside others.
_OF_THE_PLUGIN = frozenset({"deleteAllVersions", "disableBoundClaimsParsing", "disableRead"})


@dataclass(frozen=True)
class Change:
    """A change that the engine would make to a resource: what it does, and to which inputs."""

    resource: str
    does: str
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.resource}: {self.does}" + (f" {', '.join(self.fields)}" if self.fields else "")


def changes_in(preview: Any) -> dict[str, Change]:
    """Return what `pulumi preview --json` would change, by URN."""
    found = {}
    for step in preview.get("steps") or ():
        if step["op"] in _NOTHING:
            continue
        paths = step.get("detailedDiff") or dict.fromkeys(step.get("diffReasons") or ())
        fields = tuple(sorted({re.split(r"[.\[]", path)[0] for path in paths} - _OF_THE_PLUGIN))
        found[step["urn"]] = Change(name_of(step["urn"]), step["op"], fields)
    return found


def unplanned(plan: Plan, changes: Mapping[str, Change]) -> list[Change]:
    """Return the changes of what was adopted that the plan did not name."""
    planned = {step.resource.urn: set(step.changes) for step in plan.of(Becomes.ADOPTED)}
    return [
        change
        for urn, change in changes.items()
        if urn in planned and (change.does != "update" or not set(change.fields) <= planned[urn])
    ]
