"""What a command costs: wall time, processor time and peak memory of it and all its children, requests by system."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.project.project import ROOT, STACK
from tests.support.servers.latency_proxy import LatencyProxy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.project.project import Project

_SAMPLE_SECONDS = 0.1
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# The simulators' own controls, below the paths that Project asks.
_NEXUS_CONTROLS, _GITLAB_CONTROLS = "../../../simulator", "simulator"
_EVERY = 1_000_000_000
_SECURITY = "/service/rest/v1/security/"
_LISTS = tuple(f"GET {_SECURITY}{kind}" for kind in ("users", "roles", "privileges", "content-selectors"))
_LOGINS = "GET /service/rest/v1/status"
# A line of a real Nexus's request log.
_LOGGED = re.compile(r'"(?P<method>[A-Z]+) (?P<path>/[^ ?"]*)[^"]* HTTP/')


@dataclass(frozen=True)
class Cost:
    """Seconds of the clock and of processors, megabytes at the peak, requests by system, Nexus's by what they ask."""

    wall_seconds: float
    processor_seconds: float
    peak_megabytes: float
    requests: dict[str, int] = field(default_factory=dict)


class Meter:
    """Runs commands of a project and measures them. The servers of the local stack are not counted: others' children."""

    def __init__(self, project: Project, nexus: str = "") -> None:
        """`nexus` is the version of a real Nexus, "" for the simulator."""
        self._project = project
        self._nexus_log = project.local / "nexus" / "log" / "request.log" if nexus else None
        audit = {"file_path": str(project.folder / "audit.log")}
        project.vault().sys.enable_audit_device("file", options=audit)

    @contextmanager
    def latency(self, milliseconds: int) -> Iterator[None]:
        """Let each request to any system take longer by so much; nothing stands in between where that is 0.

        The simulators wait by themselves, and a proxy holds back what is sent to Vault.
        """
        if not milliseconds:
            yield
            return
        late = {"count": _EVERY, "status": 0, "delay_seconds": milliseconds / 1000}
        self._project.nexus("POST", f"{_NEXUS_CONTROLS}/faults", json=late).raise_for_status()
        self._project.gitlab("POST", f"{_GITLAB_CONTROLS}/faults", json=late).raise_for_status()
        with LatencyProxy({"vault": self._project.address("vault")}, milliseconds / 1000) as proxy:
            file = self._project.local / "addresses.json"
            own = json.loads(file.read_text(encoding="utf-8"))
            file.write_text(json.dumps({**own, **proxy.addresses}), encoding="utf-8")
            self._project.extra["VAULT_ADDR"] = proxy.addresses["vault"]
            yield

    @contextmanager
    def without_vault(self) -> Iterator[None]:
        """Let Vault be down."""
        processes = json.loads((self._project.local / "stack.json").read_text(encoding="utf-8"))["pids"]
        os.kill(processes["vault"], signal.SIGKILL)
        yield
        self._project.ciaccess("local", "start").succeeded()

    def empty_program(self) -> Cost:
        """Measure an `up` without changes of a program that declares nothing: no command of ours can be faster."""
        folder = self._project.folder / "empty"
        folder.mkdir()
        runtime = {"name": "python", "options": {"virtualenv": str(ROOT / ".venv")}}
        (folder / "Pulumi.yaml").write_text(
            json.dumps({"name": "empty", "runtime": runtime}), encoding="ascii"
        )
        (folder / "__main__.py").touch()
        command = ("pulumi", "--cwd", str(folder), "--non-interactive")
        self.run(*command, "stack", "init", "empty")
        up = (*command, "up", "--yes", "--skip-preview", "--stack", "empty")
        self.run(*up)
        return self.run(*up)

    def pulumi(self, *words: str, allowed: tuple[int, ...] = (0,), until: str = "") -> Cost:
        """Measure a `pulumi` command on the stack; raises as `run` does."""
        settings = ["--config-file", str(self._project.folder / f"Pulumi.{STACK}.yaml")]
        command = ("pulumi", *words, "--stack", STACK, *settings, "--non-interactive")
        return self.run(*command, allowed=allowed, until=until)

    def run(self, *command: str, allowed: tuple[int, ...] = (0,), until: str = "") -> Cost:
        """Measure a command; the wall time is that until it ends, or until it prints `until`.

        Raises:
            RuntimeError: it ended with another exit code, or never printed that; the text is what it printed.
        """
        self._forget_requests()
        environment = self._project.environment()
        before = os.times()
        began = time.monotonic()
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        ) as process:
            peak = _Peak(process.pid)
            peak.start()
            lines, wall = [], 0.0
            for line in process.stdout or ():
                lines.append(line)
                if until and not wall and until in line:
                    wall = time.monotonic() - began
            process.wait()
            wall = wall if until else time.monotonic() - began
            peak.over.set()
            peak.join()
        after = os.times()
        if process.returncode not in allowed or not wall:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{''.join(lines)}")
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
        if self._nexus_log:
            self._nexus_log.write_text("", encoding="ascii")
        else:
            self._project.nexus("DELETE", f"{_NEXUS_CONTROLS}/requests")
        self._project.gitlab("DELETE", f"{_GITLAB_CONTROLS}/requests")

    def _requests(self) -> dict[str, int]:
        audited = (self._project.folder / "audit.log").read_text(encoding="utf-8").count('"type":"request"')
        if self._nexus_log:
            nexus = logged(self._nexus_log.read_text(encoding="utf-8"))
        else:
            nexus = self._project.nexus("GET", f"{_NEXUS_CONTROLS}/requests").json()["routes"]
        gitlab = self._project.gitlab("GET", f"{_GITLAB_CONTROLS}/requests").json()["routes"]
        others = sum(number for route, number in gitlab.items() if "/simulator/" not in route)
        return {"vault": audited, "gitlab": others, **by_question(nexus)}


def logged(log: str) -> Counter[str]:
    """Return the requests of a real Nexus's request log by method and path."""
    return Counter(f"{found['method']} {found['path']}" for found in _LOGGED.finditer(log))


def by_question(routes: Mapping[str, int]) -> dict[str, int]:
    """Return requests to Nexus by what they ask: lists, logins, other reads, writes."""
    found = Counter({"nexus lists": 0, "nexus logins": 0, "nexus reads": 0, "nexus writes": 0})
    for route, number in routes.items():
        if "/simulator/" in route:
            continue
        kind = "lists" if route in _LISTS else "logins" if route == _LOGINS else "writes"
        if kind == "writes" and route.startswith("GET "):
            kind = "reads"
        found[f"nexus {kind}"] += number
    return dict(found)


class _Peak(threading.Thread):
    """Samples the resident memory of a process and its descendants; pages that several of them share count for each."""

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
