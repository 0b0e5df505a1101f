from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from ciaccess.environment import ROOT
from tools import golang, programs, setup
from tools.recipes import LANGUAGE_HOST, PULUMI, VAULT

if TYPE_CHECKING:
    from pathlib import Path


def program(folder: Path, name: str, prints: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)


def test_missing_uses_what_is_new_enough_on_path(tmp_path: Path) -> None:
    program(tmp_path, "pulumi", "v3.260.1")
    program(tmp_path, "pulumi-language-python", "")
    program(tmp_path, "vault", "Vault v1.17.0 (abc), built 2024")
    assert setup._missing_tools(tmp_path / "cache", str(tmp_path)) == []


def test_missing_builds_what_is_too_old_or_absent(tmp_path: Path) -> None:
    program(tmp_path, "pulumi", "v3.99.0")
    program(tmp_path, "vault", "Vault v1.16.3")
    assert setup._missing_tools(tmp_path / "cache", str(tmp_path)) == [PULUMI, LANGUAGE_HOST, VAULT]


def test_missing_builds_nothing_twice(tmp_path: Path) -> None:
    built = tmp_path / "cache" / "bin"
    built.mkdir(parents=True)
    for recipe in (PULUMI, LANGUAGE_HOST, VAULT):
        program(built, recipe.program, "")
    assert setup._missing_tools(tmp_path / "cache", str(tmp_path)) == []


def test_without_go_the_error_names_both_ways_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(golang.BuildError) as caught:
        setup._require_go()
    assert "install Go 1.25 or newer" in str(caught.value)
    assert "or install the tools themselves: pulumi 3.250.0 or newer" in str(caught.value)


def test_a_failed_build_shows_the_compilers_words_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(tmp_path, "go", "")
    (tmp_path / "go").write_text("#!/bin/sh\necho 'main.go:3:1: this is wrong' >&2\nexit 1\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    target = tmp_path / "bin" / "vault"
    target.parent.mkdir()
    with pytest.raises(golang.BuildError, match="this is wrong"):
        golang.build(VAULT, target)
    assert list(target.parent.iterdir()) == []


def test_missing_system_programs_are_one_line_where_apt_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    programs.install()
    assert capsys.readouterr().err.count("\n") == 1


def test_a_warm_setup_is_quick_and_safe_to_run_twice_at_once() -> None:
    started = time.monotonic()
    both = [
        subprocess.Popen([sys.executable, "-m", "tools.setup"], cwd=ROOT, stderr=subprocess.PIPE)
        for _ in "ab"
    ]
    for process in both:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert time.monotonic() - started < 30, "nothing was built or installed again"
