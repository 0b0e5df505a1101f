from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from ciaccess.drift.credentials import overdue
from tests.support.access.access import edited, valid

if TYPE_CHECKING:
    from pathlib import Path

LINE = "    purpose: Applications\n"


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("{date: 2026-08-01, max_age: 90d}", ["91 days old"]),
        ("{date: 2026-08-02, max_age: 90d}", []),
        ("{max_age: 90d}", ["of unknown age: no date"]),
        ("{date: 2020-01-01}", []),
        ("2", []),
    ],
)
def test_an_account_is_overdue_by_the_yamls_own_date(tmp_path: Path, entry: str, found: list[str]) -> None:
    access = valid(tmp_path, edited((LINE, f"{LINE}    rotation: {entry}\n")))
    findings = list(overdue(access, date(2026, 10, 31)))
    assert [each.found for each in findings] == found
    for each in findings:
        assert (each.id, each.object) == ("account.rotation.overdue", "account svc-app")
        assert each.manual_command == "./ciaccess rotate svc-app"
        assert not each.targets
