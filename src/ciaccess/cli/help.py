"""The examples in a command's help: each on a line of its own, to be copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer._click.core import Context
    from typer._click.formatting import HelpFormatter


class Command(TyperCommand):
    """A command whose examples are not broken at a terminal's width, as typer would."""

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the help, then the examples as they are."""
        _write_examples_last(self, formatter, lambda: super(Command, self).format_help(ctx, formatter))


class Group(TyperGroup):
    """A group of commands with such examples."""

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the help, then the examples as they are."""
        _write_examples_last(self, formatter, lambda: super(Group, self).format_help(ctx, formatter))


def _write_examples_last(
    command: TyperCommand | TyperGroup, formatter: HelpFormatter, write_help: Callable[[], None]
) -> None:
    examples_, command.epilog = command.epilog, None
    write_help()
    command.epilog = examples_
    formatter.write(examples_ or "")


def examples(*commands: str) -> str:
    """Return the epilog of a command with these examples."""
    heading = "Examples:" if len(commands) > 1 else "Example:"
    return "".join(f" {line}\n" for line in (heading, *(f"  {each}" for each in commands)))
