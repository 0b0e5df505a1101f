"""Building a program from its Go module, in a copy of the module's folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ciaccess.progress import Step

if TYPE_CHECKING:
    from tools.recipes import Recipe


class BuildError(Exception):
    """A program could not be built; the text has the reason and the remedy."""


def build(recipe: Recipe, target: Path) -> None:
    """Build the recipe's program and move it to `target` atomically.

    Raises:
        BuildError: the compiler or the module download failed.
    """
    with (
        tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as scratch,
        Step(f"building {recipe.program} (about {recipe.expected_minutes} min the first time)") as step,
    ):
        module = Path(scratch) / "module"
        shutil.copytree(Path(__file__).parent / recipe.folder, module)
        built = Path(scratch) / recipe.program
        command = ["go", "build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false"]
        _run([*command, *recipe.flags, "-o", str(built), recipe.package], module, step)
        built.replace(target)


def module_file(module: str, path: str) -> Path:
    """Return a file of a published module (`path@version`), downloaded if necessary.

    Raises:
        BuildError: the module could not be had.
    """
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


def _run(command: list[str], folder: Path, step: Step) -> None:
    compiled = downloaded = 0
    last: list[str] = []
    environment = {**os.environ, "GOFLAGS": "", "CGO_ENABLED": "0"}
    with subprocess.Popen(  # noqa: S603 our own words
        command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stderr or ():
            if line.startswith("go: downloading"):
                downloaded += 1
            elif " " not in line.strip():
                compiled += 1
            else:
                last = [*last[-9:], line.rstrip()]
            step.note(f"{downloaded} modules downloaded, {compiled} packages compiled")
    if process.returncode:
        raise BuildError("build " + folder.parent.name + ": go build failed:\n    " + "\n    ".join(last))
