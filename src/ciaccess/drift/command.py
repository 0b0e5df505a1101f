"""`./ciaccess drift`: compares the systems with access.yaml; the scheduled job runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ciaccess.cli.help import Command, examples
from ciaccess.cli.local_credentials import use_local_credentials
from ciaccess.cli.options import FileOption, LiveStackOption, load_access
from ciaccess.cli.terminal import finish
from ciaccess.drift.check_all import Subject
from ciaccess.drift.outputs import Outputs
from ciaccess.drift.repairs import check
from ciaccess.engine.settings import CONFIG_FOLDER
from ciaccess.engine.trust_anchors import check_known_anchors
from ciaccess.errors import CommandError, Exit

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@application.command(
    cls=Command,
    epilog=examples(
        "./ciaccess drift --stack prod --html drift.html",
        "./ciaccess drift --stack prod --junit drift.xml --issue ops/access",
        "./ciaccess drift --repair --yes",
    ),
)
def drift(  # noqa: PLR0913 a command's options
    *,
    stack: LiveStackOption = "prod",
    file: FileOption = None,
    as_json_: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Write it as Markdown.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write it as JUnit XML.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as an HTML page.")] = None,
    issue: Annotated[
        str | None,
        typer.Option("--issue", help="Create or update an issue of this GitLab project, by id or path."),
    ] = None,
    baseline: Annotated[
        Path,
        typer.Option(
            "--baseline", help="Accepted findings, in YAML.", show_default="config/drift-baseline.yaml"
        ),
    ] = CONFIG_FOLDER / "drift-baseline.yaml",
    no_state: Annotated[
        bool,
        typer.Option("--no-state", help="Do not read the state, which shows where a password was changed."),
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds to wait for a response.")
    ] = 20.0,
    repair: Annotated[bool, typer.Option("--repair", help="Print the repairs.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --repair: do it, then check again.")] = False,
) -> None:
    """Check Vault, Nexus and GitLab against access.yaml. Writes nothing without --repair --yes.

    Exit code 0 clean, 2 drift, 3 something could not be checked, 1 an error.
    """
    if yes and not repair:
        raise CommandError("--yes goes with --repair: without it nothing is written")
    if no_state and repair:
        raise CommandError("--repair needs the state: leave --no-state out")
    if yes and file:
        raise CommandError("--repair --yes repairs by the stack's own access.yaml: leave --file out")
    access = load_access(file, stack)
    use_local_credentials(stack)
    check_known_anchors(access)
    outputs = Outputs(as_json_, markdown, junit, html, issue)
    subject = Subject(access, stack, timeout, with_state=not no_state)
    report, repairs = check(subject, baseline, repair=repair and yes)
    outputs.tell(subject, report, repairs)
    finish(Exit(report.verdict))
