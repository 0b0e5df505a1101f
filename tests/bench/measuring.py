"""What a command costs: wall time, processor time and peak memory of it and all its children, requests by system."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.project import ROOT, STACK

if TYPE_CHECKING:
    from tests.support.project import Project

_SAMPLE_SECONDS = 0.05
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """Seconds of the clock and of processors, megabytes at the peak, requests by system."""

    wall_seconds: float
    processor_seconds: float
    peak_megabytes: float
    requests: dict[str, int] = field(default_factory=dict)


class Meter:
    """Runs commands of a project and measures them. The servers of the local stack are not counted: others' children."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._environment = project.environment()
        audit = {"file_path": str(project.folder / "audit.log")}
        project.vault().sys.enable_audit_device("file", options=audit)

    def pulumi(self, *words: str) -> Cost:
        """Measure a `pulumi` command on the stack."""
        settings = ["--config-file", str(self._project.folder / f"Pulumi.{STACK}.yaml")]
        return self.run("pulumi", *words, "--stack", STACK, *settings, "--non-interactive")

    def run(self, *command: str, allowed: tuple[int, ...] = (0,)) -> Cost:
        """Measure a command.

        Raises:
            RuntimeError: it ended with another exit code; the text is what it printed.
        """
        self._forget_requests()
        before = os.times()
        began = time.monotonic()
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        ) as process:
            peak = _Peak(process.pid)
            peak.start()
            said, _ = process.communicate()
            peak.over.set()
            peak.join()
        wall = time.monotonic() - began
        after = os.times()
        if process.returncode not in allowed:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{said}")
        processor = (
            after.children_user + after.children_system - before.children_user - before.children_system
        )
        return Cost(wall, processor, peak.bytes / 1e6, self._requests())

    def state_megabytes(self) -> float:
        """Return the size of the stack's state."""
        files = self._project.state.glob(f"state/.pulumi/stacks/**/{STACK}.json*")
        return sum(path.stat().st_size for path in files if path.suffix != ".bak") / 1e6

    def _forget_requests(self) -> None:
        (self._project.folder / "audit.log").write_text("", encoding="ascii")
        self._project.nexus("DELETE", "../../../simulator/requests")
        self._project.gitlab("DELETE", "simulator/requests")

    def _requests(self) -> dict[str, int]:
        audited = (self._project.folder / "audit.log").read_text(encoding="utf-8").count('"type":"request"')
        nexus = self._project.nexus("GET", "../../../simulator/requests").json()["routes"]
        gitlab = self._project.gitlab("GET", "simulator/requests").json()["routes"]
        counted = {"vault": audited}
        for system, routes in (("nexus", nexus), ("gitlab", gitlab)):
            counted[system] = sum(number for route, number in routes.items() if "/simulator/" not in route)
        return counted


class _Peak(threading.Thread):
    """Samples the resident memory of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.bytes = 0
        self.over = threading.Event()

    def run(self) -> None:
        """Sample until it is over."""
        while not self.over.wait(_SAMPLE_SECONDS):
            self.bytes = max(self.bytes, self._resident())

    def _resident(self) -> int:
        parents: dict[int, int] = {}
        pages: dict[int, int] = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                fields = (entry / "stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            pages[int(entry.name)] = int(fields[21])
        family = {self._pid}
        while True:
            more = {pid for pid, parent in parents.items() if parent in family} - family
            if not more:
                return sum(pages.get(pid, 0) for pid in family) * _PAGE_BYTES
            family |= more
