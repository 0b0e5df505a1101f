from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from ciaccess.environment import ROOT
from ciaccess.errors import Exit

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "content",
    ["import signal\n{begun}\nsignal.pause()\n", "exec('import signal\\n{begun}\\nsignal.pause()')\n"],
)
def test_ctrl_c_while_modules_are_imported_leaves_no_traceback(tmp_path: Path, content: str) -> None:
    """A KeyboardInterrupt in code that is run from a text makes Python end with 130."""
    (tmp_path / "typer.py").write_text(content.format(begun="print(1, flush=True)"), encoding="utf-8")
    with subprocess.Popen(
        ["./ciaccess", "validate"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n", "it imports"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (Exit.ERROR, "interrupted\n")
