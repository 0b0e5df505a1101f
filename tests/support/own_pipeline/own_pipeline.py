"""ciaccess's own pipeline as a runner would run it: gitlab-ci-local's shell executor in a checkout of its own, on the local stack.

The checkout is what git would commit here, uncommitted edits included. `make` is stood in for: the tools and the
environment are those of the checkout that runs the tests, and what `make check` does is for `make check`.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.own_pipeline.identities import PROJECT, own_token
from tests.support.project.checkout import copy_checkout, share_environment
from tests.support.project.project import Done
from tools.node import gitlab_ci_local

if TYPE_CHECKING:
    from tests.support.project.project import Project

_PIPELINE_SECONDS = 300
_MAKE = '#!/bin/sh\necho "make $*"\n'
_GIT = ("git", "-c", "user.name=tests", "-c", "user.email=tests@example.invalid")


@dataclass
class OwnPipeline:
    """The checkout in `folder`; its stack `local` is the project's."""

    folder: Path
    project: Project

    def create(self) -> None:
        """Copy the checkout, as one commit of `main`."""
        copy_checkout(self.folder)
        share_environment(self.folder)
        self._programs.mkdir()
        (self._programs / "make").write_text(_MAKE, encoding="utf-8")
        (self._programs / "make").chmod(0o755)
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", f"git@gitlab.shared.cwiq.io:{PROJECT}.git")
        self.configure("stack: prod", "stack: local")
        self.commit("main as it is")
        self.git("update-ref", "refs/remotes/origin/main", "HEAD")
        self.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")

    def use_real_make(self) -> None:
        """Run the checkout's own Makefile."""
        (self._programs / "make").unlink()

    @property
    def _programs(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}-bin")

    @property
    def identity(self) -> int:
        """Return the project's id in GitLab."""
        found = self.project.gitlab("GET", f"api/v4/projects/{PROJECT.replace('/', '%2F')}").json()
        return int(found["id"])

    def git(self, *words: str) -> str:
        """Run git in the checkout."""
        done = subprocess.run([*_GIT, *words], cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "-q", "-m", message)

    def edit(self, old: str, new: str) -> None:
        """Replace a text of access.yaml that stands there once, and commit."""
        path = self.folder / "config" / "access.yaml"
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")
        self.commit(f"{old!r} becomes {new!r}")

    def configure(self, old: str, new: str) -> None:
        """Replace a text in every include of .gitlab-ci.yml."""
        path = self.folder / ".gitlab-ci.yml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def is_tip(self, commit: str = "HEAD") -> None:
        """Have GitLab show a commit as the tip of `main`."""
        settings = {"tips": {"main": self.git("rev-parse", commit)}}
        project = {"path": PROJECT, "settings": settings}
        assert self.project.gitlab("POST", "simulator/seed", json={"projects": [project]}).ok

    def run(self, *words: str, claims: dict[str, Any] | None = None, **variables: str) -> Done:
        """Run the pipeline; `claims` are those of its jobs' id_tokens, `words` go to gitlab-ci-local."""
        given = {
            **self._group_variables(),
            "CI_PROJECT_ID": str(self.identity),
            "VAULT_ID_TOKEN": own_token(self.project, **(claims or {})),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
            **variables,
        }
        options = [word for name, value in given.items() for word in ("--variable", f"{name}={value}")]
        # Its schema is looked at where jobs are listed: it takes a second each time.
        options += [] if "--list" in words else ["--no-json-schema-validation"]
        options += ["--ignore-predefined-vars", "CI_PIPELINE_SOURCE,CI_PROJECT_ID,CI_COMMIT_BRANCH"]
        done = subprocess.run(
            [str(gitlab_ci_local()), "--force-shell-executor", "--no-color", *options, *words],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_PIPELINE_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def artifact(self, name: str) -> str:
        """Return what a job left in the checkout, where this executor runs them all."""
        return (self.folder / name).read_text(encoding="utf-8")

    def merge_request(self, branch: str) -> Any:
        """Open a merge request from a branch to `main`, and return it as GitLab has it."""
        asked = {"source_branch": branch, "target_branch": "main", "title": branch}
        answer = self.project.gitlab("POST", f"api/v4/projects/{self.identity}/merge_requests", json=asked)
        assert answer.ok, answer.text
        return answer.json()

    def listed(self, path: str) -> Any:
        """Return a list of the project's, such as `issues`."""
        return self.project.gitlab("GET", f"api/v4/projects/{self.identity}/{path}").json()

    def _group_variables(self) -> dict[str, str]:
        listed = self.project.gitlab("GET", "api/v4/groups/9/variables").json()
        return {each["key"]: each["value"] for each in listed}

    def _environment(self) -> dict[str, str]:
        """Return what a runner's machine has: no credential of the administrator's."""
        own = self.project.environment()
        kept = ("PULUMI_BACKEND_URL", "CIACCESS_STATE_DIR", "HOME", "LANG")
        path = os.pathsep.join([str(self._programs), os.environ["PATH"]])
        return {"PATH": path, **{name: own[name] for name in kept if name in own}}
