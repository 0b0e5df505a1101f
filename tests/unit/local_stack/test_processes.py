from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from ciaccess.local_stack import processes
from ciaccess.local_stack.processes import is_ours, spawn, stop

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_process_is_ours_from_its_first_moment(tmp_path: Path) -> None:
    """The kernel shows an empty command line while it loads a program."""
    for _ in range(40):
        pid = spawn([*COMMAND, str(tmp_path)], tmp_path / "log", dict(os.environ))
        assert is_ours(pid, tmp_path)
        assert stop(pid, tmp_path)
    assert not processes._children, "each is reaped, so that Python has none to warn of"


def test_a_process_on_other_data_is_not_ours_and_is_not_stopped(tmp_path: Path) -> None:
    pid = spawn([*COMMAND, str(tmp_path / "a")], tmp_path / "log", dict(os.environ))
    assert not is_ours(pid, tmp_path / "b")
    assert not stop(pid, tmp_path / "b")
    assert stop(pid, tmp_path / "a")


def test_a_zombie_is_not_ours(tmp_path: Path) -> None:
    pid = spawn([sys.executable, "-c", "", str(tmp_path)], tmp_path / "log", dict(os.environ))
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert not is_ours(pid, tmp_path)
    assert not stop(pid, tmp_path)


def test_nobody_is_told_a_port_that_another_was_just_told() -> None:
    """Between the answer and the moment at which one listens there, others ask too."""
    command = [
        sys.executable,
        "-c",
        "from ciaccess.local_stack.processes import free_port as f; print(*(f() for _ in range(50)))",
    ]
    asking = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = [port for process in asking for port in process.communicate()[0].split()]
    assert len(set(told)) == len(told) == 150
    # A Vault in development mode listens on the next port, too.
    assert not {int(port) for port in told} & {int(port) + 1 for port in told}
