from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from ciaccess.clients.errors import UnreachableError
from ciaccess.environment import ROOT
from ciaccess.errors import CommandError
from ciaccess.own_pipeline import run_as, run_as_command

# What ends in order takes its time.
_ENDS_SLOWLY = "trap 'sleep 0.3; echo ended; exit 5' INT; echo ready; while :; do sleep 0.05; done"
_JOB = f"""
from ciaccess.own_pipeline.run_as import _run
try:
    raise SystemExit(_run(["sh", "-c", {_ENDS_SLOWLY!r}], {{}}))
finally:
    print("revoked", flush=True)
"""


class _Vault:
    """A Vault that was there at the login and is away afterwards."""

    token = "planted-token"
    url = "https://vault.example.org"

    def log_out(self) -> None:
        raise UnreachableError("revoke the token", "no answer", "Look at it.", system="Vault")


@pytest.fixture
def _logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_as, "_log_in", lambda *_: _Vault())
    monkeypatch.setattr(run_as, "check_anchors", lambda *_: None)
    monkeypatch.setattr(run_as, "_credentials", lambda *_: {})
    monkeypatch.setattr(signal, "signal", lambda *_: None)


def test_a_command_that_is_interrupted_keeps_its_token_until_it_has_ended() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _JOB], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == "ready\n"
        os.killpg(job.pid, signal.SIGINT)
        assert job.stdout.read() == "ended\nrevoked\n"
    assert job.returncode == 5


@pytest.mark.usefixtures("_logged_in")
def test_a_token_that_cannot_be_revoked_does_not_change_how_the_command_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_as_command.run_as("apply", ["--", "sh", "-c", "exit 7"]) == 7
    said = capsys.readouterr().err
    assert "the token stays valid until it ends by itself: revoke the token: no answer. Look at it." in said
    assert "planted" not in said


@pytest.mark.usefixtures("_logged_in")
def test_no_command_is_said() -> None:
    with pytest.raises(CommandError, match="there is no command to run"):
        run_as_command.run_as("apply", ["--"])
