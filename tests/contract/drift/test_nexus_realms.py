"""Drift's check of the active realms: DefaultRole is a finding, a realm of another source a remark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.access.desired.state import Desired
from ciaccess.clients.nexus import Nexus
from ciaccess.drift.check_run import CheckRun
from ciaccess.drift.nexus import check_nexus
from ciaccess.drift.nexus_objects import Ours
from tests.support.access.access import GOOD, valid

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.nexus import NexusProcess

OWN = ["NexusAuthenticatingRealm", "NexusAuthorizingRealm"]


@pytest.mark.parametrize(
    ("more", "found", "remarks"),
    [
        ([], [], []),
        (["DefaultRole"], ["nexus.realm.defaultrole"], []),
        (["LdapRealm"], [], ["LdapRealm"]),
        (["DockerToken", "NpmToken", "DefaultRole"], ["nexus.realm.defaultrole"], ["DockerToken, NpmToken"]),
    ],
)
def test_active_realms_that_are_not_nexuss_own_are_reported(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    nexus: NexusProcess,
    more: list[str],
    found: list[str],
    remarks: list[str],
) -> None:
    access, run = valid(tmp_path, GOOD), CheckRun()
    client = Nexus(nexus.url, *nexus.administrator())
    # The simulator has two realms.
    monkeypatch.setattr(client, "active_realms", lambda: [*OWN, *more])
    check_nexus(Ours(access, Desired.of(access)), client, run)
    run.finish()
    run.close()
    client.close()
    assert [each.id for each in run.findings if each.id.startswith("nexus.realm")] == found
    texts = [each for each in run.remarks if "realms" in each]
    assert texts == [
        f"Nexus also accepts credentials by the realms {each}, which are not checked" for each in remarks
    ]
