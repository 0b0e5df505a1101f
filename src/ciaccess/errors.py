"""The exit codes of every command, and the base error, which `cli.application` handles."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command."""

    CLEAN = 0
    ERROR = 1
    DIFFERENCES = 2
    COULD_NOT_LOOK = 3


class CiaccessError(Exception):
    """Ends a command: `because` is what happened, `remedy` what to do; the text is both.

    `code` is the exit code. None depends on the command: 3 where it checks live systems, 1 where it only acts.
    """

    def __init__(self, because: str, code: Exit | None = Exit.ERROR, *, remedy: str = "") -> None:
        super().__init__(f"{because}. {remedy}" if remedy else because)
        self.because = because
        self.remedy = remedy
        self.code = code


class CommandError(CiaccessError):
    """A command cannot continue."""
