"""A simulator as a process of its own, for tests: started on a free port, stopped, killed, restarted, controlled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import requests

from ciaccess.local_stack import processes

ROOT = Path(__file__).parents[3]
_ANSWER_SECONDS = 60
_START_SECONDS = 120


@dataclass
class SimulatorProcess:
    """A simulator on `data` and `port`; a subclass says which."""

    MODULE: ClassVar[str]
    READY_PATH: ClassVar[str]

    data: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(repr=False, default=None, kw_only=True)

    @property
    def url(self) -> str:
        """Return the address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """Return the file of the process's output."""
        return self.data.with_name(f"{self.data.name}.log")

    def options(self) -> list[str]:
        """Return what stands on the command line besides the data folder and the port."""
        return []

    def credentials(self) -> dict[str, Any]:
        """Return what `requests` is told to act as the administrator."""
        raise NotImplementedError

    def on_ready(self) -> None:
        """Learn what the process has made at its start."""

    def start(self) -> None:
        """Start the process and wait until it answers.

        Raises:
            RuntimeError: it ended, or never answered; its output is in `<data>.log`.
        """
        command = [sys.executable, "-m", self.MODULE, "--data", str(self.data), "--port", str(self.port)]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*command, *self.options()], cwd=ROOT, stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                requests.get(f"{self.url}{self.READY_PATH}", timeout=1).raise_for_status()
            except requests.RequestException:
                time.sleep(0.02)
                continue
            self.on_ready()
            return
        self.kill()
        raise RuntimeError(f"{self.MODULE} did not start:\n{self.log.read_text(encoding='utf-8')}")

    def stop(self) -> None:
        """End the process as an operator does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the process without warning."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Start the process again on its data and port, whatever state it is in."""
        self.stop()
        self.start()

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                os.kill(self.process.pid, number)
            self.process.wait(timeout=_ANSWER_SECONDS)
            self.process = None

    def fail_next(self, status: int, count: int = 1, **options: Any) -> None:
        """Answer the next `count` requests with this status; `options`: the other fields of simulators.shared's Fault."""
        self.control("POST", "faults", {"status": status, "count": count} | options)

    def requests(self) -> dict[str, int]:
        """Return how often each route was asked since the last `forget_requests`."""
        return dict(self.control("GET", "requests")["routes"])

    def forget_requests(self) -> None:
        """Count from nothing again."""
        self.control("DELETE", "requests")

    def control(self, method: str, name: str, body: Any = None) -> Any:
        """Call one of the simulator's own routes as its administrator; return its JSON, None where there is none."""
        address = f"{self.url}/simulator/{name}"
        answer = requests.request(method, address, json=body, timeout=_ANSWER_SECONDS, **self.credentials())
        if not answer.ok:
            raise RuntimeError(f"{method} /simulator/{name}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on, chosen as the local stack chooses one."""
    return processes.free_port()
