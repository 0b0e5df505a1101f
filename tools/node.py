"""gitlab-ci-local from npm in the user's cache; tests run the rendered templates with it.

Owns a folder named after the digest of its own lock file, apart from the tools built from Go modules, so that neither
makes the other be built again. Only the tests need it: without npm, setup prints a note and continues.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from ciaccess.atomic_file import whole_folder
from ciaccess.environment import user_cache
from ciaccess.progress import Step, print_remark
from tools.running import BuildError, quietly

PACKAGE = "gitlab-ci-local"
_SOURCES = Path(__file__).parent / PACKAGE
FILES = ("package.json", "package-lock.json")


def gitlab_ci_local() -> Path:
    """Return where the program is, or would be once it is installed."""
    digest = hashlib.sha256(b"\0".join((_SOURCES / name).read_bytes() for name in FILES)).hexdigest()[:16]
    folder = user_cache() / "npm" / digest
    return folder / "node_modules" / ".bin" / PACKAGE


def fetch() -> None:
    """Install it with `npm ci` if it is missing, atomically; BuildError where that fails."""
    program = gitlab_ci_local()
    if program.exists():
        return
    with whole_folder(program.parents[2]) as new, Step("installing gitlab-ci-local with npm"):
        for name in FILES:
            shutil.copy(_SOURCES / name, new)
        quietly(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder=new)


def install() -> None:
    """Fetch it, or print why that fails."""
    if not gitlab_ci_local().exists() and not shutil.which("npm"):
        print_remark("no npm, so no gitlab-ci-local: the tests that run pipelines will fail. Install Node 20")
        return
    try:
        fetch()
    except BuildError as error:
        print_remark(f"no gitlab-ci-local, which only the tests that run pipelines need: {error}")
