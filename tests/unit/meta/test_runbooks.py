"""What a page promises is run by a test: the runbooks' steps as they stand, security.md's promises by the tests that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ciaccess.environment import ROOT
from tests.support.engine.runbook import Runbook

TESTS = Path(__file__).parents[2] / "integration" / "engine"


@pytest.mark.parametrize("heading", Runbook("runbook-state.md", {}).headings())
def test_every_step_is_followed_by_a_test(heading: str) -> None:
    sources = [file.read_text(encoding="utf-8") for file in TESTS.glob("test_runbook_*.py")]
    assert any(f'"{heading}"' in source for source in sources), f"no test follows {heading!r}"


def test_every_promise_on_security_names_tests_that_exist() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    _, _, table = page.partition("## How it is tested")
    rows = [line.rpartition(" | ")[2] for line in table.splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"[\w/]+(?:\.py|\.yaml|/(?= ))", row)
        assert named, row
        folder = ROOT
        for name in named:
            path = ROOT / name if name.startswith("tests/") else folder / name
            assert path.exists(), f"{name} of: {row}"
            folder = path.parent
