"""Renamed accounts: each former name is an account as it was, until its day; and what the YAML says of it is kept."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from ciaccess.access.desired.former_names import (
    ALWAYS,
    FormerAccount,
    entry_of,
    expand_former_accounts,
    former_names,
)
from ciaccess.access.desired.nexus import user_roles
from ciaccess.access.desired.rotation import count_up, turns
from ciaccess.access.desired.state import DesiredAccount
from ciaccess.access.desired.vault import secret_of, vault_policies
from ciaccess.rotation.yaml_edit import edit as edit_rotation
from tests.support.access.access import GOOD, edited, valid

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access

LAST = date(2026, 12, 24)
AFTER = date(2026, 12, 25)
DAY = date(2026, 11, 25)
ROTATED = edited(
    (
        "    path: /orchestrator/tool/\n",
        "    path: /orchestrator/tool/\n    rotation: {count: 4, date: 2026-11-01}\n",
    )
)
RENAMED = edited(
    ("svc-app, svc-tool]", "svc-app, svc-hammer]"),
    ("  svc-tool:\n", "  svc-hammer:\n"),
    (
        "    rotation: {count: 4, date: 2026-11-01}\n",
        "    formerly:\n      svc-tool: {until: 2026-12-24, rotation: {count: 4, date: 2026-11-01}}\n",
    ),
    text=ROTATED,
)


@pytest.fixture
def before(tmp_path: Path) -> Access:
    return valid(tmp_path, ROTATED, on=DAY)


@pytest.fixture
def renamed(tmp_path: Path) -> Access:
    return valid(tmp_path, RENAMED, on=LAST)


def test_a_former_account_is_declared_exactly_as_it_was(before: Access, renamed: Access) -> None:
    assert DesiredAccount.of(renamed, "svc-tool") == DesiredAccount.of(before, "svc-tool")


def test_its_successor_is_an_account_of_its_own_from_the_first_password_on(renamed: Access) -> None:
    assert DesiredAccount.of(renamed, "svc-hammer").users.keys() == {"svc-hammer"}
    assert user_roles(renamed, "svc-hammer") == {"ci-svc-hammer"}
    assert secret_of(renamed, "svc-hammer").api_path == "secret/data/nexus/svc-hammer"


def test_who_reads_an_accounts_secret_reads_those_of_its_former_names(renamed: Access) -> None:
    assert renamed.vault.roles["nexus-ci"].accounts == ["svc-app", "svc-hammer", "svc-tool"]
    assert renamed.vault.roles["nexus-promote"].accounts == ["svc-promoter"]
    policy = vault_policies(renamed)["nexus-ci"]
    assert 'path "secret/data/nexus/svc-tool" {' in policy.text
    assert 'path "secret/data/nexus/svc-hammer" {' in policy.text


def test_a_former_account_stands_behind_its_successor(renamed: Access) -> None:
    names = list(renamed.accounts)
    assert names[names.index("svc-hammer") + 1] == "svc-tool"


def test_a_former_account_is_gone_on_the_day_after_its_last(tmp_path: Path, before: Access) -> None:
    after = valid(tmp_path, RENAMED, on=AFTER)
    assert after.accounts.keys() == before.accounts.keys() - {"svc-tool"} | {"svc-hammer"}
    assert after.vault.roles["nexus-ci"].accounts == ["svc-app", "svc-hammer"]
    policy = vault_policies(after)["nexus-ci"]
    assert "svc-tool" not in policy.text


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (LAST, "former name of svc-hammer, until 2026-12-24"),
        (AFTER, "former name of svc-hammer, which ended with 2026-12-24"),
    ],
)
def test_a_former_name_is_known_with_its_end_whether_that_is_over_or_not(
    tmp_path: Path, day: date, says: str
) -> None:
    (found,) = former_names(valid(tmp_path, RENAMED, on=day))
    assert (found.name, found.successor, found.until) == ("svc-tool", "svc-hammer", LAST)
    assert found.is_over == (day > LAST)
    assert str(found) == says


def test_two_renamings_in_a_row_leave_two_former_accounts_with_days_of_their_own(tmp_path: Path) -> None:
    text = edited(
        ("      svc-tool:", "      svc-mallet: {until: 2027-01-31, rotation: 1}\n      svc-tool:"),
        text=RENAMED,
    )
    both = valid(tmp_path, text, on=LAST)
    assert both.vault.roles["nexus-ci"].accounts == ["svc-app", "svc-hammer", "svc-mallet", "svc-tool"]
    assert [len(turns(both, name)) for name in ("svc-hammer", "svc-mallet", "svc-tool")] == [1, 1, 2]
    later = valid(tmp_path, text, on=AFTER)
    assert later.vault.roles["nexus-ci"].accounts == ["svc-app", "svc-hammer", "svc-mallet"]


def test_a_former_account_has_a_purge_of_its_own(tmp_path: Path) -> None:
    text = edited(("2026-11-01}}\n", "2026-11-01}, purge: true}\n"), text=RENAMED)
    found = valid(tmp_path, text, on=LAST).accounts
    assert (found["svc-hammer"].purge, found["svc-tool"].purge) == (False, True)
    text = edited(("    purpose: A tool", "    purge: true\n    purpose: A tool"), text=RENAMED)
    found = valid(tmp_path, text, on=LAST).accounts
    assert (found["svc-hammer"].purge, found["svc-tool"].purge) == (True, False)


def test_what_has_no_former_names_is_left_as_it_is(before: Access) -> None:
    assert expand_former_accounts(before, DAY) is before


def test_expanding_for_another_day_takes_away_and_gives_back(renamed: Access, tmp_path: Path) -> None:
    after = valid(tmp_path, RENAMED, on=AFTER)
    assert expand_former_accounts(renamed, AFTER) == after
    assert expand_former_accounts(after, ALWAYS) == renamed
    assert expand_former_accounts(renamed, LAST) == renamed


def test_a_rotation_of_a_former_account_counts_its_own_entry_up_and_no_other(
    renamed: Access, tmp_path: Path
) -> None:
    path = entry_of(renamed, "svc-tool")
    assert path == ("accounts", "svc-hammer", "formerly", "svc-tool")
    assert entry_of(renamed, "svc-hammer") == ("accounts", "svc-hammer")
    text = edit_rotation(RENAMED, {path: {"count": "5", "date": DAY.isoformat()}})
    assert text == RENAMED.replace("count: 4, date: 2026-11-01", "count: 5, date: 2026-11-25")
    counted = count_up(renamed, ["svc-tool"], DAY)
    assert counted == valid(tmp_path, text, on=LAST)
    assert [turn.password_version for turn in turns(counted, "svc-tool")] == [3, 2]
    assert turns(counted, "svc-hammer") == turns(renamed, "svc-hammer")


def test_a_rotation_of_the_successor_leaves_the_former_account_alone(renamed: Access) -> None:
    counted = count_up(renamed, ["svc-hammer"], DAY)
    assert counted.accounts["svc-tool"] == renamed.accounts["svc-tool"]
    assert len(turns(counted, "svc-hammer")) == 2


def test_nobody_can_write_a_former_account_into_the_yaml(tmp_path: Path) -> None:
    assert isinstance(valid(tmp_path, RENAMED, on=LAST).accounts["svc-tool"], FormerAccount)
    assert not {"successor", "until"} & type(valid(tmp_path, GOOD).accounts["svc-tool"]).model_fields.keys()


def test_a_renaming_that_is_taken_back_leaves_the_account_as_it_was(before: Access, tmp_path: Path) -> None:
    back = edited(
        (
            "    rotation: {count: 4",
            "    formerly: {svc-hammer: {until: 2026-12-24, rotation: 1}}\n    rotation: {count: 4",
        ),
        text=ROTATED,
    )
    found = valid(tmp_path, back, on=LAST)
    assert turns(found, "svc-tool") == turns(before, "svc-tool")
    assert DesiredAccount.of(found, "svc-tool").users == DesiredAccount.of(before, "svc-tool").users
    assert list(found.accounts)[1:3] == ["svc-tool", "svc-hammer"]
