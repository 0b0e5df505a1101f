"""`./ciaccess validate`: every fault of access.yaml at once, without any network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.terminal import Exit, finish, print_json
from config import ConfigError, load
from config.stacks import CONFIG_FOLDER

application = typer.Typer()


@application.command(
    epilog="Examples:  ./ciaccess validate  ·  ./ciaccess validate other.yaml --json | jq '.faults[].message'"
)
def validate(
    file: Annotated[Path, typer.Argument(help="The YAML to check.")] = CONFIG_FOLDER / "access.yaml",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the faults as JSON.")] = False,
) -> None:
    """Check access.yaml: every fault, with its line, what is allowed and what to do. Exit code 0 or 1."""
    try:
        access = load(file)
    except ConfigError as error:
        if as_json:
            print_json({"valid": False, "faults": [fault.to_json() for fault in error.faults]})
        else:
            for fault in error.faults:
                typer.echo(str(fault))
            typer.echo(f"{len(error.faults)} found")
        finish(Exit.ERROR)
    if as_json:
        print_json({"valid": True, "accounts": len(access.accounts), "faults": []})
    else:
        typer.echo(f"{file}: valid, {len(access.accounts)} accounts")
