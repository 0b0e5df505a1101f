"""`make bench`: what each command costs with 8, 100 and 1,000 accounts, written to docs/performance.json, .md and .svg.

Three runs, each on a stack of its own, the median of each operation; never part of the tests, which would measure their
neighbours. With --nexus on a real server, which has no latency of its own to set. What is finished is kept, so that it may be
interrupted.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import accounts, operations, plot, report
from tests.bench.results import SIMULATOR, Results, servers
from tests.support.project.project import ROOT, Project

if TYPE_CHECKING:
    from tests.bench.measuring import Cost

DOCS = ROOT / "docs"
# A production server compiles with both of Java's compilers; the local stack's saves itself the second.
_JAVA = {"EXTRA_JAVA_OPTS": "-XX:TieredStopAtLevel=4"}


def main() -> int:
    """Measure, and write the results, the page and the plot."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, nargs="+", default=[8, 100, 1000])
    parser.add_argument(
        "--latency", type=int, nargs="+", help="milliseconds a request; default: 0 20, real Nexus: 0"
    )
    parser.add_argument(
        "--nexus", default="", metavar="VERSION", help="measure on a real Nexus, such as 3.71.0"
    )
    parser.add_argument("--runs", type=int, default=3, help="0: write page and plot anew")
    parser.add_argument("--into", type=Path, default=DOCS, help="the folder of the results")
    asked = parser.parse_args()
    if asked.nexus and any(asked.latency or ()):
        parser.error("--latency: only the simulator can wait; leave it out with --nexus")
    server = f"Nexus {asked.nexus}" if asked.nexus else SIMULATOR
    file = asked.into / "performance.json"
    results = Results.of(file, server)
    for count in asked.accounts:
        for latency in asked.latency or ([0] if asked.nexus else [0, 20]):
            if runs := [_run(count, latency, asked.nexus) for _ in range(asked.runs)]:
                results.keep(count, latency, runs)
                _write(results, file, server)
    _write(results, file, server)
    return 0


def _run(count: int, latency: int, nexus: str) -> dict[str, Cost | float]:
    with tempfile.TemporaryDirectory(prefix="ciaccess-bench-") as folder:
        project = Project(Path(folder), extra=dict(_JAVA))
        project.create(f"local/nexus-{nexus}.yaml" if nexus else "access.yaml")
        accounts.write(project.access, count)
        try:
            project.start(nexus)
            accounts.seed_groups(project, count)
            return dict(operations.of_a_run(project, count, latency, nexus))
        finally:
            project.stop()


def _write(results: Results, file: Path, server: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    results.write(file, server)
    measured = servers(file)
    file.with_suffix(".md").write_text(report.page(measured), encoding="utf-8")
    file.with_suffix(".svg").write_text(plot.drawing(report.most_real(measured)), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
