"""A small access.yaml without faults, edits of it, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.access.reading.loader import Checked, check
from ciaccess.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from ciaccess.access import Access

GOOD = (ROOT / "tests" / "data" / "access" / "good.yaml").read_text(encoding="utf-8")
ORGANISATION = ROOT / "config" / "access.yaml"


def edited(*edits: tuple[str, str], text: str = GOOD) -> str:
    """Return the text with the first place of each edit's old words changed to the new ones."""
    for old, new in edits:
        assert old in text, f"{old!r} is not in the text"
        text = text.replace(old, new, 1)
    return text


def checked(
    folder: Path, text: str, addresses: Mapping[str, str] | None = None, on: date | None = None
) -> Checked:
    """Check a text as folder/access.yaml, today or on another day."""
    path = folder / "access.yaml"
    path.write_text(text, encoding="utf-8")
    return check(path, addresses or {}, on)


def valid(
    folder: Path, text: str, addresses: Mapping[str, str] | None = None, on: date | None = None
) -> Access:
    """Return the access of a text that must have no error."""
    found = checked(folder, text, addresses, on)
    assert found.access is not None, found.faults
    return found.access
