"""`./ciaccess recover`: the leftovers of a killed run, and their removal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.access import load
from ciaccess.cli.help import Command, examples
from ciaccess.cli.local_credentials import use_local_credentials
from ciaccess.cli.options import JsonOption, LiveStackOption, SettingsOption
from ciaccess.cli.terminal import finish, output, print_json
from ciaccess.engine.settings import StackSettings
from ciaccess.errors import Exit

if TYPE_CHECKING:
    from ciaccess.recovery.leftovers import Leftover

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@application.command(
    cls=Command, epilog=examples("./ciaccess recover --stack prod", "./ciaccess recover --stack prod --yes")
)
def recover(
    *,
    stack: LiveStackOption = "prod",
    settings_file: SettingsOption = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Carry out the remedies; without it, only list them.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List what a killed or interrupted run left behind; with --yes, repair it.

    Exit code 0 nothing to recover, 2 leftovers found, 3 could not look, 1 the lock belongs to a run that may be active, or an error.
    """
    settings = StackSettings.of_stack(stack, settings_file)
    access = load(settings.access_file, settings.addresses)
    use_local_credentials(stack, settings_file)
    from ciaccess.recovery.run import recover  # noqa: PLC0415 only once the YAML is valid

    left = recover(access, stack, settings_file, yes=yes)
    _print(stack, left, yes=yes, as_json=as_json)
    finish(Exit.CLEAN if yes or not left else Exit.DIFFERENCES)


def _print(stack: str, left: list[Leftover], *, yes: bool, as_json: bool) -> None:
    next_step = f"pulumi up --refresh --stack {stack}"
    if as_json:
        print_json({"found": [each.to_json() for each in left], "mended": yes, "next": next_step})
        return
    console = output()
    for each in left:
        console.print(
            f"{each.kind}: {each.found}\n  {'carried out' if yes else 'to do'}: {each.remedy}", markup=False
        )
    if not left:
        console.print(f"nothing to recover; to continue a failed run: {next_step}", markup=False)
        return
    if not yes:
        console.print(f"\nCarry out: ./ciaccess recover --stack {stack} --yes", markup=False)
    console.print(f"\nThen, before any other run and before a destroy: {next_step}", markup=False)
