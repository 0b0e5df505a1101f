from __future__ import annotations

import pytest

from tests.real.simulator_only import DESELECTED
from tests.support.project.project import ROOT


@pytest.mark.parametrize("test", DESELECTED)
def test_a_test_that_is_left_to_the_simulator_exists(test: str) -> None:
    file, _, name = test.rpartition("::")
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")
