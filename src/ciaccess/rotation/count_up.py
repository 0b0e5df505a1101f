"""Which entries of access.yaml a rotation counts up, and the file in which it does so: written in one piece, or not at all."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ciaccess.access.desired import former_names, rotation
from ciaccess.access.desired.pipeline_identities import own_accounts
from ciaccess.access.model.checks_dates import today
from ciaccess.atomic_file import beside
from ciaccess.cli.options import declared_in
from ciaccess.errors import CommandError
from ciaccess.rotation.yaml_edit import EditError, Turned, edited

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ciaccess.access import Access

_MARK = "\ufeff"


@dataclass(frozen=True)
class File:
    """access.yaml where it lies, and the addresses with which a stack reads it."""

    path: Path
    addresses: Mapping[str, str]

    def access(self) -> Access:
        """Return what it declares.

        Raises:
            CommandError: it has faults.
        """
        return declared_in(self.path, self.addresses)


def entry_of(access: Access, account: str) -> tuple[str, ...]:
    """Return the path of the section whose rotation an account follows: its own, or the pipeline's for ciaccess's own."""
    return former_names.entry_of(access, account) if account in access.accounts else ("pipeline",)


def following(access: Access, chosen: Sequence[str]) -> list[str]:
    """Return the accounts whose passwords change when these are rotated: the pipeline's own have one rotation."""
    own = list(own_accounts(access))
    return [*(name for name in chosen if name not in own), *(own if set(own) & set(chosen) else ())]


def count_up(file: File, access: Access, chosen: Sequence[str]) -> Access:
    """Count the accounts' rotations up by one, with the day; return what the file declares then.

    Raises:
        CommandError: it cannot be edited or written, or somebody changed it meanwhile. It is then as it was.
    """
    day = today()
    entries = {
        entry_of(access, account): Turned(rotation.rotation(access, account).count + 1, day)
        for account in chosen
    }
    before = _read(file.path)
    bare = before.removeprefix(_MARK)
    try:
        after = before[: len(before) - len(bare)] + edited(bare, entries)
    except EditError as error:
        raise CommandError(f"edit {file.path}: {error}. Count the rotation up by hand") from None
    target = file.path.resolve()
    scratch = _scratch(target, after)
    try:
        found = declared_in(scratch, file.addresses)
        if found != rotation.counted_up(access, chosen, day) or _read(file.path) != before:
            raise CommandError(
                f"edit {file.path}: somebody edits it at the same time, or it is laid out in a way that is not known here. "
                "Run again, or count the rotation up by hand"
            )
        scratch.replace(target)
    finally:
        with suppress(FileNotFoundError):
            scratch.unlink()
    return found


def _read(path: Path) -> str:
    try:
        # With the line ends that it has.
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise CommandError(f"read {path}: {error.strerror}") from None


def _scratch(target: Path, text: str) -> Path:
    return beside(target, text.encode("utf-8"), ".yaml")
