"""Whose turn it is, which password a count changes, and when it is due."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from ciaccess.access.desired import rotation
from ciaccess.access.desired.rotation import Turn
from ciaccess.access.desired.state import DesiredAccount
from tests.support.access.access import ORGANISATION, edited, valid

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access


def access(folder: Path, entry: str, purpose: str = "Applications") -> Access:
    line = f"    purpose: {purpose}\n"
    return valid(folder, edited((line, f"{line}    rotation: {entry}\n")))


def test_a_fresh_account_has_one_user(tmp_path: Path) -> None:
    found = access(tmp_path, "1")
    assert rotation.turns(found, "svc-app") == (Turn("svc-app", 1, is_active=True),)
    assert DesiredAccount.of(found, "svc-app").metadata == {
        "rotated_at": "",
        "rotation": "1",
        "nexus_user": "svc-app",
        "owner": "ciaccess",
    }


@pytest.mark.parametrize(
    ("count", "first", "second", "active"),
    [(2, 1, 1, "svc-app-b"), (3, 2, 1, "svc-app"), (4, 2, 2, "svc-app-b"), (41, 21, 20, "svc-app")],
)
def test_each_turn_changes_the_password_of_the_idle_user_and_hands_it_out(
    tmp_path: Path, count: int, first: int, second: int, active: str
) -> None:
    found = access(tmp_path, str(count))
    versions = {turn.user_id: turn.password_version for turn in rotation.turns(found, "svc-app")}
    assert versions == {"svc-app": first, "svc-app-b": second}
    assert rotation.active(found, "svc-app").user_id == active
    before = {turn.user_id: turn for turn in rotation.turns(access(tmp_path, str(count - 1)), "svc-app")}
    changed = [
        user for user, version in versions.items() if before.get(user) != Turn(user, version, user != active)
    ]
    assert active in changed
    assert not before[active].is_active if active in before else True


def test_both_users_have_the_same_roles_and_differ_in_their_ids(tmp_path: Path) -> None:
    first, second = DesiredAccount.of(access(tmp_path, "2"), "svc-app").users.values()
    assert first.roles == second.roles
    assert (second.user_id, second.email_address) == ("svc-app-b", "svc-app-b@example.org")
    assert first.first_name == second.first_name


@pytest.mark.parametrize(
    ("purpose", "account", "entry", "expected"),
    [
        ("Applications", "svc-app", "2", rotation.ALTERNATE),
        ("Applications", "svc-app", "{strategy: in-place}", rotation.IN_PLACE),
        ("Administration", "svc-admin", "2", rotation.IN_PLACE),
        ("Administration", "svc-admin", "{strategy: alternate}", rotation.ALTERNATE),
    ],
)
def test_what_jobs_read_is_rotated_by_turns_unless_told_otherwise(
    tmp_path: Path, purpose: str, account: str, entry: str, expected: str
) -> None:
    assert rotation.strategy(access(tmp_path, entry, purpose), account) == expected


def test_the_pipelines_own_accounts_take_turns_with_its_rotation(tmp_path: Path) -> None:
    text = ORGANISATION.read_text(encoding="utf-8")
    found = valid(tmp_path, edited(("  branch: main\n", "  branch: main\n  rotation: 2\n"), text=text))
    assert rotation.active(found, "svc-ciaccess-writer").user_id == "svc-ciaccess-writer-b"


def test_switching_from_in_place_keeps_the_password_at_twice_the_count_less_one(tmp_path: Path) -> None:
    before = rotation.turns(access(tmp_path, "{count: 5, strategy: in-place}"), "svc-app")
    after = rotation.turns(access(tmp_path, "{count: 9, strategy: alternate}"), "svc-app")
    assert before[0] == after[0]


@pytest.mark.parametrize(
    ("entry", "day", "overdue"),
    [
        ("{date: 2026-08-01}", date(2026, 11, 1), False),
        ("{date: 2026-08-01, max_age: 90d}", date(2026, 10, 30), False),
        ("{date: 2026-08-01, max_age: 90d}", date(2026, 10, 31), True),
        ("{max_age: 90d}", date(2026, 8, 1), True),
    ],
)
def test_an_account_is_overdue_the_day_after_its_max_age(
    tmp_path: Path, entry: str, day: date, *, overdue: bool
) -> None:
    assert rotation.is_overdue(access(tmp_path, entry), "svc-app", day) is overdue
