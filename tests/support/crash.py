"""A small project behind the fault proxy: runs that are killed or cut, and whether the world is whole afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from tests.support.project import ROOT, STACK, Done

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.fault_proxy import Fault, FaultProxy
    from tests.support.project import Project

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
  roles: {{}}
gitlab:
  url: https://gitlab.example
  groups:
    orchestrator: {{id: 9, variables: {{VAULT_ADDR: "${{vault.address}}", NEXUS_REGISTRY: one.example}}}}
accounts:
  svc-one: {{purpose: One, push: [raw], path: /orchestrator/one/}}
  svc-two: {{purpose: Two, pull: [raw]}}
"""
# One change of every kind: selector, privilege, role, user, password, secret, policy, JWT role, variable.
CHANGES = (
    (
        "purpose: One, push: [raw], path: /orchestrator/one/",
        "purpose: Other, push: [raw], path: /other/, rotation: 2",
    ),
    ("purpose: Two, pull: [raw]", "purpose: Two, pull: [raw], push: [raw], rotation: 2"),
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
    """The project and the proxy. `run` starts `pulumi`, which the strikes of a fault then kill."""

    project: Project
    proxy: FaultProxy
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)
    _environment: dict[str, str] = field(default_factory=dict, repr=False)
    _survivors: list[int] = field(default_factory=list, repr=False)
    clean: str = ""
    _settings: Path = Path()

    def lay_out(self) -> None:
        """Point the project's YAML and settings at the proxy."""
        self.clean = _YAML.format(gitlab=self.project.address("gitlab"))
        self._settings = self.project.folder / f"Pulumi.{STACK}.yaml"
        settings = YAML().load(self._settings)
        registries = {"push_registry": "registry.example:8443", "pull_registry": "registry.example:8444"}
        settings["config"]["ciaccess:addresses"] = {**self.proxy.addresses, **registries}
        YAML().dump(settings, self._settings)
        self.project.extra["VAULT_ADDR"] = self.proxy.addresses["vault"]
        self.restore()
        self._environment = self.project.environment()

    def restore(self) -> None:
        """Declare the first state of things."""
        self.project.access.write_text(self.clean, encoding="utf-8")

    def change(self) -> None:
        """Declare one change of every kind."""
        for old, new in CHANGES:
            self.project.edit(old, new)

    def run(self, *words: str, faults: tuple[Fault, ...] = (), plain: bool = False) -> Done:
        """Run `pulumi` with these faults; `plain` leaves out what only runs of the program take."""
        self.proxy.expect(faults)
        settings = () if plain else ("--config-file", str(self._settings))
        command = ["pulumi", *words, "--stack", STACK, *settings, "--non-interactive"]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self._environment | self.project.extra,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        out, err = self._process.communicate(timeout=_RUN_SECONDS)
        return Done(self._process.returncode, out, err)

    def up(self, *words: str, faults: tuple[Fault, ...] = ()) -> Done:
        """Run `pulumi up`."""
        return self.run("up", "--yes", "--skip-preview", *words, faults=faults)

    def destroy(self, *faults: Fault) -> Done:
        """Run `pulumi destroy`."""
        return self.run("destroy", "--yes", "--skip-preview", faults=faults)

    def kill_all(self) -> None:
        """Kill the CLI and all that it started."""
        assert self._process
        kill([self._process.pid, *descendants(self._process.pid)])

    def freeze(self) -> None:
        """Stop the CLI, which then holds its lock until `thaw`."""
        assert self._process
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the CLI go on."""
        assert self._process
        os.kill(self._process.pid, signal.SIGCONT)

    def kill_cli(self) -> None:
        """Kill the CLI alone: the plugins find out by themselves."""
        assert self._process
        self._survivors = [*descendants(self._process.pid)]
        kill([self._process.pid])

    def bury(self) -> None:
        """Kill what outlived the CLI that started it."""
        kill(self._survivors)
        self._survivors = []

    def kill_plugins(self, *marks: str) -> Callable[[], None]:
        """Return what kills the plugins whose command lines bear one of these marks."""

        def strike() -> None:
            assert self._process
            below = descendants(self._process.pid)
            kill([pid for pid, line in below.items() if any(mark in line for mark in marks)])

        return strike

    def recover(self, *words: str) -> Done:
        """Run `./ciaccess recover`."""
        self.proxy.expect()
        settings = ("--config-file", str(self._settings))
        return self.project.run("./ciaccess", "recover", "--stack", STACK, *settings, *words)

    def locks(self) -> list[Path]:
        """Return the lock files of the state."""
        return list((self.project.state / "state" / ".pulumi" / "locks").rglob("*.json"))

    def inventory(self) -> set[str]:
        """Return all that a stack could have made, in all systems, by kind and name."""
        project = self.project
        found = {
            f"user {row['userId']}" for row in project.nexus("GET", "security/users?source=default").json()
        }
        found |= {f"role {row['id']}" for row in project.nexus("GET", "security/roles").json()}
        found |= {
            f"selector {row['name']}" for row in project.nexus("GET", "security/content-selectors").json()
        }
        privileges = project.nexus("GET", "security/privileges").json()
        found |= {f"privilege {row['name']}" for row in privileges if not row["readOnly"]}
        variables = project.gitlab("GET", "api/v4/groups/9/variables").json()
        found |= {f"variable {row['key']}" for row in variables}
        vault = project.vault()
        found |= {f"policy {name}" for name in vault.sys.list_policies()["data"]["policies"]}
        mounts = vault.sys.list_auth_methods()["data"]
        found |= {f"auth {name}" for name in mounts}
        if "jwt/" in mounts:
            found |= {f"JWT role {name}" for name in self._listed("auth/jwt/role")}
        return found | {f"secret {name}" for name in ACCOUNTS if self._is_readable(name)}

    def _is_readable(self, account: str) -> bool:
        read: Any = self.project.vault().read(f"secret/data/nexus/{account}")
        return bool(read and read["data"]["data"])

    def _listed(self, path: str) -> list[str]:
        found: Any = self.project.vault().list(path)
        return list(found["data"]["keys"]) if found else []

    def wipe(self) -> None:
        """Take away all that a stack made, and the state: for the test after one that failed."""
        project, vault = self.project, self.project.vault()
        shutil.rmtree(project.state / "state" / ".pulumi")
        self.run("stack", "init", "--no-select", plain=True).succeeded()
        if "jwt/" in vault.sys.list_auth_methods()["data"]:
            vault.sys.disable_auth_method("jwt")
        vault.sys.delete_policy("nexus-read-policy")
        for account in ACCOUNTS:
            vault.delete(f"secret/data/nexus/{account}")
        for kind, path in (
            ("user", "users"),
            ("role", "roles"),
            ("privilege", "privileges"),
            ("selector", "content-selectors"),
        ):
            for name in (each for each in self.inventory() if each.startswith(f"{kind} ")):
                project.nexus(
                    "DELETE", f"security/{path}/{name.partition(' ')[2]}"
                ) if "svc-" in name else None
        for key in ("VAULT_ADDR", "NEXUS_REGISTRY"):
            project.gitlab("DELETE", f"api/v4/groups/9/variables/{key}")
