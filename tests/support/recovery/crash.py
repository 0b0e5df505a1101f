"""A small project behind the fault proxy: runs that are killed or cut, and whether the world is whole afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from tests.support.project.project import ROOT, STACK, Done

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.project.project import Project
    from tests.support.servers.fault_proxy import Fault, FaultProxy

ACCOUNTS = ("svc-one", "svc-two")
# A full disk is tried again for half a minute at each write of the state.
_RUN_SECONDS = 900

_YAML = """\
version: 1
vault:
  address: https://vault.example
  kv: {{mount: secret, prefix: nexus}}
  jwt: {{mount: jwt, issuer: {gitlab}, discovery_url: {gitlab}}}
  roles:
    nexus-ci:
      policy: nexus-read-policy
      bound_audiences: [https://gitlab.example]
      bound_claims: {{namespace_path: [orchestrator, orchestrator/*]}}
      token_ttl: 10m
      accounts: [svc-one, svc-two]
nexus:
  url: https://nexus.example
  push_registry: nexus.example:8443
  pull_registry: nexus.example:8444
  repositories:
    raw: {{dev: raw-dev, uat: raw-uat, prod: raw-prod}}
  roles:
    nx-pull-raw: {{description: Pull raw, pull: [raw]}}
gitlab:
  url: https://gitlab.example
  groups:
    orchestrator: {{id: 9, variables: {{VAULT_ADDR: "${{vault.address}}", NEXUS_REGISTRY: one.example}}}}
accounts:
  svc-one: {{purpose: One, push: [raw], path: /orchestrator/one/, roles: [nx-pull-raw]}}
  svc-two: {{purpose: Two, pull: [raw], rotation: {{strategy: in-place}}}}
"""
# One change of every kind: selector, privilege, roles, users, passwords, secrets, policy, JWT role, variable.
CHANGES = (
    (
        "purpose: One, push: [raw], path: /orchestrator/one/",
        "purpose: Other, push: [raw], path: /other/, rotation: {count: 2}",
    ),
    (
        "purpose: Two, pull: [raw], rotation: {",
        "purpose: Two, pull: [raw], push: [raw], rotation: {count: 2, ",
    ),
    ("description: Pull raw, pull: [raw]", "description: Pull all, pull: all"),
    ("token_ttl: 10m", "token_ttl: 20m"),
    ("NEXUS_REGISTRY: one.example", "NEXUS_REGISTRY: two.example"),
)


def descendants(pid: int) -> dict[int, str]:
    """Return the processes below one, by id with their command lines."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name in parentheses may hold anything; the parent stands two fields after it.
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found: dict[int, str] = {}
    heads = [pid]
    while heads:
        heads = [child for child, parent in parents.items() if parent in heads]
        for child in heads:
            with contextlib.suppress(OSError):
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def kill(pids: list[int]) -> None:
    """Kill these processes, without a chance to say anything."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@dataclass
class Site:
    """The project and the proxy. `run` starts `pulumi`, `ciaccess` a command, which the strikes of a fault then kill."""

    project: Project
    proxy: FaultProxy
    process: subprocess.Popen[str] | None = field(default=None, repr=False)
    _environment: dict[str, str] = field(default_factory=dict, repr=False)
    _survivors: list[int] = field(default_factory=list, repr=False)
    _is_system_dead: bool = False
    clean: str = ""
    _settings: Path = Path()

    def lay_out(self) -> None:
        """Point the project's YAML and settings at the proxy."""
        self.clean = _YAML.format(gitlab=self.project.address("gitlab"))
        self._settings = self.project.folder / f"Pulumi.{STACK}.yaml"
        settings = YAML().load(self._settings)
        settings["config"]["ciaccess:addresses"] = self._addresses
        YAML().dump(settings, self._settings)
        self._publish()
        proxied = self.proxy.addresses
        self.project.extra |= {
            "VAULT_ADDR": proxied["vault"],
            "NEXUS_URL": proxied["nexus"],
            "GITLAB_URL": proxied["gitlab"],
        }
        self.restore()
        self._environment = self.project.environment()

    @property
    def _addresses(self) -> dict[str, str]:
        registries = {"push_registry": "registry.example:8443", "pull_registry": "registry.example:8444"}
        return {**self.proxy.addresses, **registries}

    def _publish(self) -> None:
        """Lead the commands that take no settings to the proxy, too."""
        (self.project.local / "addresses.json").write_text(json.dumps(self._addresses), encoding="utf-8")

    def restore(self) -> None:
        """Declare the first state of things."""
        self.project.access.write_text(self.clean, encoding="utf-8")

    def change(self) -> None:
        """Declare one change of every kind."""
        for old, new in CHANGES:
            self.project.edit(old, new)

    def run(self, *words: str, faults: tuple[Fault, ...] = (), plain: bool = False) -> Done:
        """Run `pulumi` with these faults; `plain` leaves out what only runs of the program take."""
        settings = () if plain else self.settings
        return self.execute("pulumi", *words, "--stack", STACK, *settings, "--non-interactive", faults=faults)

    def ciaccess(self, *words: str, faults: tuple[Fault, ...] = ()) -> Done:
        """Run `./ciaccess` on the stack with these faults."""
        return self.execute("./ciaccess", *words, "--stack", STACK, *self.settings, faults=faults)

    def execute(self, *command: str, faults: tuple[Fault, ...] = ()) -> Done:
        """Run a command with these faults, whose strikes may kill it."""
        self.proxy.expect(faults)
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self._environment | self.project.extra,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with self.process as process:
            try:
                out, err = process.communicate(timeout=_RUN_SECONDS)
            except BaseException:
                self.kill_all()
                raise
        return Done(process.returncode, out, err)

    @property
    def settings(self) -> tuple[str, str]:
        """Return the words that name the stack's settings."""
        return ("--config-file", str(self._settings))

    def up(self, *words: str, faults: tuple[Fault, ...] = ()) -> Done:
        """Run `pulumi up`."""
        return self.run("up", "--yes", "--skip-preview", *words, faults=faults)

    def destroy(self, *faults: Fault) -> Done:
        """Run `pulumi destroy`."""
        return self.run("destroy", "--yes", "--skip-preview", faults=faults)

    def kill_all(self) -> None:
        """Kill the command and all that it started."""
        assert self.process
        kill([self.process.pid, *descendants(self.process.pid)])

    def freeze(self) -> None:
        """Stop the engine, which then holds its lock until `thaw`."""
        os.kill(self.engine, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the engine go on."""
        os.kill(self.engine, signal.SIGCONT)

    @property
    def engine(self) -> int:
        """Return the process of `pulumi`, which a command of ours may have started."""
        assert self.process
        pid = self.process.pid
        return next((child for child, line in descendants(pid).items() if line.startswith("pulumi ")), pid)

    def kill_engine(self) -> None:
        """Kill the engine alone: the plugins find out by themselves."""
        engine = self.engine
        self._survivors = [*descendants(engine)]
        kill([engine])

    def kill_command(self) -> None:
        """Kill the command alone, which may have started an engine."""
        assert self.process
        self._survivors = [*descendants(self.process.pid)]
        kill([self.process.pid])

    def bury(self) -> None:
        """Kill what outlived whoever started it, and start a system again that was killed."""
        kill(self._survivors)
        self._survivors = []
        if self._is_system_dead:
            self._is_system_dead = False
            self.project.ciaccess("local", "start").succeeded()
            self._publish()

    def kill_plugins(self, *marks: str) -> Callable[[], None]:
        """Return what kills the plugins whose command lines bear one of these marks."""

        def strike() -> None:
            assert self.process
            below = descendants(self.process.pid)
            kill([pid for pid, line in below.items() if any(mark in line for mark in marks)])

        return strike

    def kill_system(self, system: str) -> Callable[[], None]:
        """Return what kills a system of the local stack; `bury` starts it again on its data."""

        def strike() -> None:
            stack = json.loads((self.project.local / "stack.json").read_text(encoding="utf-8"))
            self._is_system_dead = True
            kill([stack["pids"][system]])

        return strike

    def recover(self, *words: str) -> Done:
        """Run `./ciaccess recover`."""
        return self.ciaccess("recover", *words)

    def locks(self) -> list[Path]:
        """Return the lock files of the state."""
        return list((self.project.state / "state" / ".pulumi" / "locks").rglob("*.json"))
