"""The project's own commands run inside the test, which is as the user runs them without the start of an interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.cli.application import application, run
from tests.support.project.project import Done

if TYPE_CHECKING:
    import pytest


def ciaccess(capsys: pytest.CaptureFixture[str], *words: str) -> Done:
    """Run `./ciaccess` with these words; return its exit code and what it printed."""
    capsys.readouterr()
    code = run(lambda: application([*words], prog_name="ciaccess", standalone_mode=False))
    printed = capsys.readouterr()
    return Done(code, printed.out, printed.err)
