"""Programs that set-up runs without their output."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path


class BuildError(Exception):
    """A program could not be brought or built."""


def quietly(
    command: list[str], *, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Run a command without showing its output, which is returned; an error has its last lines."""
    try:
        done = subprocess.run(  # noqa: S603 our own words
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise BuildError(f"{command[0]} does not start: {error.strerror}") from None
    if done.returncode:
        tail = "\n    ".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise BuildError(f"{' '.join(command[:4])} … failed:\n    {tail}")
    return done.stdout
