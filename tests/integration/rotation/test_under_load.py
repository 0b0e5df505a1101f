"""The proof: eight workers read and use secrets without pause while accounts rotate, and none is refused."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from ciaccess.access import load
from tests.support.rotation.readers import Readers
from tests.support.rotation.rotating import rotate

if TYPE_CHECKING:
    from tests.support.project.project import Project

TWO = ("svc-bench", "svc-datastore")


def rotate_under_load(project: Project, accounts: tuple[str, ...], times: int) -> Readers:
    with Readers(project, accounts) as readers:
        for _ in range(times):
            rotate(project, *accounts, "--up").succeeded()
    assert readers.errors == []
    return readers


def test_two_accounts_rotate_three_times_and_no_worker_notices(
    provisioned: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    readers = rotate_under_load(provisioned, TWO, 3)
    with capsys.disabled():
        sys.stdout.write(f"\nalternate, 2 accounts times 3 rotations: {readers}\n")
    assert readers.refused == []
    assert readers.uses.keys() == {"svc-bench", "svc-bench-b", "svc-datastore", "svc-datastore-b"}
    assert sum(readers.uses.values()) > 100


def test_in_place_has_a_moment_in_which_a_reader_is_refused_and_it_is_short(
    provisioned: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    readers = rotate_under_load(provisioned, ("svc-admin",), 2)
    with capsys.disabled():
        sys.stdout.write(
            f"\nin-place, 2 rotations: {readers}, at most {readers.longest_gap_seconds():.2f} s\n"
        )
    # Workers that hold what they have read are refused until they read again; the moment is that of the others.
    assert readers.longest_gap_seconds() < 15
    assert set(readers.uses) == {"svc-admin"}


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_every_account_rotates_twenty_times_and_no_worker_notices(
    provisioned: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    by_turns = tuple(name for name in load(provisioned.access).accounts if name != "svc-admin")
    readers = rotate_under_load(provisioned, by_turns, 20)
    with capsys.disabled():
        sys.stdout.write(f"\nalternate, {len(by_turns)} accounts times 20 rotations: {readers}\n")
    assert readers.refused == []
