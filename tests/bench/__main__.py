"""`make bench`: what each command costs with 8, 100 and 1,000 accounts, written to docs/performance.json, .md and .svg.

Three runs, each on a stack of its own, the median of each operation; never part of the tests, which would measure their
neighbours. What is finished is kept, so that it may be interrupted.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import accounts, operations, plot, report
from tests.bench.results import Results
from tests.support.project.project import ROOT, Project

if TYPE_CHECKING:
    from tests.bench.measuring import Cost

DOCS = ROOT / "docs"


def main() -> int:
    """Measure, and write the results, the page and the plot."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, nargs="+", default=[8, 100, 1000])
    parser.add_argument("--latency", type=int, nargs="+", default=[0, 20], help="milliseconds a request")
    parser.add_argument("--runs", type=int, default=3, help="0: write page and plot anew")
    parser.add_argument("--into", type=Path, default=DOCS, help="the folder of the results")
    asked = parser.parse_args()
    results = Results.of(asked.into / "performance.json")
    for count in asked.accounts:
        for latency in asked.latency:
            if runs := [_run(count, latency) for _ in range(asked.runs)]:
                results.keep(count, latency, runs)
                _write(results, asked.into)
    _write(results, asked.into)
    return 0


def _run(count: int, latency: int) -> dict[str, Cost | float]:
    with tempfile.TemporaryDirectory(prefix="ciaccess-bench-") as folder:
        project = Project(Path(folder))
        project.create()
        accounts.write(project.access, count)
        project.start()
        try:
            accounts.seed_groups(project, count)
            return dict(operations.of_a_run(project, count, latency))
        finally:
            project.stop()


def _write(results: Results, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    results.write(folder / "performance.json")
    (folder / "performance.md").write_text(report.page(results), encoding="utf-8")
    (folder / "performance.svg").write_text(plot.drawing(results), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
