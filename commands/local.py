"""`./ciaccess local`: the local stack, to try every change against real systems before a merge request."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from commands.terminal import CommandError, Exit, finish, notices, output, print_json
from local import stack
from local.processes import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator

application = typer.Typer(
    no_args_is_help=True,
    help="The local stack: a real Vault, and simulators of Nexus and GitLab, on 127.0.0.1.",
)
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@contextlib.contextmanager
def _clean_errors() -> Iterator[None]:
    try:
        yield
    except StackError as error:
        raise CommandError(str(error)) from None


@application.command(epilog="Example:  ./ciaccess local start && pulumi up --stack local")
def start() -> None:
    """Start what is not running, and seed Nexus's repositories and GitLab's group and projects."""
    from config import load  # noqa: PLC0415 `stop` and `status` must work when the YAML does not
    from config.stacks import CONFIG_FOLDER  # noqa: PLC0415 likewise

    console = notices()
    with _clean_errors(), console.status("starting Vault, Nexus and GitLab"):
        remarks = stack.start(load(CONFIG_FOLDER / "access.yaml"))
    for remark in remarks:
        console.print(f"[yellow]note[/] {remark}")
    _print_table()


@application.command()
def stop() -> None:
    """Stop the stack; its data stays."""
    with _clean_errors():
        stopped = stack.stop_all()
    typer.echo(f"stopped {', '.join(stopped)}" if stopped else "nothing was running")


@application.command(
    epilog="Example:  ./ciaccess local status --json | jq -r '.[] | .service + \" \" + .state'"
)
def status(*, as_json: JsonOption = False) -> None:
    """Show what runs and where. Exit code 0 when everything runs, 2 when something does not."""
    found = stack.status()
    if as_json:
        print_json([asdict(service) for service in found])
    else:
        _print_table()
    finish(Exit.CLEAN if all(service.state == "running" for service in found) else Exit.DIFFERENCES)


@application.command()
def reset(*, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Stop the stack and delete its data, its credentials, and the Pulumi state of the stack `local`."""
    if not yes:
        typer.confirm("Delete the local Vault, Nexus, GitLab and the state of the stack `local`?", abort=True)
    with _clean_errors():
        stack.reset()
    typer.echo("the local stack is gone")


def _print_table() -> None:
    from rich.table import Table  # noqa: PLC0415 slow to import, and JSON does without

    table = Table(box=None, pad_edge=False)
    for heading in ("SERVICE", "STATE", "ADDRESS", "PID"):
        table.add_column(heading)
    colours = {"running": "green", "stopped": "dim"}
    for row in stack.status():
        state = f"[{colours.get(row.state, 'red')}]{row.state}[/]"
        table.add_row(row.service, state, row.address, str(row.pid or ""))
    output().print(table)
