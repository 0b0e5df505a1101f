"""`./ciaccess`: imports the one module of the command that is called, so that it starts quickly."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from difflib import get_close_matches
from typing import Annotated, Any, NamedTuple

import typer
from typer._click.core import Command, Context
from typer.core import TyperGroup

from ciaccess.cli.terminal import prepare_streams
from ciaccess.environment import activate, state_directory
from ciaccess.errors import CiaccessError, CommandError, Exit
from ciaccess.interrupts import raise_again
from ciaccess.report.page import visible


class Entry(NamedTuple):
    """A command: its module, and whether it checks live systems or only acts.

    Missing credentials end the former with exit code 3, the latter with 1.
    """

    module: str
    checks: bool = False


# The commands in the order of the help.
COMMANDS = {
    "validate": Entry("cli.validate_command"),
    "render": Entry("consumers.render_command"),
    "lint-ci": Entry("consumers.lint_command", checks=True),
    "access": Entry("analysis.access_command"),
    "explain": Entry("analysis.explain_command"),
    "pull-secret": Entry("consumers.pull_secret_command"),
    "preview": Entry("review.command", checks=True),
    "rotate": Entry("rotation.command", checks=True),
    "drift": Entry("drift.command", checks=True),
    "adopt": Entry("adoption.command", checks=True),
    "recover": Entry("recovery.command", checks=True),
    "verify": Entry("verification.command", checks=True),
    "bootstrap": Entry("own_pipeline.bootstrap_command"),
    "run-as": Entry("own_pipeline.run_as_command"),
    "local": Entry("verification.local_command"),
}


class _LazyGroup(TyperGroup):
    """A group whose commands are imported when they are called or listed."""

    def list_commands(self, ctx: Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        if cmd_name not in COMMANDS:
            if close := get_close_matches(cmd_name, COMMANDS, 1):
                ctx.fail(f"No such command {cmd_name!r}. Did you mean {close[0]!r}?")
            return None
        module = importlib.import_module(f"ciaccess.{COMMANDS[cmd_name].module}")
        application: typer.Typer = module.application
        command = typer.main.get_command(application)
        command.name = cmd_name
        raise_again()
        return command

    def invoke(self, ctx: Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            # typer would end with 130, which a command that run-as runs may end with as well.
            raise typer.Abort from None
        except CiaccessError as error:
            if error.code is None:
                checks = COMMANDS[str(ctx.invoked_subcommand)].checks
                error.code = Exit.COULD_NOT_LOOK if checks else Exit.ERROR
            raise


_DEBUG = "CIACCESS_DEBUG"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# With it pydantic, by which typer reads values, begins its messages.
_PYDANTIC = "Value error, "
application = typer.Typer(
    cls=_LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Examples are in ./ciaccess COMMAND --help, and everything else in docs/README.md",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 as typer calls it
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 only for this option

        typer.echo(f"ciaccess {version('ciaccess')}")
        raise typer.Exit


@application.callback()
def ciaccess(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """The access that CI has to artifacts, as code.

    Exit codes: 0 clean, 1 error, 2 differences found, 3 could not look.
    """


def run(command: Callable[[], object]) -> int:
    """Run a command and return its exit code; whatever goes wrong is one message, never a traceback."""
    try:
        answer = command()
        sys.stdout.flush()
    except typer.TyperException as error:
        # A mistyped command or option: exit code 1, since 2 means that differences were found.
        if isinstance(error, typer.BadParameter):
            error.message = error.message.removeprefix(_PYDANTIC)
        show = getattr(error, "show", None)
        show() if show else sys.stderr.write(f"error: {error}\n")
        return Exit.ERROR
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("interrupted\n")
        return Exit.ERROR
    except CiaccessError as error:
        sys.stderr.write(f"error: {visible(str(error))}\n")
        return Exit.ERROR if error.code is None else error.code
    except Exception as error:  # noqa: BLE001 a mistake of ours, whose text may hold anything, secrets too
        sys.stderr.write(_unwritten(error) or _internal(error))
        return Exit.ERROR
    return answer if isinstance(answer, int) else Exit.CLEAN


def _unwritten(error: Exception) -> str:
    """Return the message for a disk that took no more of the output, "" for another error."""
    if not isinstance(error, OSError) or error.errno not in _FULL:
        return ""
    # What is left in the buffer cannot be written either: Python would try once more, and show a traceback.
    with suppress(OSError):
        sys.stdout.close()
    return f"error: write {error.filename or 'the output'}: {error.strerror}. Make room, or write elsewhere\n"


def _internal(error: Exception) -> str:
    from ciaccess.clients.errors import origin  # noqa: PLC0415 only when something is wrong with us
    from ciaccess.clients.redaction import redact  # noqa: PLC0415 likewise

    if os.environ.get(_DEBUG):
        return redact("".join(traceback.format_exception(error)))
    return f"internal error: {origin(error)}. Report it with what {_DEBUG}=1 in the environment shows\n"


def main() -> object:
    """Run the command line in the project's environment.

    Raises:
        CommandError: the state directory cannot be written, or what the command raises.
    """
    prepare_streams()
    try:
        activate()
    except OSError as error:
        raise CommandError(
            f"prepare '{state_directory()}': {error.strerror}. Name a folder of your own in CIACCESS_STATE_DIR"
        ) from None
    return application(prog_name="ciaccess", standalone_mode=False)
