"""gitlab-ci-local from npm in the user's cache; tests run the rendered templates with it.

Owns a folder named after the digest of its own lock file, apart from the tools built from Go modules, so that neither
makes the other be built again. Only the tests need it: without npm, setup prints a note and continues.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from ciaccess.environment import tool_cache
from ciaccess.progress import Step, print_remark

_SOURCES = Path(__file__).parent / "gitlab-ci-local"
_FILES = ("package.json", "package-lock.json")


def gitlab_ci_local() -> Path:
    """Return where the program is, or would be once it is installed."""
    digest = hashlib.sha256(b"\0".join((_SOURCES / name).read_bytes() for name in _FILES)).hexdigest()[:16]
    folder = tool_cache().parent.parent / "npm" / digest
    return folder / "node_modules" / ".bin" / "gitlab-ci-local"


def install() -> None:
    """Install it with `npm ci` if it is missing and npm exists, atomically."""
    program = gitlab_ci_local()
    if program.exists():
        return
    npm = shutil.which("npm")
    if not npm:
        print_remark("no npm, so no gitlab-ci-local: the tests that run pipelines will fail. Install Node 20")
        return
    folder = program.parents[2]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=".install-") as scratch,
        Step("installing gitlab-ci-local with npm"),
    ):
        target = Path(scratch) / "new"
        target.mkdir()
        for name in _FILES:
            shutil.copy(_SOURCES / name, target)
        done = subprocess.run(  # noqa: S603 found on PATH
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=target,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            tail = "\n    ".join(done.stderr.strip().splitlines()[-5:])
            print_remark(f"npm ci failed; only the tests that run pipelines need it:\n    {tail}")
            return
        shutil.rmtree(folder, ignore_errors=True)
        target.replace(folder)
