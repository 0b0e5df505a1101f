"""`./ciaccess verify`: verifies each account from an id_token to an artifact, and all refusals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.access.reading.faults import require_declared
from ciaccess.cli.help import Command, examples
from ciaccess.cli.options import FileOption, StackOption, load_access
from ciaccess.cli.terminal import finish, output, print_json, write_file
from ciaccess.engine.settings import StackSettings
from ciaccess.errors import Exit
from ciaccess.verification import tables

if TYPE_CHECKING:
    from ciaccess.access import Access

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_EXAMPLES = examples(
    "./ciaccess verify --stack local",
    "./ciaccess verify svc-executor --stack local --verbose",
    "./ciaccess verify --junit verify.xml  # in a job with id_tokens",
)


@application.command(cls=Command, epilog=_EXAMPLES)
def verify(  # noqa: PLR0913 each option is a choice of its own
    accounts: Annotated[
        list[str] | None, typer.Argument(help="Accounts. Default: all.", show_default=False)
    ] = None,
    *,
    id_token_file: Annotated[
        Path | None, typer.Option(help="File of a job's id_token. Default: the variable VAULT_ID_TOKEN.")
    ] = None,
    write: Annotated[
        bool | None,
        typer.Option(
            "--write/--read-only",
            help="Also test uploads, or only what leaves nothing behind. Default: uploads only on the local stack.",
            show_default=False,
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every check.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print every check as JSON.")] = False,
    junit: Annotated[Path | None, typer.Option(help="Also write the result as JUnit XML.")] = None,
    file: FileOption = None,
    stack: StackOption = None,
) -> None:
    """Prove each account against the running systems: what it may do works, the rest is refused.

    Exit code 0: all checks passed; 2: a check failed; 3: a check could not be made; 1: error.
    The id_token is the job's, or on the stack `local` minted by its GitLab.
    """
    access = load_access(file, stack)
    chosen = _chosen(access, accounts or ())
    local = _is_local(stack)
    from ciaccess.verification.resources import resources_of  # noqa: PLC0415 `--help` needs no clients
    from ciaccess.verification.run import verify_accounts  # noqa: PLC0415 likewise

    resources = resources_of(access, id_token_file, local=local, writes=local if write is None else write)
    report = verify_accounts(access, chosen, resources)
    if junit is not None:
        write_file(junit, report.as_junit())
    if as_json:
        print_json(report.as_json())
    else:
        tables.show(report, output(), verbose=verbose)
    finish(Exit(report.verdict))


def _is_local(stack: str | None) -> bool:
    return stack is not None and StackSettings.of_stack(stack).local


def _chosen(access: Access, accounts: Sequence[str]) -> list[str]:
    require_declared(accounts, access.accounts)
    return list(dict.fromkeys(accounts)) or list(access.accounts)
