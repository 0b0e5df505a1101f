"""The plan of an adoption for people and for machines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ciaccess.adoption.plan import Becomes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.adoption.plan import Plan, Step

_ORDER = (Becomes.REFUSED, Becomes.ADOPTED, Becomes.MADE)


def lines(plan: Plan) -> Iterator[str]:
    """Return a line for each step that is left, those that are refused first."""
    left = [step for step in plan.steps if step.becomes is not Becomes.IN_STATE]
    left.sort(key=lambda step: (_ORDER.index(step.becomes), step.kind, step.resource.name))
    cells = [(step.becomes, step.kind, step.resource.name, step.identity or "-") for step in left]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)] if cells else []
    for row, step in zip(cells, left, strict=True):
        padded = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"{padded}  {_then(step)}"


def summary(plan: Plan) -> str:
    """Return how many objects become what."""
    counted = Counter(step.becomes for step in plan.steps)
    words = {
        Becomes.ADOPTED: "to adopt",
        Becomes.MADE: "to make",
        Becomes.REFUSED: "refused",
        Becomes.IN_STATE: "in the state already",
    }
    said = [f"{counted[sort]} {word}" for sort, word in words.items() if counted[sort]]
    return ", ".join(said) or "nothing is declared"


def plan_as_json(plan: Plan) -> list[dict[str, Any]]:
    """Return the steps as JSON objects."""
    return [
        {
            "becomes": str(step.becomes),
            "kind": step.kind,
            "urn": step.resource.urn,
            "name": step.resource.name,
            "id": step.identity,
            "changes": list(step.changes),
            "makes": list(step.makes),
            "deletes": list(step.deletes),
            "reason": step.reason,
        }
        for step in plan.steps
    ]


def _then(step: Step) -> str:
    if step.becomes is Becomes.REFUSED:
        return step.reason
    if step.becomes is Becomes.MADE:
        return "the first up makes it"
    parts = {"changes": step.changes, "makes": step.makes, "deletes": step.deletes}
    said = [f"{verb} {', '.join(paths)}" for verb, paths in parts.items() if paths]
    return f"the first up {'; '.join(said)}" if said else "no change"
