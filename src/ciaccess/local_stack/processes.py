"""Background processes by pid: each in its own session, identified and stopped only by us.

A pid is trusted only while the process behind it still names its data folder on its command line, so a
number that the system has given to someone else is never taken for ours, and never signalled.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ciaccess.atomic_file import hold_lock
from ciaccess.environment import ROOT, user_cache
from ciaccess.errors import CiaccessError

_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.03
_EXEC_SECONDS = 1.0
# Below the ports of outgoing connections, 32768 on Linux, and beside the usual ports of the stack.
# Every second one: a Vault in development mode listens on the next one, too, for its cluster.
_FREE_PORTS = range(20_000, 32_000, 2)
_children: dict[int, subprocess.Popen[bytes]] = {}


class StackError(CiaccessError):
    """The local stack failed."""


def is_ours(pid: int, data: Path) -> bool:
    """Tell whether this pid is a live process that was started on this data folder."""
    return str(data) in _command_line(pid)


def _command_line(pid: int) -> str:
    """Return the words of a live process; nothing where there is none, or only a zombie."""
    if not Path("/proc/self").exists():
        return subprocess.run(  # noqa: S603 our own words
            ["ps", "-o", "args=", "-p", str(pid)],  # noqa: S607 the system's
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    deadline = time.monotonic() + _EXEC_SECONDS
    while True:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1]
        except OSError:
            return ""
        # Empty is a zombie's, but also that of a program that the kernel is just loading.
        if words or state == b"Z" or time.monotonic() > deadline:
            return words.decode(errors="replace").replace("\0", " ")
        time.sleep(_POLL_SECONDS)


def spawn(command: Sequence[str], log: Path, environment: dict[str, str]) -> int:
    """Start a process that outlives this command, its output going to `log` (0600); return its pid."""
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        child = subprocess.Popen(  # noqa: S603 our own words
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise StackError(f"start {command[0]}: it is not on PATH. Set the project up: make setup") from None
    finally:
        os.close(descriptor)
    _children[child.pid] = child
    return child.pid


def _reap(pid: int) -> None:
    """Reap an ended child of this command; another command's child is not ours to wait for."""
    child = _children.get(pid)
    if child and child.poll() is not None:
        del _children[pid]


def stop(pid: int, data: Path, seconds: float = _STOP_SECONDS) -> bool:
    """Ask our process to stop, kill it after these seconds; return False when it was not running."""
    if _gone(pid, data):
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if _wait(lambda: _gone(pid, data), seconds):
            return True
    raise StackError(f"stop process {pid}: still running after SIGKILL")


def _gone(pid: int, data: Path) -> bool:
    gone = not is_ours(pid, data)
    _reap(pid)  # after the check: else one that ends between the two is never reaped
    return gone


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(_POLL_SECONDS)
    return condition()


@dataclass(frozen=True)
class Starting:
    """A started service: its time limit, and a function that finds its last error in the log."""

    name: str
    pid: int
    data: Path
    log: Path
    seconds: float = 30.0
    last_error: Callable[[Path], str] = lambda _: ""


def wait_ready(service: Starting, ready: Callable[[], bool]) -> None:
    """Wait until a service answers; an error has the last one of its log, or the last lines."""
    pid, data, log = service.pid, service.data, service.log
    if _wait(lambda: not is_ours(pid, data) or ready(), service.seconds) and is_ours(pid, data):
        return
    _reap(pid)
    verdict = f"does not answer after {service.seconds:.0f} s" if is_ours(pid, data) else "ended at once"
    if error := service.last_error(log):
        raise StackError(f"start {service.name}: it {verdict}. Its last error: {error}\n    Its log: {log}")
    tail = "\n    ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
    raise StackError(f"start {service.name}: it {verdict}. The end of {log}:\n    {tail}")


def port_is_free(port: int) -> bool:
    """Tell whether one may listen on 127.0.0.1 at this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a free port of 127.0.0.1, never one that another process of this user was just given.

    Not one of those that the system gives to outgoing connections: it could be gone before anybody listens there.
    """
    file = user_cache() / "last-port"
    with hold_lock(file.with_suffix(".lock")):
        last = file.read_text(encoding="ascii") if file.exists() else ""
        port = int(last) if last.isdecimal() else secrets.choice(_FREE_PORTS)
        while True:
            port += 2 - port % 2
            port = port if port in _FREE_PORTS else _FREE_PORTS.start
            if port_is_free(port):
                file.write_text(str(port), encoding="ascii")
                return port
