"""Where a state lies, who holds a stack, and what a killed engine left torn in a folder (file://…).

Owns what the engine has no command for. A lock is lifted by the engine itself (`pulumi cancel`), the state is read and
written by it alone; one that it cannot read any more is torn_state's. In a bucket an object is written whole or not at
all, and who holds a stack there is what the engine says of it.
"""

from __future__ import annotations

import json
import os
import re
import socket
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from ciaccess.environment import ROOT

_ENGINE = "pulumi"
# What the engine's file storage keeps beside each file; it is not written in one piece, and an empty one is an error.
_ATTRIBUTES = "*.attrs"
# What it writes a file to before it bears its name. It takes one among the locks for a lock, a torn one too.
_UNNAMED = "*.tmp"
# The engine's other storages that it keeps its own locks in; Pulumi's service has locks of another kind.
_BUCKETS = ("s3", "gs", "azblob", "postgres", "postgresql")
_SAID = re.compile(r"created by (.+?)@(\S+) \(pid (\d+)\) at (\S+)")


@dataclass(frozen=True)
class Lock:
    """A run of the engine that has, or had, a stack for itself."""

    pid: int
    user: str
    host: str
    since: str

    @property
    def holder(self) -> str:
        """Return who it is, in words."""
        return f"process {self.pid} of {self.user} on {self.host}, since {self.since[:19]}Z"

    @property
    def is_here(self) -> bool:
        """Tell whether the holder runs, or ran, on this host, where it can be looked for."""
        return self.host == socket.gethostname()

    @property
    def is_stale(self) -> bool:
        """Tell whether the holder is dead for sure."""
        return self.is_here and not _runs(self.pid)


_UNKNOWN = Lock(0, "somebody unknown", "an unknown host", "an unknown time")


def folder(url: str | None) -> Path | None:
    """Return the folder of a state backend's URL as the engine finds it; None where it is no folder of this machine.

    A path may begin with ~, and one that is relative is so to the project's folder, where the engine is started.
    """
    scheme, separator, rest = (url or "").partition("://")
    if scheme != "file" or not separator:
        return None
    return ROOT / Path(unquote(rest.partition("?")[0])).expanduser() / ".pulumi"


def is_bucket(url: str | None) -> bool:
    """Tell whether a state backend's URL is of a storage in which the engine keeps locks as it does in a folder."""
    return (url or "").partition("://")[0] in _BUCKETS


def locks_said(said: str) -> list[Lock]:
    """Return who holds a stack by the engine's own words; "" is nobody."""
    found = [Lock(int(pid), user, host, _utc(since)) for user, host, pid, since in _SAID.findall(said)]
    return found or ([_UNKNOWN] if said else [])


def _utc(since: str) -> str:
    try:
        return datetime.fromisoformat(since).astimezone(UTC).isoformat()
    except ValueError:
        return since


def locks(state: Path, project: str, stack: str) -> list[Lock]:
    """Return who holds a stack; a lock that cannot be read is held by nobody known."""
    files = (state / "locks").glob(f"*/{project}/{stack}/*")
    return [
        _read(file) for file in sorted(files) if file.suffix != _ATTRIBUTES[1:] and not _is_torn_lock(file)
    ]


def torn(state: Path) -> list[Path]:
    """Return the empty attribute files and the torn locks, because of which the engine does nothing any more.

    They hold nothing that it needs: who died while it wrote its lock, or could not write it, has not begun.
    """
    attributes = [file for file in state.rglob(_ATTRIBUTES) if file.stat().st_size == 0]
    return sorted([*attributes, *filter(_is_torn_lock, (state / "locks").rglob(_UNNAMED))])


def _is_torn_lock(file: Path) -> bool:
    return file.suffix == _UNNAMED[1:] and _read(file).pid == _UNKNOWN.pid


def _read(file: Path) -> Lock:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Lock(int(found["pid"]), found["username"], found["hostname"], found["timestamp"])
    except (OSError, ValueError, KeyError, TypeError):
        return replace(_UNKNOWN, host=f"{_UNKNOWN.host} ({file} cannot be read)")


def _runs(pid: int) -> bool:
    """Tell whether a process is an engine; its number may be another program's by now."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        # A killed process whose parent has not asked for it yet is dead, too.
        name, _, rest = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").partition("(")[2].rpartition(")")
        )
    except OSError:
        return True  # no /proc here: a process of this number is all that is known
    return name.startswith(_ENGINE) and rest.split()[0] != "Z"
