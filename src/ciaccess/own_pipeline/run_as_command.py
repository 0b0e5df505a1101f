"""`./ciaccess run-as`: run a command with the credentials of one of the pipeline's identities."""

from __future__ import annotations

from typing import Annotated

import typer

from ciaccess.access.desired import pipeline_identities
from ciaccess.cli.help import Command, examples
from ciaccess.cli.options import FileOption, StackOption, load_access
from ciaccess.errors import CommandError

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@application.command(
    cls=Command,
    epilog=examples("./ciaccess run-as --stack prod drift -- ./ciaccess drift --stack prod"),
    # The command's options are its own; with this, typer leaves -- in front of it.
    context_settings={"allow_interspersed_args": False},
)
def run_as(
    identity: Annotated[str, typer.Argument(help="preview, apply or drift.", show_default=False)],
    command: Annotated[list[str], typer.Argument(help="The command with its arguments.", show_default=False)],
    *,
    file: FileOption = None,
    stack: StackOption = None,
    branch_tip: Annotated[
        bool,
        typer.Option("--branch-tip", help="Refuse a checkout that is not at the tip of pipeline.branch."),
    ] = False,
) -> int:
    """Log in at Vault with the job's id_token, and run a command with the identity's credentials.

    Exit code: the command's. 3 where Vault cannot be reached or refuses, 1 where something is missing.
    """
    from ciaccess.own_pipeline.run_as import run  # noqa: PLC0415 `--help` needs no clients

    access = load_access(file, stack)
    chosen = pipeline_identities.IDENTITIES.get(f"ciaccess-{identity}")
    if access.pipeline is None or chosen is None:
        known = ", ".join(
            name.removeprefix("ciaccess-") for name in pipeline_identities.own_jwt_roles(access)
        )
        raise CommandError(
            f"there is no identity {identity!r}. Identities: {known or 'none: add pipeline to access.yaml'}"
        )
    words = command[command[0] == "--" :]
    if not words:
        raise CommandError("there is no command to run. Write it behind --")
    return run(access, chosen, words, branch_tip=branch_tip)
