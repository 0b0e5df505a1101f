"""A real docker daemon of the test's own, on a socket in a short path, without networks of its own; it needs root."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 60
_STOP_SECONDS = 30


@contextmanager
def docker_daemon() -> Iterator[str]:
    """Yield its address, for DOCKER_HOST; what it stored is removed after."""
    program = shutil.which("dockerd", path="/usr/sbin:/usr/bin:/usr/local/bin")
    assert program, "dockerd is not installed: tools/programs.py names its package"
    folder = Path(tempfile.mkdtemp(prefix="dockerd-"))
    socket, log = folder / "d.sock", folder / "log"
    words = [
        *(program, "--host", f"unix://{socket}", "--pidfile", str(folder / "pid")),
        *("--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")),
        *("--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs"),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        _wait(process, f"unix://{socket}", log)
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while subprocess.run(
        ["docker", "--host", address, "version"], capture_output=True, check=False
    ).returncode:
        waiting = process.poll() is None and time.monotonic() < deadline
        assert waiting, log.read_text(encoding="utf-8")[-2000:]
        time.sleep(0.1)
