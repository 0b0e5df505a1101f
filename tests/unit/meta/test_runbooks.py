"""What a runbook says is run by a test as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engine.runbook import Runbook

TESTS = Path(__file__).parents[2] / "integration" / "engine"


@pytest.mark.parametrize("heading", Runbook("runbook-state.md", {}).headings())
def test_every_step_is_followed_by_a_test(heading: str) -> None:
    sources = [file.read_text(encoding="utf-8") for file in TESTS.glob("test_runbook_*.py")]
    assert any(f'"{heading}"' in source for source in sources), f"no test follows {heading!r}"
