"""The upload jobs of every format with their real clients, on a stack of any Nexus: what is stored, twice, and never replaced."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from ruamel.yaml import YAML

from ciaccess.consumers.templates import LIBRARY
from tests.support.clients.artifacts import make_chart, make_deb, make_jar, make_npm_package, make_wheel
from tests.support.project.project import Done
from tests.support.servers.jobs import id_token

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.project.project import Project

_JOB_SECONDS = 240


@dataclass(frozen=True)
class Upload:
    """A job's script, its variables, what makes the file (with a text in it), and where that is stored."""

    format: str
    account: str
    script: str
    files: str
    make: Callable[[Path, str], Path]
    stored: str
    variables: tuple[tuple[str, str], ...] = ()


def _raw(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "-file.txt"
    path.write_text(text, encoding="utf-8")
    return path


UPLOADS = (
    Upload("raw", "svc-orchestrator", "nexus_upload_raw", "*.txt", _raw, "raw-dev/x/-file.txt", (("NEXUS_PATH", "x"),)),
    Upload(
        "pypi", "svc-orchestrator", "nexus_publish_pypi", "*.whl",
        lambda folder, text: make_wheel(folder, "cwiq_real", "1.0", text),
        "pypi-dev/packages/cwiq-real/1.0/cwiq_real-1.0-py3-none-any.whl",
    ),
    Upload(
        "npm", "svc-datastore", "nexus_publish_npm", "",
        lambda folder, text: make_npm_package(folder, "cwiq-real", "1.0.0", text),
        "npm-dev/cwiq-real/-/cwiq-real-1.0.0.tgz",
    ),
    Upload("helm", "svc-orchestrator", "nexus_push_helm", "*.tgz", make_chart, "helm-dev/chart-1.0.0.tgz"),
    Upload("apt", "svc-datastore", "nexus_upload_apt", "*.deb", make_deb, "apt-dev/pool/c/cwiq-real/cwiq-real_1.0_all.deb"),
    Upload("maven2", "svc-orchestrator", "nexus_deploy_maven", "*.jar", make_jar, "maven-dev/org/example/thing/1.0/thing-1.0.jar"),
)  # fmt: skip


@dataclass(frozen=True)
class UploadJobs:
    """Runs upload jobs in bash with the programs of the machine, with the library rendered from the project's YAML."""

    project: Project
    folder: Path

    def run(self, upload: Upload, folder: Path, **variables: str) -> Done:
        """Run one job in the folder of its file."""
        environment = {
            "PATH": self.project.environment()["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "VAULT_ADDR": self.project.address("vault"),
            "VAULT_ID_TOKEN": id_token(self.project, "orchestrator/platform"),
            "NEXUS_FILES": upload.files,
            "NEXUS_ATTEMPTS": "2",
            "NEXUS_RETRY_SECONDS": "0",
            **dict(upload.variables),
            **variables,
        }
        script = f"nexus_auth {upload.account} push {upload.format}\n{upload.script}\n"
        done = subprocess.run(
            ["bash", "-euo", "pipefail"],
            input=f"{self._shell()}\n{script}",
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_JOB_SECONDS,
        )
        assert self.project.secret(upload.account)["password"] not in done.stdout + done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def stored(self, path: str) -> bytes:
        """Return a file as the administrator sees it; empty where there is none."""
        auth = ("admin", self.project.credential("nexus-password"))
        answer = requests.get(f"{self.project.address('nexus')}/repository/{path}", auth=auth, timeout=30)
        return answer.content if answer.ok else b""

    def write_once(self, format_: str) -> None:
        """Have the dev repository of a format refuse to replace anything."""
        recipe = {"maven2": "maven"}.get(format_, format_)
        path = f"repositories/{recipe}/hosted/{recipe}-dev"
        body: dict[str, Any] = self.project.nexus("GET", path).json()
        body["storage"]["writePolicy"] = "ALLOW_ONCE"
        if format_ == "apt":
            body["aptSigning"] = {"keypair": self._signing_key(), "passphrase": ""}
        answer = self.project.nexus("PUT", path, json=body)
        assert answer.ok, answer.text

    def _signing_key(self) -> str:
        home = self.folder / "gnupg"
        home.mkdir(mode=0o700)
        gpg = ["gpg", "--homedir", str(home), "--batch", "--pinentry-mode", "loopback", "--passphrase", ""]
        subprocess.run(
            [*gpg, "--quick-gen-key", "tests", "rsa2048", "sign", "never"], check=True, capture_output=True
        )
        exported = subprocess.run(
            [*gpg, "--armor", "--export-secret-keys"], check=True, capture_output=True, text=True
        )
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], check=False)
        return exported.stdout

    def _shell(self) -> str:
        rendered = self.folder / "rendered"
        if not rendered.exists():
            words = ("--stack", "local", "--file", str(self.project.access), "--folder", str(rendered))
            self.project.ciaccess("render", *words).succeeded()
        document = YAML(typ="safe").load((rendered / LIBRARY).read_text(encoding="utf-8"))
        return str(document[".nexus_shell"]["before_script"][0])


def check_upload(jobs: UploadJobs, upload: Upload) -> None:
    """Assert that the job stores the file, succeeds when it is run again, and never replaces it by another one."""
    jobs.write_once(upload.format)
    made = upload.make(jobs.folder / upload.format, "first")
    folder = made if made.is_dir() else made.parent
    jobs.run(upload, folder).succeeded()
    first = jobs.stored(upload.stored)
    assert first, f"nothing is stored at {upload.stored}"
    if made.is_file():
        assert first == made.read_bytes()
    again = jobs.run(upload, folder).succeeded()
    assert "is there already, the same: sha256" in again.text
    upload.make(jobs.folder / upload.format, "second")
    refused = jobs.run(upload, folder)
    assert refused.code == 1, refused.text
    assert jobs.stored(upload.stored) == first
    assert not list(jobs.folder.glob("nexus-*")), "the job's folder is left"
