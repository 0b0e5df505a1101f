"""`./ciaccess recover`: after a run that died, what it left behind and what mends it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.cli.local_credentials import use_local_credentials
from ciaccess.cli.options import declared_in
from ciaccess.cli.terminal import finish, notices, output, print_json
from ciaccess.engine import pulumi_cli
from ciaccess.engine.preconditions import check_vault
from ciaccess.engine.settings import StackSettings, StackSettingsError, project_name
from ciaccess.errors import CommandError, Exit
from ciaccess.recovery import leftovers, state_folder, state_key

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.clients.vault.client import Vault
    from ciaccess.recovery.leftovers import Leftover

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@application.command(
    epilog="Example:  ./ciaccess recover --stack prod, read what it says, then the same with --yes"
)
def recover(
    *,
    stack: Annotated[
        str, typer.Option("--stack", envvar=["CIACCESS_STACK", "PULUMI_STACK"], help="The stack to mend.")
    ] = "prod",
    settings_file: Annotated[
        Path | None,
        typer.Option("--config-file", help="The stack's settings. Default: config/Pulumi.<stack>.yaml."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do what is explained.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Explain what a run that was killed or cut off left behind, and with --yes mend it. Writes nothing without it.

    Exit code 0 nothing is left, 2 something is, 3 Vault or the state could not be looked at, 1 somebody holds the stack.
    """
    try:
        settings = StackSettings.of_stack(stack, settings_file)
        access = declared_in(settings.access_file, settings.addresses)
        use_local_credentials(stack, settings_file)
        check_vault(access)
    except StackSettingsError as error:
        raise CommandError(str(error)) from None
    left = _storage(stack, yes=yes)
    # Without --yes, a state that cannot be read yet is looked at by the next run.
    if yes or all(each.kind != "torn" for each in left):
        try:
            left += _rest(stack, settings_file, access, yes=yes)
        except CommandError:
            # What was mended is not found a second time, so it is said now or never.
            for each in left if yes else ():
                notices().print(f"done: {each.found}: {each.remedy}", markup=False)
            raise
    _tell(stack, left, yes=yes, as_json=as_json)
    finish(Exit.CLEAN if yes or not left else Exit.DIFFERENCES)


def _storage(stack: str, *, yes: bool) -> list[Leftover]:
    backend = os.environ.get("PULUMI_BACKEND_URL")
    folder = state_folder.folder(backend)
    if folder is not None:
        left = leftovers.of_the_folder(folder, project_name(), stack.rpartition("/")[2])
        return _mended(left, yes=yes)
    if state_folder.is_bucket(backend):
        held = state_folder.locks_said(pulumi_cli.locks(stack))
        return _mended(leftovers.of_the_locks(held, stack), yes=yes)
    notices().print(
        "note: who holds a stack of Pulumi's service is not looked at. Where `pulumi` says so and that is dead: "
        f"pulumi cancel --stack {stack}",
        markup=False,
    )
    return []


def _rest(stack: str, settings_file: Path | None, access: Access, *, yes: bool) -> list[Leftover]:
    from ciaccess.clients.credentials import CredentialsError  # noqa: PLC0415 after the YAML has been found good
    from ciaccess.clients.errors import ApiError  # noqa: PLC0415 likewise
    from ciaccess.recovery import unrecorded  # noqa: PLC0415 likewise

    try:
        export = pulumi_cli.export(stack)
    except CommandError as error:
        raise CommandError(str(error), Exit.COULD_NOT_LOOK) from None
    try:
        # The engine takes these before the others for a key of transit, which may lie in another Vault.
        state_key.check(export, _vault(url="VAULT_SERVER_URL", token="VAULT_SERVER_TOKEN"))  # noqa: S106 names of variables
        left = _mended(leftovers.of_the_state(export, stack), yes=yes)
        left += _mended(leftovers.of_vault(export, access, _vault()), yes=yes)
        return left + _mended(unrecorded.leftovers(export, access, _vault(), stack, settings_file), yes=yes)
    except (ApiError, CredentialsError) as error:
        raise CommandError(str(error), Exit.COULD_NOT_LOOK) from None


def _vault(*, url: str = "", token: str = "") -> Vault:
    """Return Vault by the usual variables, or by those of these names where they are set."""
    from ciaccess.clients.credentials import require  # noqa: PLC0415 likewise
    from ciaccess.clients.http.session import trusting  # noqa: PLC0415 likewise
    from ciaccess.clients.vault.client import Vault  # noqa: PLC0415 likewise

    found = require("VAULT_ADDR", "VAULT_TOKEN")
    return Vault(
        os.environ.get(url) or found["VAULT_ADDR"],
        os.environ.get(token) or found["VAULT_TOKEN"],
        options=trusting(),
    )


def _mended(left: list[Leftover], *, yes: bool) -> list[Leftover]:
    for each in left if yes else ():
        each.mend()
    return left


def _tell(stack: str, left: list[Leftover], *, yes: bool, as_json: bool) -> None:
    following = f"pulumi up --refresh --stack {stack}"
    if as_json:
        print_json({"found": [each.to_json() for each in left], "mended": yes, "next": following})
        return
    console = output()
    for each in left:
        console.print(
            f"{each.kind}: {each.found}\n  {'done' if yes else 'to do'}: {each.remedy}", markup=False
        )
    if not left:
        console.print("nothing is left behind that `up` does not get over itself", markup=False)
    elif not yes:
        console.print(f"\nDo it: ./ciaccess recover --stack {stack} --yes", markup=False)
    console.print(f"\nThen, before anything else and before a destroy: {following}", markup=False)
