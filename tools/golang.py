"""Building programs from their Go modules."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.recipes import Recipe
from tools.running import BuildError


class Progress:
    """What several builds have done together so far."""

    def __init__(self, note: Callable[[str], None] = lambda _: None) -> None:
        self._note = note
        self._lock = threading.Lock()
        self._downloaded = self._compiled = 0

    def count(self, line: str) -> bool:
        """Count a line of `go build -v`; return False for one that is neither a download nor a package."""
        downloaded, compiled = line.startswith("go: downloading"), " " not in line.strip()
        with self._lock:
            self._downloaded += downloaded
            self._compiled += compiled and not downloaded
            self._note(f"{self._downloaded} modules downloaded, {self._compiled} packages compiled")
        return downloaded or compiled


# Without what a debugger reads, which the linker would leave out.
COMMAND = ("go", "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false")


def build(recipes: Sequence[Recipe], folder: Path, progress: Progress) -> None:
    """Build programs of one folder, with the same flags, into another, and copy their scripts there."""
    source, flags = recipes[0].folder, recipes[0].flags
    for recipe in recipes:
        for path in recipe.scripts:
            script = module_file(recipe.scripts_module, path)
            shutil.copyfile(script, folder / script.name)
            (folder / script.name).chmod(0o755)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".build-") as scratch:
        packages = [recipe.package for recipe in recipes]
        names = ", ".join(recipe.program for recipe in recipes)
        _run([*COMMAND, "-v", *flags, "-o", f"{scratch}/", *packages], Path(source), names, progress)
        for recipe in recipes:
            (Path(scratch) / recipe.package.rpartition("/")[2]).replace(folder / recipe.program)


def module_file(module: str, path: str) -> Path:
    """Return a file of a published module (`path@version`), downloaded if necessary."""
    done = subprocess.run(  # noqa: S603 our own words
        ["go", "mod", "download", "-json", module],  # noqa: S607 whichever go is on PATH
        capture_output=True,
        text=True,
        check=False,
        cwd=tempfile.gettempdir(),
    )
    answer = json.loads(done.stdout or "{}")
    if done.returncode or "Dir" not in answer:
        raise BuildError(f"download {module}: {answer.get('Error') or done.stderr.strip()}")
    return Path(answer["Dir"]) / path


def _run(command: list[str], folder: Path, program: str, progress: Progress) -> None:
    last: list[str] = []
    workspace = folder / "go.work"
    environment = {
        **os.environ,
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
        "GOWORK": str(workspace) if workspace.exists() else "off",
    }
    with subprocess.Popen(  # noqa: S603 our own words
        command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stderr or ():
            if not progress.count(line):
                last = [*last[-9:], line.rstrip()]
    if process.returncode:
        raise BuildError(f"build {program}: go build failed:\n    " + "\n    ".join(last))
