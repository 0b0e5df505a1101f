"""A drift check: state, checks, baseline, and on request repairs and a second check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ciaccess.clients.could_not_look import CouldNotLookError
from ciaccess.drift.baseline import apply, load
from ciaccess.drift.check_all import Subject, examine
from ciaccess.drift.repairs import Plan, plan
from ciaccess.engine import pulumi_cli
from ciaccess.engine.state import State, parse
from ciaccess.errors import CommandError, Exit

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access
    from ciaccess.drift.findings import Report


@dataclass(frozen=True)
class Options:
    """The options of a check: time limit of a response, reading the state, repairing drift."""

    timeout_seconds: float
    with_state: bool
    repair: bool


@dataclass(frozen=True)
class Result:
    """A check: what was checked, its report, and the repairs of what is left."""

    subject: Subject
    report: Report
    repairs: Plan


def check(access: Access, stack: str, baseline: Path, options: Options) -> Result:
    """Check everything against access.yaml, and repair it where that is asked for.

    Raises:
        ConfigError: the baseline cannot be read.
        CommandError: the repair failed, or is refused because something could not be checked.
    """
    source = _Source(stack)
    subject = Subject(access, stack, source.read if options.with_state else None, options.timeout_seconds)
    report = _examine(subject, baseline)
    repairs = plan(report, source.state or State())
    if options.repair and report.findings:
        _repair(report, repairs)
        report = _examine(subject, baseline)
        repairs = plan(report, source.state or State())
    return Result(subject, report, repairs)


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
            because = " ".join(str(error).removeprefix("pulumi stack: ").removeprefix("error: ").split())
            remedy = "Give the job the state backend (PULUMI_BACKEND_URL), make the stack (pulumi stack init), or run with --no-state."
            raise CouldNotLookError(because, remedy) from None
        return self.state


def _examine(subject: Subject, baseline: Path) -> Report:
    return apply(examine(subject), load(baseline), datetime.now(UTC).date())


def _repair(report: Report, repairs: Plan) -> None:
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
    if repairs.runs and pulumi_cli.run(*repairs.words(), "--yes", "--skip-preview", aside=True):
        raise CommandError("the repair failed; the messages of pulumi are above")
