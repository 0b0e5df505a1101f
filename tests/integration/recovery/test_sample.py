"""Four of the catalogue's crashes, one in each phase but the adoption: a plugin, an engine, all of it, and Vault itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.recovery.crash_catalogue import Campaign, Crash
from tests.support.recovery.crash_world import inventory
from tests.support.servers.fault_proxy import Request

if TYPE_CHECKING:
    from tests.support.recovery.crash import Site

_USERS = "/service/rest/v1/security/users"
CRASHES = {
    "create": Crash(Request("nexus", "POST", _USERS), 1, "plugin killed within"),
    "update": Crash(Request("nexus", "PUT", f"{_USERS}/svc-one"), 1, "all killed after"),
    "rotate": Crash(Request("vault", "POST", "/v1/secret/data/nexus/svc-one"), 1, "system killed after"),
    "destroy": Crash(Request("nexus", "DELETE", f"{_USERS}/svc-one"), 1, "engine killed after"),
}


@pytest.fixture(scope="module")
def campaign(shared_site: Site) -> Campaign:
    """A campaign that knows how the world looks with nothing in it."""
    return Campaign(shared_site, whole={"destroy": inventory(shared_site.project)})


@pytest.mark.parametrize("phase", CRASHES)
def test_a_crash_is_got_over(campaign: Campaign, phase: str) -> None:
    site, crash = campaign.site, CRASHES[phase]
    fault = crash.fault(site)
    done = campaign.begin(phase, fault)
    site.bury()
    assert fault.happened(), f"{crash} never came: {done.text}"
    assert done.code != 0
    assert campaign.read(phase) == ""
    if crash.ends_the_engine:
        site.recover("--yes").succeeded()
    assert campaign.go_on(phase) == ""
    campaign.whole.setdefault(phase, inventory(site.project))
    assert campaign.damage(phase) == ""
