from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.reading.document import read
from ciaccess.access.reading.loader import check
from ciaccess.adoption.describing import describe
from ciaccess.adoption.draft import text
from ciaccess.adoption.rotations import max_ages_in
from tests.support.adoption.worlds import nexus, secret, user, vault, world

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("holder", "count"), [("svc-a", 3), ("svc-a-b", 2)])
def test_two_users_that_take_turns_are_one_account(holder: str, count: int) -> None:
    seen = world(
        vault(secrets={"svc-a": secret("svc-a", username=holder)}),
        nexus(users={name: user(name, "reads") for name in ("svc-a", "svc-a-b")}),
    )
    draft = describe(seen)
    assert list(draft.data["accounts"]) == ["svc-a"]
    assert draft.data["accounts"]["svc-a"]["rotation"] == {"count": count, "strategy": "alternate"}
    assert draft.remarks == []


@pytest.mark.parametrize(
    ("holder", "owner", "counted", "count"),
    [
        ("svc-a", "", "5", 5),
        ("svc-a-b", "", "8", 8),
        ("svc-a-b", "", "5", 2),
        ("svc-a", "", "2", 3),
        ("svc-a", "", "many", 3),
        # Runs of ours were killed before they published what they counted, or before they counted.
        ("svc-a", "ciaccess", "2", 2),
        ("svc-a-b", "ciaccess", "5", 5),
        ("svc-a", "ciaccess", "1", 2),
    ],
)
def test_the_count_of_the_metadata_is_kept_unless_it_is_nobodys_and_cannot_be(
    holder: str, owner: str, counted: str, count: int
) -> None:
    said = {"rotation": counted, "rotated_at": "2026-11-01", "owner": owner}
    seen = world(
        vault(secrets={"svc-a": secret("svc-a", username=holder, **said)}),
        nexus(users={name: user(name, "reads") for name in ("svc-a", "svc-a-b")}),
    )
    turned = describe(seen).data["accounts"]["svc-a"]["rotation"]
    assert turned == {"count": count, "date": "2026-11-01", "strategy": "alternate"}


@pytest.mark.parametrize(
    ("custom", "max_ages", "rotation"),
    [
        (
            {"rotation": "4", "rotated_at": "2026-11-01"},
            {},
            {"count": 4, "date": "2026-11-01", "strategy": "in-place"},
        ),
        (
            {"rotation": "1", "rotated_at": "2026-11-01"},
            {"svc-a": "90d"},
            {"count": 1, "date": "2026-11-01", "max_age": "90d"},
        ),
        ({}, {"svc-a": "90d", "svc-b": "30d"}, {"count": 1, "max_age": "90d"}),
        ({"rotation": "1", "rotated_at": ""}, {}, None),
        ({"rotation": "0", "rotated_at": "9999-01-01"}, {}, None),
        ({"rotation": "01", "rotated_at": "yesterday"}, {"svc-b": "30d"}, None),
    ],
)
def test_what_is_known_of_an_accounts_rotation_is_kept(
    custom: dict[str, str], max_ages: dict[str, str], rotation: dict[str, Any] | None, tmp_path: Path
) -> None:
    draft = describe(world(vault(secrets={"svc-a": secret("svc-a", **custom)})), max_ages)
    assert draft.data["accounts"]["svc-a"].get("rotation") == rotation
    path = tmp_path / "access.yaml"
    path.write_text(text(draft), encoding="utf-8")
    checked = check(path)
    assert checked.access is not None, checked.faults


def test_ages_are_read_from_an_access_yaml_of_before_whatever_else_is_wrong_with_it(tmp_path: Path) -> None:
    path = tmp_path / "access.yaml"
    path.write_text(
        "accounts:\n  svc-a: {rotation: {max_age: 90d}, odd: 1}\n  svc-b: {rotation: 3}\n  svc-c: {}\n  svc-d:\n",
        encoding="utf-8",
    )
    assert max_ages_in(read(path)) == {"svc-a": "90d"}
    path.write_text("- no mapping\n", encoding="utf-8")
    assert max_ages_in(read(path)) == {}
