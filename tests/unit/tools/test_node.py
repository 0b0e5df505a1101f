from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ciaccess import environment
from tools import node

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))


def npm(tmp_path: Path, script: str) -> None:
    path = tmp_path / "npm"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_its_folder_does_not_depend_on_the_go_tools(tmp_path: Path) -> None:
    assert environment.tool_cache() not in node.gitlab_ci_local().parents
    assert (tmp_path / "cache" / "ciaccess") in node.gitlab_ci_local().parents


def test_install_uses_the_lock_file_and_runs_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}:/usr/bin:/bin")
    npm(tmp_path, f'echo "$*" >>{tmp_path}/calls; ls >>{tmp_path}/calls; mkdir -p node_modules/.bin; '
                  "touch node_modules/.bin/gitlab-ci-local")  # fmt: skip
    node.install()
    node.install()
    assert node.gitlab_ci_local().exists()
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == ["ci --ignore-scripts --no-audit --no-fund", "package-lock.json", "package.json"]


def test_without_npm_setting_up_goes_on_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    node.install()
    assert "no npm, so no gitlab-ci-local" in capsys.readouterr().err


def test_a_failed_install_leaves_nothing_and_shows_npms_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    npm(tmp_path, "echo 'npm error 403' >&2; exit 1")
    node.install()
    assert "npm error 403" in capsys.readouterr().err
    folder = node.gitlab_ci_local().parents[2]
    assert not folder.exists()
    assert not list(folder.parent.iterdir())
