"""What an answer of Nexus means for a check."""

from __future__ import annotations

import pytest

from ciaccess.clients.artifacts import Answer
from ciaccess.verification.nexus_proof import _judge
from ciaccess.verification.operations import Location
from ciaccess.verification.results import Check, Outcome

RAW = Location("raw", "dev", "raw-dev")


@pytest.mark.parametrize("allowed", [True, False])
def test_a_nexus_over_its_usage_limits_proves_nothing_about_rights(*, allowed: bool) -> None:
    check = Check("svc-a", "upload", "upload raw-dev", allowed=allowed)
    answer = Answer(403, "403 PAYMENT REQUIRED: At current usage levels no component can be added")
    result = _judge(check, answer, RAW)
    assert result.outcome is Outcome.NOT_LOOKED
    assert "usage limits" in result.reason
