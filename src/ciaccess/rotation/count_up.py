"""Counting up rotations in access.yaml; the file is replaced atomically."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ciaccess.access import load
from ciaccess.access.desired import former_names, rotation
from ciaccess.access.desired.pipeline_identities import own_accounts
from ciaccess.access.model.checks_dates import today
from ciaccess.atomic_file import write_beside
from ciaccess.errors import CommandError
from ciaccess.rotation.yaml_edit import EditError, NewEntry, edit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ciaccess.access import Access

_MARK = "\ufeff"


@dataclass(frozen=True)
class File:
    """The path of access.yaml, and the addresses with which a stack reads it."""

    path: Path
    addresses: Mapping[str, str]

    def access(self) -> Access:
        """Load it.

        Raises:
            CommandError: it is invalid.
        """
        return load(self.path, self.addresses)


def entry_of(access: Access, account: str) -> tuple[str, ...]:
    """Return the path of the section with an account's rotation; own accounts share the pipeline's."""
    return former_names.entry_of(access, account) if account in access.accounts else ("pipeline",)


def rotated_together(access: Access, chosen: Sequence[str]) -> list[str]:
    """Return the accounts that a rotation of these changes: the pipeline's own ones share a rotation."""
    own = list(own_accounts(access))
    return [*(name for name in chosen if name not in own), *(own if set(own) & set(chosen) else ())]


def count_up(file: File, access: Access, chosen: Sequence[str]) -> Access:
    """Count up the rotations of accounts, set today's date, and return the new content.

    Raises:
        CommandError: the file cannot be edited or written, or changed meanwhile. It is left unchanged.
    """
    day = today()
    entries = {
        entry_of(access, account): NewEntry(rotation.rotation(access, account).count + 1, day)
        for account in chosen
    }
    before = _read(file.path)
    bare = before.removeprefix(_MARK)
    try:
        after = before[: len(before) - len(bare)] + edit(bare, entries)
    except EditError as error:
        raise CommandError(f"edit {file.path}: {error}. Count up the rotation in an editor") from None
    target = file.path.resolve()
    scratch = write_beside(target, after.encode("utf-8"), ".yaml")
    try:
        found = load(scratch, file.addresses)
        if found != rotation.count_up(access, chosen, day) or _read(file.path) != before:
            raise CommandError(
                f"edit {file.path}: the file changed meanwhile, or its layout is not supported. Run again, or count up the "
                "rotation in an editor"
            )
        scratch.replace(target)
    finally:
        with suppress(FileNotFoundError):
            scratch.unlink()
    return found


def _read(path: Path) -> str:
    try:
        # Keeps the line ends.
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise CommandError(f"read {path}: {error.strerror}") from None
