"""A few of the catalogue's crashes, one or two in each phase: the next one comes before all is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.crash_catalogue import Campaign, Crash
from tests.support.crash_world import inventory
from tests.support.fault_proxy import Request

if TYPE_CHECKING:
    from tests.support.crash import Site

_USERS = "/service/rest/v1/security/users"
CHAINS = {
    "create": (
        Crash(Request("nexus", "POST", _USERS), 1, "all killed after"),
        Crash(None, 1, "plugin killed within"),
    ),
    "update": (Crash(Request("nexus", "PUT", f"{_USERS}/svc-one"), 1, "system killed after"),),
    "rotate": (Crash(Request("vault", "POST", "/v1/secret/data/nexus/svc-one"), 1, "command killed after"),),
    "destroy": (Crash(Request("nexus", "DELETE", f"{_USERS}/svc-one"), 1, "engine killed after"),),
}


@pytest.fixture(scope="module")
def campaign(shared_site: Site) -> Campaign:
    """A campaign that knows how the world looks with nothing in it."""
    return Campaign(shared_site, whole={"destroy": inventory(shared_site.project)})


@pytest.mark.parametrize("phase", CHAINS)
def test_crashes_in_a_row_are_got_over(campaign: Campaign, phase: str) -> None:
    site = campaign.site
    for number, crash in enumerate(CHAINS[phase]):
        fault = crash.fault(site)
        done = campaign.again(phase, fault) if number else campaign.begin(phase, fault)
        site.bury()
        assert fault.happened(), f"{crash} never came: {done.text}"
        assert campaign.read(phase) == ""
        if crash.ends_the_engine:
            site.recover("--yes").succeeded()
    assert campaign.go_on(phase) == ""
    campaign.whole.setdefault(phase, inventory(site.project))
    assert campaign.damage(phase) == ""
