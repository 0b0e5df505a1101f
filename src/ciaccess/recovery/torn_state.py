"""A state file that was cut off, by a full disk or a kill in the middle of a write, and what takes its place.

Owns the one case in which the engine cannot read its own state. The newest whole copy takes its place: the `.bak` beside
it, which is a step older, or one of the folder's backups, each of which is from the end of a run. A full disk leaves
neither where there was no run before, as the engine copies the torn file over its `.bak`, too: then what was
written whole at the head of the torn file is the state. Only what the engine itself wrote is ever put in place.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ciaccess.atomic_file import beside
from ciaccess.errors import CommandError, Exit

if TYPE_CHECKING:
    from pathlib import Path

_RESOURCES = re.compile(r'"resources"\s*:\s*\[')
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Torn:
    """A state file that cannot be read: `file`, its `copy` (None where nothing is left of it), and where it is kept `aside`."""

    file: Path
    copy: Copy | None
    aside: Path

    def restore(self) -> None:
        """Put the copy in the file's place in one step; the torn file is kept, and the copy where it was.

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
            self.aside.unlink(missing_ok=True)  # not whole; the torn file is still in its place
            raise CommandError(f"write beside {self.file}: {error.strerror}. Make room on its disk") from None
        finally:
            scratch.unlink(missing_ok=True)


@dataclass(frozen=True)
class Copy:
    """What a state can be restored from: `since` the engine made it, `resources` is how many it knows."""

    source: Path
    content: bytes
    since: datetime
    resources: int
    is_whole: bool = True

    def __str__(self) -> str:
        """Return it in words, without its content."""
        when = (
            "from before the first run"
            if self.since == _BEFORE_ALL
            else f"of {self.since:%Y-%m-%dT%H:%M:%SZ}"
        )
        what = (
            f"{self.source.name}, {when}"
            if self.is_whole
            else f"what is whole at the head of {self.source.name}"
        )
        return f"{what}, with {self.resources} resources"


def find(folder: Path, project: str, stack: str) -> Torn | None:
    """Return a stack's state file where it is torn. One that is not there is none: the stack may have been removed.

    Raises:
        CommandError: a file cannot be read for another reason.
    """
    file = folder / "stacks" / project / f"{stack}.json"
    try:
        if not file.exists() or _copy(file) is not None:
            return None
        # The time tells one torn file from the next, so that none is written over.
        aside = file.with_name(f"{file.name}.torn-{file.stat().st_mtime_ns}")
        return Torn(file, _best(file, folder / "backups" / project / stack, stack), aside)
    except OSError as error:
        raise CommandError(f"read {error.filename}: {error.strerror}", Exit.COULD_NOT_LOOK) from None


def _best(file: Path, backups: Path, stack: str) -> Copy | None:
    beside_it = file.with_name(f"{file.name}.bak")
    sources = [each for each in (beside_it, *backups.glob(f"{stack}.*.json")) if each.exists()]
    whole = [(copy.since, source.stat().st_mtime_ns, copy) for source in sources if (copy := _copy(source))]
    newest = max(whole, key=lambda each: each[:2])[2] if whole else None
    if newest is not None and newest.resources:
        return newest
    heads = [copy for source in (file, beside_it) if source.exists() and (copy := _head(source))]
    return max(heads, key=lambda copy: copy.resources, default=newest)


def _copy(source: Path) -> Copy | None:
    """Return what lies in a file; None where that is no whole checkpoint."""
    content = source.read_bytes()
    latest = _latest(content)
    if latest is None:
        return None
    return Copy(source, content, _since(latest), len(latest.get("resources") or []))


def _head(source: Path) -> Copy | None:
    """Return the resources that were written before a file was cut off, if there is one.

    The engine writes a resource after all that it depends on, and what it did last at the end.
    """
    content = source.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        text = content[: error.start].decode("utf-8")
    start = _RESOURCES.search(text)
    if start is None:
        return None
    decoder, end, position = json.JSONDecoder(), 0, start.end()
    try:
        while True:
            _, end = decoder.raw_decode(text, position)
            position = end + 1  # a comma: the engine writes no spaces
    except ValueError:
        pass
    if not end:
        return None
    whole = f"{text[:end]}]}}}}}}".encode()
    latest = _latest(whole)
    if latest is None:
        return None
    return Copy(source, whole, _since(latest), len(latest["resources"]), is_whole=False)


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
