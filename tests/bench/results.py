"""docs/performance.json: what was measured, by server, number of accounts and latency, each with its date and machine.

A measurement that is repeated for some numbers leaves the others as they are, and what is finished is kept at once.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.measuring import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


SIMULATOR = "simulator"
# Cells by {accounts: {latency in ms: {date, machine, runs, operations}}}, their keys as JSON has them.
Cells = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Results:
    """What was measured on one server of Nexus."""

    cells: Cells

    @classmethod
    def of(cls, file: Path, server: str = SIMULATOR) -> Results:
        """Read a server's part of the file; nothing is in one that is not there."""
        return cls(_read(file).get(server, {}))

    def keep(self, count: int, latency: int, runs: Sequence[Mapping[str, Cost | float]]) -> None:
        """Take the medians of some runs in."""
        self.cells.setdefault(str(count), {})[str(latency)] = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": machine(),
            "runs": len(runs),
            "operations": medians(runs),
        }

    def write(self, file: Path, server: str = SIMULATOR) -> None:
        """Write a server's part of the file."""
        whole = _read(file) | {server: self.cells}
        file.write_text(json.dumps(whole, indent=2, sort_keys=True) + "\n", encoding="utf-8")

    def counts(self) -> list[int]:
        """Return the numbers of accounts, the least first."""
        return sorted(map(int, self.cells))

    def cell(self, count: int, latency: int = 0) -> dict[str, Any]:
        """Return what was measured for a number of accounts, {} where nothing was."""
        return self.cells.get(str(count), {}).get(str(latency), {})

    def cost(self, count: int, operation: str, latency: int = 0) -> dict[str, Any]:
        """Return what an operation costs, {} where it was not measured."""
        found = self.cell(count, latency).get("operations", {}).get(operation, {})
        return found if isinstance(found, dict) else {}

    def wall(self, count: int, operation: str, latency: int = 0) -> float | None:
        """Return the seconds that an operation takes."""
        return self.cost(count, operation, latency).get("wall_seconds")


def servers(file: Path) -> dict[str, Results]:
    """Return the results of each server, the simulator's first, which may be empty."""
    found = _read(file)
    names = [SIMULATOR, *sorted(found.keys() - {SIMULATOR})]
    return {name: Results(found.get(name, {})) for name in names}


def _read(file: Path) -> dict[str, Cells]:
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def machine() -> str:
    """Return what it is measured on."""
    return f"{os.cpu_count()} cores, {_processor()}, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def medians(runs: Sequence[Mapping[str, Cost | float]]) -> dict[str, Any]:
    """Return for each operation the run whose wall time is the median, rounded."""
    found: dict[str, Any] = {}
    for name in runs[0]:
        measured = [run[name] for run in runs]
        costs = [cost for cost in measured if isinstance(cost, Cost)]
        if not costs:
            found[name] = round(statistics.median(cost for cost in measured if isinstance(cost, float)), 2)
            continue
        middle = sorted(costs, key=lambda cost: cost.wall_seconds)[(len(costs) - 1) // 2]
        found[name] = {
            key: round(value, 2) if isinstance(value, float) else value
            for key, value in asdict(middle).items()
        }
    return found
