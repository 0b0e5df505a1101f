"""`./ciaccess recover`: the leftovers of a killed run, and their removal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.access import load
from ciaccess.cli.local_credentials import use_local_credentials
from ciaccess.cli.terminal import finish, notices, output, print_json
from ciaccess.engine import pulumi_cli
from ciaccess.engine.preconditions import check_vault
from ciaccess.engine.settings import StackSettings, project_name
from ciaccess.errors import CiaccessError, CommandError, Exit
from ciaccess.recovery import leftovers, state_folder, state_key

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.clients.vault.client import Vault
    from ciaccess.recovery.leftovers import Leftover

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@application.command(
    epilog="Examples:  ./ciaccess recover --stack prod  ·  ./ciaccess recover --stack prod --yes"
)
def recover(
    *,
    stack: Annotated[
        str, typer.Option("--stack", envvar=["CIACCESS_STACK", "PULUMI_STACK"], help="The stack to recover.")
    ] = "prod",
    settings_file: Annotated[
        Path | None,
        typer.Option("--config-file", help="The stack's settings. Default: config/Pulumi.<stack>.yaml."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Carry out the remedies; without it, only list them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """List what a killed or interrupted run left behind; with --yes, repair it.

    Exit code 0 nothing to recover, 2 leftovers found, 3 could not look, 1 the lock is of a run that may be alive, or error.
    """
    settings = StackSettings.of_stack(stack, settings_file)
    access = load(settings.access_file, settings.addresses)
    use_local_credentials(stack, settings_file)
    check_vault(access)
    left = _storage(stack, yes=yes)
    # Without --yes, an unreadable state is left to the run after its repair.
    if yes or all(each.kind != "torn" for each in left):
        try:
            left += _rest(stack, settings_file, access, yes=yes)
        except CiaccessError:
            # The next run does not find what is repaired already, so report it now.
            for each in left if yes else ():
                notices().print(f"done: {each.found}: {each.remedy}", markup=False)
            raise
    _print(stack, left, yes=yes, as_json=as_json)
    finish(Exit.CLEAN if yes or not left else Exit.DIFFERENCES)


def _storage(stack: str, *, yes: bool) -> list[Leftover]:
    backend = os.environ.get("PULUMI_BACKEND_URL")
    folder = state_folder.folder(backend)
    if folder is not None:
        left = leftovers.of_the_folder(folder, project_name(), stack.rpartition("/")[2])
        return _mend(left, yes=yes)
    if state_folder.is_bucket(backend):
        held = state_folder.parse_locks(pulumi_cli.locks(stack))
        return _mend(leftovers.of_the_locks(held, stack), yes=yes)
    notices().print(
        "note: locks of Pulumi's service are not checked. If `pulumi` reports a lock of a run that has ended: "
        f"pulumi cancel --stack {stack}",
        markup=False,
    )
    return []


def _rest(stack: str, settings_file: Path | None, access: Access, *, yes: bool) -> list[Leftover]:
    from ciaccess.clients.connect import vault_client  # noqa: PLC0415 only once the YAML is valid
    from ciaccess.recovery import unrecorded  # noqa: PLC0415 likewise

    try:
        export = pulumi_cli.export(stack)
    except CommandError as error:
        raise CommandError(str(error), Exit.COULD_NOT_LOOK) from None
    vault = vault_client(access)
    state_key.check(export, _vault_of_the_key(vault))
    left = _mend(leftovers.of_the_state(export, stack), yes=yes)
    left += _mend(leftovers.of_vault(export, access, vault), yes=yes)
    return left + _mend(unrecorded.leftovers(export, access, vault, stack, settings_file), yes=yes)


def _vault_of_the_key(vault: Vault) -> Vault:
    """Return the Vault that decrypts the state; the engine prefers variables of its own for it."""
    from ciaccess.clients.http.session import trusting  # noqa: PLC0415 likewise
    from ciaccess.clients.vault.client import Vault  # noqa: PLC0415 likewise

    address = os.environ.get("VAULT_SERVER_URL") or vault.url
    return Vault(address, os.environ.get("VAULT_SERVER_TOKEN") or vault.token, options=trusting())


def _mend(left: list[Leftover], *, yes: bool) -> list[Leftover]:
    for each in left if yes else ():
        each.mend()
    return left


def _print(stack: str, left: list[Leftover], *, yes: bool, as_json: bool) -> None:
    next_step = f"pulumi up --refresh --stack {stack}"
    if as_json:
        print_json({"found": [each.to_json() for each in left], "mended": yes, "next": next_step})
        return
    console = output()
    for each in left:
        console.print(
            f"{each.kind}: {each.found}\n  {'done' if yes else 'to do'}: {each.remedy}", markup=False
        )
    if not left:
        console.print("nothing to recover; `pulumi up` handles the rest", markup=False)
    elif not yes:
        console.print(f"\nCarry out: ./ciaccess recover --stack {stack} --yes", markup=False)
    console.print(f"\nThen, before any other run and before a destroy: {next_step}", markup=False)
