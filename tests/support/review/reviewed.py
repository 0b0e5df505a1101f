"""A change of access.yaml as the review reports it, with the engine's events that would be its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ciaccess.analysis.facts import AccessFacts
from ciaccess.review.report import report_of
from tests.support.access.access import GOOD, edited, valid
from tests.support.engine.events import Engine, read

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.review.report import Report
    from ciaccess.review.resources import ResourceChange


def reviewed(folder: Path, *edits: tuple[str, str], text: str = GOOD, **engine: Any) -> Report:
    """Return the report of edits of a YAML that is applied so far; `engine` says what else Engine takes."""
    before, after = valid(folder, text), valid(folder, edited(*edits, text=text))
    preview = read(Engine(before, after, **engine).lines())
    assert preview.succeeded
    return report_of(preview, "ciaccess", "local", AccessFacts.of(after), None)


def said(changes: tuple[ResourceChange, ...]) -> dict[str, list[str]]:
    """Return what is said of each, by what is done to which."""
    return {
        f"{change.action} {change.noun} {change.name}": [field.sentence() for field in change.fields]
        for change in changes
    }
