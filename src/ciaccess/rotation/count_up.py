"""Counting up rotations in access.yaml; the file is replaced atomically."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ciaccess.access import Access, load
from ciaccess.access.desired import former_names, rotation
from ciaccess.access.desired.pipeline_identities import own_accounts
from ciaccess.access.model.checks_dates import today
from ciaccess.atomic_file import write_beside
from ciaccess.engine.settings import StackSettings
from ciaccess.errors import CommandError
from ciaccess.rotation.yaml_edit import EditError, edit

_MARK = "\ufeff"


def entry_of(access: Access, account: str) -> tuple[str, ...]:
    """Return the path of the section with an account's rotation; own accounts share the pipeline's."""
    return former_names.entry_of(access, account) if account in access.accounts else ("pipeline",)


def rotated_together(access: Access, chosen: Sequence[str]) -> list[str]:
    """Return the accounts that a rotation of these changes: the pipeline's own ones share a rotation."""
    own = list(own_accounts(access))
    return [*(name for name in chosen if name not in own), *(own if set(own) & set(chosen) else ())]


def count_up(settings: StackSettings, access: Access, chosen: Sequence[str]) -> Access:
    """Count up the rotations of accounts, set today's date, and return the new content.

    Raises:
        CommandError: the file cannot be edited or written, or changed meanwhile. It is left unchanged.
    """
    file, day = settings.access_file, today()
    entries = {
        entry_of(access, account): {
            "count": str(rotation.rotation(access, account).count + 1),
            "date": day.isoformat(),
        }
        for account in chosen
    }
    before = _read(file)
    bare = before.removeprefix(_MARK)
    try:
        after = before[: len(before) - len(bare)] + edit(bare, entries)
    except EditError as error:
        raise CommandError(f"edit {file}: {error}. Count up the rotation in an editor") from None
    target = file.resolve()
    scratch = write_beside(target, after.encode("utf-8"), ".yaml")
    try:
        found = load(scratch, settings.addresses)
        if found != rotation.count_up(access, chosen, day) or _read(file) != before:
            raise CommandError(
                f"edit {file}: the file changed meanwhile, or its layout is not supported. Run again, or count up the "
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
