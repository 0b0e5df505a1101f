from __future__ import annotations

import pytest

from ciaccess.access.reading.faults import closest


@pytest.mark.parametrize(
    ("given", "words", "meant"),
    [
        ("nexs-ci", ["nexus-ci", "nexus-release"], "nexus-ci"),
        ("svc-bnch", ["svc-bench", "svc-bench-b"], "svc-bench"),
        (
            "svc-orchestratr-build",
            ["svc-orchestrator-build", "svc-orchestrator-deploy"],
            "svc-orchestrator-build",
        ),
        ("svc-x", ["svc-bench", "svc-fsdb"], None),
        ("svc-zzz", ["svc-bench", "svc-fsdb"], None),
        ("nexus-read-policy", ["nexus-ci"], None),
    ],
)
def test_a_typo_is_near_wherever_it_is_and_a_common_beginning_is_not(
    given: str, words: list[str], meant: str | None
) -> None:
    assert closest(given, words) == meant
