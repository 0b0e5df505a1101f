"""Twelve of the catalogue's crashes, four in a row in each phase: the next one comes before all is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.crash_catalogue import KILLS, PHASES, Campaign, Crash

if TYPE_CHECKING:
    from tests.support.crash import Site

# What ends everything comes first: there is enough left to write for those after it.
CHAINS = {
    "create": (
        Crash(None, 3, "all killed after"),
        Crash(None, 1, "engine killed after"),
        Crash(None, 1, "plugin killed after"),
        Crash(None, 1, "cut after"),
    ),
    "update": (
        Crash(None, 2, "all killed late"),
        Crash(None, 1, "engine killed before"),
        Crash(None, 1, "plugin killed before"),
        Crash(None, 1, "cut within"),
    ),
    "destroy": (
        Crash(None, 2, "all killed before"),
        Crash(None, 1, "engine killed after"),
        Crash(None, 1, "plugin killed after"),
        Crash(None, 1, "page"),
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
