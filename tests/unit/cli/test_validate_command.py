from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.model.checks_dates import today
from ciaccess.access.reading import schema
from ciaccess.cli.application import application, run
from ciaccess.engine import settings
from ciaccess.environment import ROOT
from tests.support.access.access import GOOD, edited

if TYPE_CHECKING:
    from pathlib import Path


def ciaccess(*words: str | Path) -> int:
    return run(
        lambda: application([str(word) for word in words], prog_name="ciaccess", standalone_mode=False)
    )


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "access.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_validate_says_that_a_file_is_valid(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ciaccess("validate", file) == 0
    assert capsys.readouterr().out == "access.yaml: valid, 5 accounts\n"


def test_validate_shows_warnings_and_is_content(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(edited(("svc-app, svc-tool", "svc-app")), encoding="utf-8")
    assert ciaccess("validate", file) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("access.yaml:63:3: warning: accounts.svc-tool: no JWT role may read")
    assert last == "access.yaml: valid, 5 accounts, 1 warning"


def test_validate_shows_every_fault_and_counts_them(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(
        edited(("version: 1", "version: 2"), ("[docker, pypi]", "[dcker]"), ("svc-app, svc-tool", "svc-app")),
        encoding="utf-8",
    )
    assert ciaccess("validate", file) == 1
    captured = capsys.readouterr()
    assert [line.split(": ")[0] for line in captured.out.splitlines()] == [
        "access.yaml:1:10",
        "access.yaml:61:12",
        "access.yaml:63:3",
        "2 errors, 1 warning found",
    ]
    assert captured.err == ""


def answer(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_validate_json_has_the_same_keys_whether_valid_or_not(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ciaccess("validate", file, "--json") == 0
    assert answer(capsys) == {"valid": True, "accounts": 5, "former": [], "faults": []}
    file.write_text(edited(("version: 1", "version: 2")), encoding="utf-8")
    assert ciaccess("validate", file, "--json") == 1
    assert answer(capsys) == {
        "valid": False,
        "accounts": None,
        "former": [],
        "faults": [
            {
                "file": "access.yaml",
                "line": 1,
                "column": 10,
                "field": "version",
                "value": 2,
                "message": "2 is not allowed",
                "allowed": "1",
                "remedy": "Write 1",
                "severity": "error",
            }
        ],
    }


def test_validate_of_a_file_that_is_not_there_is_a_fault_like_any_other(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ciaccess("validate", file.parent / "none.yaml", "--json") == 1
    (fault,) = answer(capsys)["faults"]
    assert (fault["file"], fault["message"]) == ("none.yaml", "there is no such file")


def test_validate_of_a_file_that_is_not_there_names_no_line(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ciaccess("validate", file.parent / "none.yaml") == 1
    assert capsys.readouterr().out.startswith("none.yaml: there is no such file. Allowed: ")


def test_validate_takes_a_stacks_addresses(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings, "CONFIG_FOLDER", file.parent)
    text = "config:\n  ciaccess:addresses:\n    vault: http://vault.internal\n"
    (file.parent / "Pulumi.test.yaml").write_text(text, encoding="utf-8")
    assert ciaccess("validate", "--stack", "test") == 1
    assert "by the stack's ciaccess:addresses" in capsys.readouterr().out


def test_validate_of_an_unknown_stack_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert ciaccess("validate", "--stack", "nowhere") == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("error: there is no stack 'nowhere'")
    assert captured.err.count("\n") == 1


def test_validate_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert ciaccess("validate", "--schema") == 0
    assert capsys.readouterr().out == schema.text()


def test_validate_starts_without_what_it_does_not_need() -> None:
    """The modules that are slow to import, and those that could reach a network, stay out."""
    script = (
        "import sys; from ciaccess.cli.application import application, run; "
        "run(lambda: application(['validate'], prog_name='ciaccess', standalone_mode=False)); "
        "heavy = {'pulumi', 'requests', 'hvac', 'gitlab', 'rich.console', 'ruamel.yaml', 'jinja2', 'clients'}; "
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_validate_of_a_thousand_accounts_is_quick(file: Path) -> None:
    accounts = "".join(
        f"  app-{n:04}:\n    purpose: Application {n}\n    push: [docker, yum]\n    pull: [docker]\n"
        for n in range(1000)
    )
    names = "".join(f", app-{n:04}" for n in range(1000))
    file.write_text(edited(("svc-app, svc-tool", f"svc-app, svc-tool{names}")) + accounts, encoding="utf-8")
    before = time.process_time()
    assert ciaccess("validate", file, "--json") == 0
    assert time.process_time() - before < 2, "seconds of this process, whatever else the machine does"


FORMERLY = "    formerly: {{svc-old: {{until: {until}, rotation: 1}}}}\n"


@pytest.mark.parametrize(("days", "is_over"), [(0, False), (-1, True)])
def test_validate_names_the_former_accounts_and_until_when_they_stay(
    file: Path, capsys: pytest.CaptureFixture[str], *, days: int, is_over: bool
) -> None:
    until = (today() + timedelta(days=days)).isoformat()
    purpose = "    purpose: Applications\n"
    file.write_text(edited((purpose, purpose + FORMERLY.format(until=until))), encoding="utf-8")
    assert ciaccess("validate", file) == 0
    *_, last = capsys.readouterr().out.splitlines()
    stays = f"  svc-old: former name of svc-app, until {until}"
    assert last == ("access.yaml: valid, 5 accounts, 1 warning" if is_over else stays)
    assert ciaccess("validate", file, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["accounts"] == (5 if is_over else 6)
    assert shown["former"] == [
        {"name": "svc-old", "successor": "svc-app", "until": until, "is_over": is_over}
    ]
