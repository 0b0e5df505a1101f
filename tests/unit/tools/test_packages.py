from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

import pytest

from tools import packages

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the commands that an install runs, on a project with one pinned package in an empty .venv."""
    run: list[list[str]] = []
    (tmp_path / ".venv" / "lib" / "python3" / "site-packages").mkdir(parents=True)
    (tmp_path / ".venv" / "pyvenv.cfg").write_text(f"version = {platform.python_version()}\n")
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        (tmp_path / name).write_text("# a comment==1\nPy_YAML[extra]==6.0 \\\n    --hash=sha256:00\n")
    monkeypatch.setattr(packages, "ROOT", tmp_path)
    monkeypatch.setattr(packages, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(packages, "_STAMP", tmp_path / ".venv" / ".ciaccess")
    monkeypatch.setattr(packages, "quietly", run.append)
    return run


def test_a_first_install_makes_the_environment_by_hash_and_wheels_only(commands: list[list[str]]) -> None:
    packages.install("requirements.txt")
    assert commands[0][:3] == [sys.executable, "-m", "venv"]
    assert {"--require-hashes", "--only-binary"} <= set(commands[1])
    assert packages.is_current("requirements.txt")
    assert not packages.is_current("requirements-dev.txt")
    commands.clear()
    packages.install("requirements.txt")
    assert commands == []


def test_other_pins_change_only_what_differs(commands: list[list[str]], tmp_path: Path) -> None:
    packages.install("requirements.txt")
    for name in ("Py_YAML-6.0", "Old.Package-1.0", "pip-26.0", "ciaccess-1.0"):
        (tmp_path / ".venv" / "lib" / "python3" / "site-packages" / f"{name}.dist-info").mkdir()
    (tmp_path / "pyproject.toml").write_text("changed")
    commands.clear()
    packages.install("requirements.txt")
    assert [command[-1] for command in commands if "uninstall" in command] == ["old-package"]
    assert not [command for command in commands if "venv" in command]


def test_an_interrupted_install_or_another_interpreter_begins_anew(
    commands: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages.install("requirements.txt")
    (tmp_path / "pyproject.toml").write_text("changed")
    with monkeypatch.context() as broken:
        broken.setattr(packages, "quietly", lambda _: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            packages.install("requirements.txt")
    commands.clear()
    packages.install("requirements.txt")
    assert "--clear" in commands[0]
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("version = 3.9.1\n")
    (tmp_path / "pyproject.toml").write_text("changed again")
    commands.clear()
    packages.install("requirements.txt")
    assert "--clear" in commands[0]


def test_own_modules_are_compiled_even_where_python_writes_no_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("components", "src"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "module.py").touch()
    monkeypatch.setattr(packages, "ROOT", tmp_path)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    packages.compile_own()
    assert len(list(tmp_path.glob("*/__pycache__/module.*.pyc"))) == 2
