"""A document of any allowed size is checked, or refused by a limit that is named, in a time that a pipeline waits for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.support.access.access import checked, edited

if TYPE_CHECKING:
    from pathlib import Path

MOST_SECONDS = 5.0


@pytest.mark.parametrize(
    ("values", "limit"), [(40_000, "at most 1000 values"), (100_000, "60000 keys and values")]
)
def test_glob_values_beyond_number_are_refused_by_a_named_limit(
    tmp_path: Path, values: int, limit: str
) -> None:
    globs = ", ".join(f"orchestrator/g{n}/*" for n in range(values))
    text = edited(("namespace_path: [orchestrator, ", f"namespace_path: [{globs}, orchestrator, "))
    started = time.process_time()
    found = checked(tmp_path, text)
    assert time.process_time() - started < MOST_SECONDS
    (fault,) = found.faults
    assert limit in str(fault)


def test_four_megabytes_of_empty_lists_are_refused_by_a_named_limit(tmp_path: Path) -> None:
    started = time.process_time()
    (fault,) = checked(tmp_path, "a: [" + "[]," * 1_300_000 + "]").faults
    assert time.process_time() - started < MOST_SECONDS
    assert fault.message == "it has more than 60000 keys and values"


@pytest.mark.parametrize("entry", ["pussh{}: [raw]", "push: [raw{}]", "pussh: [raw]"])
def test_thousands_of_faulty_accounts_are_checked_in_time(tmp_path: Path, entry: str) -> None:
    accounts = "".join(f"  svc-{n}: {{purpose: x, {entry.format(n)}}}\n" for n in range(8000))
    started = time.process_time()
    found = checked(tmp_path, edited(("\naccounts:\n", f"\naccounts:\n{accounts}")))
    assert time.process_time() - started < MOST_SECONDS
    assert len(found.faults) >= 8000
