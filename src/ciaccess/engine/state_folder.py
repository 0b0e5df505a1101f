"""The state's folder (file://…): its locks, and the incomplete files of a killed engine.

Owns what the engine has no command for. The engine itself removes locks (`pulumi cancel`), and reads and writes the state;
truncated_state repairs one that it cannot read. In a bucket an object is written completely or not at all, and the
locks are those that the engine reports.
"""

from __future__ import annotations

import json
import os
import re
import socket
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

_ENGINE = "pulumi"
# The engine's file storage keeps one beside each file, written non-atomically; an empty one is an error.
_ATTRIBUTES = "*.attrs"
# Temporary names of the engine. In the folder of locks it treats such a file as a lock, even an incomplete one.
_UNNAMED = "*.tmp"
# Other storages with locks of the engine's own kind; Pulumi's service has another kind.
_BUCKETS = ("s3", "gs", "azblob", "postgres", "postgresql")
_SAID = re.compile(r"created by (.+?)@(\S+) \(pid (\d+)\) at (\S+)")


@dataclass(frozen=True)
class Lock:
    """A lock of a stack, by a run of the engine."""

    pid: int
    user: str
    host: str
    since: str

    @property
    def holder(self) -> str:
        """Return the holder as text."""
        return f"process {self.pid} of {self.user} on {self.host}, since {self.since[:19]}Z"

    @property
    def is_here(self) -> bool:
        """Tell whether the holder runs or ran on this host, where it can be checked."""
        return self.host == socket.gethostname()

    @property
    def is_stale(self) -> bool:
        """Tell whether the holder is certainly dead."""
        return self.is_here and not _runs(self.pid)


_UNKNOWN = Lock(0, "an unknown user", "an unknown host", "an unknown time")


def is_bucket(url: str | None) -> bool:
    """Tell whether a state backend's URL is of a bucket, where the engine keeps locks as in a folder."""
    return (url or "").partition("://")[0] in _BUCKETS


def parse_locks(reason: str) -> list[Lock]:
    """Return the locks in a message of the engine, none in an empty one."""
    found = [Lock(int(pid), user, host, _utc(since)) for user, host, pid, since in _SAID.findall(reason)]
    return found or ([_UNKNOWN] if reason else [])


def _utc(since: str) -> str:
    try:
        return datetime.fromisoformat(since).astimezone(UTC).isoformat()
    except ValueError:
        return since


def locks(state: Path, project: str, stack: str) -> list[Lock]:
    """Return the locks of a stack; an unreadable one has an unknown holder."""
    files = (state / "locks").glob(f"*/{project}/{stack}/*")
    return [
        _read(file) for file in sorted(files) if file.suffix != _ATTRIBUTES[1:] and not _is_broken_lock(file)
    ]


def broken_files(state: Path) -> list[Path]:
    """Return the empty attribute files and incomplete locks, which block every run of the engine.

    They contain nothing that is needed: a run that did not finish writing its lock has not started.
    """
    attributes = [file for file in state.rglob(_ATTRIBUTES) if file.stat().st_size == 0]
    return sorted([*attributes, *filter(_is_broken_lock, (state / "locks").rglob(_UNNAMED))])


def _is_broken_lock(file: Path) -> bool:
    return file.suffix == _UNNAMED[1:] and _read(file).pid == _UNKNOWN.pid


def _read(file: Path) -> Lock:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Lock(int(found["pid"]), found["username"], found["hostname"], found["timestamp"])
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return replace(_UNKNOWN, host=f"{_UNKNOWN.host} ({file} cannot be read)")


def _runs(pid: int) -> bool:
    """Tell whether a process is an engine; the pid may have been reused."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        # A zombie is dead, too.
        name, _, rest = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").partition("(")[2].rpartition(")")
        )
    except OSError:
        return True  # no /proc here: only the pid is known
    return name.startswith(_ENGINE) and rest.split()[0] != "Z"
