"""`./ciaccess drift`: compares the systems with access.yaml; the scheduled job runs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ciaccess.cli.local_credentials import use_local_credentials
from ciaccess.cli.options import FileOption, load_access
from ciaccess.cli.terminal import finish
from ciaccess.clients.could_not_look import CouldNotLookError
from ciaccess.drift.baseline import apply, load
from ciaccess.drift.check_all import Subject, examine
from ciaccess.drift.findings import Report
from ciaccess.drift.outputs import Outputs
from ciaccess.drift.repairs import Plan, plan
from ciaccess.engine import pulumi_cli
from ciaccess.engine.settings import CONFIG_FOLDER
from ciaccess.engine.state import State, parse
from ciaccess.errors import CommandError, Exit

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass
class _Source:
    """Reads the state, and keeps it for the repairs."""

    stack: str
    state: State | None = None

    def read(self) -> State:
        """Return the state.

        Raises:
            CouldNotLookError: it cannot be read.
        """
        try:
            self.state = parse(pulumi_cli.export(self.stack))
        except (CommandError, ValueError) as error:
            because = " ".join(str(error).removeprefix("pulumi stack: ").split())
            remedy = "Give the job the state backend (PULUMI_BACKEND_URL), or run with --no-state."
            raise CouldNotLookError(because, remedy) from None
        return self.state


@application.command(
    epilog="Examples:  ./ciaccess drift --stack prod --junit drift.xml --html drift.html --issue ops/access  ·  "
    "./ciaccess drift --repair --yes"
)
def drift(  # noqa: PLR0913 a command's options
    *,
    stack: Annotated[
        str, typer.Option("--stack", envvar=["CIACCESS_STACK", "PULUMI_STACK"], help="The stack to check.")
    ] = "prod",
    file: FileOption = None,
    as_json_: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Write it as Markdown.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write it as JUnit XML.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as an HTML page.")] = None,
    issue: Annotated[
        str | None, typer.Option("--issue", help="Keep an issue of this GitLab project, by id or path.")
    ] = None,
    baseline: Annotated[Path, typer.Option("--baseline", help="Accepted findings, in YAML.")] = CONFIG_FOLDER
    / "drift-baseline.yaml",
    no_state: Annotated[
        bool,
        typer.Option("--no-state", help="Do not read the state, which tells where a password was changed."),
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="How many seconds an answer may take.")
    ] = 20.0,
    repair: Annotated[bool, typer.Option("--repair", help="Print the repairs.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --repair: do it, then check again.")] = False,
) -> None:
    """Check whether Vault, Nexus and GitLab are as access.yaml declares. Writes nothing without --repair --yes.

    Exit code 0 clean, 2 drift, 3 something could not be checked, 1 an error.
    """
    if yes and not repair:
        raise CommandError("--yes goes with --repair: without it nothing is written")
    if no_state and repair:
        raise CommandError("--repair needs the state: leave --no-state out")
    access = load_access(file, stack)
    use_local_credentials(stack)
    outputs = Outputs(as_json_, markdown, junit, html, issue)
    source = _Source(stack)
    subject = Subject(access, stack, None if no_state else source.read, timeout)
    report = _look(subject, baseline)
    steps = plan(report, source.state or State())
    if repair and yes and report.findings:
        _repair(report, steps)
        report = _look(subject, baseline)
        steps = plan(report, source.state or State())
    outputs.tell(subject, report, steps)
    finish(Exit(report.verdict))


def _look(subject: Subject, baseline: Path) -> Report:
    return apply(examine(subject), load(baseline), datetime.now(UTC).date())


def _repair(report: Report, steps: Plan) -> None:
    """Run the engine on exactly what it repairs.

    Raises:
        CommandError: something could not be checked, so that a repair might destroy what is fine; or the engine failed.
    """
    if report.could_not_look:
        raise CommandError(
            "nothing was repaired, because something could not be checked: the engine would take what it may not read for deleted. "
            "Run without --repair to see what",
            code=Exit.COULD_NOT_LOOK,
        )
    if steps.runs and pulumi_cli.run(*steps.words(), "--yes", "--skip-preview", aside=True):
        raise CommandError("the repair failed; the messages of pulumi are above")
