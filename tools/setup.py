"""`make setup`: the virtual environment, the system programs and the tools; keeps existing ones.

Safe to run twice at once (a lock for the checkout, one for the shared cache), and to interrupt: everything
is put in place whole, and a stamp is written last.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from ciaccess.environment import (
    ROOT,
    VAULT_PLUGIN_VERSION,
    VENV,
    activate,
    check_own,
    state_directory,
    tool_cache,
)
from ciaccess.progress import Step, format_duration
from tools import golang, node, openbao, programs
from tools.recipes import (
    LANGUAGE_HOST,
    LANGUAGE_HOST_SCRIPTS,
    PULUMI,
    PULUMI_VERSION,
    SDK_MODULE,
    VAULT,
    VAULT_MINIMUM,
    VAULT_PLUGIN,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.recipes import Recipe

_PLUGIN_DOWNLOAD_SECONDS = 120
_MINIMUM_PYTHON = (3, 11)


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    check_own(path)
    with path.open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write("  another setup is running; waiting for it\n")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _virtual_environment(requirements: str) -> None:
    wanted = hashlib.sha256(f"{sys.version} {requirements}".encode())
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        wanted.update((ROOT / name).read_bytes())
    stamp = VENV / ".ciaccess"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted.hexdigest():
        return
    with Step("installing the pinned Python packages into .venv"):
        _quietly([sys.executable, "-m", "venv", "--clear", str(VENV)])
        pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "-q"]
        # Wheels only: a source distribution runs its own code while it is installed.
        locked = ["--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / requirements)]
        _quietly([*pip, *locked])
        _quietly([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
        stamp.write_text(wanted.hexdigest(), encoding="ascii")


def _quietly(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 our own words
    if done.returncode:
        tail = "\n    ".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise golang.BuildError(f"{' '.join(command[:4])} … failed:\n    {tail}")


def _version_on_path(program: str, path: str) -> tuple[int, ...]:
    found = shutil.which(program, path=path)
    if not found:
        return ()
    done = subprocess.run([found, "version"], capture_output=True, text=True, check=False)  # noqa: S603 found on PATH
    number = re.search(r"v?(\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, number.groups())) if number else ()


def _at_least(version: tuple[int, ...], minimum: str) -> bool:
    return version >= tuple(map(int, minimum.split(".")))


def _missing_tools(cache: Path, path: str) -> list[Recipe]:
    """Return the tools to build: neither new enough on the caller's PATH nor in the cache."""
    recipes: list[Recipe] = []
    own_pulumi = _at_least(_version_on_path("pulumi", path), PULUMI_VERSION)
    if not own_pulumi:
        recipes.append(PULUMI)
    if not (own_pulumi and shutil.which("pulumi-language-python", path=path)):
        recipes.append(LANGUAGE_HOST)
    if not _at_least(_version_on_path("vault", path), VAULT_MINIMUM):
        recipes.append(VAULT)
    return [recipe for recipe in recipes if not (cache / "bin" / recipe.program).is_file()]


def _require_go() -> None:
    if not shutil.which("go"):
        raise golang.BuildError(
            "there is no Go to build the missing tools with. Two ways out: install Go 1.25 or newer "
            "(https://go.dev/dl, or your system's package), or install the tools themselves: "
            f"pulumi {PULUMI_VERSION} or newer with its Python language host, and vault {VAULT_MINIMUM} or newer, "
            "on PATH. Then run `make setup` again"
        )


def _build(recipe: Recipe, cache: Path) -> None:
    _require_go()
    if recipe is LANGUAGE_HOST:
        for path in LANGUAGE_HOST_SCRIPTS:
            script = golang.module_file(SDK_MODULE, path)
            target = cache / "bin" / script.name
            shutil.copyfile(script, target)
            target.chmod(0o755)
    golang.build(recipe, cache / "bin" / recipe.program)


def _vault_plugin(cache: Path) -> None:
    home = cache / "pulumi-home"
    if (home / "plugins" / f"resource-vault-v{VAULT_PLUGIN_VERSION}" / VAULT_PLUGIN.program).is_file():
        return
    install = ["pulumi", "plugin", "install", "resource", "vault", VAULT_PLUGIN_VERSION]
    with Step("downloading Pulumi's Vault plugin") as step, contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(  # noqa: S603 our own words
            install, capture_output=True, text=True, check=False, timeout=_PLUGIN_DOWNLOAD_SECONDS
        )
        if not done.returncode:
            return
        step.note("not to be had from here, so it is built")
    scratch = cache / "vault-plugin"
    scratch.mkdir(exist_ok=True)
    _require_go()
    golang.build(VAULT_PLUGIN, scratch / VAULT_PLUGIN.program)
    _quietly([*install, "--reinstall", "--file", str(scratch)])
    shutil.rmtree(scratch)


def _keep_no_log(home: Path) -> None:
    """Put a file where the engine would make a folder of logs.

    It writes every value of every call there, which costs more than a third of a run (docs/adr/0013), and hundreds of
    megabytes. Who looks for a fault asks for it: `pulumi -v=9 --logtostderr`.
    """
    logs = home / "logs"
    if logs.is_dir():
        shutil.rmtree(logs)
    logs.touch()


def setup(*, runtime: bool = False) -> None:
    """Bring everything that is missing; for `runtime`, nothing that only tests and checks need.

    Raises:
        golang.BuildError: a tool could not be installed or built; the text has the remedy.
    """
    started = time.monotonic()
    caller_path = os.environ.get("PATH", "")
    activate()
    if not runtime:
        programs.install()
    with _lock(state_directory() / "setup.lock"):
        _virtual_environment("requirements.txt" if runtime else "requirements-dev.txt")
    cache = tool_cache()
    (cache / "bin").mkdir(parents=True, exist_ok=True)
    with _lock(cache / ".lock"):
        for recipe in _missing_tools(cache, caller_path):
            _build(recipe, cache)
        _vault_plugin(cache)
        _keep_no_log(cache / "pulumi-home")
        if not runtime:
            node.install()
            openbao.install()
    sys.stderr.write(f"  set up in {format_duration(time.monotonic() - started)}\n")


def main() -> int:
    """Set up; return the exit code."""
    if sys.version_info < _MINIMUM_PYTHON:
        sys.stderr.write("error: Python 3.11 or newer is needed; set PYTHON=… for make\n")
        return 1
    try:
        setup(runtime="--runtime" in sys.argv)
    except golang.BuildError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"error: {error.strerror} ({error.filename})\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
