"""What a killed run left behind in the state and in Vault: found, and repaired."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
    left: list[Leftover] = []
    try:
        for each in _search(access, stack, settings_file, yes=yes):
            if yes:
                each.repair()
            left.append(each)
    except CiaccessError:
        # The next run does not find what is repaired already, so report it now.
        for each in left if yes else ():
            notices().print(f"done: {each.found}: {each.remedy}", markup=False)
        raise
    return left


def _search(access: Access, stack: str, settings_file: Path | None, *, yes: bool) -> Iterator[Leftover]:
    """Yield each leftover; what follows one may need its repair."""
    in_storage = _in_storage(stack)
    yield from in_storage
    # Without `yes`, an unreadable state is left to the run after its repair.
    if not yes and any(each.kind == "torn" for each in in_storage):
        return
    try:
        export = pulumi_cli.export(stack)
    except CommandError as error:
        raise CommandError(str(error), Exit.COULD_NOT_LOOK) from None
    vault = vault_client(access)
    yield from leftovers.of_the_state(export, stack)
    yield from leftovers.of_vault(export, access, vault)
    yield from unrecorded.leftovers(export, access, vault, stack, settings_file)


def _in_storage(stack: str) -> list[Leftover]:
    backend = os.environ.get("PULUMI_BACKEND_URL")
    folder = backend_folder(backend)
    if folder is not None:
        return leftovers.of_the_folder(folder, project_name(), stack.rpartition("/")[2])
    if state_folder.is_bucket(backend):
        return leftovers.of_the_locks(state_folder.parse_locks(pulumi_cli.locks(stack)), stack)
    notices().print(
        "note: locks of Pulumi's service are not checked. If `pulumi` reports a lock of a run that has ended: "
        f"pulumi cancel --stack {stack}",
        markup=False,
    )
    return []
