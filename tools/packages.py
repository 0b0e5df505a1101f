"""The virtual environment: .venv with the pinned Python packages, and this project editable.

Owns a stamp, written last, that has the interpreter and the pins. With another interpreter, or after an interrupted install,
.venv is created again; with other pins, only what changed is installed, and what is pinned no more is removed.
"""

from __future__ import annotations

import hashlib
import platform
import re
import sys

from ciaccess.environment import ROOT, VENV
from ciaccess.progress import Step
from tools.running import quietly

RUNTIME = "requirements.txt"
EVERYTHING = "requirements-dev.txt"
_STAMP = VENV / ".ciaccess"
_PYTHON = str(VENV / "bin" / "python")


def is_current(requirements: str) -> bool:
    """Tell whether .venv has exactly these packages."""
    return _STAMP.is_file() and _STAMP.read_text(encoding="ascii") == _pins(requirements)


def install(requirements: str) -> None:
    """Install them where .venv has others."""
    if is_current(requirements):
        return
    with Step("installing Python packages"):
        if not _is_complete():
            quietly([sys.executable, "-m", "venv", "--clear", str(VENV)])
        _STAMP.unlink(missing_ok=True)
        pip = [_PYTHON, "-m", "pip", "--disable-pip-version-check", "-q"]
        if others := _present() - _names(requirements):
            quietly([*pip, "uninstall", "-y", *sorted(others)])
        # Wheels only: a source distribution runs its own code while it is installed.
        locked = ["--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / requirements)]
        quietly([*pip, "install", *locked])
        quietly([*pip, "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
        _STAMP.write_text(_pins(requirements), encoding="ascii")


def compile_own() -> None:
    """Compile our own modules, as pip does those of packages.

    Where Python may write no bytecode (PYTHONDONTWRITEBYTECODE, as in many images), each process would compile them anew.
    """
    quietly([_PYTHON, "-m", "compileall", "-q", str(ROOT / "components"), str(ROOT / "src")])


def _is_complete() -> bool:
    """Tell whether .venv is of this interpreter, and its last install was not interrupted."""
    settings = VENV / "pyvenv.cfg"
    return _STAMP.is_file() and f"version = {platform.python_version()}\n" in settings.read_text(
        encoding="utf-8"
    )


def _present() -> set[str]:
    folders = VENV.glob("lib/python*/site-packages/*.dist-info")
    return {_normal(folder.name.partition("-")[0]) for folder in folders} - {"pip", "ciaccess"}


def _names(requirements: str) -> set[str]:
    """Return the names of the packages of a lock file."""
    lines = (ROOT / requirements).read_text(encoding="utf-8").splitlines()
    return {
        _normal(re.split(r"[=\[ ]", line)[0]) for line in lines if "==" in line and not line.startswith("#")
    }


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins(requirements: str) -> str:
    wanted = hashlib.sha256(f"{sys.version} {requirements}".encode())
    for name in (RUNTIME, EVERYTHING, "pyproject.toml"):
        wanted.update((ROOT / name).read_bytes())
    return wanted.hexdigest()
