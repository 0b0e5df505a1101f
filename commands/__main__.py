"""`./ciaccess`: finds the command's module by name and imports that one alone, so that each starts quickly."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, ClassVar

import typer
from typer.core import TyperGroup

from commands.terminal import CommandError, Exit
from tools.environment import activate

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer._click.core import Command, Context


class _LazyGroup(TyperGroup):
    """A group whose commands are modules of this package, imported when they are called or listed."""

    names: ClassVar[tuple[str, ...]] = (
        "validate",
        "render",
        "lint-ci",
        "access",
        "explain",
        "pull-secret",
        "preview",
        "rotate",
        "drift",
        "adopt",
        "recover",
        "verify",
        "bootstrap",
        "run-as",
        "local",
    )

    def list_commands(self, ctx: Context) -> list[str]:
        del ctx
        return list(self.names)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        del ctx
        if cmd_name not in self.names:
            return None
        module = importlib.import_module(f"commands.{cmd_name.replace('-', '_')}")
        application: typer.Typer = module.application
        command = typer.main.get_command(application)
        command.name = cmd_name
        return command


application = typer.Typer(
    cls=_LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@application.callback()
def ciaccess() -> None:
    """The access that CI has to artifacts, as code.

    Exit codes: 0 clean, 1 error, 2 differences found, 3 could not look.
    """


def run(command: Callable[[], object]) -> int:
    """Run a command and return its exit code; a mistake of the user's is one message, never a traceback."""
    try:
        answer = command()
    except typer.TyperException as error:
        # A mistyped command or option: exit code 1, since 2 says that differences were found.
        show = getattr(error, "show", None)
        show() if show else sys.stderr.write(f"error: {error}\n")
        return Exit.ERROR
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("interrupted\n")
        return Exit.ERROR
    except CommandError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.code
    return answer if isinstance(answer, int) else Exit.CLEAN


if __name__ == "__main__":
    activate()
    sys.exit(run(lambda: application(prog_name="ciaccess", standalone_mode=False)))
