"""A checkout's project with a local stack of its own: state, data, ports, YAML and settings all under one folder.

What a test runs is what a user runs: `./ciaccess` and plain `pulumi`, in the environment of `make env`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import hvac
import requests
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[3]
STACK = "local"
_COMMAND_SECONDS = 480
_ANSWER_SECONDS = 60
# What the developer who runs the tests has set must not reach the stack under test.
_FOREIGN = ("PULUMI_", "VAULT_", "NEXUS_", "GITLAB_", "CIACCESS_")


@dataclass(frozen=True)
class Done:
    """A command that ended: its exit code and all that it printed."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Return both outputs."""
        return f"{self.out}\n{self.err}"

    def succeeded(self) -> Done:
        """Return this; fail with the output where the exit code is not 0."""
        assert self.code == 0, self.text
        return self

    def json(self) -> Any:
        """Return standard output as JSON."""
        return json.loads(self.out)


@dataclass
class Project:
    """The project on `folder`. `access` is the YAML it provisions: a copy of the organisation's, to be edited."""

    folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    _evaluated: dict[str, str] = field(default_factory=dict, repr=False)
    _written: list[int] = field(default_factory=list, repr=False)

    @property
    def access(self) -> Path:
        """Return the YAML's file."""
        return self.folder / "access.yaml"

    @property
    def state(self) -> Path:
        """Return the state directory."""
        return self.folder / "state"

    @property
    def local(self) -> Path:
        """Return the folder of the local stack's data and credentials."""
        return self.state / "local"

    def create(self, access: str = "access.yaml") -> None:
        """Lay out the folder: a YAML of config/ and the settings of the stack `local` that point at it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.access.write_bytes((ROOT / "config" / access).read_bytes())
        settings = YAML().load(ROOT / "config" / f"Pulumi.{STACK}.yaml")
        settings["config"]["ciaccess:access"] = str(self.access)
        YAML().dump(settings, self.folder / f"Pulumi.{STACK}.yaml")

    def edit(self, old: str, new: str) -> None:
        """Replace a text of the YAML that stands there exactly once."""
        text = self.access.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {self.access}"
        self.access.write_text(text.replace(old, new), encoding="utf-8")

    @cached_property
    def _base_environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        return {**own, "CIACCESS_STATE_DIR": str(self.state)}

    def environment(self) -> dict[str, str]:
        """Return what `eval "$(make -s env)"` makes of a clean environment, with `extra` on top.

        It is evaluated again where a file that it is made of has changed.
        """
        files = (self.state / "passphrase", self.local / "environment.sh", self.local / "vault-token")
        written = [file.stat().st_mtime_ns if file.exists() else 0 for file in files]
        if not written[0] or written != self._written:
            self._evaluated, self._written = self._evaluate(), written
        return {**self._evaluated, **self.extra}

    def _evaluate(self) -> dict[str, str]:
        script = subprocess.run(
            [sys.executable, "-m", "ciaccess.environment"],
            cwd=ROOT,
            env=self._base_environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        shown = subprocess.run(
            ["sh", "-c", f"{script}\nenv -0"],
            env=self._base_environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return dict(line.split("=", 1) for line in shown.split("\0") if line)

    def run(self, *command: str, without: tuple[str, ...] = ()) -> Done:
        """Run a command in the project's folder and environment, without the variables named."""
        variables = {name: value for name, value in self.environment().items() if name not in without}
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMAND_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def ciaccess(self, *words: str) -> Done:
        """Run `./ciaccess`."""
        return self.run("./ciaccess", *words)

    def start(self, nexus: str = "") -> None:
        """Start the local stack on free ports, with this version of a real Nexus if any, and make the Pulumi stack."""
        real = ("--nexus", nexus) if nexus else ()
        self.ciaccess("local", "start", "--free-ports", *real).succeeded()
        self.run("pulumi", "stack", "init", STACK, "--no-select", "--non-interactive").succeeded()

    def stop(self) -> None:
        """Stop the local stack."""
        self.ciaccess("local", "stop").succeeded()

    def pulumi(self, *words: str, without: tuple[str, ...] = ()) -> Done:
        """Run `pulumi` on the stack, with the settings that name this project's YAML."""
        settings = ["--config-file", str(self.folder / f"Pulumi.{STACK}.yaml")]
        return self.run("pulumi", *words, "--stack", STACK, *settings, "--non-interactive", without=without)

    def inspect(self, *words: str) -> Done:
        """Run `pulumi stack …` on the stack; these words know no settings file."""
        return self.run("pulumi", "stack", *words, "--stack", STACK, "--non-interactive")

    def up(self, *words: str) -> Done:
        """Run `pulumi up --yes`."""
        return self.pulumi("up", "--yes", "--skip-preview", *words)

    def preview(self, *words: str) -> Done:
        """Run `pulumi preview --refresh --expect-no-changes`: 0 nothing to do, 7 something to do."""
        return self.pulumi("preview", "--refresh", "--expect-no-changes", *words)

    def address(self, listener: str) -> str:
        """Return where a part of the local stack listens."""
        ports = json.loads((self.local / "stack.json").read_text(encoding="utf-8"))["ports"]
        return f"http://127.0.0.1:{ports[listener]}"

    def credential(self, name: str) -> str:
        """Return a credential of the local stack: vault-token, nexus-password, gitlab-token."""
        return (self.local / name).read_text(encoding="ascii")

    def vault(self) -> hvac.Client:
        """Return Vault's client with root's token."""
        return hvac.Client(url=self.address("vault"), token=self.credential("vault-token"))

    def nexus(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask Nexus's REST API as the administrator, or as `auth` says."""
        options.setdefault("auth", ("admin", self.credential("nexus-password")))
        url = f"{self.address('nexus')}/service/rest/v1/{path}"
        return requests.request(method, url, timeout=_ANSWER_SECONDS, **options)

    def gitlab(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask GitLab as root; `path` starts after the host."""
        headers = {"PRIVATE-TOKEN": self.credential("gitlab-token")}
        url = f"{self.address('gitlab')}/{path}"
        return requests.request(method, url, timeout=_ANSWER_SECONDS, headers=headers, **options)

    def secret(self, account: str) -> dict[str, str]:
        """Return an account's secret as Vault has it."""
        read = self.vault().secrets.kv.v2.read_secret_version(
            f"nexus/{account}", mount_point="secret", raise_on_deleted_version=True
        )
        return dict(read["data"]["data"])

    def accepts(self, account: str) -> bool:
        """Tell whether Nexus lets in who has read the account's secret."""
        secret = self.secret(account)
        return self.nexus("GET", "status", auth=(secret["username"], secret["password"])).ok
