from __future__ import annotations

import subprocess

import pytest

from commands.__main__ import run
from commands.terminal import CommandError, Exit
from tools.environment import ROOT


def ciaccess(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["./ciaccess", *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("validate", "--nope"), "No such option: --nope"),
        (("valdate",), "No such command 'valdate'"),
        (("validate", "a", "b"), "unexpected extra argument"),
    ],
)
def test_a_mistyped_command_is_one_message_and_exit_code_1(words: tuple[str, ...], said: str) -> None:
    """2 would say that differences were found."""
    done = ciaccess(*words)
    assert done.returncode == Exit.ERROR
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_commands_error_ends_with_its_own_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise CommandError("look at Vault: no answer", Exit.COULD_NOT_LOOK)

    assert run(fails) == Exit.COULD_NOT_LOOK
    assert capsys.readouterr().err == "error: look at Vault: no answer\n"


def test_an_interrupted_command_leaves_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    assert run(interrupted) == Exit.ERROR
    assert capsys.readouterr().err == "interrupted\n"
