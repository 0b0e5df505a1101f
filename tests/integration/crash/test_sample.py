"""Twelve of the catalogue's crashes, four in a row in each phase: the next one comes before all is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.crash_catalogue import KILLS, PHASES, Campaign, Crash
from tests.support.fault_proxy import Request

if TYPE_CHECKING:
    from tests.support.crash import Site

_NEXUS = "/service/rest/v1/security"
# Each write needs the one before it, so that it is still to come when that one was hit.
CHAINS = {
    "create": (
        Crash(Request("nexus", "POST", f"{_NEXUS}/privileges/repository-content-selector"), 1, "cut after"),
        Crash(Request("nexus", "POST", f"{_NEXUS}/roles"), 1, "plugin killed after"),
        Crash(Request("nexus", "POST", f"{_NEXUS}/users"), 1, "all killed after"),
        Crash(Request("vault", "PUT", "/v1/secret/data/nexus/svc-one"), 1, "page"),
    ),
    "update": (
        Crash(
            Request("nexus", "PUT", f"{_NEXUS}/content-selectors/ci-svc-one-raw"), 1, "plugin killed before"
        ),
        Crash(Request("nexus", "PUT", f"{_NEXUS}/roles/ci-svc-one"), 1, "broken JSON"),
        Crash(Request("nexus", "PUT", f"{_NEXUS}/users/svc-one/change-password"), 1, "engine killed after"),
        Crash(Request("vault", "PUT", "/v1/secret/data/nexus/svc-one"), 1, "cut within"),
    ),
    "destroy": (
        Crash(Request("vault", "DELETE", "/v1/secret/data/nexus/svc-one"), 1, "plugin killed after"),
        Crash(Request("nexus", "DELETE", f"{_NEXUS}/users/svc-one"), 1, "all killed after"),
        Crash(Request("nexus", "DELETE", f"{_NEXUS}/roles/ci-svc-one"), 1, "cut before"),
        Crash(Request("nexus", "DELETE", f"{_NEXUS}/privileges/ci-svc-one-raw-dev"), 1, "500"),
    ),
}


@pytest.fixture(scope="module")
def campaign(shared_site: Site) -> Campaign:
    """A campaign that knows how the world looks before and after."""
    campaign = Campaign(shared_site)
    campaign.rehearse()
    return campaign


@pytest.mark.parametrize("phase", PHASES)
def test_crashes_in_a_row_are_got_over(campaign: Campaign, phase: str) -> None:
    for crash in CHAINS[phase]:
        fault = crash.fault(campaign.site)
        campaign.begin(phase, fault)
        campaign.site.bury()
        assert fault.happened(), f"{crash} never came"
        if crash.kind in KILLS:
            campaign.site.recover("--yes").succeeded()
    done = campaign.again(phase)
    if done.code:  # the JWT backend may have been hit, too
        campaign.site.recover("--yes").succeeded()
        campaign.again(phase).succeeded()
    assert campaign.damage(phase) == ""
