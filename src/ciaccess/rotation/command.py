"""`./ciaccess rotate`: a new password for an account without an outage, or at once after a leak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.access import load
from ciaccess.access.desired import rotation
from ciaccess.access.model.checks_dates import today
from ciaccess.cli.help import Command, examples
from ciaccess.cli.options import JsonOption, LiveStackOption, SettingsOption
from ciaccess.cli.terminal import finish, output, print_json
from ciaccess.engine.settings import StackSettings
from ciaccess.errors import CommandError, Exit
from ciaccess.rotation.count_up import count_up, rotated_together

if TYPE_CHECKING:
    from ciaccess.rotation.apply import Run
    from ciaccess.rotation.proof import Rotated

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_EXAMPLES = examples(
    "./ciaccess rotate svc-bench",
    "./ciaccess rotate --due --stack prod --up",
    "./ciaccess rotate svc-bench --emergency --stack prod",
)


@application.command(cls=Command, epilog=_EXAMPLES)
def rotate(  # noqa: PLR0913 each option is a choice of its own
    accounts: Annotated[
        list[str] | None, typer.Argument(help="Accounts to rotate.", show_default=False)
    ] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Rotate all accounts.")] = False,
    due: Annotated[bool, typer.Option("--due", help="Rotate accounts past their max_age.")] = False,
    stack: LiveStackOption = "prod",
    settings_file: SettingsOption = None,
    up: Annotated[
        bool, typer.Option("--up", help="Apply it now, to these accounts only, and verify it by logins.")
    ] = False,
    emergency: Annotated[
        bool,
        typer.Option("--emergency", help="After a leak: replace all passwords now. Implies --up."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done, and change nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Count up the rotation of accounts in access.yaml. Applying that changes the passwords.

    Exit code 0 done or nothing due, 2 applied but a login check failed, 3 could not look, 1 error.

    The message of code 3 tells whether the rotation was applied.
    """
    from ciaccess.rotation.apply import Run, apply, chosen_accounts, plan  # noqa: PLC0415 `--help` needs no clients

    settings = StackSettings.of_stack(stack, settings_file)
    access = load(settings.access_file, settings.addresses)
    chosen = chosen_accounts(access, accounts or (), every=all_, due=due)
    if emergency and not accounts:
        raise CommandError("--emergency needs the names of the accounts: their running jobs will fail")
    run = Run(settings, stack, settings_file, tuple(chosen), emergency)
    does = bool(chosen) and not dry_run
    if does and (up or emergency):
        rotated = apply(run, access)
        _print(run, rotated, applied=True, as_json=as_json)
        finish(Exit.DIFFERENCES if any(each.faults for each in rotated) else Exit.CLEAN)
    after = count_up(settings, access, chosen) if does else rotation.count_up(access, chosen, today())
    _print(run, plan(access, after, rotated_together(access, chosen)), as_json=as_json, dry_run=dry_run)


def _print(
    run: Run, rotated: Sequence[Rotated], *, as_json: bool, applied: bool = False, dry_run: bool = False
) -> None:
    next_step = _next_step(run, rotated, applied=applied, dry_run=dry_run)
    if as_json:
        print_json(
            {
                "file": str(run.settings.access_file),
                "stack": run.stack,
                "emergency": run.emergency,
                "applied": applied,
                "dry_run": dry_run,
                "accounts": [each.to_json() for each in rotated],
                "next": next_step,
            }
        )
        return
    console = output()
    for each in rotated:
        for line in _lines(each, applied=applied):
            console.print(line, markup=False)
    console.print(next_step, markup=False)


def _lines(each: Rotated, *, applied: bool) -> list[str]:
    turn = f"{each.users[0]} → {each.users[1]}" if each.users[0] != each.users[1] else each.users[1]
    lines = [f"{each.account}: rotation {each.counts[0]} → {each.counts[1]}, {each.strategy}, {turn}"]
    if applied:
        lines += [f"  verified: Nexus accepts the new password of {each.users[1]}"] if not each.faults else []
        lines += [
            f"  valid until the next rotation: the old password of {user}" for user in each.keeps_working
        ]
        lines += [f"  revoked: Nexus refuses the old password of {user}" for user in each.revoked]
        lines += [f"  FAILED: {fault}" for fault in each.faults]
    return lines


def _next_step(run: Run, rotated: Sequence[Rotated], *, applied: bool, dry_run: bool) -> str:
    if not rotated:
        return "nothing is due: no max_age has passed (an account without one is never due)"
    if dry_run:
        return "Dry run: nothing was changed. To rotate, run again without --dry-run"
    commit = f"git commit -m 'Rotate {', '.join(run.chosen)}' -- {run.settings.access_file}"
    if applied:
        return f"Commit the change: {commit}"
    return f"Commit the change: {commit}\nThe passwords change with the next pulumi up --stack {run.stack}"
