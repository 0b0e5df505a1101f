"""The GitLab simulator as a process of its own, for tests: started on a free port, stopped, killed, restarted."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parents[2]
_ANSWER_SECONDS = 10
_START_SECONDS = 15


@dataclass
class GitlabProcess:
    """A simulator on `data`; `url` is its address and, unless told otherwise, its issuer."""

    data: Path
    port: int
    tier: str
    external_url: str | None
    root_token: str = field(repr=False, default="")
    process: subprocess.Popen[bytes] | None = field(repr=False, default=None)

    @property
    def url(self) -> str:
        """Return the address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process and wait until it answers.

        Raises:
            RuntimeError: it ended, or never answered; its output is in `<data>.log`.
        """
        command = [sys.executable, "-m", "local.gitlab_simulator", "--data", str(self.data)]
        command += ["--port", str(self.port), "--tier", self.tier]
        if self.external_url:
            command += ["--external-url", self.external_url]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                requests.get(f"{self.url}/.well-known/openid-configuration", timeout=1).raise_for_status()
            except requests.RequestException:
                time.sleep(0.02)
                continue
            self.root_token = (self.data / "root-token").read_text(encoding="ascii")
            return
        self.kill()
        raise RuntimeError(f"the GitLab simulator did not start:\n{self.log.read_text(encoding='utf-8')}")

    @property
    def log(self) -> Path:
        """Return the file of the process's output."""
        return self.data.with_name(f"{self.data.name}.log")

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

    def seed(self, **things: list[dict[str, Any]]) -> dict[str, Any]:
        """Make groups, projects, users, tokens; return `{groups: {path: id}, projects: …, tokens: {name: token}}`."""
        return dict(self.control("POST", "seed", things))

    def mint(self, project: str | int, ref: str = "main", **options: Any) -> str:
        """Return an id_token of a job; `options` as /simulator/id_token takes them, the audience is `url` by default."""
        return str(self.mint_with_claims(project, ref, **options)["id_token"])

    def mint_with_claims(self, project: str | int, ref: str = "main", **options: Any) -> dict[str, Any]:
        """Return `{id_token, claims}`."""
        return dict(
            self.control("POST", "id_token", {"project": project, "ref": ref, "audience": self.url} | options)
        )

    def fail_next(self, status: int, count: int = 1, **options: Any) -> None:
        """Answer the next `count` requests with this status; `options`: headers, body, method, path, delay_seconds."""
        self.control("POST", "faults", {"status": status, "count": count} | options)

    def requests(self) -> dict[str, int]:
        """Return how often each route was asked since the last `forget_requests`."""
        return dict(self.control("GET", "requests")["routes"])

    def forget_requests(self) -> None:
        """Count from nothing again."""
        self.control("DELETE", "requests")

    def control(self, method: str, name: str, body: Any = None) -> Any:
        """Call one of the simulator's own routes as root; return its JSON, None where there is none."""
        answer = requests.request(
            method,
            f"{self.url}/simulator/{name}",
            json=body,
            headers={"PRIVATE-TOKEN": self.root_token},
            timeout=_ANSWER_SECONDS,
        )
        if not answer.ok:
            raise RuntimeError(f"{method} /simulator/{name}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None


def start_gitlab(tmp_path: Path, tier: str = "free", external_url: str | None = None) -> GitlabProcess:
    """Start a simulator with its data under `tmp_path/gitlab`, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    gitlab = GitlabProcess(tmp_path / "gitlab", port, tier, external_url)
    gitlab.start()
    return gitlab
