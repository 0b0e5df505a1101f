"""The bill of materials of Go programs: what each was linked from."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ciaccess.environment import ROOT, variables
from tools import sbom

if TYPE_CHECKING:
    from pathlib import Path


def test_a_go_program_depends_on_every_module_that_is_linked_into_it() -> None:
    program = shutil.which("pulumi-language-python", path=variables()["PATH"])
    assert program
    bill = json.loads(sbom.of_go_programs([program]))
    names = {each["name"]: each for each in bill["components"]}
    assert names["pulumi-language-python"]["type"] == "application"
    assert names["google.golang.org/grpc"]["purl"].startswith("pkg:golang/google.golang.org/grpc@v1.")
    assert names["std"]["version"].startswith("1.")
    (used,) = [each["dependsOn"] for each in bill["dependencies"] if each["ref"] == "pulumi-language-python"]
    assert len(used) == len(names) - 1 > 20


@pytest.mark.parametrize(("missing", "remedy"), [("go", "Install Go 1.25"), ("npm", "Install Node 20")])
def test_without_a_program_it_needs_nothing_is_written_and_one_line_names_it(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    missing: str,
    remedy: str,
) -> None:
    find = shutil.which
    monkeypatch.setattr(sbom, "ROOT", tmp_path)
    monkeypatch.setattr(
        shutil, "which", lambda name, path: None if name == missing else find(name, path=path)
    )
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, "{}", ""))
    monkeypatch.setattr(sbom, "_programs", lambda: ["/bin/program"] if missing == "go" else [])
    assert sbom.main() == 1
    assert capsys.readouterr().err.startswith(
        f"error: write the bills of materials: {missing} is not on PATH. {remedy}"
    )
    assert not list(tmp_path.iterdir())


def test_make_sbom_without_programs_on_path_ends_with_one_line(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": "src"}
    done = subprocess.run(
        [sys.executable, "-m", "tools.sbom"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "npm is not on PATH" in done.stderr


def test_programs_that_are_not_installed_are_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sbom, "_find", lambda name: None if name == "vault" else f"/bin/{name}")
    assert "/bin/pulumi" in sbom._programs()
    assert "left out of go.cdx.json: vault" in capsys.readouterr().err


def test_a_folder_of_ours_in_the_place_of_a_module_is_that_module() -> None:
    built = {"Path": "github.com/a/b", "Version": "v1.2.3", "Replace": {"Path": "../b", "Version": "(devel)"}}
    assert str(sbom._module(built).purl) == "pkg:golang/github.com/a/b@v1.2.3"
    built["Replace"] = {"Path": "github.com/c/b", "Version": "v1.0.0"}
    assert str(sbom._module(built).purl) == "pkg:golang/github.com/c/b@v1.0.0"
