"""The examples in a command's help: each on a line of its own, to be copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer._click.core import Context
    from typer._click.formatting import HelpFormatter


class Command(TyperCommand):
    """A command whose examples are not broken at a terminal's width, as typer would."""

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Print the help, then the examples as they are."""
        examples_, self.epilog = self.epilog, None
        super().format_help(ctx, formatter)
        self.epilog = examples_
        typer.echo(examples_, nl=False)


class Group(TyperGroup):
    """A group of commands with such examples."""

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Print the help, then the examples as they are."""
        examples_, self.epilog = self.epilog, None
        super().format_help(ctx, formatter)
        self.epilog = examples_
        typer.echo(examples_, nl=False)


def examples(*commands: str) -> str:
    """Return the epilog of a command with these examples."""
    heading = "Examples:" if len(commands) > 1 else "Example:"
    return "".join(f" {line}\n" for line in (heading, *(f"  {each}" for each in commands)))
