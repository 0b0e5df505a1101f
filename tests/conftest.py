"""Rules for every tier: markers by folder, and no skips where skipping would lie."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from ciaccess.clients import redaction

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

TIERS = ("real", "e2e", "integration", "contract", "unit")
TESTS = Path(__file__).parent
# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its tier, the folder it lies in, and begin with the tiers whose files take minutes.

    Begun last, such a file would be waited for by processes that have nothing left to do.
    """
    for item in items:
        if (tier := item.path.relative_to(TESTS).parts[0]) in TIERS:
            item.add_marker(tier)
    items.sort(key=lambda item: [item.get_closest_marker(tier) is None for tier in TIERS])


@pytest.fixture(scope="module", autouse=True)
def _own_secrets() -> Iterator[None]:
    """What one file's tests conceal, perhaps a common word, is not concealed from the next file's."""
    yield
    redaction._secrets._by_end.clear()
    redaction._secrets._known.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where CI=true: a test that did not run proves nothing."""
    del item, call
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped on CI, which is not allowed: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have counted, summed up: a catalogue in which nothing happened would be green, too."""
    counted: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, number in getattr(report, "user_properties", ()):
                counted[name] += number if getattr(report, "when", "") == "call" else 0
    for name, number in sorted(counted.items()):
        terminalreporter.write_line(f"{name}: {number}")
