"""The steps of a page of docs/, as they stand there: the shell's blocks below a heading, run one after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.project.project import ROOT

if TYPE_CHECKING:
    from tests.support.project.checkout import Checkout

_HEADING = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Runbook:
    """A page by its name; `replaced` are the example's own names by those of the test."""

    page: str
    replaced: dict[str, str]

    def headings(self) -> list[str]:
        """Return the headings that have anything to run below them, before the next heading."""
        return [heading for heading, text in self._sections().items() if self._blocks(text, "sh")]

    def blocks(self, heading: str, language: str = "sh") -> list[str]:
        """Return the blocks below a heading; there is at least one."""
        found = self._blocks(self._sections()[heading], language)
        assert found, f"{self.page}: nothing in {language} below {heading!r}"
        return found

    def follow(self, checkout: Checkout, heading: str, *numbers: int) -> None:
        """Run all blocks of the shell below a heading, or those of these numbers, from 0."""
        for number, block in enumerate(self.blocks(heading)):
            if not numbers or number in numbers:
                done = checkout.shell(block)
                assert done.code == 0, f"{heading}, block {number}:\n{block}\n{done.text}"

    def _sections(self) -> dict[str, str]:
        text = (ROOT / "docs" / self.page).read_text(encoding="utf-8")
        for theirs, ours in self.replaced.items():
            text = text.replace(theirs, ours)
        parts = _HEADING.split(text)[1:]
        return dict(zip(parts[::2], parts[1::2], strict=True))

    @staticmethod
    def _blocks(text: str, language: str) -> list[str]:
        return [block for found, block in _BLOCK.findall(text) if found == language]
