from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.cli.options import load_access
from ciaccess.local_stack.places import Record
from ciaccess.local_stack.processes import StackError
from ciaccess.verification.resources import local_resources

if TYPE_CHECKING:
    from pathlib import Path


def test_a_local_stack_that_was_never_started_whole_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CIACCESS_STATE_DIR", str(tmp_path))
    Record(ports={"vault": 1, "nexus": 2, "gitlab": 3}).save()
    with pytest.raises(StackError, match="did not finish starting"):
        local_resources(load_access())
