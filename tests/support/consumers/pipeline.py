"""A consumer's project whose jobs run as a runner would run them: gitlab-ci-local's shell executor, on the local stack.

Group variables come from the GitLab that `pulumi up` has filled, id_tokens from its issuer. Docker's daemon is
a real one; Kaniko is replaced by a script around skopeo, so that what travels still goes through a real client.
Other projects of GitLab are bare repositories in a folder; git reaches them through a program in place of ssh.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from ruamel.yaml import YAML

from tests.support.project.project import Done
from tests.support.servers.jobs import id_token
from tools.node import gitlab_ci_local

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.project.project import Project

_JOB_SECONDS = 120
_STAGES = ["build", "test", "deploy"]
# git starts it as `ssh … git@HOST "git-upload-archive '/GROUP/PROJECT.git'"`.
_SSH = """#!/bin/sh
for last; do :; done
path=${last#* \\'}
command=${last%%%% *}
exec git "${command#git-}" "%s/${path%%\\'}"
"""
_KANIKO = """#!/bin/sh
set -eu
for word; do case $word in --destination=*) destination=${word#*=} ;; esac; done
exec skopeo copy --quiet --authfile "$DOCKER_CONFIG/config.json" "dir:$TEST_IMAGE" "docker://$destination"
"""


@dataclass
class Pipeline:
    """The consumer's checkout in `folder`, a project of GitLab's at `path`."""

    folder: Path
    project: Project
    path: str = "orchestrator/platform"
    docker_host: str = ""
    # What an image sets, not GitLab: paths among it, which gitlab-ci-local would take for files.
    environment: dict[str, str] = field(default_factory=dict)
    _checked: set[str] = field(default_factory=set)

    def create(self) -> None:
        """Make a repository with the templates in it, rendered for the local stack."""
        self.folder.mkdir(parents=True)
        self._git("init", "-q", "-b", "main")
        self.render()
        self._git("remote", "add", "origin", f"git@gitlab.shared.cwiq.io:{self.path}.git")
        self._git("config", "user.name", "tests")
        self._git("config", "user.email", "tests@example.invalid")
        self._git("add", "ci")
        self._git("commit", "-q", "-m", "x")
        self._git("update-ref", "refs/remotes/origin/main", "HEAD")
        self._git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
        programs = self.programs
        programs.mkdir()
        self._program("kaniko-executor", _KANIKO)
        registries = [self.group_variables()[name] for name in ("NEXUS_REGISTRY", "NEXUS_REGISTRY_PULL")]
        self.allow_http(*registries)

    def publish(self, path: str, ref: str, *words: str, folder: str = "") -> Path:
        """Make another project of GitLab's, with templates rendered by these words in a folder of it; return it."""
        repository = self.folder.with_name("gitlab") / f"{path}.git"
        repository.mkdir(parents=True)
        rendered = [
            "--stack",
            "local",
            "--file",
            str(self.project.access),
            "--folder",
            str(repository / folder),
        ]
        self._git("init", "-q", "-b", ref, str(repository))
        self.project.ciaccess("render", *rendered, *words).succeeded()
        self._git("-C", str(repository), "add", ".")
        named = ["-c", "user.name=tests", "-c", "user.email=tests@example.invalid"]
        self._git("-C", str(repository), *named, "commit", "-q", "-m", "x")
        self._program("fake-ssh", _SSH % repository.parents[len(Path(path).parts) - 1])
        return repository

    def run_example(self, text: str, **variables: str) -> list[Done]:
        """Run every job of a page's example, in its order."""
        document = YAML(typ="safe").load(text)
        included = [each.get("file", each.get("component", "")) for each in document["include"]]
        jobs = [re.sub(r".*/|@.*|\.yml$", "", each) for each in included if not each.endswith("nexus.yml")]
        jobs += [name for name in document if name not in ("include", "variables")]
        return [self.run(f"{text}\nstages: [build, test, deploy]\n", job, **variables) for job in jobs]

    @property
    def programs(self) -> Path:
        """Return the folder that comes first on the jobs' PATH."""
        return self.folder.with_name(f"{self.folder.name}-bin")

    @property
    def temporary(self) -> Path:
        """Return the jobs' TMPDIR."""
        return self.folder.with_name(f"{self.folder.name}-tmp")

    def render(self) -> None:
        """Render the templates from the project's YAML and the local stack's addresses."""
        words = [
            "--stack",
            "local",
            "--file",
            str(self.project.access),
            "--folder",
            str(self.folder / "ci" / "templates"),
        ]
        self.project.ciaccess("render", *words).succeeded()

    def allow_http(self, *registries: str) -> None:
        """Have skopeo speak HTTP with these registries too."""
        configuration = self.temporary / ".config" / "containers" / "registries.conf"
        configuration.parent.mkdir(parents=True, exist_ok=True)
        known = configuration.read_text(encoding="utf-8") if configuration.exists() else ""
        added = "".join(f'[[registry]]\nlocation = "{each}"\ninsecure = true\n' for each in registries)
        configuration.write_text(known + added, encoding="utf-8")

    def group_variables(self) -> dict[str, str]:
        """Return what GitLab gives every job of the group."""
        listed = self.project.gitlab("GET", "api/v4/groups/9/variables").json()
        return {each["key"]: each["value"] for each in listed}

    def include(self, template: str, **inputs: str) -> dict[str, Any]:
        """Return a pipeline that is one template with these inputs; _ in a name stands for -."""
        named = {name.replace("_", "-"): value for name, value in inputs.items()}
        return {"include": [{"local": f"/ci/templates/{template}.yml", "inputs": named}], "stages": _STAGES}

    def run(
        self, pipeline: dict[str, Any] | str, job: str, token: str | None = None, **variables: str
    ) -> Done:
        """Run one job; `variables` come on top of the group's, None of a token means a right one of `main`."""
        file = self.folder / ".gitlab-ci.yml"
        if isinstance(pipeline, str):
            file.write_text(pipeline, encoding="utf-8")
        else:
            YAML().dump(pipeline, file)
        given = {"VAULT_ID_TOKEN": token or id_token(self.project, self.path)}
        held = self.folder / ".gitlab-ci-local-variables.yml"
        YAML().dump({**self.group_variables(), **given, **variables}, held)
        program = gitlab_ci_local()
        assert program.exists(), "gitlab-ci-local is missing: make setup installs it where there is npm"
        # GitLab's schema is slow to check, and once a job is enough.
        first = str(job not in self._checked).lower()
        self._checked.add(job)
        done = subprocess.run(
            [str(program), "--force-shell-executor", "--no-color", f"--json-schema-validation={first}", job],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_JOB_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def set_write_policy(self, repository: str, policy: str) -> None:
        """Let a repository, `format/hosted/name`, take each path once, or again and again."""
        body = self.project.nexus("GET", f"repositories/{repository}").json()
        body["storage"]["writePolicy"] = policy
        assert self.project.nexus("PUT", f"repositories/{repository}", json=body).ok

    @contextmanager
    def fault(self, **what: Any) -> Iterator[None]:
        """Let this happen to the next request to Nexus that matches, and to none after the block."""
        control = f"{self.project.address('nexus')}/simulator/faults"
        admin = ("admin", self.project.credential("nexus-password"))
        assert requests.post(control, json={"count": 1, **what}, auth=admin, timeout=10).ok
        try:
            yield
        finally:
            requests.delete(control, auth=admin, timeout=10)

    def stored(self, path: str) -> bytes | None:
        """Return a file of Nexus's as the administrator sees it, `path` being repository/path."""
        auth = ("admin", self.project.credential("nexus-password"))
        answer = requests.get(f"{self.project.address('nexus')}/repository/{path}", auth=auth, timeout=10)
        return answer.content if answer.ok else None

    def write_dockerfile(self, text: str = "x") -> None:
        """Lay out an image of one file, from nothing."""
        (self.folder / "content").write_text(text, encoding="utf-8")
        (self.folder / "Dockerfile").write_text("FROM scratch\nCOPY content /\n", encoding="utf-8")

    def docker(self, *words: str) -> str:
        """Ask the daemon, without an account."""
        command = ["docker", "--host", self.docker_host, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def digest_of(self, image: str, authfile: Path | None = None) -> str:
        """Return the digest of an image as skopeo sees it, by default as the administrator."""
        admin = f"admin:{self.project.credential('nexus-password')}"
        words = ["--authfile", str(authfile)] if authfile else ["--creds", admin]
        command = ["skopeo", "inspect", "--tls-verify=false", *words, "--format", "{{.Digest}}"]
        done = subprocess.run([*command, f"docker://{image}"], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def left_behind(self) -> list[str]:
        """Return what jobs have left in their TMPDIR."""
        return [path.name for path in self.temporary.glob("nexus-*")]

    @cached_property
    def _path(self) -> str:
        return self.project.environment()["PATH"]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.pathsep.join([str(self.programs), self._path]),
            "HOME": str(self.temporary),
            "TMPDIR": str(self.temporary),
            "LANG": "C.UTF-8",
            "NEXUS_RETRY_SECONDS": "0",
            "GIT_SSH_COMMAND": str(self.programs / "fake-ssh"),
            "GIT_SSH_VARIANT": "ssh",
            "DOCKER_HOST": self.docker_host,
            "DOCKER_BUILDKIT": "0",  # BuildKit needs a plugin that Debian does not have
            "TEST_IMAGE": str(self.folder.with_name("image")),
            "NEXUS_KANIKO_EXECUTOR": str(self.programs / "kaniko-executor"),
            **self.environment,
        }

    def _program(self, name: str, text: str) -> None:
        path = self.programs / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def _git(self, *words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout
