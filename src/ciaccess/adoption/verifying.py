"""What the engine still wants to change after an adoption, against what the plan said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ciaccess.adoption.plan import Becomes
from ciaccess.engine.preview import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ciaccess.adoption.plan import Plan

_NOTHING = ("same", "refresh", "read")
# A setting of pulumi-vault alone, which an import leaves empty: it says nothing about the object, and shows beside others.
_OF_THE_PLUGIN = "disableBoundClaimsParsing"
_INDEX = re.compile(r"\[[0-9]+\].*")


@dataclass(frozen=True)
class Change:
    """A change that the engine would make to a resource: what it does, and to which inputs, by path."""

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
        # A list is compared as a whole, so that an index in it says nothing.
        fields = tuple(sorted({_INDEX.sub("", path) for path in paths} - {_OF_THE_PLUGIN}))
        found[step["urn"]] = Change(name_of(step["urn"]), step["op"], fields)
    return found


def unplanned(plan: Plan, changes: Mapping[str, Change]) -> list[Change]:
    """Return the changes of what was adopted that the plan did not name."""
    planned = {
        step.resource.urn: (*step.changes, *step.makes, *step.deletes) for step in plan.of(Becomes.ADOPTED)
    }
    return [
        change
        for urn, change in changes.items()
        if urn in planned
        and (change.does != "update" or not all(_is_named(field, planned[urn]) for field in change.fields))
    ]


def _is_named(field: str, planned: tuple[str, ...]) -> bool:
    """Tell whether a path is planned: as it is, as a part of one, or as what holds one, where the engine says no more."""
    return any(_is_within(field, each) or _is_within(each, field) for each in planned)


def _is_within(path: str, whole: str) -> bool:
    return path == whole or path.startswith((f"{whole}.", f"{whole}["))
