"""The organisation's own access.yaml, and edits of it as a merge request would make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.access import Access, load
from ciaccess.access.model.checks_dates import today
from tests.support.servers.simulator import ROOT

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

ORGANISATION = ROOT / "config" / "access.yaml"


def edited(folder: Path, *replacements: tuple[str, str]) -> Path:
    """Write the organisation's YAML with texts replaced, each of which stands in it exactly once; return the file."""
    text = ORGANISATION.read_text(encoding="utf-8")
    for old, new in replacements:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {ORGANISATION}"
        text = text.replace(old, new)
    path = folder / "access.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def organisation() -> Access:
    """Return the organisation's access."""
    return load(ORGANISATION)


def renamed(folder: Path, old: str, new: str, until: date | None = None) -> Path:
    """Write it with an account of it renamed, which stays under its former name until a day, which is today; return the file."""
    entry = f"    formerly: {{{old}: {{until: {(until or today()).isoformat()}, rotation: 1}}}}\n"
    return edited(folder, (f"        - {old}\n", f"        - {new}\n"), (f"  {old}:\n", f"  {new}:\n{entry}"))
