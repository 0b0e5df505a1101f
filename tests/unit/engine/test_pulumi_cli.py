"""How the engine is called, with a `pulumi` that writes down what it was told and does what the test wants."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from ciaccess.engine import pulumi_cli, settings
from ciaccess.environment import ROOT
from ciaccess.errors import CommandError, Exit

if TYPE_CHECKING:
    from pathlib import Path

_LOCKED = "error: the stack is currently locked by 1 lock(s). Either wait\n  s3://b/x: created by ci@job (pid 7) at now"


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program; `says` replaces what it does."""
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(settings, "CONFIG_FOLDER", tmp_path)
    return program


def says(program: Path, text: str = "", code: int = 0, seconds: float = 0) -> None:
    """Make the program do this; its words go to the file `words` beside it."""
    words = program.with_name("words")
    lines = (
        f"#!{sys.executable}",
        "import sys, time",
        f"open({str(words)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')",
        f"time.sleep({seconds})",
        f"sys.stderr.write({text!r})",
        f"sys.exit({code})",
    )
    program.write_text("\n".join(lines), encoding="utf-8")
    program.chmod(0o755)


def test_a_state_that_does_not_come_is_not_waited_for(pulumi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says(pulumi, seconds=60)
    monkeypatch.setattr(pulumi_cli, "_STATE_SECONDS", 0.5)
    begun = time.monotonic()
    with pytest.raises(
        CommandError, match=r"pulumi stack export did not end within .*PULUMI_BACKEND_URL"
    ) as raised:
        pulumi_cli.export("prod")
    assert raised.value.code == Exit.COULD_NOT_LOOK
    assert time.monotonic() - begun < 30


def test_a_stack_is_made_with_the_secrets_provider_of_its_settings(pulumi: Path, tmp_path: Path) -> None:
    """The engine would take a passphrase, and take the provider out of the settings."""
    says(pulumi)
    (tmp_path / "Pulumi.prod.yaml").write_text("secretsprovider: hashivault://key\nencryptedkey: a\n")
    (tmp_path / "Pulumi.other.yaml").write_text("encryptionsalt: v1:a=\n")
    for stack in ("prod", "other", "none"):
        pulumi_cli.ensure_stack(stack)
    assert pulumi.with_name("words").read_text().splitlines() == [
        "stack select --create prod --secrets-provider hashivault://key --non-interactive",
        "stack select --create other --non-interactive",
        "stack select --create none --non-interactive",
    ]


def test_a_lock_is_what_the_engine_says_when_it_wants_one(pulumi: Path) -> None:
    says(pulumi, _LOCKED, 255)
    assert "created by ci@job (pid 7)" in pulumi_cli.locks("organization/ciaccess/prod")
    assert (
        pulumi.with_name("words")
        .read_text()
        .startswith("stack rename prod --stack organization/ciaccess/prod ")
    )
    says(pulumi, "error: a stack named prod already exists", 255)
    assert pulumi_cli.locks("prod") == ""


def test_locks_that_could_not_be_looked_at_are_not_taken_for_none(pulumi: Path) -> None:
    says(pulumi, "error: could not list bucket: access denied", 255)
    with pytest.raises(CommandError, match="access denied") as raised:
        pulumi_cli.locks("prod")
    assert raised.value.code == Exit.COULD_NOT_LOOK


# A command that runs the engine, as ./ciaccess does; the second one also where the tests are run under nohup.
_COMMAND = (
    "from ciaccess.cli import application; from ciaccess.engine import pulumi_cli; "
    "raise SystemExit(application.run(lambda: pulumi_cli.run('up', quiet=True)))"
)
_WITH_HANGUPS = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL); {_COMMAND}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_ends_a_command_reaches_the_engine_once_and_is_waited_for(pulumi: Path, number: int) -> None:
    told = pulumi.with_name("told")
    lines = (
        f"#!{sys.executable}",
        "import signal, sys, time",
        f"told = open({str(told)!r}, 'a', buffering=1)",
        "def on(number, frame):",
        "    told.write(f'{signal.Signals(number).name}\\n')",
        "    time.sleep(0.5)",
        "    told.write('ended\\n')",
        "    sys.exit(1)",
        "for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP): signal.signal(each, on)",
        "told.write('begun\\n')",
        "time.sleep(60)",
    )
    pulumi.write_text("\n".join(lines), encoding="utf-8")
    pulumi.chmod(0o755)
    command = subprocess.Popen(
        [sys.executable, "-c", _WITH_HANGUPS],
        cwd=ROOT,
        env={"PATH": str(pulumi.parent)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with command:
        deadline = time.monotonic() + 30
        while not (told.exists() and told.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        # To the whole group, as a terminal and a CI runner do.
        os.killpg(command.pid, number)
        _, said = command.communicate(timeout=30)
    assert command.returncode == Exit.ERROR
    assert said == "error: pulumi up: interrupted, and ended. What it did until then is recorded\n"
    assert told.read_text().split() == ["begun", "SIGINT", "ended"]


def test_a_command_under_nohup_outlives_its_terminal(pulumi: Path) -> None:
    says(pulumi, seconds=1)
    command = subprocess.Popen(
        ["/bin/sh", "-c", 'trap "" HUP; exec "$0" -c "$1"', sys.executable, _COMMAND],
        cwd=ROOT,
        env={"PATH": str(pulumi.parent)},
        start_new_session=True,
    )
    with command:
        words, deadline = pulumi.with_name("words"), time.monotonic() + 30
        while not words.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(command.pid, signal.SIGHUP)
    assert command.returncode == Exit.CLEAN


@pytest.mark.parametrize("quiet", [True, False])
def test_a_lock_of_another_run_names_recover(
    pulumi: Path, monkeypatch: pytest.MonkeyPatch, *, quiet: bool
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")
    says(pulumi, _LOCKED, 255)
    with pytest.raises(CommandError) as raised:
        pulumi_cli.run("up", "--stack", "prod", quiet=quiet)
    # Where the engine printed its reason itself, the lock may be of a run that began since.
    known = "pulumi up: " if quiet else "pulumi up failed; its output is above. Now "
    assert str(raised.value) == (
        f"{known}the stack 'prod' is locked by process 7 of ci on job, since nowZ. Wait for that run; if it is dead, "
        "continue with ./ciaccess recover --stack prod"
    )


def test_a_failure_beside_no_lock_is_the_callers_to_report(
    pulumi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")
    says(pulumi, "error: a stack named prod already exists", 255)
    assert pulumi_cli.run("up", "--stack", "prod") == 255


def test_a_preview_tells_what_could_not_be_checked_without_the_engines_own_words(pulumi: Path) -> None:
    own = "error: Resource monitor has terminated, shutting down\nerror: an unhandled error occurred: program exited with 1"
    says(pulumi, f"error: bad\n{own}", 255)
    with pytest.raises(CommandError, match=r"^pulumi preview: bad$") as raised:
        pulumi_cli.preview()
    assert raised.value.code == Exit.ERROR
    entry = {"system": "Vault", "message": "m", "because": "Vault is not reachable", "remedy": "Start it."}
    program = f"import json, os; open(os.environ['CIACCESS_FAILURES'], 'w').write(json.dumps({entry!r}))"
    pulumi.write_text(f"#!{sys.executable}\n{program}\nraise SystemExit(255)\n", encoding="utf-8")
    with pytest.raises(CommandError, match="could not look at Vault: Vault is not") as raised:
        pulumi_cli.preview()
    assert raised.value.code == Exit.COULD_NOT_LOOK


def test_an_interrupted_preview_recorded_nothing() -> None:
    assert str(pulumi_cli._interruption(["preview"])).endswith("ended. Nothing was changed")
