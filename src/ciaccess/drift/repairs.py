"""A drift check with its repairs: one targeted run of the engine, and what is done by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ciaccess.access.model.checks_dates import today
from ciaccess.drift.baseline import apply, load
from ciaccess.drift.check_all import Subject, examine
from ciaccess.drift.findings import Finding, Report
from ciaccess.engine import pulumi_cli
from ciaccess.engine.resource_types import ACCOUNT
from ciaccess.engine.state import State
from ciaccess.errors import CommandError, Exit

# Without its engine no secret can be written, and so no account repaired.
_NO_ENGINE = ("vault.mount.missing", "vault.mount.version")


@dataclass(frozen=True)
class Plan:
    """`urns` are the engine's targets; `whole`: run without targets, for a resource not in the state.

    `without_command` is what a command might take from others who need it. `accounts_wait` tells that accounts are left
    out until what is done by hand has brought the KV engine back. `outside_the_state` are the names of what exists, and which
    an `up` may refuse until it is adopted.
    """

    stack: str
    urns: tuple[str, ...]
    whole: bool
    manual: tuple[Finding, ...]
    without_command: tuple[Finding, ...] = ()
    accounts_wait: bool = False
    outside_the_state: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        """Tell whether the engine has anything to repair."""
        return self.whole or bool(self.urns)

    def words(self) -> list[str]:
        """Return the words of `pulumi` that repair: it refreshes and updates the targets alone."""
        targets = [] if self.whole else [f"--target={urn}" for urn in self.urns]
        return ["up", "--refresh", "--stack", self.stack, *targets]


def plan(report: Report, state: State) -> Plan:
    """Return what repairs the findings: no run of the engine while something could not be checked."""
    repaired = () if report.could_not_look else report.findings
    wanted = list(dict.fromkeys(target for finding in repaired for target in finding.targets))
    wait = any(finding.id in _NO_ENGINE and not finding.targets for finding in report.findings)
    manual = [finding for finding in report.findings if not finding.targets]
    now = [target for target in wanted if not (wait and target.type == ACCOUNT)]
    return Plan(
        stack=report.stack,
        urns=tuple(sorted(state.urns[target] for target in now if target in state.urns)),
        whole=any(target not in state.urns for target in now),
        manual=tuple(finding for finding in manual if finding.manual_command),
        without_command=tuple(finding for finding in manual if not finding.manual_command),
        accounts_wait=len(now) < len(wanted),
        outside_the_state=tuple(sorted(_outside(repaired, state))),
    )


def _outside(findings: Sequence[Finding], state: State) -> set[str]:
    """Return the names of declared objects that exist outside the state; none without a state."""
    existing = (each for each in findings if not (each.id.endswith(".missing") or each.not_applied))
    return {
        target.identity
        for each in existing
        for target in each.targets
        if state.urns and target not in state.urns
    }


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
