from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from ciaccess.access.reading.faults import ConfigError
from ciaccess.drift.baseline import Entry, apply, load
from ciaccess.drift.findings import Finding, Report

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 30)


def test_a_misspelt_key_brings_one_message_with_what_was_meant(tmp_path: Path) -> None:
    file = tmp_path / "drift-baseline.yaml"
    entry = '{id: nexus.user.profile, object: user x, reason: known, expirs: "2099-01-01"}'
    file.write_text(f"accepted:\n- {entry}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file)
    (fault,) = caught.value.faults
    assert (fault.line, fault.field, fault.remedy) == (2, "accepted[0].expirs", "Did you mean expires?")


def test_a_user_is_found_where_its_role_is_accepted_as_administrator_and_open_in_another_matter() -> None:
    admin = Finding("nexus.role.admin", "role helpdesk", "", "")
    text = Finding("nexus.role.text", "role helpdesk", "", "")
    implied = frozenset({(admin.id, admin.object)})
    joe = Finding("nexus.user.admin", "user joe", "", "", implied_by=implied)
    accepted = Entry.model_validate(
        {"id": admin.id, "object": admin.object, "reason": "known", "expires": f"{TODAY}"}
    )
    found = Report("prod", (admin, text, joe), ())
    assert apply(found, (), TODAY).findings == (admin, text)
    assert apply(found, (accepted,), TODAY).findings == (text, joe)
