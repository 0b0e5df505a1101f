"""Programs that tests alone need, built from their Go modules into the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from ciaccess.environment import user_cache
from tools import golang

if TYPE_CHECKING:
    from tools.recipes import Recipe


def built(recipe: Recipe) -> Path:
    """Return the program, built where it is not there yet; a second test process waits for the first."""
    module = Path(recipe.folder)
    digest = hashlib.sha256(b"".join((module / name).read_bytes() for name in ("go.mod", "go.sum")))
    folder = user_cache() / "test-tools" / digest.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / recipe.program
    with (folder / ".lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.is_file():
            golang.build([recipe], folder, golang.Progress())
    return program
