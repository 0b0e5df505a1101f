"""A finding: place, rule, reason, remedy, and the edit of a YAML value, if there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ciaccess.consumers.lint.document import Source


@dataclass(frozen=True)
class Edit:
    """Replaces a part of a file, from `start` to `end` in characters, by another text."""

    source: Source
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Finding:
    """What was found; `line` counts from 1, as editors do.

    `suggestion` is a line of the script as it should be: nothing writes it, for what a shell does with it cannot be proved.
    """

    rule: str
    source: Source
    line: int
    job: str
    why: str
    remedy: str
    suggestion: str = ""
    edit: Edit | None = None

    @property
    def place(self) -> tuple[str, int, str, str]:
        """Return what tells findings apart: the same line serves several jobs."""
        return self.source.name, self.line, self.rule, self.why

    def to_json(self) -> dict[str, Any]:
        """Return the finding as a JSON object."""
        return {
            "file": self.source.name,
            "line": self.line,
            "rule": self.rule,
            "job": self.job,
            "why": self.why,
            "remedy": self.remedy,
            "suggestion": self.suggestion,
            "fixable": self.edit is not None,
        }
