from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from ciaccess.cli.application import COMMANDS, run
from ciaccess.cli.application import application as entry
from ciaccess.clients.credentials import KNOWN
from ciaccess.clients.redaction import conceal
from ciaccess.engine.settings import StackSettings
from ciaccess.environment import ROOT
from ciaccess.errors import CommandError, Exit


def ciaccess(*words: str, state: Path | None = None, given: str = "") -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **({"CIACCESS_STATE_DIR": str(state)} if state else {})}
    return subprocess.run(
        ["./ciaccess", *words],
        cwd=ROOT,
        env=variables,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("validate", "--nope"), "No such option: --nope"),
        (("valdate",), "No such command 'valdate'. Did you mean 'validate'?"),
        (("x",), "No such command 'x'."),
        (("validate", "a", "b"), "unexpected extra argument"),
        (("access", "--by", "banana"), "Invalid value for '--by': 'banana' is not one of 'account',"),
    ],
)
def test_a_mistyped_command_is_one_message_and_exit_code_1(words: tuple[str, ...], said: str) -> None:
    """2 would say that differences were found."""
    done = ciaccess(*words)
    assert done.returncode == Exit.ERROR
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("recover", "--stack", "prod"), ("VAULT_ADDR", "VAULT_TOKEN")),
        (("adopt", "plan", "--stack", "prod"), tuple(KNOWN)),
    ],
)
def test_missing_credentials_are_listed_at_once(
    words: tuple[str, ...], names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KNOWN:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    done = ciaccess(*words)
    assert done.returncode == Exit.COULD_NOT_LOOK
    assert [name for name in KNOWN if name in done.stderr] == [name for name in KNOWN if name in names]


def test_the_version_is_that_of_the_package() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert ciaccess("--version").stdout == f"ciaccess {declared}\n"


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


@pytest.mark.parametrize("words", [("validate",), ("access",), ("validate", "--schema"), ("--help",)])
def test_a_full_disk_is_one_message(words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            ["./ciaccess", *words], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == Exit.ERROR
    assert done.stderr == "error: write the output: No space left on device. Make room, or write elsewhere\n"


@pytest.mark.parametrize("words", ["validate --json", "access"])
def test_a_closed_standard_output_is_no_error(words: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f"./ciaccess {words} >&-"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (Exit.CLEAN, "", "")


def test_what_was_printed_before_a_fault_is_not_lost() -> None:
    fault = "def main():\n    print('before')\n    raise CommandError('a fault')\n"
    script = (
        "import runpy\nfrom ciaccess.cli import application\nfrom ciaccess.errors import CommandError\n"
        f"{fault}application.main = main\nrunpy.run_module('ciaccess', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (Exit.ERROR, "before\n", "error: a fault\n")


def test_what_standard_output_cannot_encode_is_escaped() -> None:
    """The organisation's YAML has an arrow in a description."""
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    shown, in_json = (
        subprocess.run(
            ["./ciaccess", "access", *words], cwd=ROOT, env=environment, capture_output=True, check=True
        ).stdout
        for words in ((), ("--json",))
    )
    assert b"dev\\u2192uat\\u2192prod" in shown
    purposes = [each["purpose"] for each in json.loads(in_json)["accounts"]]
    assert "Artifact promotion dev\u2192uat\u2192prod" in purposes


@pytest.mark.parametrize("debug", [False, True])
def test_a_mistake_of_ours_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    debug: bool,  # noqa: FBT001 a case's column
) -> None:
    """Its text is not shown at all, and the traceback that one may ask for is redacted."""
    monkeypatch.setenv("CIACCESS_DEBUG", "1" if debug else "")
    conceal("planted-secret-of-a-fault")

    def fails() -> None:
        raise KeyError("planted-secret-of-a-fault")

    assert run(fails) == Exit.ERROR
    said = capsys.readouterr().err
    assert "planted" not in said
    assert ("Traceback" in said) is debug
    assert ("internal error: KeyError at test_application.py:" in said) is not debug


def test_ctrl_c_ends_a_command_with_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*words: object) -> None:
        del words
        raise KeyboardInterrupt

    monkeypatch.setattr("ciaccess.cli.validate_command.check", interrupted)
    assert run(lambda: entry(["validate"], prog_name="ciaccess", standalone_mode=False)) == Exit.ERROR
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_shows_variables_of_a_fault_or_installs_anything(name: str) -> None:
    """A rich traceback has the values of local variables, credentials among them."""
    application = importlib.import_module(f"ciaccess.{COMMANDS[name].module}").application
    assert application.pretty_exceptions_enable is False
    options = {option for each in get_command(application).params for option in each.opts}
    assert "--install-completion" not in options


def test_a_state_directory_that_cannot_be_made_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    done = ciaccess("validate", state=tmp_path / "file" / "state")
    assert done.returncode == Exit.ERROR
    assert "Name a folder of your own in CIACCESS_STATE_DIR" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("n\n", "not confirmed, and nothing was changed"),
        ("", "there is no terminal to confirm on, and nothing was changed"),
    ],
)
def test_a_command_that_is_not_confirmed_says_that_nothing_was_changed(
    tmp_path: Path, given: str, said: str
) -> None:
    done = ciaccess("local", "reset", state=tmp_path, given=given)
    assert done.returncode == Exit.ERROR
    assert said in done.stderr
    assert "interrupted" not in done.stderr


def test_the_local_stack_tells_faults_of_the_yaml_as_every_command_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "access.yaml").write_text("version: 2\n", encoding="utf-8")
    own = StackSettings(tmp_path / "access.yaml")
    monkeypatch.setattr("ciaccess.engine.settings.StackSettings", lambda: own)
    assert run(lambda: entry(["local", "start"], prog_name="ciaccess", standalone_mode=False)) == Exit.ERROR
    assert "version: 2 is not allowed" in capsys.readouterr().err
