"""Programs that set-up runs without their output, and folders that are put in place whole."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class BuildError(Exception):
    """A program could not be brought or built."""


def quietly(
    command: list[str], *, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Run a command without showing its output, which is returned; an error has its last lines."""
    done = subprocess.run(  # noqa: S603 our own words
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        tail = "\n    ".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise BuildError(f"{' '.join(command[:4])} … failed:\n    {tail}")
    return done.stdout


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
