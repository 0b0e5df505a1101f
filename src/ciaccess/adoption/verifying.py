"""The engine's changes after an adoption, compared with the plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ciaccess.access.desired.objects import LEFT_BY_ENGINE
from ciaccess.adoption.plan import Plan, PlannedAction
from ciaccess.engine.declared import name_of
from ciaccess.engine.resource_types import input_name

_NOTHING = ("same", "refresh", "read")
# A setting of pulumi-vault that an import leaves empty; it is not a field of the object.
_OF_THE_PLUGIN = "disableBoundClaimsParsing"
_INDEX = re.compile(r"\[[0-9]+\].*")


@dataclass(frozen=True)
class Change:
    """A change that the engine would make to a resource: the operation and the inputs, by path."""

    resource: str
    does: str
    fields: tuple[str, ...]

    @property
    def is_left(self) -> bool:
        """Tell whether `up` plans it each time and changes nothing."""
        heads = {re.split(r"[.\[]", field)[0] for field in self.fields}
        return self.does == "update" and bool(heads) and heads <= set(map(input_name, LEFT_BY_ENGINE))

    def __str__(self) -> str:
        return f"{self.resource}: {self.does}" + (f" {', '.join(self.fields)}" if self.fields else "")


def changes_in(preview: Any) -> dict[str, Change]:
    """Return the changes in `pulumi preview --json`, by URN."""
    found = {}
    for step in preview.get("steps") or ():
        if step["op"] in _NOTHING:
            continue
        paths = step.get("detailedDiff") or dict.fromkeys(step.get("diffReasons") or ())
        # A list is compared as a whole, so indexes are dropped.
        fields = tuple(sorted({_INDEX.sub("", path) for path in paths} - {_OF_THE_PLUGIN}))
        found[step["urn"]] = Change(name_of(step["urn"]), step["op"], fields)
    return found


def unplanned_changes(plan: Plan, changes: Mapping[str, Change]) -> list[Change]:
    """Return the changes of adopted objects that are not in the plan."""
    planned = {}
    for step in plan.of(PlannedAction.ADOPTED):
        found = step.found
        planned[step.resource.urn] = (*found.differences, *found.missing, *found.undeclared, *found.kept)
    return [
        change
        for urn, change in changes.items()
        if urn in planned
        and (change.does != "update" or not all(_is_planned(field, planned[urn]) for field in change.fields))
    ]


def _is_planned(field: str, planned: tuple[str, ...]) -> bool:
    """Tell whether a path is planned: itself, a part of it, or, in a coarse diff, its parent."""
    return any(_is_within(field, each) or _is_within(each, field) for each in planned)


def _is_within(path: str, whole: str) -> bool:
    return path == whole or path.startswith((f"{whole}.", f"{whole}["))
