from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from tests.support.cli.commands import ciaccess

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", [(), ("--standalone",), ("--components",)])
def test_the_command_that_a_check_advises_makes_it_clean(
    kind: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checked = ("render", "--check", "--folder", str(tmp_path / "a b"), *kind)
    stale = ciaccess(capsys, *checked)
    assert stale.code == 2
    advised = stale.out.splitlines()[-1].removeprefix("Render them: ./ciaccess ")
    ciaccess(capsys, *shlex.split(advised)).succeeded()
    assert ciaccess(capsys, *checked).code == 0
