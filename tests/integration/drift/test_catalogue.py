"""Every change by hand is found with its class and nothing else is, repaired where that can be, and clean after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.drift.catalogue import CLASSES
from tests.support.drift.catalogue import BATCHES
from tests.support.drift.drift import CLEAN, DRIFT, Looked, look, repair

if TYPE_CHECKING:
    from tests.support.project.project import Project

# Those that the local stack cannot be in; tests/unit/drift has them.
ELSEWHERE = {
    "account.password.disagree",  # without a state: test_looking.py
    "account.rotation.overdue",  # no change by hand: test_rotations.py
    "gitlab.claim.unknown",  # no change by hand: tests/contract/drift
    "gitlab.group.path",  # likewise
    # our own project's: test_gitlab_project.py
    *(name for name in CLASSES if name.startswith("gitlab.project.")),
    "gitlab.variable.scope",  # needs GitLab Premium
    "nexus.content.malware",  # nothing repairs it: tests/contract/drift
    "nexus.privilege.wider",  # made in Nexus, never by us: tests/unit/drift/test_privileges.py
    "nexus.usage.limit",  # likewise
    "vault.mount.description",  # only where the mount is managed
    "vault.policy.settings",  # OpenBao's: tests/real/components
}


@pytest.fixture(scope="module")
def batches(provisioned: Project) -> dict[str, tuple[Looked, Looked]]:
    """Each batch made, looked at, and repaired: what the look before found, and the one after."""
    assert look(provisioned).code == CLEAN
    seen = {}
    for name, changes in BATCHES.items():
        for each in changes:
            each.make(provisioned)
        seen[name] = look(provisioned), repair(provisioned)
    return seen


@pytest.mark.parametrize("name", BATCHES)
def test_exactly_what_was_changed_is_found(name: str, batches: dict[str, tuple[Looked, Looked]]) -> None:
    before, _ = batches[name]
    expected = {finding for change in BATCHES[name] for finding in change.findings}
    assert before.found == expected
    assert before.code == DRIFT
    assert before.report["could_not_look"] == []


@pytest.mark.parametrize("name", BATCHES)
def test_it_is_clean_after_the_repair(name: str, batches: dict[str, tuple[Looked, Looked]]) -> None:
    _, after = batches[name]
    assert after.found == set()
    assert after.code == CLEAN


@pytest.mark.usefixtures("batches")
def test_the_engine_finds_nothing_left_either(provisioned: Project) -> None:
    assert provisioned.preview().code == 0


def test_no_finding_holds_a_password(batches: dict[str, tuple[Looked, Looked]]) -> None:
    for before, _ in batches.values():
        assert "by-hand-value" not in str(before.report)
        for finding in before.report["findings"]:
            assert finding["expected"] != finding["found"]
            if "password" in finding["id"]:
                assert "by-hand" not in finding["found"]


def test_a_changed_secret_says_since_when(batches: dict[str, tuple[Looked, Looked]]) -> None:
    before, _ = batches["credentials"]
    assert before.finding("vault.secret.password")["since"].startswith("20")
    assert before.finding("nexus.user.password")["since"] is None


def test_the_catalogue_is_whole() -> None:
    made = {finding[0] for changes in BATCHES.values() for change in changes for finding in change.findings}
    assert made == CLASSES.keys() - ELSEWHERE
    assert sum(map(len, BATCHES.values())) >= 45
