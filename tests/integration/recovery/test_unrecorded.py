"""A killed run records nothing: what it has made in Vault is refused by the next, named by `recover`, and taken into the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.recovery.crash_world import POLICY, ROLE, reads
from tests.support.servers.fault_proxy import Fault, Request

if TYPE_CHECKING:
    from tests.support.recovery.crash import Site

_LAST = Request("vault", "PUT", f"/v1/{ROLE}")


def test_what_a_killed_run_made_in_vault_is_taken_into_the_state_as_it_is(site: Site) -> None:
    fault = Fault(request=_LAST, strike_late=site.kill_all)
    site.up(faults=(fault,))
    site.bury()
    assert fault.happened()
    read = reads(site.project)
    lock, found = site.recover("--json").json()["found"]
    assert lock["kind"] == "lock"
    assert found["kind"] == "unrecorded"
    assert f"jwt, {POLICY}, {ROLE}" in found["found"]
    assert site.recover().code == 2, "nothing is done without --yes"

    site.run("cancel", "--yes", plain=True).succeeded()
    refused = site.up()
    assert refused.code not in (0, 7)
    assert f"sys/policies/acl/{POLICY} exists already" in refused.text
    assert "./ciaccess recover" in refused.text

    site.recover("--yes").succeeded()
    assert site.proxy.writes() == [], "no system is written to"
    site.up().succeeded()
    assert not [each for each in site.proxy.writes() if each.path.startswith(("/v1/sys/", "/v1/auth/"))]
    assert all(each.lets_in(site.project) for each in read), "who read in between goes on"
    site.run("preview", "--refresh", "--expect-no-changes").succeeded()
    assert site.recover("--json").succeeded().json()["found"] == []


def test_a_policy_that_somebody_else_made_is_not_taken(site: Site) -> None:
    text = 'path "secret/data/nexus/*" { capabilities = ["read"] }'
    site.project.vault().sys.create_or_update_policy(POLICY, text)
    assert site.recover("--yes", "--json").succeeded().json()["found"] == []
    refused = site.up()
    assert f"sys/policies/acl/{POLICY} exists already" in refused.text
    assert site.project.vault().sys.read_policy(POLICY)["data"]["rules"] == text
