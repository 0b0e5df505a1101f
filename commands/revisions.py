"""What a file held at a git revision; git is asked, the work tree is left as it is."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from commands.terminal import CommandError

if TYPE_CHECKING:
    from pathlib import Path


def content_at(revision: str, file: Path) -> bytes:
    """Return a file's content at a revision: a commit, branch, tag, or what else git takes for one.

    Raises:
        CommandError: there is no such revision here, or the file was not there then.
    """
    folder = file.resolve().parent
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise CommandError(
            f"look up revision {revision!r}: git does not know it here. Fetch it first, such as: git fetch origin main"
        )
    found = _git(folder, "show", f"{commit.decode().strip()}:./{file.name}")
    if found is None:
        raise CommandError(f"read {file.name} of {revision!r}: it was not there then. Name a later revision")
    return found


def _git(folder: Path, *words: str) -> bytes | None:
    """Return what git prints, None where it fails."""
    try:
        done = subprocess.run(  # noqa: S603 our own words, and a revision behind --end-of-options
            ["git", "-C", str(folder), *words],  # noqa: S607 the system's git
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise CommandError("ask git: it is not on PATH. Install git") from None
    return None if done.returncode else done.stdout
