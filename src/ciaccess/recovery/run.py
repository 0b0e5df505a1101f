"""What a killed run left behind in the state and in Vault: found, and repaired."""

from __future__ import annotations

import os
from pathlib import Path

from ciaccess.access import Access
from ciaccess.cli.terminal import notices
from ciaccess.clients.connect import vault_client
from ciaccess.clients.credentials import require
from ciaccess.engine import pulumi_cli, state_folder
from ciaccess.engine.preconditions import check_vault
from ciaccess.engine.settings import project_name
from ciaccess.environment import backend_folder
from ciaccess.errors import CiaccessError, CommandError, Exit
from ciaccess.recovery import leftovers, unrecorded
from ciaccess.recovery.leftovers import Leftover


def recover(access: Access, stack: str, settings_file: Path | None, *, yes: bool) -> list[Leftover]:
    """Return what was left behind; with `yes` it is repaired.

    Raises:
        CiaccessError: the state or Vault cannot be read, or a lock may be of a live run.
    """
    require("VAULT_ADDR", "VAULT_TOKEN")
    check_vault(access)
    left = _storage(stack, yes=yes)
    # Without `yes`, an unreadable state is left to the run after its repair.
    if not yes and any(each.kind == "torn" for each in left):
        return left
    try:
        return left + _check_state_and_vault(stack, settings_file, access, yes=yes)
    except CiaccessError:
        # The next run does not find what is repaired already, so report it now.
        for each in left if yes else ():
            notices().print(f"done: {each.found}: {each.remedy}", markup=False)
        raise


def _storage(stack: str, *, yes: bool) -> list[Leftover]:
    backend = os.environ.get("PULUMI_BACKEND_URL")
    folder = backend_folder(backend)
    if folder is not None:
        left = leftovers.of_the_folder(folder, project_name(), stack.rpartition("/")[2])
        return _repair(left, yes=yes)
    if state_folder.is_bucket(backend):
        held = state_folder.parse_locks(pulumi_cli.locks(stack))
        return _repair(leftovers.of_the_locks(held, stack), yes=yes)
    notices().print(
        "note: locks of Pulumi's service are not checked. If `pulumi` reports a lock of a run that has ended: "
        f"pulumi cancel --stack {stack}",
        markup=False,
    )
    return []


def _check_state_and_vault(
    stack: str, settings_file: Path | None, access: Access, *, yes: bool
) -> list[Leftover]:
    try:
        export = pulumi_cli.export(stack)
    except CommandError as error:
        raise CommandError(str(error), Exit.COULD_NOT_LOOK) from None
    vault = vault_client(access)
    left = _repair(leftovers.of_the_state(export, stack), yes=yes)
    left += _repair(leftovers.of_vault(export, access, vault), yes=yes)
    return left + _repair(unrecorded.leftovers(export, access, vault, stack, settings_file), yes=yes)


def _repair(left: list[Leftover], *, yes: bool) -> list[Leftover]:
    for each in left if yes else ():
        each.repair()
    return left
