"""A rotation that dies between the user and the secret: jobs go on with the old one, and the next run ends the turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.recovery.crash import Site
from tests.support.rotation.rotating import users
from tests.support.servers.fault_proxy import Fault, FaultProxy, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.project.project import Project

ONE = "svc-one"
SECRET = Request("vault", "POST", f"/v1/secret/data/nexus/{ONE}")


@pytest.fixture(scope="module")
def site(project: Project) -> Iterator[Site]:
    """A provisioned site behind the proxy."""
    with FaultProxy({name: project.address(name) for name in ("vault", "nexus", "gitlab")}) as proxy:
        site = Site(project, proxy)
        site.lay_out()
        site.up().succeeded()
        yield site


@pytest.mark.parametrize(("count", "active", "dies"), [(2, f"{ONE}-b", "before"), (3, ONE, "after")])
def test_a_crash_between_user_and_secret_converges(site: Site, count: int, active: str, dies: str) -> None:
    project, before = site.project, site.project.secret(ONE)
    text = site.clean.replace("purpose: One,", f"purpose: One, rotation: {count},")
    project.access.write_text(text, encoding="utf-8")
    fault = Fault(request=SECRET, cut="before", strike=site.kill_all)
    if dies == "after":  # the secret is written, and nobody knows
        fault = Fault(request=SECRET, cut="after", strike_after=site.kill_all)
    died = site.up(faults=(fault,))
    assert died.code != 0
    assert fault.happened()
    assert project.accepts(ONE), "whoever reads the secret now is let in"
    old = project.nexus("GET", "status", auth=(before["username"], before["password"]))
    assert old.ok, "and so is who read it before"
    site.recover("--yes").succeeded()
    site.up("--refresh").succeeded()
    after = project.secret(ONE)
    assert after["username"] == active
    assert after["password"] != before["password"]
    assert project.accepts(ONE)
    assert users(project) >= {ONE, f"{ONE}-b"}
    site.up("--refresh", "--expect-no-changes").succeeded()
