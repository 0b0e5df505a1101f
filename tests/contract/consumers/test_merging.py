"""Three implementations of GitLab's merging agree: lint's, the simulator's, and gitlab-ci-local's."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.consumers.lint.document import Source, load
from ciaccess.consumers.lint.including import Included, LocalFiles, expand
from ciaccess.consumers.lint.merging import Pipeline
from simulators.gitlab.ci_yaml import merge
from tests.support.project.project import ROOT
from tools.node import gitlab_ci_local

if TYPE_CHECKING:
    from pathlib import Path

CORPUS = ROOT / "tests" / "data" / "pipelines" / "corpus"
# Those of the corpus in which something is merged.
NAMES = (
    "clean-nested-reference",
    "clean-shallow-merge",
    "include-local",
    "merge-replaces-tokens",
    "tokens-default-login",
    "tokens-extends-list",
    "tokens-global-before-script",
    "tokens-inherit-list",
)
# gitlab-ci-local 4.64 takes no id_tokens from `default`; GitLab does.
WITHOUT_DEFAULT_TOKENS = "tokens-default-login"


class _Folder:
    """A project's files on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, project: str, path: str) -> str | None:
        del project
        file = self._folder / path
        return file.read_text(encoding="utf-8") if file.is_file() else None

    def paths(self, project: str) -> list[str]:
        del project
        return [str(each.relative_to(self._folder)) for each in self._folder.rglob("*.yml")]

    def has(self, project: str) -> bool:
        return project == "orchestrator/app"


def jobs(pipeline: Pipeline) -> dict[str, Any]:
    """Return what each visible job runs and has, as plain values."""
    return {
        str(job.name): (
            [list(map(str, shell)) for shell in job.shells],
            {str(name): str(token) for name, token in (job.id_tokens or {}).items()},
            {str(name): str(value) for name, value in job.variables.items()},
        )
        for job in pipeline.jobs
        if not job.is_hidden
    }


def whole(text: str) -> Pipeline:
    source = Source("merged", text)
    return Pipeline(Included(load(source), [source]))


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with the corpus's included files."""
    folder = tmp_path / "app"
    (folder / "parts").mkdir(parents=True)
    for part in (CORPUS / "parts").glob("*.yml"):
        (folder / "parts" / part.name).write_bytes(part.read_bytes())
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", "git@gitlab.example:orchestrator/app.git")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=Test", "-c", "user.email=test@ci.invalid", "commit", "-qm", "x")
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_pipeline_is_merged_alike(name: str, checkout: Path) -> None:
    text = (CORPUS / f"{name}.yml").read_text(encoding="utf-8")
    file = checkout / ".gitlab-ci.yml"
    file.write_text(text, encoding="utf-8")
    by_lint = jobs(Pipeline(expand(Source(str(file), text), LocalFiles(file, None))))
    by_simulator = jobs(whole(merge(text, "orchestrator/app", _Folder(checkout)).as_yaml()))
    done = subprocess.run(
        [str(gitlab_ci_local()), "--preview", "--no-color", "--json-schema-validation=false"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    by_other = jobs(whole(done.stdout[done.stdout.index("---") :]))
    assert by_lint, "the file has jobs"
    assert by_simulator == by_lint
    if name == WITHOUT_DEFAULT_TOKENS:
        by_other, by_lint = (
            {job: (scripts, variables) for job, (scripts, _, variables) in each.items()}
            for each in (by_other, by_lint)
        )
    assert by_other == by_lint
