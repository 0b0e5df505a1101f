"""Files and folders that no other process sees in part: renamed when whole; and a lock file."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ciaccess.errors import CommandError


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all, and create its folders."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    scratch = path.with_name(f".{path.name}.new")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode())
    scratch.replace(path)


def write_beside(target: Path, content: bytes, suffix: str) -> Path:
    """Write a file beside the target, with its mode; its name ends in `suffix`.

    Raises:
        CommandError: the folder cannot be written.
    """
    name = None
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=suffix)
        with os.fdopen(handle, "wb") as scratch:
            scratch.write(content)
            scratch.flush()
            os.fsync(scratch.fileno())
        Path(name).chmod(target.stat().st_mode & 0o777)
    except OSError as error:
        if name is not None:
            Path(name).unlink(missing_ok=True)
        raise CommandError(
            f"write beside {target}: {error.strerror}. Make its folder writable, with room on its disk"
        ) from None
    return Path(name)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which then takes the place of `folder`.

    Nothing is left of one whose filling fails.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".install-") as scratch:
        new = Path(scratch) / "new"
        new.mkdir()
        yield new
        shutil.rmtree(folder, ignore_errors=True)
        new.replace(folder)


@contextmanager
def hold_lock(file: Path) -> Iterator[None]:
    """Hold a lock file, made where it is missing; wait while another process holds it."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with file.open("w", encoding="ascii") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
