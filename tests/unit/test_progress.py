from __future__ import annotations

import io
import sys

import pytest

from ciaccess.progress import Step, format_duration


def test_elapsed_is_written_as_people_read_it() -> None:
    assert [format_duration(4.21), format_duration(187)] == ["4.2 s", "3 min 07 s"]


def test_a_step_says_that_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    with pytest.raises(ValueError, match="no"), Step("building"):
        raise ValueError("no")
    assert "building failed after" in said.getvalue()
