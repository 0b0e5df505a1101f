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


def test_a_folder_that_is_a_file_is_said_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x"
    file.write_text("x", encoding="utf-8")
    refused = ciaccess(capsys, "render", "--folder", str(file))
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith(f"error: render to {file}: File exists")
    assert file.read_text(encoding="utf-8") == "x"
