"""A rotation applied: the YAML counted up, the engine run, the result verified by logins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ciaccess.access import Access
from ciaccess.access.desired import rotation
from ciaccess.access.desired.pipeline_identities import service_accounts
from ciaccess.access.model.checks_dates import today
from ciaccess.access.reading.faults import require_declared
from ciaccess.cli.local_credentials import use_local_credentials
from ciaccess.clients.credentials import KNOWN, require
from ciaccess.engine import pulumi_cli
from ciaccess.engine.preconditions import check_vault
from ciaccess.engine.resource_types import ACCOUNT
from ciaccess.engine.settings import StackSettings, project_name
from ciaccess.errors import CiaccessError, CommandError, Exit
from ciaccess.progress import Step
from ciaccess.rotation.count_up import count_up, rotated_together
from ciaccess.rotation.proof import Proof, Rotated


@dataclass(frozen=True)
class Run:
    """One call of the command: the stack, the accounts, and whether it is an emergency."""

    settings: StackSettings
    stack: str
    settings_file: Path | None
    chosen: tuple[str, ...]
    emergency: bool


def chosen_accounts(access: Access, named: Sequence[str], *, every: bool, due: bool) -> list[str]:
    """Return the accounts that the options choose.

    Raises:
        CommandError: not exactly one option is given, or an account is not declared.
    """
    if sum((bool(named), every, due)) != 1:
        raise CommandError("choose what to rotate: either names of accounts, or --all, or --due")
    if every:
        return list(access.accounts)
    if due:
        return [account for account in access.accounts if rotation.is_overdue(access, account, today())]
    require_declared(named, service_accounts(access))
    return list(dict.fromkeys(named))


def apply(run: Run, access: Access) -> list[Rotated]:
    """Count up, run the engine, and verify the result; in an emergency once for each of two users.

    Raises:
        CommandError: nothing was rotated, or it was applied and could not be verified; the text tells which.
    """
    use_local_credentials(run.stack, run.settings_file)
    try:
        require(*KNOWN)
        check_vault(access)
        proof = Proof(access)
        before = [
            proof.before(access, account, thorough=run.emergency)
            for account in rotated_together(access, run.chosen)
        ]
    except CiaccessError as error:
        raise CommandError(f"nothing was rotated: {error}", Exit.COULD_NOT_LOOK) from None
    waiting = [
        each.account
        for each in before
        if each.current and each.current.username != rotation.active(access, each.account).user_id
    ]
    # Two rotations in one `up` change the current password, which is intended in an emergency.
    if waiting and not run.emergency:
        raise CommandError(
            f"nothing was rotated: the last rotation of {', '.join(waiting)} in the YAML is not applied yet. Apply it "
            f"first: pulumi up --stack {run.stack}"
        )
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


def _rotate(run: Run, access: Access, chosen: Sequence[str]) -> Access:
    """Count up and apply it to these accounts only, not other changes of the YAML.

    Raises:
        CommandError: the engine failed; the YAML is counted up, and the next `up` continues.
    """
    after = count_up(run.settings, access, chosen)
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
            f"{error}\nThe rotation is in {run.settings.access_file}, but not applied, or only in part. No password is lost. Fix the "
            f"cause, then continue: pulumi up --refresh --stack {run.stack}"
        ) from None
    return after


def plan(before: Access, after: Access, accounts: Sequence[str]) -> list[Rotated]:
    """Return the effect of counting up once it is applied, unverified."""
    return [
        Rotated(
            account,
            rotation.strategy(after, account),
            (rotation.rotation(before, account).count, rotation.rotation(after, account).count),
            (rotation.active(before, account).user_id, rotation.active(after, account).user_id),
            proved=False,
        )
        for account in accounts
    ]
