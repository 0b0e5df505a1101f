"""What the metadata of an account's secret may say, and what puts it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.desired.state import Desired
from ciaccess.clients.vault.secret import THERE, SecretSnapshot
from ciaccess.drift.credentials import secret_findings

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.drift.findings import Finding

CLAIM, KNOWN = "ciaccess/prod", "0123456789ab"
NOTED = {"rotation": "1", "nexus_user": "svc-app", "stack": CLAIM, "fingerprint": KNOWN}


def findings(access: Access, known: str = KNOWN, **custom: Any) -> list[Finding]:
    """Return what is found of a secret with other custom metadata; None takes a key out."""
    noted = {key: value for key, value in {**NOTED, "owner": access.owner, **custom}.items() if value}
    metadata = {"max_versions": 0, "cas_required": False, "custom_metadata": noted}
    fields = {"username": "svc-app", "password": "x"}
    secret = SecretSnapshot(THERE, 1, "", fields, noted, metadata)
    return list(secret_findings(Desired.of(access).accounts["svc-app"], secret, CLAIM, known))


def test_what_the_plugin_writes_is_clean_with_and_without_a_state(small_access: Access) -> None:
    assert findings(small_access) == []
    assert findings(small_access, known="") == []


@pytest.mark.parametrize(
    "changed",
    [{"stack": "ciaccess/other"}, {"owner": "somebody"}, {"rotated_at": "2026-11-01"}, {"rotation": None}],
)
def test_what_the_program_declares_is_put_back_by_the_engine(
    small_access: Access, changed: dict[str, Any]
) -> None:
    (finding,) = findings(small_access, **changed)
    assert finding.id == "vault.secret.metadata"
    assert [target.identity for target in finding.targets] == ["svc-app"]
    assert not finding.manual_command


@pytest.mark.parametrize("changed", [{"fingerprint": "ba9876543210"}, {"fingerprint": None}, {"note": "x"}])
def test_the_rest_is_put_back_by_hand_and_keeps_what_is_declared(
    small_access: Access, changed: dict[str, Any]
) -> None:
    (finding,) = findings(small_access, **changed)
    assert finding.expected != finding.found
    assert not finding.targets
    for text in (f'"stack": "{CLAIM}"', f'"fingerprint": "{KNOWN}"', '"rotation": "1"'):
        assert text in finding.manual_command
    assert "note" not in finding.manual_command


def test_without_a_state_the_fingerprint_that_is_there_stays(small_access: Access) -> None:
    (finding,) = findings(small_access, known="", note="x")
    assert f'"fingerprint": "{KNOWN}"' in finding.manual_command
