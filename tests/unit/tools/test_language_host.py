"""The interpreter that the language host built here is given, beside the real one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from ciaccess.environment import ROOT, VENV, variables

if TYPE_CHECKING:
    from pathlib import Path

OURS = variables()["PULUMI_PYTHON_CMD"]
THEIRS = str(VENV / "bin" / "python")
LIST = ("-m", "pip", "list", "-v", "--format", "json")


def answer(interpreter: str, *words: str) -> str:
    """Return what an interpreter prints."""
    done = subprocess.run([interpreter, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def packages(interpreter: str) -> list[Any]:
    """Return Pulumi's packages, by what the host reads of each."""
    listed = json.loads(answer(interpreter, *LIST))
    return sorted(
        (each["name"], each["version"], each["location"]) for each in listed if "pulumi" in each["name"]
    )


def copied_into(checkout: Path) -> Path:
    """Return the script as it is in another checkout."""
    copy = checkout / "tools" / "language-python" / "python"
    copy.parent.mkdir(parents=True)
    shutil.copy(OURS, copy)
    return copy


def test_the_interpreter_lists_pulumis_packages_as_pip_does() -> None:
    assert packages(OURS) == packages(THEIRS) != []


def test_the_interpreter_has_pythons_version() -> None:
    assert answer(OURS, "--version") == answer(THEIRS, "--version")


def test_the_interpreter_runs_everything_else_in_the_virtual_environment() -> None:
    code = "import sys; print(sys.prefix, sys.argv[1:])"
    assert answer(OURS, "-c", code, "a b") == f"{VENV} {['a b']}\n"


def test_ctrl_c_before_the_program_has_a_handler_is_left_to_the_engine(tmp_path: Path) -> None:
    """Python's own handler would print a traceback of the SDK's imports."""
    code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
    program = tmp_path / "pulumi-language-python-exec"
    program.write_text(code, encoding="ascii")
    assert answer(OURS, "-u", str(program)) == "True\n"
    assert answer(OURS, "-c", code) == "False\n"


def test_the_interpreter_lists_nothing_where_pulumi_is_not_installed(tmp_path: Path) -> None:
    """Where the checkout has no .venv, VIRTUAL_ENV names one; the program then reports what it lacks."""
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.executable)
    copy = copied_into(tmp_path)
    environment = os.environ | {"VIRTUAL_ENV": str(tmp_path / "venv")}
    listed = subprocess.run([copy, *LIST], env=environment, capture_output=True, check=True).stdout
    assert json.loads(listed) == []


def test_without_an_environment_the_interpreter_says_what_to_do(tmp_path: Path) -> None:
    copy = copied_into(tmp_path)
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    for words in (("--version",), ("-c", "print(1)")):
        done = subprocess.run([copy, *words], env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"there is no virtual environment at {tmp_path}/.venv. Run 'make setup'.\n"


def test_an_environment_of_another_tool_has_its_version_too(tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("version_info = 3.11.0\n", encoding="ascii")
    copy = copied_into(tmp_path)
    assert answer(str(copy), "--version") == answer(THEIRS, "--version")
