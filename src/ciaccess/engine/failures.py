"""Failures of a run as data, in a file to which the program and the plugin append.

The engine passes on texts alone; whether a system could not be checked is decided by status (`could_not_look`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from ciaccess.clients.could_not_look import CouldNotLook
from ciaccess.clients.credentials import CredentialsError
from ciaccess.clients.errors import ApiError, UnexpectedAnswerError, UnreachableError
from ciaccess.errors import CiaccessError

# The name of the file, in the environment of the engine, its program and its plugins.
VARIABLE = "CIACCESS_FAILURES"
_RIGHTS_OR_LOAD = (401, 403, 407, 429)
_FIRST_SERVER_ERROR = 500


@dataclass(frozen=True)
class Failures:
    """The failures of one run, in the file that its environment names."""

    file: Path

    @classmethod
    @contextmanager
    def of_a_run(cls) -> Iterator[Self]:
        """Return those of the run that gets `variables`; the file is deleted afterwards."""
        with TemporaryDirectory(prefix="ciaccess-") as scratch:
            yield cls(Path(scratch) / "failures")

    @property
    def variables(self) -> dict[str, str]:
        """The environment of the program and the plugin."""
        return {VARIABLE: str(self.file)}

    def could_not_look(self) -> tuple[CouldNotLook, ...]:
        """Return what could not be checked, each cause once however many resources met it."""
        if not self.file.exists():
            return ()
        found = (json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines())
        causes = {(each["system"], each["message"]): each for each in found}
        return tuple(
            CouldNotLook(each["system"], each["system"], each["because"], each["remedy"])
            for each in causes.values()
        )


def record(error: CiaccessError) -> None:
    """Append a failure that kept a system from being checked; do nothing without the variable."""
    name = os.environ.get(VARIABLE)
    if not name or not _could_not_look(error):
        return
    entry = {
        "system": getattr(error, "system", "the environment"),
        "message": getattr(error, "reason", error.because),
        "because": error.because,
        "remedy": error.remedy,
    }
    # One write below the size of a pipe's buffer: lines of two processes do not mix.
    with Path(name).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def _could_not_look(error: CiaccessError) -> bool:
    if isinstance(error, CredentialsError | UnexpectedAnswerError | UnreachableError):
        return True
    status = error.status if isinstance(error, ApiError) else None
    return status is not None and (status in _RIGHTS_OR_LOAD or status >= _FIRST_SERVER_ERROR)
