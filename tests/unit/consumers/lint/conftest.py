"""Processor time that does not depend on the machine."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

_WORD = re.compile(r"[^ ]+")


def _fixed_work() -> float:
    """Return the processor time of work of the same kind as a check: matches, small objects, tables."""
    began = time.process_time()
    table: dict[str, tuple[str, ...]] = {}
    for number in range(20_000):
        table[f"job-{number}"] = tuple(match.group() for match in _WORD.finditer(f"docker push {number} x"))
    return time.process_time() - began


@pytest.fixture
def effort() -> Callable[[], float]:
    """Tell the processor time since the test began, in multiples of fixed work on this machine."""
    before = _fixed_work()
    began = time.process_time()

    def since() -> float:
        spent = time.process_time() - began
        return spent / max(before, _fixed_work())

    return since
