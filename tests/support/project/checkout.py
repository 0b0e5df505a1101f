"""A copy of the checkout for what writes into its config/: the stack `prod` on a local stack's systems, and a shell in it.

The shell is one for a whole runbook: what a block exports, the next one has.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from tests.support.project.project import ROOT, Done

if TYPE_CHECKING:
    from tests.support.project.project import Project

STACK = "prod"
ACCOUNTS = ("svc-one", "svc-two")
_ACCESS = """\
version: 1
vault:
  address: https://vault.example
  jwt: {issuer: "${gitlab.url}", discovery_url: "${gitlab.url}"}
  roles:
    nexus-ci:
      policy: nexus-read-policy
      bound_audiences: [https://gitlab.example]
      bound_claims: {namespace_path: [orchestrator, orchestrator/*]}
      accounts: [svc-one, svc-two]
nexus:
  url: https://nexus.example
  push_registry: nexus.example:8443
  pull_registry: nexus.example:8444
  repositories:
    raw: {dev: raw-dev, uat: raw-uat, prod: raw-prod}
gitlab:
  url: https://gitlab.example
  groups:
    orchestrator: {id: 9, variables: {VAULT_ADDR: "${vault.address}"}}
accounts:
  svc-one: {purpose: One, push: [raw], path: /orchestrator/one/}
  svc-two: {purpose: Two, pull: [raw]}
pipeline:
  project: orchestrator/ciaccess
  audience: https://vault.shared.cwiq.io
"""
_SHELL_SECONDS = 240


_WHO = {"NAME": "tests", "EMAIL": "tests@example.invalid"}
_GIT = ("git", "-c", f"user.name={_WHO['NAME']}", "-c", f"user.email={_WHO['EMAIL']}")


def copy_checkout(folder: Path) -> None:
    """Copy what git would commit here, uncommitted edits included."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def share_environment(folder: Path) -> None:
    """Give a copy of the checkout the packages of our own environment, and its own `ciaccess` before ours."""
    ours, theirs = ROOT / ".venv", folder / ".venv"
    python = min((ours / "lib").iterdir()).name
    packages = theirs / "lib" / python / "site-packages"
    packages.mkdir(parents=True)
    (packages / "copy.pth").write_text(
        f"{folder / 'src'}\n{ours / 'lib' / python / 'site-packages'}\n", encoding="utf-8"
    )
    shutil.copy2(ours / "pyvenv.cfg", theirs)
    (theirs / "bin").mkdir()
    for program in (ours / "bin").iterdir():
        (theirs / "bin" / program.name).symlink_to(program.resolve() if program.is_symlink() else program)


@dataclass
class Checkout:
    """The checkout in `folder`, its stack `prod` on the systems of `project`, and what its shell has exported."""

    folder: Path
    project: Project
    exported: dict[str, str] = field(default_factory=dict, repr=False)

    def create(self, *, passphrase: str) -> None:
        """Lay out checkout and stack; the state is in a folder, and encrypted with `passphrase`."""
        copy_checkout(self.folder)
        share_environment(self.folder)
        self.access.write_text(_ACCESS, encoding="utf-8")
        addresses = json.loads((self.project.local / "addresses.json").read_text(encoding="utf-8"))
        self.write_settings({"config": {"ciaccess:addresses": addresses}})
        for words in (
            ("init", "-q", "-b", "main"),
            ("add", "--all"),
            ("commit", "-q", "-m", "main as it is"),
        ):
            subprocess.run([*_GIT, *words], cwd=self.folder, check=True)
        self.home.mkdir(mode=0o700)
        (self.home / "passphrase").write_text(passphrase, encoding="ascii")
        (self.home / "state").mkdir()
        ours = self.project.environment()
        environment = self.folder / ".venv"
        self.exported = {
            **ours,
            # The engine takes the environment that is active, and its `ciaccess` with it, before the one of Pulumi.yaml.
            "VIRTUAL_ENV": str(environment),
            "PULUMI_PYTHON_CMD": str(self.folder / "tools" / "language-python" / "python"),
            "PATH": ours["PATH"].replace(ours["VIRTUAL_ENV"], str(environment)),
            "HOME": str(self.home),
            # The tools are where they are.
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
            "PULUMI_BACKEND_URL": f"file://{self.home / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.home / "passphrase"),
            "VAULT_TOKEN": self.project.credential("vault-token"),
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _WHO.items()},
        }

    @property
    def home(self) -> Path:
        """Return the home of who uses it."""
        return self.folder.with_name(f"{self.folder.name}-home")

    @property
    def access(self) -> Path:
        """Return the YAML."""
        return self.folder / "config" / "access.yaml"

    @property
    def _settings_file(self) -> Path:
        return self.folder / "config" / f"Pulumi.{STACK}.yaml"

    def settings(self) -> dict[str, Any]:
        """Return the stack's settings, which the engine writes what it encrypts with into."""
        return dict(YAML().load(self._settings_file))

    def write_settings(self, settings: dict[str, Any]) -> None:
        """Put settings in the place of the stack's."""
        YAML().dump(settings, self._settings_file)

    def shell(self, script: str, **variables: str) -> Done:
        """Run lines of a shell in the checkout, up to the first that fails; what they export is kept, and `variables` are not."""
        left = self.home / "environment"
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", f'{script}\nenv -0 > "{left}"'],
            cwd=self.folder,
            env=self.exported | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SHELL_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        if not done.returncode:
            lines = left.read_text(encoding="utf-8").split("\0")
            now = dict(line.split("=", 1) for line in lines if line)
            own = {name: value for name, value in self.exported.items() if name in variables}
            self.exported = {name: value for name, value in now.items() if name not in variables} | own
        return Done(done.returncode, done.stdout, done.stderr)

    def edit(self, old: str, new: str) -> None:
        """Replace a text of the YAML that stands there exactly once."""
        text = self.access.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {self.access}"
        self.access.write_text(text.replace(old, new), encoding="utf-8")

    def secrets(self) -> dict[str, dict[str, str]]:
        """Return the secrets of the accounts as Vault has them; Nexus accepts each, and the decrypted state has none."""
        found = {account: self.project.secret(account) for account in ACCOUNTS}
        decrypted = json.dumps(self.state(secrets=True))
        for account, secret in found.items():
            assert self.project.accepts(account), account
            assert secret["password"] not in decrypted, account
        return found

    def up(self, **variables: str) -> Done:
        """Run `pulumi up`."""
        return self.shell(f"pulumi up --yes --skip-preview --non-interactive --stack {STACK}", **variables)

    def is_settled(self, **variables: str) -> Done:
        """Run a preview with refresh that must find nothing to do."""
        words = "--refresh --expect-no-changes --non-interactive"
        return self.shell(f"pulumi preview {words} --stack {STACK}", **variables).succeeded()

    def state(self, *, secrets: bool = False) -> Any:
        """Return the state as it is exported."""
        shown = "--show-secrets" if secrets else ""
        return self.shell(f"pulumi stack export --stack {STACK} {shown}").succeeded().json()
