"""A merge request may change any file of the checkout: what its code gets in the preview's job, on a real Vault and Nexus.

The job is run by gitlab-ci-local from its definition in that checkout. Code that set-up runs has no id_token in its environment, and so
leaves something for what the job runs after it, as any attacker can who is the same user.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import hvac.exceptions
import pytest

from ciaccess.access import load
from ciaccess.access.desired import pipeline_identities
from tests.support.own_pipeline import attack
from tests.support.own_pipeline.identities import AUDIENCE, PROJECT, own_token
from tests.support.own_pipeline.own_pipeline import OwnPipeline
from tests.support.project.project import STACK
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
FUTURE = "from __future__ import annotations\n"
# Each is run by the preview's job: by its commands, by the program of the stack, or by what these import.
PYTHON = (
    "__main__.py",
    "components/__init__.py",
    "src/ciaccess/__main__.py",
    "src/ciaccess/errors.py",
    "src/ciaccess/provider/__main__.py",
)
# Run before the job has an identity, by `make setup-runtime`.
PYTHON_OF_SETUP = ("src/ciaccess/progress.py", "tools/setup.py", "tools/packages.py")


@pytest.fixture
def branch(bootstrapped: Project, tmp_path: Path) -> OwnPipeline:
    """A checkout of its own, on a branch that a test may edit."""
    pipeline = OwnPipeline(tmp_path / "checkout", bootstrapped)
    pipeline.create()
    # GitLab has one open merge request of a branch.
    pipeline.git("checkout", "-q", "-b", tmp_path.name)
    return pipeline


@pytest.fixture
def command(bootstrapped: Project, tmp_path: Path) -> list[str]:
    """The attack, by a Python that imports nothing of the checkout."""
    report = str(tmp_path / "report.json")
    addresses = (bootstrapped.address("nexus"), bootstrapped.address("gitlab"))
    return [sys.executable, "-I", "-S", attack.__file__, report, *addresses]


def gets_the_preview_s_identity_and_no_more(
    branch: OwnPipeline, report: Path, *, sets_up: bool = False
) -> bool:
    """Run the job, and tell what the attack in its checkout got."""
    if sets_up:
        branch.use_real_make()
    base = branch.git("rev-parse", "main")
    branch.commit("hostile")
    request = branch.merge_request(branch.folder.parent.name)
    done = branch.run(
        "preview",
        "--unset-variable",
        "CI_COMMIT_BRANCH",
        claims=FEATURE,
        CI_PIPELINE_SOURCE="merge_request_event",
        CI_MERGE_REQUEST_IID=str(request["iid"]),
        CI_MERGE_REQUEST_DIFF_BASE_SHA=base,
    )
    assert report.exists(), done.text
    return bool(
        json.loads(report.read_text(encoding="utf-8"))
        == {
            "roles": [pipeline_identities.PREVIEW],
            "secrets": [],
            "written": [],
            "nexus": [],
            "variables": [],
        }
    )


def insert(branch: OwnPipeline, file: str, code: str) -> None:
    """Insert code that the import of a Python file runs."""
    path = branch.folder / file
    before, future, after = path.read_text(encoding="utf-8").rpartition(FUTURE)
    path.write_text(f"{before}{future}{code}{after}", encoding="utf-8")


def planting(branch: OwnPipeline, command: list[str]) -> str:
    """Return Python that puts the attack in the place of what the job runs next."""
    script = f"#!/bin/sh\nexec {shlex.join(command)}\n"
    return f"open({str(branch.folder / 'ciaccess')!r}, 'w').write({script!r})\n"


@pytest.mark.parametrize("file", PYTHON)
def test_code_in_any_file_gets_the_preview_s_identity_and_no_more(
    branch: OwnPipeline, command: list[str], tmp_path: Path, file: str
) -> None:
    insert(branch, file, f"import subprocess, sys\nsubprocess.run({command!r}, check=True)\nsys.exit(1)\n")
    assert gets_the_preview_s_identity_and_no_more(branch, tmp_path / "report.json")


@pytest.mark.parametrize("file", PYTHON_OF_SETUP)
def test_so_does_code_of_the_set_up(
    branch: OwnPipeline, command: list[str], tmp_path: Path, file: str
) -> None:
    insert(branch, file, f"import sys\n{planting(branch, command)}sys.exit(0)\n")
    assert gets_the_preview_s_identity_and_no_more(branch, tmp_path / "report.json", sets_up=True)


@pytest.mark.parametrize("file", ["ciaccess", "Makefile", "ci/pipeline/preview.yml", "Pulumi.yaml"])
def test_so_does_what_is_no_python(
    branch: OwnPipeline, command: list[str], tmp_path: Path, file: str
) -> None:
    path, words = branch.folder / file, shlex.join(command)
    text = path.read_text(encoding="utf-8")
    hostile = {
        "ciaccess": text.replace("set -eu\n", f"set -eu\n{words}\n"),
        "Makefile": f"setup-runtime:\n\t@printf '#!/bin/sh\\n%s\\n' {shlex.quote(words)} >ciaccess\n",
        "ci/pipeline/preview.yml": text.replace(
            "  script:\n", f"  script:\n    - {json.dumps(f'{words}; exit 1')}\n"
        ),
        "Pulumi.yaml": f"{text}main: hostile\n",
    }
    assert hostile[file] != text
    path.write_text(hostile[file], encoding="utf-8")
    (branch.folder / "hostile").mkdir()
    code = f"import subprocess\nsubprocess.run({command!r}, check=True)\n"
    (branch.folder / "hostile" / "__main__.py").write_text(code, encoding="utf-8")
    report = tmp_path / "report.json"
    assert gets_the_preview_s_identity_and_no_more(branch, report, sets_up=file == "Makefile")


def test_so_does_a_hostile_package(branch: OwnPipeline, command: list[str], tmp_path: Path) -> None:
    """By its path and hash, beside the true ones."""
    wheel = tmp_path / "ciaccess_hostile-1.0-py3-none-any.whl"
    about = "ciaccess_hostile-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("hostile.pth", f"import sys; exec({planting(branch, command)!r})\n")
        packed.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: ciaccess-hostile\nVersion: 1.0\n")
        packed.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        packed.writestr(f"{about}/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    with (branch.folder / "requirements.txt").open("a", encoding="utf-8") as file:
        file.write(f"{wheel} --hash=sha256:{digest}\n")
    assert gets_the_preview_s_identity_and_no_more(branch, tmp_path / "report.json", sets_up=True)


def test_so_does_a_hostile_build_of_our_package(
    branch: OwnPipeline, command: list[str], tmp_path: Path
) -> None:
    ours = 'build-backend = "setuptools.build_meta"\n'
    path = branch.folder / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    assert ours in text
    theirs = 'build-backend = "hostile"\nbackend-path = ["."]\n'
    path.write_text(text.replace(ours, theirs), encoding="utf-8")
    code = f"from setuptools.build_meta import *\n{planting(branch, command)}"
    (branch.folder / "hostile.py").write_text(code, encoding="utf-8")
    assert gets_the_preview_s_identity_and_no_more(branch, tmp_path / "report.json", sets_up=True)


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
