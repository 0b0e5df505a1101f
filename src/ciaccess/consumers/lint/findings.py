"""A finding: where, which rule, why, what to do; and the edits that do it where that is mechanical."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Edit:
    """Replaces the columns `start` to `end` of a line by a text; lines and columns count from 0.

    A text of None takes the whole line away.
    """

    line: int
    start: int
    end: int
    text: str | None


@dataclass(frozen=True)
class Finding:
    """What was found; `line` counts from 1, as editors do."""

    rule: str
    line: int
    why: str
    remedy: str
    edits: tuple[Edit, ...] = ()

    def to_json(self, file: str) -> dict[str, Any]:
        """Return the finding as a JSON object."""
        return {
            "file": file,
            "line": self.line,
            "rule": self.rule,
            "why": self.why,
            "remedy": self.remedy,
            "fixable": bool(self.edits),
        }


def apply(text: str, findings: list[Finding]) -> str:
    """Return the text with the findings' edits made; of two that touch the same columns only the first is made."""
    lines = text.split("\n")
    made: list[Edit] = []
    for finding in findings:
        if not any(_overlap(edit, other) for edit in finding.edits for other in made):
            made += finding.edits
    for edit in sorted(made, key=lambda each: (each.line, each.start), reverse=True):
        if edit.text is None:
            del lines[edit.line]
        else:
            line = lines[edit.line]
            lines[edit.line] = line[: edit.start] + edit.text + line[edit.end :]
    return "\n".join(lines)


def _overlap(one: Edit, other: Edit) -> bool:
    if one.line != other.line:
        return False
    if one.text is None or other.text is None:
        return True
    return (one.start < other.end and other.start < one.end) or one.start == other.start
