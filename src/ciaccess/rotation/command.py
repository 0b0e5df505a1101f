"""`./ciaccess rotate`: a new password for an account without an outage, or at once after a leak."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.access.desired import rotation
from ciaccess.access.desired.pipeline_identities import service_accounts
from ciaccess.access.model.checks_dates import today
from ciaccess.cli.local_credentials import use_local_credentials
from ciaccess.cli.terminal import finish, output, print_json
from ciaccess.engine import pulumi_cli
from ciaccess.engine.preconditions import check_vault
from ciaccess.engine.resource_types import ACCOUNT
from ciaccess.engine.settings import StackSettings, project_name
from ciaccess.errors import CiaccessError, CommandError, Exit
from ciaccess.progress import Step
from ciaccess.rotation.count_up import File, count_up, rotated_together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ciaccess.access import Access
    from ciaccess.rotation.proof import Before, Proof, Rotated

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_EXAMPLES = (
    "Examples:  ./ciaccess rotate svc-bench  ·  ./ciaccess rotate --due --stack prod --up  ·  "
    "./ciaccess rotate svc-bench --emergency --stack prod"
)


@dataclass(frozen=True)
class _Run:
    """One call of the command: the YAML, the stack, the accounts, and whether it is an emergency."""

    file: File
    stack: str
    settings_file: Path | None
    chosen: tuple[str, ...]
    emergency: bool


@application.command(epilog=_EXAMPLES)
def rotate(  # noqa: PLR0913 each option is a choice of its own
    accounts: Annotated[
        list[str] | None, typer.Argument(help="Accounts to rotate.", show_default=False)
    ] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Rotate all accounts.")] = False,
    due: Annotated[bool, typer.Option("--due", help="Rotate accounts past their max_age.")] = False,
    stack: Annotated[
        str, typer.Option("--stack", envvar=["CIACCESS_STACK", "PULUMI_STACK"], help="The stack.")
    ] = "prod",
    settings_file: Annotated[
        Path | None,
        typer.Option("--config-file", help="The stack's settings. Default: config/Pulumi.<stack>.yaml."),
    ] = None,
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
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Count up the rotation of accounts in access.yaml. Applying that changes the passwords.

    Exit code 0 done or nothing due, 2 applied but a login check failed, 3 could not look, 1 error.

    The message of code 3 tells whether the rotation was applied.
    """
    from ciaccess.rotation.proof import plan  # noqa: PLC0415 `--help` needs no clients

    settings = StackSettings.of_stack(stack, settings_file)
    file = File(settings.access_file, settings.addresses)
    access = file.access()
    chosen = _chosen(access, accounts or (), every=all_, due=due)
    if emergency and not accounts:
        raise CommandError(
            "--emergency needs the names of the accounts that leaked: their running jobs will fail"
        )
    run = _Run(file, stack, settings_file, tuple(chosen), emergency)
    does = bool(chosen) and not dry_run
    if does and (up or emergency):
        rotated = _apply(run, access)
        _print(run, rotated, applied=True, as_json=as_json)
        finish(Exit.DIFFERENCES if any(each.faults for each in rotated) else Exit.CLEAN)
    after = count_up(file, access, chosen) if does else rotation.counted_up(access, chosen, today())
    _print(run, plan(access, after, rotated_together(access, chosen)), as_json=as_json, dry_run=dry_run)


def _chosen(access: Access, named: Sequence[str], *, every: bool, due: bool) -> list[str]:
    if sum((bool(named), every, due)) != 1:
        raise CommandError("choose what to rotate: either names of accounts, or --all, or --due")
    if every:
        return list(access.accounts)
    if due:
        return [account for account in access.accounts if rotation.is_overdue(access, account, today())]
    known = service_accounts(access)
    if unknown := [account for account in named if account not in known]:
        raise CommandError(
            f"account {', '.join(unknown)} is not declared. Declared accounts: {', '.join(known)}"
        )
    return list(dict.fromkeys(named))


