from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.desired.state import Desired
from ciaccess.drift.vault_auth import _engine
from tests.support.access.access import GOOD, valid

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("mounted", "found", "command"),
    [
        (
            {"type": "kv", "options": {"version": "1"}},
            "kv of version 1",
            "vault kv enable-versioning secret/",
        ),
        ({"type": "kv", "options": None}, "kv of version 1", "vault kv enable-versioning secret/"),
        ({"type": "transit", "options": None}, "an engine of type transit", ""),
    ],
)
def test_only_a_kv_engine_is_raised_to_version_2(
    tmp_path: Path, mounted: dict[str, Any], found: str, command: str
) -> None:
    vault: Any = SimpleNamespace(mount=lambda _: mounted)
    (finding,) = _engine(Desired.of(valid(tmp_path, GOOD)), vault)
    assert (finding.id, finding.found, finding.manual_command) == ("vault.mount.version", found, command)
