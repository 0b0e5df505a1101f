"""Drift's checks of what Nexus reports of itself: its usage limits, and malware in its repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.clients.nexus import Nexus
from ciaccess.drift.check_run import CheckRun
from ciaccess.drift.nexus import check_usage

if TYPE_CHECKING:
    from tests.support.servers.nexus import NexusProcess

# As a Community Edition over its limits reports them.
LIMITS = {"Total Components": 40000, "Max Requests per 24 Hours": 100000}
OVER = {
    "nexus.community.throttlingStatus": "Over limits",
    "nexus.community.usageLimits": LIMITS,
    "nexus.community.gracePeriodEnds": "2026-09-10T07:01:00",
}


def checked(nexus: NexusProcess, state: dict[str, Any]) -> CheckRun:
    assert nexus.ask("PUT", "/simulator/state", json=state).ok
    run = CheckRun()
    client = Nexus(nexus.url, *nexus.administrator())
    run.found(*check_usage(client, run))
    client.close()
    run.close()
    return run


def test_exceeded_limits_are_found_with_the_limits_and_the_day(nexus: NexusProcess) -> None:
    (finding,) = checked(nexus, OVER).findings
    assert (finding.id, finding.severity) == ("nexus.usage.limit", "high")
    assert finding.expected == "Max Requests per 24 Hours: 100000, Total Components: 40000"
    assert finding.found == "Over limits, enforced from 2026-09-10T07:01:00"


def test_malware_that_nexus_counts_is_found(nexus: NexusProcess) -> None:
    (finding,) = checked(nexus, {"nexus.malware.count": {"totalCount": 3}}).findings
    assert (finding.id, finding.found) == ("nexus.content.malware", "3 components")


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"nexus.community.throttlingStatus": "Under limits", "nexus.community.usageLimits": LIMITS},
        {"nexus.malware.count": {"totalCount": 0}},
        {"nexus.malware.count": None, "nexus.community.usageLimits": ["odd"]},
    ],
)
def test_a_nexus_within_its_limits_or_without_any_is_clean(
    nexus: NexusProcess, state: dict[str, Any]
) -> None:
    run = checked(nexus, state)
    assert (run.findings, run.remarks) == ((), ())


def test_limits_that_come_near_are_a_remark(nexus: NexusProcess) -> None:
    run = checked(nexus, {**OVER, "nexus.community.throttlingStatus": "75% usage"})
    assert run.findings == ()
    (remark,) = run.remarks
    assert "75% usage" in remark


@pytest.mark.parametrize(
    "fault", [{"status": 404, "body": {}}, {"status": 200, "body": {}}, {"status": 200, "body": {"data": []}}]
)
def test_a_state_that_cannot_be_read_is_a_remark(nexus: NexusProcess, fault: dict[str, Any]) -> None:
    assert nexus.ask(
        "POST", "/simulator/faults", json={**fault, "count": 1, "path": "/service/extdirect/"}
    ).ok
    run = checked(nexus, OVER)
    assert run.findings == ()
    (remark,) = run.remarks
    assert "not checked" in remark
