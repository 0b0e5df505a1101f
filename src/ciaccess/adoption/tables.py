"""The plan of an adoption as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ciaccess.adoption.plan import Plan, PlannedAction, Step

_ORDER = (PlannedAction.REFUSED, PlannedAction.ADOPTED, PlannedAction.MADE)


def lines(plan: Plan) -> Iterator[str]:
    """Return a line for each step that is not done, refused ones first."""
    left = [step for step in plan.steps if step.action is not PlannedAction.IN_STATE]
    left.sort(key=lambda step: (_ORDER.index(step.action), step.kind, step.resource.name))
    cells = [(step.action, step.kind, step.resource.name, step.found.identity or "-") for step in left]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)] if cells else []
    for row, step in zip(cells, left, strict=True):
        padded = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"{padded}  {_effects(step)}"


def summary(plan: Plan) -> str:
    """Return the number of objects by action."""
    counts = Counter(step.action for step in plan.steps)
    words = {
        PlannedAction.ADOPTED: "to adopt",
        PlannedAction.MADE: "to create",
        PlannedAction.REFUSED: "refused",
        PlannedAction.IN_STATE: "in the state already",
    }
    parts = [f"{counts[action]} {word}" for action, word in words.items() if counts[action]]
    nothing = "" if counts.keys() - {PlannedAction.IN_STATE} else "nothing to adopt: "
    return nothing + (", ".join(parts) or "nothing is declared")


def plan_as_json(plan: Plan) -> list[dict[str, Any]]:
    """Return the steps as JSON objects."""
    return [
        {
            "becomes": str(step.action),
            "kind": step.kind,
            "urn": step.resource.urn,
            "name": step.resource.name,
            "id": step.found.identity,
            "changes": list(step.found.differences),
            "makes": list(step.found.missing),
            "deletes": list(step.found.undeclared),
            "keeps": list(step.found.kept),
            "reason": step.reason,
        }
        for step in plan.steps
    ]


def _effects(step: Step) -> str:
    if step.action is PlannedAction.REFUSED:
        return step.reason
    if step.action is PlannedAction.MADE:
        return "the first up creates it"
    found = step.found
    parts = {"changes": found.differences, "creates": found.missing, "deletes": found.undeclared}
    effects = [f"{verb} {', '.join(paths)}" for verb, paths in parts.items() if paths]
    text = f"the first up {'; '.join(effects)}" if effects else "no change"
    return (
        f"{text}; up leaves {', '.join(found.kept)}: drift has the command that resets it"
        if found.kept
        else text
    )
