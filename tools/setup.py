"""`make setup`: the virtual environment, the system programs and the tools; keeps existing ones.

Safe to run twice at once (a lock for the checkout, one for the shared cache), and to interrupt: everything
is put in place whole, and a stamp is written last. What does not need each other is installed at once.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from ciaccess.environment import activate, check_own, state_directory, tool_cache, user_cache
from ciaccess.progress import format_duration, print_remark
from tools import node, openbao, packages, programs, toolset
from tools.running import BuildError

_MINIMUM_PYTHON = (3, 11)
_SERVERS: dict[str, toolset.Server] = {"everything": "vault", "stack": "any", "runtime": "none"}


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    check_own(path)
    with path.open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print_remark("another setup is running; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _keep_no_log(home: Path) -> None:
    """Put a file where the engine would make a folder of logs.

    It writes every value of every call there, which costs more than a third of a run (docs/adr/0013), and hundreds of
    megabytes. Who looks for a fault asks for it: `pulumi -v=9 --logtostderr`.
    """
    logs = home / "logs"
    if logs.is_dir():
        shutil.rmtree(logs)
    logs.touch()


def _packages(requirements: str) -> None:
    with _lock(state_directory() / "setup.lock"):
        packages.install(requirements)
        packages.compile_own()


def _tools(caller_path: str, server: toolset.Server) -> None:
    cache = tool_cache()
    (cache / "bin").mkdir(parents=True, exist_ok=True)
    with _lock(cache / ".lock"):
        toolset.install(cache, caller_path, server)
        _keep_no_log(cache / "pulumi-home")


def _for_tests() -> None:
    """Install what only tests and checks need."""
    programs.install()
    with _lock(user_cache() / ".for-tests.lock"):
        node.install()
        openbao.install()


def setup(scope: str) -> None:
    """Install what `scope` lacks: everything, `runtime` (jobs that apply), `stack` (`make up`)."""
    started = time.monotonic()
    caller_path = os.environ.get("PATH", "")
    activate()
    requirements = packages.RUNTIME if scope == "runtime" else packages.EVERYTHING
    work: list[Callable[[], None]] = [
        lambda: _packages(requirements),
        lambda: _tools(caller_path, _SERVERS[scope]),
    ]
    if scope == "everything":
        work.append(_for_tests)
    pool = ThreadPoolExecutor(len(work))
    try:
        for each in as_completed([pool.submit(task) for task in work]):
            each.result()
    finally:
        # What fails is reported at once; what is under way then ends before this process does.
        pool.shutdown(wait=False)
    sys.stderr.write(f"  set up in {format_duration(time.monotonic() - started)}\n")


def main() -> int:
    """Set up; return the exit code."""
    if sys.version_info < _MINIMUM_PYTHON:
        sys.stderr.write("error: Python 3.11 or newer is needed; set PYTHON=… for make\n")
        return 1
    parser = argparse.ArgumentParser(prog="make setup")
    parser.add_argument("scope", nargs="?", default="everything", choices=_SERVERS)
    try:
        setup(parser.parse_args().scope)
    except BuildError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"error: {error.strerror} ({error.filename})\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
