"""`./ciaccess render`: the templates that pipelines include, from access.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ciaccess.cli.options import FileOption, StackOption, load_access
from ciaccess.cli.terminal import finish, print_json
from ciaccess.consumers.templates import TEMPLATES, differences, write
from ciaccess.environment import ROOT
from ciaccess.errors import Exit

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@application.command(
    epilog="Examples:  ./ciaccess render  ·  ./ciaccess render --check  ·  ./ciaccess render --stack local --folder /tmp/templates"
)
def render(
    *,
    file: FileOption = None,
    stack: StackOption = None,
    folder: Annotated[Path, typer.Option(help="Where the templates are.")] = TEMPLATES,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 2 where one is stale.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what differed as JSON.")] = False,
) -> None:
    """Render ci/templates from access.yaml. Exit code 0, 1 for an error, with --check 2 where one is stale."""
    access = load_access(file, stack)
    found = differences(access, folder) if check else write(access, folder)
    if as_json:
        print_json([{"file": str(each.path), "problem": each.problem} for each in found])
    else:
        for each in found:
            verb = each.problem if check else "removed" if each.problem == "left over" else "rendered"
            typer.echo(f"{_shown(each.path)}: {verb}")
        if not found:
            typer.echo(f"{_shown(folder)}: up to date")
        elif check:
            typer.echo("Render them: ./ciaccess render")
    finish(Exit.DIFFERENCES if check and found else Exit.CLEAN)


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
