"""Who administers Nexus by a role that is accepted is found, each user for itself."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ciaccess.access.desired.state import Desired
from ciaccess.clients.nexus import Nexus, Role, User
from ciaccess.drift.baseline import Entry, apply
from ciaccess.drift.check_run import CheckRun
from ciaccess.drift.findings import Report
from ciaccess.drift.nexus import check_nexus
from ciaccess.drift.nexus_objects import Ours
from tests.support.access.access import GOOD, valid

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.nexus import NexusProcess

TODAY = date(2026, 11, 30)
ROLE, ANN, JOE = (
    ("nexus.role.admin", "role helpdesk"),
    ("nexus.user.admin", "user ann"),
    ("nexus.user.admin", "user joe"),
)


def test_the_users_of_a_role_are_found_once_it_is_accepted(tmp_path: Path, nexus: NexusProcess) -> None:
    access, run = valid(tmp_path, GOOD), CheckRun()
    client = Nexus(nexus.url, *nexus.administrator())
    client.roles.create(Role("helpdesk", "helpdesk", "", frozenset({"nx-users-all"}), frozenset()))
    for name in ("ann", "joe"):
        client.users.create(User(name, "By", "Hand", "by@hand.test", "active", frozenset({"helpdesk"})), "pw")
    check_nexus(Ours(access, Desired.of(access)), client, run)
    run.finish()
    run.close()
    client.close()

    def counting(*accepted: tuple[str, str]) -> set[tuple[str, str]]:
        entries = tuple(
            Entry.model_validate({"id": id_, "object": name, "reason": "known", "expires": f"{TODAY}"})
            for id_, name in accepted
        )
        report = apply(Report("local", tuple(run.findings), ()), entries, TODAY)
        assert not [each for each in report.remarks if "remove the entry" in each]
        return {
            (each.id, each.object)
            for each in report.findings
            if each.object in ("role helpdesk", "user ann", "user joe")
        }

    assert counting() == counting(ANN) == {ROLE}
    assert counting(ROLE) == {ANN, JOE}
    assert counting(ROLE, ANN) == {JOE}
    assert counting(ROLE, ANN, JOE) == set()
