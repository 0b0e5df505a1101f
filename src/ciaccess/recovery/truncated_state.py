"""A truncated state file in a folder, and the newest whole copy of it.

Owns the one case in which the engine cannot read its own state: a full disk, or a kill in the middle of a write. Copies are
the engine's own: the `.bak` beside the file, one step older, and the backups from the end of each run. Without a
copy nothing is repaired here: a new state adopts what exists (docs/runbook-state.md).
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ciaccess.atomic_file import beside
from ciaccess.errors import CommandError, Exit

if TYPE_CHECKING:
    from pathlib import Path

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class TruncatedState:
    """A state file that cannot be parsed: `file`, its newest `copy` or None, and where the file is kept `aside`."""

    file: Path
    copy: Copy | None
    aside: Path

    def restore(self) -> None:
        """Replace the file by the copy in one step; both the truncated file and the copy are kept.

        Raises:
            CommandError: the folder cannot be written; the state is as it was.
        """
        if self.copy is None:
            raise CommandError(f"restore {self.file}: there is no copy of it")
        scratch = beside(self.file, self.copy.content, ".partial")
        try:
            shutil.copy2(self.file, self.aside)
            scratch.replace(self.file)
        except OSError as error:
            self.aside.unlink(missing_ok=True)  # incomplete; the truncated file is still in place
            raise CommandError(f"write beside {self.file}: {error.strerror}. Make room on its disk") from None
        finally:
            scratch.unlink(missing_ok=True)


@dataclass(frozen=True)
class Copy:
    """A copy of the state: `since` is when the engine wrote it, `resources` how many it has."""

    source: Path
    content: bytes
    since: datetime
    resources: int

    def __str__(self) -> str:
        """Return it in words, without its content."""
        when = (
            "from before the first run"
            if self.since == _BEFORE_ALL
            else f"of {self.since:%Y-%m-%dT%H:%M:%SZ}"
        )
        return f"{self.source.name}, {when}, with {self.resources} resources"


def find(folder: Path, project: str, stack: str) -> TruncatedState | None:
    """Return a stack's state file if it is truncated; a missing one is not: the stack may have been removed.

    Raises:
        CommandError: a file cannot be read for another reason.
    """
    file = folder / "stacks" / project / f"{stack}.json"
    try:
        if not file.exists() or _copy(file) is not None:
            return None
        # The time is part of the name, so that no earlier file is overwritten.
        aside = file.with_name(f"{file.name}.torn-{file.stat().st_mtime_ns}")
        return TruncatedState(file, _newest(file, folder / "backups" / project / stack, stack), aside)
    except OSError as error:
        raise CommandError(f"read {error.filename}: {error.strerror}", Exit.COULD_NOT_LOOK) from None


def _newest(file: Path, backups: Path, stack: str) -> Copy | None:
    sources = [file.with_name(f"{file.name}.bak"), *backups.glob(f"{stack}.*.json")]
    copies = [copy for source in sources if source.exists() and (copy := _copy(source))]
    return max(copies, key=lambda copy: (copy.since, copy.source.stat().st_mtime_ns), default=None)


def _copy(source: Path) -> Copy | None:
    """Return what lies in a file; None where that is no whole checkpoint."""
    content = source.read_bytes()
    latest = _latest(content)
    if latest is None:
        return None
    return Copy(source, content, _since(latest), len(latest.get("resources") or []))


def _latest(content: bytes) -> dict[str, Any] | None:
    """Return a checkpoint's deployment, empty where it has none yet; None where it is no checkpoint."""
    try:
        found = json.loads(content)
    except ValueError:
        return None
    checkpoint = found.get("checkpoint") if isinstance(found, dict) else None
    if not isinstance(checkpoint, dict) or not isinstance(found.get("version"), int):
        return None
    latest = checkpoint.get("latest") or {}
    return latest if isinstance(latest, dict) else None


def _since(latest: dict[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(latest["manifest"]["time"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return _BEFORE_ALL
