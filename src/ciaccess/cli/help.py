"""The examples in a command's help: each on a line of its own, to be copied."""

from __future__ import annotations

from typer._click.core import Command as ClickCommand
from typer._click.core import Context
from typer._click.formatting import HelpFormatter
from typer.core import TyperCommand, TyperGroup


class _ExamplesLast(ClickCommand):
    """Does not break examples at a terminal's width, as typer would."""

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the help, then the examples as they are."""
        examples_, self.epilog = self.epilog, None
        super().format_help(ctx, formatter)
        self.epilog = examples_
        formatter.write(examples_ or "")


class Command(_ExamplesLast, TyperCommand):
    """A command with examples."""


class Group(_ExamplesLast, TyperGroup):
    """A group of commands with examples."""


def examples(*commands: str) -> str:
    """Return the epilog of a command with these examples."""
    heading = "Examples:" if len(commands) > 1 else "Example:"
    return "".join(f" {line}\n" for line in (heading, *(f"  {each}" for each in commands)))