def _apply(run: _Run, access: Access) -> list[Rotated]:
    """Count up, run the engine, and verify the result; in an emergency once for each of two users."""
    from ciaccess.rotation.proof import Proof  # noqa: PLC0415 `--help` needs no clients

    use_local_credentials(run.stack, run.settings_file)
    try:
        check_vault(access)
        proof = Proof(access)
        before = _before(run, access, proof)
    except CiaccessError as error:
        raise CommandError(f"nothing was rotated. {error}", Exit.COULD_NOT_LOOK) from None
    _refuse_unapplied(run, access, before)
    access = _rotate(run, access, run.chosen)
    again = [name for name in run.chosen if rotation.strategy(access, name) == rotation.ALTERNATE]
    if run.emergency and again:
        access = _rotate(run, access, again)
    try:
        return [proof.after(access, each, emergency=run.emergency) for each in before]
    except CiaccessError as error:
        raise CommandError(f"rotated and applied, but not verified: {error}", Exit.COULD_NOT_LOOK) from None
    finally:
        proof.close()


def _before(run: _Run, access: Access, proof: Proof) -> list[Before]:
    return [
        proof.before(access, account, thorough=run.emergency)
        for account in rotated_together(access, run.chosen)
    ]


def _refuse_unapplied(run: _Run, access: Access, before: Sequence[Before]) -> None:
    """Refuse if the last rotation is not applied: two in one `up` change the current password.

    In an emergency that is intended.
    """
    waiting = [
        each.account
        for each in before
        if each.current and each.current.username != rotation.active(access, each.account).user_id
    ]
    if waiting and not run.emergency:
        raise CommandError(
            f"nothing was rotated: the last rotation of {', '.join(waiting)} in the YAML is not applied yet. Apply it "
            f"first: pulumi up --stack {run.stack}"
        )


def _rotate(run: _Run, access: Access, chosen: Sequence[str]) -> Access:
    """Count up and apply it to these accounts only, not other changes of the YAML.

    Raises:
        CommandError: the engine failed; the YAML is counted up, and the next `up` continues.
    """
    after = count_up(run.file, access, chosen)
    names = rotated_together(access, chosen)
    # Full URNs: the engine matches a pattern against every resource, but looks a URN up.
    before = f"urn:pulumi:{run.stack.rpartition('/')[2]}::{project_name()}::{ACCOUNT}"
    targets = [f"--target={before}::{name}" for name in names]
    settings = ["--config-file", str(run.settings_file)] if run.settings_file else []
    words = ["up", "--yes", "--skip-preview", "--stack", run.stack, *settings, *targets]
    shown = ", ".join(names) if len(names) <= 3 else f"{len(names)} accounts"  # noqa: PLR2004 on one line
    try:
        with Step(f"rotating {shown}"):
            pulumi_cli.run(*words, quiet=True)
    except CommandError as error:
        raise CommandError(
            f"{error}\nThe rotation is in {run.file.path}, but not applied, or only in part. No password is lost. Fix the "
            f"cause, then continue: pulumi up --refresh --stack {run.stack}"
        ) from None
    return after


def _print(
    run: _Run, rotated: Sequence[Rotated], *, as_json: bool, applied: bool = False, dry_run: bool = False
) -> None:
    next_step = _next(run, rotated, applied=applied, dry_run=dry_run)
    if as_json:
        print_json(
            {
                "file": str(run.file.path),
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


def _next(run: _Run, rotated: Sequence[Rotated], *, applied: bool, dry_run: bool) -> str:
    if not rotated:
        return "nothing is due"
    if dry_run:
        return "Dry run: nothing was changed. To rotate, run again without --dry-run"
    commit = f"git commit -m 'Rotate {', '.join(run.chosen)}' -- {run.file.path}"
    if applied:
        return f"Commit the change: {commit}"
    return f"Commit the change: {commit}\nThe passwords change with the next pulumi up --stack {run.stack}"
