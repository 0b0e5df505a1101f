"""A file written whole beside another, to take its place in one step: nobody ever reads half of it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ciaccess.errors import CommandError


def beside(target: Path, content: bytes, suffix: str) -> Path:
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
