"""`make record-releases`: writes the SHA-256 of each archive to tools/releases.sha256.

Each archive is downloaded and checked by the vendor's published checksums first. Run it where a pin changes, on a machine that
reaches the vendors, and review the difference as a pin.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

from ciaccess.progress import Step
from tools import releases
from tools.download import Unreachable
from tools.recipes import TOOLS
from tools.running import BuildError


def main() -> int:
    """Record them; return the exit code."""
    # What is recorded for another pin is not believed, nor what is there for this one.
    before = releases.RECORDED.read_text(encoding="ascii")
    releases.RECORDED.write_text("", encoding="ascii")
    try:
        lines = _lines()
    except (BuildError, Unreachable) as error:
        releases.RECORDED.write_text(before, encoding="ascii")
        sys.stderr.write(f"error: record the releases' checksums: {error}\n")
        return 1
    releases.RECORDED.write_text("".join(lines), encoding="ascii")
    return 0


def _lines() -> list[str]:
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        for release in (tool.release for tool in TOOLS):
            for system in releases.SYSTEMS:
                for processor in ("amd64", "arm64"):
                    archive = releases.archive_for(release, system, processor)
                    target = Path(scratch) / archive
                    with Step(f"checking {archive}") as step:
                        releases.fetch_checked(release, archive, target, step.note)
                    with target.open("rb") as file:
                        lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {archive}\n")
                    target.unlink()
    return lines


if __name__ == "__main__":
    sys.exit(main())
