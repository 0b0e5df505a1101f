"""`./ciaccess preview`: what a merge request would change for people, and in which resources; what its job runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.access.desired.former_names import former_names
from ciaccess.access.reading.document import read
from ciaccess.analysis.facts import AccessFacts
from ciaccess.cli.local_credentials import use_local_credentials
from ciaccess.cli.options import declared_in
from ciaccess.cli.terminal import finish, notices
from ciaccess.clients.redaction import redacted
from ciaccess.engine import previewing
from ciaccess.engine.settings import StackSettings, StackSettingsError
from ciaccess.environment import ROOT
from ciaccess.errors import CommandError, Exit
from ciaccess.progress import Step
from ciaccess.review import page
from ciaccess.review.outputs import OptionalFileCommand, Outputs, Told
from ciaccess.review.preflight import Blind, look
from ciaccess.review.report import Base, Report, report_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ciaccess.access import Access

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
SettingsOption = Annotated[
    Path | None,
    typer.Option("--config-file", help="The stack's settings. Default: config/Pulumi.<stack>.yaml."),
]
BaseOption = Annotated[
    str | None,
    typer.Option(
        "--base",
        envvar="CI_MERGE_REQUEST_DIFF_BASE_SHA",
        metavar="REV",
        help="Compare with access.yaml of this git revision, too.",
    ),
]
# What the engine and the plugins say where a system is away, or refuses to be looked at.
_NO_SIGHT = re.compile(
    r"answered (?:401|403|429|5\d\d)|permission denied|Code: (?:403|429|5\d\d)|no answer|connection refused|"
    r"timed? ?out|no such host|x509:",
    re.IGNORECASE,
)


class _CouldNotLookError(Exception):
    """Something could not be looked at while the engine ran."""

    def __init__(self, blind: tuple[Blind, ...]) -> None:
        super().__init__()
        self.blind = blind


@dataclass(frozen=True)
class _Subject:
    """What is previewed."""

    project: str
    stack: str
    settings_file: Path | None
    access: Access


@application.command(
    cls=OptionalFileCommand,
    epilog="Examples:  ./ciaccess preview --stack local --base origin/main  ·  "
    "./ciaccess preview --stack prod --note --html preview.html --terraform-report plan.json",
)
def preview(  # noqa: PLR0913 a command's options
    *,
    stack: Annotated[
        str, typer.Option("--stack", envvar=["CIACCESS_STACK", "PULUMI_STACK"], help="The stack to preview.")
    ] = "prod",
    settings_file: SettingsOption = None,
    base: BaseOption = None,
    note: Annotated[
        bool, typer.Option("--note", help="Keep a note on the merge request that this job runs for.")
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
    """Show what `pulumi up` would change: for people first, then by resource, then what somebody changed by hand.

    Exit code 0 nothing changes, 2 something does, 3 something could not be looked at, 1 an error.
    """
    outputs = Outputs(as_json, markdown, html, terraform_report, note=note)
    outputs.check()
    try:
        settings = StackSettings.of_stack(stack, settings_file)
    except StackSettingsError as error:
        raise CommandError(str(error)) from None
    access = declared_in(settings.access_file, settings.addresses)
    before = None if base is None else _base(base, settings)
    use_local_credentials(stack, settings_file)
    project = str(read(ROOT / "Pulumi.yaml").data["name"])
    finish(_preview(_Subject(project, stack, settings_file, access), before, outputs))


def _preview(subject: _Subject, base: Base | None, outputs: Outputs) -> Exit:
    """Find out what would change, tell it everywhere, and return the exit code."""
    about = Told(subject.access, subject.project, subject.stack)
    try:
        report = _report(subject, base)
    except _CouldNotLookError as error:
        for spot in error.blind:
            notices().print(f"error: {spot}", markup=False)
        as_json = {"clean": None, "could_not_look": [spot.to_json() for spot in error.blind]}
        shown = page.page_of_blindness(subject.project, subject.stack, error.blind)
        try:
            outputs.tell(about, shown, as_json)
        except CommandError as refused:  # GitLab among what cannot be looked at
            notices().print(f"error: {refused}", markup=False)
        return Exit.COULD_NOT_LOOK
    except previewing.EngineError as error:
        messages = [redacted(message) for message in error.messages]
        shown = page.page_of_failure(subject.project, subject.stack, messages)
        outputs.tell(about, shown, {"clean": None, "error": messages})
        return Exit.ERROR
    outputs.tell(about, page.page_of(report), report.to_json(), report.counts.to_json())
    return Exit.CLEAN if report.is_clean else Exit.DIFFERENCES


def _base(revision: str, settings: StackSettings) -> Base:
    from ciaccess.cli.revisions import RefusedThenError, declared_at  # noqa: PLC0415 only where there is a base

    try:
        return Base.of(revision, declared_at(revision, settings.access_file, settings.addresses))
    except RefusedThenError as error:
        # A change that corrects it must pass.
        return Base(revision, None, str(error))


def _report(subject: _Subject, base: Base | None) -> Report:
    """Look, run the engine, and tell what it found.

    Raises:
        _CouldNotLookError: something could not be looked at.
        EngineError: the engine failed for another reason.
    """
    with Step("looking whether Vault, Nexus and GitLab can be looked at"):
        blind = look(subject.access)
    if blind:
        raise _CouldNotLookError(blind)
    run = previewing.Run(subject.stack, subject.settings_file, {})
    try:
        with Step("pulumi preview --refresh") as step:
            found = previewing.preview(run, step.note)
    except previewing.EngineError as error:
        if blind := look(subject.access) or _blind_by(error.messages):
            raise _CouldNotLookError(blind) from None
        raise
    access = subject.access
    return report_of(
        found, subject.project, subject.stack, AccessFacts.of(access), base, former_names(access)
    )


def _blind_by(messages: Iterable[str]) -> tuple[Blind, ...]:
    """Return what could not be looked at by what the engine said of it."""
    return tuple(
        Blind(
            "what the engine asked for",
            " ".join(redacted(message).split()),
            "Give the job's identity what it lacks.",
        )
        for message in messages
        if _NO_SIGHT.search(message)
    )
