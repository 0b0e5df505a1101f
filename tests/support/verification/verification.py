"""`./ciaccess verify` on a project's stack, and what it said."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project.project import Done, Project


@dataclass(frozen=True)
class Verified:
    """A run that ended, with its report."""

    done: Done
    report: dict[str, Any]
    seconds: float = 0.0

    @property
    def code(self) -> int:
        """Return the exit code."""
        return self.done.code

    def titles(self, outcome: str) -> set[tuple[str, str]]:
        """Return (subject, title) of the results with this outcome."""
        return {
            (result["subject"], result["title"])
            for result in self.report["results"]
            if result["outcome"] == outcome
        }

    def said(self, subject: str, title: str) -> str:
        """Return what was said of one try."""
        (found,) = [
            result["said"]
            for result in self.report["results"]
            if (result["subject"], result["title"]) == (subject, title)
        ]
        return str(found)


@dataclass(frozen=True)
class Verifier:
    """Runs the command in the project."""

    project: Project

    def run(self, *words: str) -> Done:
        """Run it on the local stack."""
        return self.project.ciaccess("verify", *words, "--stack", "local", "--file", str(self.project.access))

    def report(self, *words: str) -> Verified:
        """Run it with --json."""
        began = time.monotonic()
        done = self.run(*words, "--json")
        assert done.out, done.err
        return Verified(done, done.json(), time.monotonic() - began)

    def elsewhere(self, token: str | None, *words: str, **variables: str) -> Done:
        """Run it as a job does that knows of no local stack: the addresses stand in the YAML, the token in a variable."""
        self.project.extra = {**({"VAULT_ID_TOKEN": token} if token else {}), **variables}
        foreign = ("NEXUS_USERNAME", "NEXUS_PASSWORD_FILE", "GITLAB_TOKEN_FILE", "VAULT_TOKEN")
        without = tuple(name for name in foreign if name not in variables)
        try:
            return self.project.run(
                "./ciaccess", "verify", *words, "--file", str(self.deployed_access()), without=without
            )
        finally:
            self.project.extra = {}

    def deployed_access(self) -> Path:
        """Return the project's YAML with the stack's addresses in place of the organisation's."""
        addresses = {
            "address: https://vault.shared.cwiq.io": f"address: {self.project.address('vault')}",
            "url: https://nexus.shared.cwiq.io": f"url: {self.project.address('nexus')}",
            "url: https://gitlab.shared.cwiq.io": f"url: {self.project.address('gitlab')}",
            "nexus.shared.cwiq.io:8443": self.project.address("nexus_push").removeprefix("http://"),
            "nexus.shared.cwiq.io:8444": self.project.address("nexus_pull").removeprefix("http://"),
        }
        text = self.project.access.read_text(encoding="utf-8")
        for old, new in addresses.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        # The schema's comment is relative to config/.
        path = self.project.folder / "deployed.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def kill(self, service: str) -> None:
        """Kill a service of the project's own stack."""
        os.kill(self._pid(service), signal.SIGKILL)

    def start(self) -> None:
        """Start what does not run, Vault unsealed."""
        self.project.ciaccess("local", "start").succeeded()

    def _pid(self, service: str) -> int:
        rows = self.project.ciaccess("local", "status", "--json").json()
        return int(next(row["pid"] for row in rows if row["service"] == service))
