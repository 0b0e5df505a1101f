"""A draft of access.yaml: its data, and remarks on places in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ciaccess.access.reading.document import YamlPath


@dataclass(frozen=True)
class Remark:
    """A violated rule, or something that access.yaml cannot express; `path` is its place."""

    rule: str
    path: YamlPath
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.text}. {self.remedy}."


@dataclass
class Draft:
    """Plain data, with its remarks in the order of their creation."""

    data: dict[str, Any] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    def remark(self, rule: str, path: YamlPath, text: str, remedy: str) -> None:
        """Add a remark, which becomes a comment at its place."""
        self.remarks.append(Remark(rule, path, text, remedy))

    def comments(self) -> dict[YamlPath, list[str]]:
        """Return the comment lines before each place."""
        found: dict[YamlPath, list[str]] = {}
        for remark in self.remarks:
            found.setdefault(remark.path, []).append(f"{remark.rule}: {remark}")
        return found
