"""`./ciaccess preview`: what a merge request would change, for people and by resource."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ciaccess.access import load
from ciaccess.cli.help import examples
from ciaccess.cli.local_credentials import use_local_credentials
from ciaccess.cli.options import LiveStackOption, SettingsOption
from ciaccess.cli.terminal import finish, notices
from ciaccess.engine.preview import EngineError
from ciaccess.engine.settings import StackSettings, project_name
from ciaccess.errors import CommandError, Exit
from ciaccess.review import page, run
from ciaccess.review.outputs import OptionalFileCommand, Outputs
from ciaccess.review.report import Base
from ciaccess.review.run import Subject, base_of

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
BaseOption = Annotated[
    str | None,
    typer.Option(
        "--base",
        envvar="CI_MERGE_REQUEST_DIFF_BASE_SHA",
        metavar="REV",
        help="Compare with access.yaml of this git revision, too.",
    ),
]


@application.command(
    cls=OptionalFileCommand,
    epilog=examples(
        "./ciaccess preview --stack local --base origin/main",
        "./ciaccess preview --stack prod --note --html preview.html",
        "./ciaccess preview --stack prod --terraform-report plan.json",
    ),
)
def preview(  # noqa: PLR0913 a command's options
    *,
    stack: LiveStackOption = "prod",
    settings_file: SettingsOption = None,
    base: BaseOption = None,
    note: Annotated[
        bool, typer.Option("--note", help="Create or update a note on this job's merge request.")
    ] = False,
    as_json: Annotated[
        str | None,
        typer.Option("--json", metavar="[FILE]", help="Print the report as JSON, or write it to a file."),
    ] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Write it as Markdown.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as an HTML page.")] = None,
    terraform_report: Annotated[
        Path | None,
        typer.Option("--terraform-report", help="Write the counts for artifacts:reports:terraform."),
    ] = None,
) -> None:
    """Show what `pulumi up` would change: access, resources, and changes made by hand.

    Exit code 0 nothing changes, 2 something does, 3 something could not be checked, 1 an error.
    """
    outputs = Outputs(as_json, markdown, html, terraform_report, note=note)
    outputs.check()
    settings = StackSettings.of_stack(stack, settings_file)
    access = load(settings.access_file, settings.addresses)
    before = None if base is None else base_of(base, stack, settings_file, settings)
    use_local_credentials(stack, settings_file)
    finish(_show(Subject(project_name(), stack, settings_file, access, settings), before, outputs))


def _show(subject: Subject, base: Base | None, outputs: Outputs) -> Exit:
    """Run the preview, write its report everywhere, and return the exit code."""
    try:
        report = run.preview(subject, base)
    except run.NotCheckedError as error:
        # The page has them too; beside JSON, standard error is where people read.
        for each in error.could_not_look if outputs.is_json else ():
            notices().print(f"error: {each}", markup=False)
        as_json = {"clean": None, "could_not_look": [each.to_json() for each in error.could_not_look]}
        shown = page.not_checked(subject.project, subject.stack, error.could_not_look)
        try:
            outputs.tell(subject, shown, as_json)
        except CommandError as refused:  # GitLab among what could not be checked
            notices().print(f"error: {refused}", markup=False)
        return Exit.COULD_NOT_LOOK
    except EngineError as error:
        shown = page.page_of_failure(subject.project, subject.stack, error.messages)
        outputs.tell(subject, shown, {"clean": None, "error": error.messages})
        return Exit.ERROR
    outputs.tell(subject, page.page_of(report), report.to_json(), report.counts._asdict())
    return Exit.CLEAN if report.is_clean else Exit.DIFFERENCES
