"""A draft of access.yaml: its data, and what is to be said about it, each remark at the place it concerns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ciaccess.access.reading.document import YamlPath


@dataclass(frozen=True)
class Remark:
    """What breaks a rule, or what the format cannot say. `rule` is its short name, `path` the place in the draft."""

    rule: str
    path: YamlPath
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.text}. {self.remedy}."


@dataclass
class Draft:
    """Plain data of mappings, lists, texts, numbers and truth, with its remarks in the order they were made."""

    data: dict[str, Any] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    def remark(self, rule: str, path: YamlPath, text: str, remedy: str) -> None:
        """Say something about a place of the draft; it becomes a comment there."""
        self.remarks.append(Remark(rule, path, text, remedy))

    def comments(self) -> dict[YamlPath, list[str]]:
        """Return the lines to stand before each place."""
        found: dict[YamlPath, list[str]] = {}
        for remark in self.remarks:
            found.setdefault(remark.path, []).append(f"{remark.rule}: {remark}")
        return found
