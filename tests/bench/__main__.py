"""`make bench`: what each command costs with 8 accounts and more, written to docs/performance.json and .md.

Three runs on a stack of their own, the median of each; never part of the tests, which would measure their neighbours.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench import accounts, report
from tests.bench.measuring import Cost, Meter
from tests.support.project import ROOT, Project
from tools.progress import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = ROOT / "docs" / "performance.json"
PAGE = ROOT / "docs" / "performance.md"


def main() -> int:
    """Measure, and write the results and the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--accounts", type=int, nargs="+", default=[8, 100])
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    results: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "runs": asked.runs,
        "accounts": {
            str(count): _median([_run(count, number) for number in range(asked.runs)])
            for count in asked.accounts
        },
    }
    RESULTS.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(report.page(results), encoding="utf-8")
    return 0


def _run(count: int, number: int) -> dict[str, Cost | float]:
    with tempfile.TemporaryDirectory(prefix="ciaccess-bench-") as folder:
        project = Project(Path(folder))
        project.create()
        accounts.write(project.access, count)
        project.start()
        try:
            accounts.seed_groups(project, count)
            meter = Meter(project)
            costs: dict[str, Cost | float] = {}
            for name, cost in _operations(project, meter, count):
                costs[name] = cost
                if name == "up, from nothing":
                    costs["state, MB"] = meter.state_megabytes()
        finally:
            project.stop()
    sys.stderr.write(f"  {count} accounts, run {number + 1}: done\n")
    return costs


def _operations(project: Project, meter: Meter, count: int) -> Iterator[tuple[str, Cost]]:
    names = [accounts.name(0)] if count != accounts.ORGANISATION else ["svc-bench"]
    up = ("up", "--yes", "--skip-preview")
    yaml = str(project.access)

    def step(name: str, *command: str) -> tuple[str, Cost]:
        with Step(f"{count} accounts: {name}"):
            return name, meter.run(*command) if command[0] == "./ciaccess" else meter.pulumi(*command)

    yield step("validate", "./ciaccess", "validate", yaml)
    yield step("up, from nothing", *up)
    yield step("up again", *up)
    yield step("preview with refresh, nothing to do", "preview", "--refresh", "--expect-no-changes")
    yield step("drift, clean", "./ciaccess", "drift", "--stack", "local", "--file", yaml)
    accounts.add(project.access, 9999)
    yield step("up, one account added", *up)
    accounts.rotate(project.access, names)
    yield step("up, one password rotated", *up)
    accounts.rotate(project.access)
    yield step("up, every password rotated", *up)
    yield step("destroy", "destroy", "--yes", "--skip-preview")


def _median(runs: list[dict[str, Cost | float]]) -> dict[str, Any]:
    """Return the run whose wall time is the median, for each operation."""
    found: dict[str, Any] = {}
    for name, first in runs[0].items():
        costs = [run[name] for run in runs]
        if isinstance(first, float):
            found[name] = round(statistics.median(cost for cost in costs if isinstance(cost, float)), 2)
            continue
        ordered = sorted(
            (cost for cost in costs if isinstance(cost, Cost)), key=lambda cost: cost.wall_seconds
        )
        middle = asdict(ordered[len(ordered) // 2])
        found[name] = {
            key: round(value, 2) if isinstance(value, float) else value for key, value in middle.items()
        }
    return found


if __name__ == "__main__":
    sys.exit(main())
