"""A drift check: state, checks, baseline, and on request repairs and a second check."""

from __future__ import annotations

from pathlib import Path

from ciaccess.access.model.checks_dates import today
from ciaccess.drift.baseline import apply, load
from ciaccess.drift.check_all import Subject, examine
from ciaccess.drift.findings import Report
from ciaccess.drift.repairs import Plan, plan
from ciaccess.engine import pulumi_cli
from ciaccess.errors import CommandError, Exit


def check(subject: Subject, baseline: Path, *, repair: bool) -> tuple[Report, Plan]:
    """Check everything against access.yaml, and repair it where that is asked for.

    Returns the report, and the repairs of what is left.

    Raises:
        ConfigError: the baseline cannot be read.
        CommandError: the repair failed, or is refused because something could not be checked.
    """
    report, repairs = _examine(subject, baseline)
    if repair and report.findings:
        _repair(report, repairs)
        report, repairs = _examine(subject, baseline)
    return report, repairs


def _examine(subject: Subject, baseline: Path) -> tuple[Report, Plan]:
    found, state = examine(subject)
    report = apply(found, load(baseline), today())
    return report, plan(report, state)


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
