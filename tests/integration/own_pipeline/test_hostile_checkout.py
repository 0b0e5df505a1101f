"""A merge request may change any file of the checkout: what its code gets in the preview's job, on a real Vault and Nexus."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import hvac.exceptions
import pytest

from ciaccess.access import load
from ciaccess.access.desired import pipeline_identities
from tests.support.own_pipeline import attack
from tests.support.own_pipeline.identities import AUDIENCE, PROJECT, own_token, run_as
from tests.support.project.project import ROOT, STACK
from tests.support.servers.jobs import AUDIENCE as CONSUMERS_AUDIENCE
from tests.support.servers.jobs import login

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project.project import Project

FEATURE: dict[str, Any] = {
    "ref": "feature",
    "ref_type": "merge_request",
    "pipeline_source": "merge_request_event",
}
# Each is run by the preview's job: the program of the stack, and what it and the plugin import.
RUN_BY_A_PREVIEW = (
    "__main__.py",
    "components/__init__.py",
    "src/ciaccess/provider/__main__.py",
    "src/ciaccess/errors.py",
)
FUTURE = "from __future__ import annotations\n"


@pytest.fixture
def branch(tmp_path: Path) -> Path:
    """A checkout of its own, which a test may edit."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("src", "components", "config"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Pulumi.yaml", "__main__.py", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


@pytest.mark.parametrize("file", RUN_BY_A_PREVIEW)
def test_code_in_any_file_gets_the_preview_s_identity_and_no_more(
    bootstrapped: Project, branch: Path, file: str
) -> None:
    report = branch.parent / "report.json"
    words = [attack.__file__, str(report), bootstrapped.address("nexus"), bootstrapped.address("gitlab")]
    hostile = (
        f"import subprocess, sys\nsubprocess.run([sys.executable, *{words!r}], check=True)\nsys.exit(1)\n"
    )
    before, future, after = (branch / file).read_text(encoding="utf-8").rpartition(FUTURE)
    (branch / file).write_text(f"{before}{future}{hostile}{after}", encoding="utf-8")
    settings = str(bootstrapped.folder / f"Pulumi.{STACK}.yaml")
    command = (
        "pulumi",
        "preview",
        "--refresh",
        "--stack",
        STACK,
        "--config-file",
        settings,
        "--non-interactive",
    )
    run_as(
        bootstrapped,
        "preview",
        "env",
        f"--chdir={branch}",
        f"PYTHONPATH={branch}/src",
        *command,
        **FEATURE,
    )
    assert json.loads(report.read_text(encoding="utf-8")) == {
        "roles": [pipeline_identities.PREVIEW],
        "secrets": [],
        "written": [],
        "nexus": [],
        "variables": [],
    }


@pytest.mark.parametrize("audience", [AUDIENCE, CONSUMERS_AUDIENCE])
def test_a_job_definition_of_a_branch_gets_other_roles_only_where_validate_warned(
    bootstrapped: Project, audience: str
) -> None:
    """The job's audience, environment and schedule are the branch's to write; its ref and project are not."""
    roles = (*load(bootstrapped.access).vault.roles, *pipeline_identities.IDENTITIES)
    admitted = {
        role
        for role in roles
        for more in ({}, {"environment": STACK}, {"environment": "prod"})
        if admits(bootstrapped, role, audience=audience, **FEATURE, **more)
    }
    warned = "may log in with the JWT role nexus-ci" in bootstrapped.ciaccess("validate").text
    assert warned
    assert admitted == ({pipeline_identities.PREVIEW} if audience == AUDIENCE else {"nexus-ci"})


def test_in_a_group_of_its_own_a_branch_gets_no_role_of_the_accounts(bootstrapped: Project) -> None:
    for audience in (AUDIENCE, CONSUMERS_AUDIENCE):
        assert not admits(bootstrapped, "nexus-ci", path="elsewhere/other", audience=audience, **FEATURE)
    text = bootstrapped.access.read_text(encoding="utf-8")
    bootstrapped.edit(f"  project: {PROJECT}\n", "  project: elsewhere/other\n")
    shown = bootstrapped.ciaccess("validate", str(bootstrapped.access))
    bootstrapped.access.write_text(text, encoding="utf-8")
    assert "may log in with the JWT role nexus-ci" not in shown.text


def admits(project: Project, role: str, **claims: Any) -> bool:
    """Tell whether Vault admits a job of ciaccess's project with these claims."""
    try:
        login(project, own_token(project, **claims), role)
    except hvac.exceptions.VaultError:
        return False
    return True
