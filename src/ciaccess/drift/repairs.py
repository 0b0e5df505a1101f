"""What repairs the findings: one targeted run of the engine, and what has to be done by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ciaccess.engine.resource_types import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ciaccess.drift.findings import Finding, Report
    from ciaccess.engine.state import State


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
