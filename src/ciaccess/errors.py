"""The exit codes of every command, and the base of every error that ends one."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command."""

    CLEAN = 0
    ERROR = 1
    DIFFERENCES = 2
    COULD_NOT_LOOK = 3


class CommandError(Exception):
    """A command cannot go on; the text says why and what to do, `code` is what it exits with."""

    def __init__(self, text: str, code: Exit = Exit.ERROR) -> None:
        super().__init__(text)
        self.code = code
