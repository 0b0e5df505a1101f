"""`./ciaccess local`: the local stack, to test changes on real systems before a merge request."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.cli.help import Command, Group, examples
from ciaccess.cli.options import JsonOption
from ciaccess.cli.terminal import confirm, finish, notices, output, print_json
from ciaccess.engine.settings import CONFIG_FOLDER
from ciaccess.errors import Exit
from ciaccess.local_stack import nexus_bundle, stack
from ciaccess.local_stack.nexus_bundle import BUNDLES
from ciaccess.progress import Step, format_duration

if TYPE_CHECKING:
    from ciaccess.access import Access

application = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The local stack: a real Vault or OpenBao, and simulators of Nexus and GitLab, on 127.0.0.1.",
    cls=Group,
    epilog=examples("./ciaccess local up", "./ciaccess local status", "./ciaccess local reset --yes"),
)

_TO_START = "Start it: ./ciaccess local start"

FreePortsOption = Annotated[
    bool,
    typer.Option("--free-ports", help="Listen on any free ports, next to another checkout's stack."),
]


NexusOption = Annotated[
    str | None,
    typer.Option(
        "--nexus",
        help=f"Run a real Nexus of this version: {' or '.join(BUNDLES)}. Default: what the stack has, the simulator in a new one.",
        show_default=False,
    ),
]


@application.command(cls=Command, epilog=examples("./ciaccess local start && pulumi up --stack local"))
def start(*, free_ports: FreePortsOption = False, nexus: NexusOption = None) -> None:
    """Start missing services, and seed Nexus's repositories and GitLab's group and projects.

    Exit code 0 or 1.
    """
    _start(free_ports=free_ports, nexus=nexus)
    _print_table()


@application.command(
    cls=Command, epilog=examples("./ciaccess local up  # as `make up` does once everything is set up")
)
def up(*, free_ports: FreePortsOption = False, nexus: NexusOption = None) -> None:
    """Start the stack, provision it with `pulumi up`, and prove one account from token to artifact.

    Exit code 0 when the proof succeeds, 2 when something in it is wrong, 3 when it could not look, 1 an error.
    """
    from ciaccess.verification.local import first_steps, prove, provision  # noqa: PLC0415 only `up` needs them

    began = time.monotonic()
    access = _start(free_ports=free_ports, nexus=nexus)
    provision()
    account = prove()
    notices().print(f"\n[bold green]ready[/] in {format_duration(time.monotonic() - began)}")
    notices().print(
        first_steps(access, account, stack.record()), markup=False, highlight=False, soft_wrap=True
    )


def _start(*, free_ports: bool, nexus: str | None) -> Access:
    from ciaccess.cli.options import load_access  # noqa: PLC0415 `stop` and `status` must start quickly

    record = stack.choose_nexus(nexus)
    if record.nexus:
        nexus_bundle.install(record.nexus)
    access = load_access(CONFIG_FOLDER / record.access_file if record.nexus else None)
    with Step(f"starting Vault, Nexus{record.nexus and ' ' + record.nexus} and GitLab"):
        remarks = stack.start(access, any_ports=free_ports, nexus=nexus)
    for remark in remarks:
        notices().print(f"[yellow]note[/] {remark}")
    return access


@application.command(cls=Command, epilog=examples("./ciaccess local stop  # as `make down` does"))
def stop() -> None:
    """Stop the stack; its data stays. Exit code 0 or 1."""
    stopped = stack.stop_all()
    typer.echo(f"stopped {', '.join(stopped)}" if stopped else "nothing was running")
    notices().print(_TO_START)


@application.command(
    cls=Command, epilog=examples("""./ciaccess local status --json | jq -r '.[] | .service + " " + .state'""")
)
def status(*, as_json: JsonOption = False) -> None:
    """Show what runs and where. Exit code 0 when everything runs, 2 when something does not."""
    found = stack.status()
    if as_json:
        print_json([asdict(service) for service in found])
    else:
        _print_table()
    if all(service.state == "running" for service in found):
        finish(Exit.CLEAN)
    notices().print(_TO_START)
    finish(Exit.DIFFERENCES)


@application.command(cls=Command, epilog=examples("./ciaccess local reset --yes"))
def reset(*, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Stop the stack and delete its data, its credentials, and the state of the stack `local`.

    Exit code 0 or 1.
    """
    if not yes:
        confirm("Delete the local Vault, Nexus, GitLab and the state of the stack `local`?")
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
        for kind, address in row.registries.items():
            table.add_row(f"  {kind} registry", "", address, "")
    output().print(table)
