"""`./ciaccess render`: the templates that pipelines include, from access.yaml."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from ciaccess.cli.help import Command, examples
from ciaccess.cli.options import FileOption, StackOption, load_access
from ciaccess.cli.terminal import finish, print_json, print_text
from ciaccess.consumers.templates import (
    COMPONENTS,
    TEMPLATES,
    differences,
    library_path,
    render,
    render_component_project,
    write,
)
from ciaccess.environment import ROOT
from ciaccess.errors import CommandError, Exit

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@application.command(
    "render",
    cls=Command,
    epilog=examples(
        "./ciaccess render",
        "./ciaccess render --check",
        "./ciaccess render --standalone --folder /tmp/templates",
    ),
)
def render_templates(  # noqa: PLR0913 a command has its options
    *,
    file: FileOption = None,
    stack: StackOption = None,
    folder: Annotated[
        Path, typer.Option(help="Where the templates are.", show_default="ci/templates")
    ] = TEMPLATES,
    standalone: Annotated[
        bool,
        typer.Option("--standalone", help="Files that include no other: for include: remote:, and to paste."),
    ] = False,
    components: Annotated[
        bool, typer.Option("--components", help="A component project for GitLab's CI/CD catalog.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 2 where one is stale.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what differed as JSON.")] = False,
) -> None:
    """Render ci/templates from access.yaml. Exit code 0 done, 1 error, 2 stale with --check."""
    access = load_access(file, stack)
    if (standalone or components) and folder == TEMPLATES:
        raise CommandError(
            "ci/templates is neither standalone nor a component project. Name a folder with --folder."
        )
    if components:
        wanted, pattern = render_component_project(access), COMPONENTS
    else:
        wanted, pattern = render(access, None if standalone else library_path(folder)), "*.yml"
    try:
        found = (differences if check else write)(wanted, folder, pattern)
    except OSError as error:
        raise CommandError(
            f"render to {folder}: {error.strerror}. Name another folder with --folder"
        ) from None
    if as_json:
        print_json([{"file": str(each.path), "problem": each.problem} for each in found])
    else:
        for each in found:
            verb = each.problem if check else "removed" if each.problem == "left over" else "rendered"
            print_text(f"{_display_path(each.path)}: {verb}")
        if not found:
            print_text(f"{_display_path(folder)}: up to date")
        elif check:
            options = {"--file": file, "--stack": stack, "--folder": None if folder == TEMPLATES else folder}
            words = [word for name, value in options.items() if value for word in (name, str(value))]
            words += ["--standalone"] * standalone + ["--components"] * components
            print_text(f"Render them: {shlex.join(['./ciaccess', 'render', *words])}")
    finish(Exit.DIFFERENCES if check and found else Exit.CLEAN)


def _display_path(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
