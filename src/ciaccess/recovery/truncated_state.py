"""A truncated state file in a folder, and the newest complete copy of it.

After a full disk, or a kill during a write, the engine cannot read its state. Copies are the engine's own: the `.bak` beside
the file, one step older, and the backups from the end of each run. Without a copy, a new state adopts what exists
(docs/runbook-state.md).
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ciaccess.atomic_file import write_beside
from ciaccess.errors import CommandError, Exit

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class TruncatedState:
    """A state file that cannot be parsed, its newest `copy`, and the path to keep it at (`aside`)."""

    file: Path
    copy: Copy | None
    aside: Path

    def restore(self) -> None:
        """Atomically replace the file by the copy; keep both the truncated file and the copy.

        Raises:
            CommandError: the folder cannot be written; the state is unchanged.
        """
        if self.copy is None:
            raise CommandError(f"restore {self.file}: no copy was found")
        scratch = write_beside(self.file, self.copy.content, ".partial")
        try:
            shutil.copy2(self.file, self.aside)
            scratch.replace(self.file)
        except OSError as error:
            self.aside.unlink(missing_ok=True)  # incomplete; the truncated file is still in place
            raise CommandError(
                f"write beside {self.file}: {error.strerror}. Free space on its disk"
            ) from None
        finally:
            scratch.unlink(missing_ok=True)


@dataclass(frozen=True)
class Copy:
    """A copy of the state: when the engine wrote it (`since`), and its number of resources."""

    source: Path
    content: bytes
    since: datetime
    resources: int

    def __str__(self) -> str:
        """Return it as text, without its content."""
        when = (
            "from before the first run"
            if self.since == _BEFORE_ALL
            else f"of {self.since:%Y-%m-%dT%H:%M:%SZ}"
        )
        return f"{self.source.name}, {when}, with {self.resources} resources"


def find(folder: Path, project: str, stack: str) -> TruncatedState | None:
    """Return a stack's state file if it is truncated; a missing one may be of a removed stack.

    Raises:
        CommandError: a file cannot be read for another reason.
    """
    file = folder / "stacks" / project / f"{stack}.json"
    try:
        if not file.exists() or _copy(file) is not None:
            return None
        # The time in the name keeps earlier files.
        aside = file.with_name(f"{file.name}.torn-{file.stat().st_mtime_ns}")
        return TruncatedState(file, _newest(file, folder / "backups" / project / stack, stack), aside)
    except OSError as error:
        raise CommandError(f"read {error.filename}: {error.strerror}", Exit.COULD_NOT_LOOK) from None


def _newest(file: Path, backups: Path, stack: str) -> Copy | None:
    sources = [file.with_name(f"{file.name}.bak"), *backups.glob(f"{stack}.*.json")]
    copies = [copy for source in sources if source.exists() and (copy := _copy(source))]
    return max(copies, key=lambda copy: (copy.since, copy.source.stat().st_mtime_ns), default=None)


def _copy(source: Path) -> Copy | None:
    """Return the copy in a file, None if it is not a complete checkpoint."""
    content = source.read_bytes()
    latest = _latest(content)
    if latest is None:
        return None
    return Copy(source, content, _since(latest), len(latest.get("resources") or []))


def _latest(content: bytes) -> dict[str, Any] | None:
    """Return the deployment of a checkpoint, {} if it has none; None if this is not a checkpoint."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
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
