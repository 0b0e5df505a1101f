from __future__ import annotations

import re
from pathlib import Path

from ciaccess.drift.catalogue import CLASSES

RUNBOOK = Path(__file__).parents[3] / "docs" / "runbook-drift.md"


def test_the_runbook_has_a_row_for_each_class_with_its_severity_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z.]+)` \| (\w+) \|", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    assert [identity for identity, _ in rows] == list(CLASSES)
    assert dict(rows) == {identity: each.severity.value for identity, each in CLASSES.items()}
