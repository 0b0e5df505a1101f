from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ciaccess import environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_state_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIACCESS_STATE_DIR", str(tmp_path / "state directory"))
    for name in (
        "PULUMI_BACKEND_URL",
        "PULUMI_CONFIG_PASSPHRASE",
        "PULUMI_CONFIG_PASSPHRASE_FILE",
        "VAULT_ADDR",
    ):
        monkeypatch.delenv(name, raising=False)


def test_variables_put_the_project_first_on_path_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    first = environment.variables()["PATH"]
    monkeypatch.setenv("PATH", first)
    assert environment.variables()["PATH"] == first
    assert first.split(":")[0] == str(environment.VENV / "bin")


def test_variables_leave_the_callers_backend_and_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "mine")
    chosen = environment.variables()
    assert chosen["PULUMI_BACKEND_URL"] == "s3://states"
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in chosen


def test_the_state_lies_in_the_state_directory_whatever_that_is_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A # began the URL's fragment, so that the engine put the state beside the directory."""
    place = tmp_path / "issue #7, 100% what? a+b %41 ünïcode"
    monkeypatch.setenv("CIACCESS_STATE_DIR", str(place))
    environment.prepare()
    chosen = environment.variables()
    subprocess.run(["pulumi", "stack", "ls"], env=os.environ | chosen, cwd=environment.ROOT, check=True)
    assert (place / "state" / ".pulumi" / "meta.yaml").is_file()
    assert environment.backend_folder(chosen["PULUMI_BACKEND_URL"]) == place / "state" / ".pulumi"


def test_the_tool_cache_follows_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert environment.tool_cache().parent == tmp_path / "ciaccess" / "tools"


def test_prepare_makes_a_state_directory_that_only_its_owner_may_enter(tmp_path: Path) -> None:
    environment.prepare()
    environment.prepare()
    assert stat.S_IMODE((tmp_path / "state directory").stat().st_mode) == 0o700
    assert environment.passphrase_file().read_text() == environment.PUBLIC_PASSPHRASE


def test_prepare_mends_a_passphrase_whose_writing_was_cut_off() -> None:
    environment.prepare()
    environment.passphrase_file().write_text("")
    environment.prepare()
    assert environment.passphrase_file().read_text() == environment.PUBLIC_PASSPHRASE
    assert [file.name for file in environment.state_directory().iterdir() if file.is_file()] == ["passphrase"]


def test_a_user_without_home_and_name_has_the_tools_in_the_state_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    assert environment.tool_cache().is_relative_to(tmp_path / "state directory" / "cache")


def test_main_names_the_local_credentials_by_file_and_only_where_no_vault_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.prepare()
    script = environment.local_credentials_script()
    script.parent.mkdir(parents=True)
    script.write_text("export VAULT_TOKEN=\"$(cat '/x')\"\n")
    environment.main()
    assert "VAULT_TOKEN" in capsys.readouterr().out
    monkeypatch.setenv("VAULT_ADDR", "https://vault.shared.cwiq.io")
    environment.main()
    printed = capsys.readouterr().out
    assert "VAULT_TOKEN" not in printed
    assert f"export PULUMI_CONFIG_PASSPHRASE_FILE='{script.parent.parent}/passphrase'" in printed, (
        "a blank is quoted"
    )


def test_only_a_folder_of_this_machine_is_looked_at() -> None:
    assert str(environment.backend_folder("file:///a/b?metadata=skip")) == "/a/b/.pulumi"
    assert str(environment.backend_folder("file:///a%23b%20c")) == "/a#b c/.pulumi"
    assert environment.backend_folder("s3://states") is None
    assert environment.backend_folder(None) is None


def test_a_folder_is_found_where_the_engine_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ci")
    assert str(environment.backend_folder("file://~/states")) == "/home/ci/states/.pulumi"
    assert str(environment.backend_folder("file://~")) == "/home/ci/.pulumi"
    assert environment.backend_folder("file://./states") == environment.ROOT / "states" / ".pulumi"


LOCK = "state/.pulumi/locks/organization/ciaccess/prod/1.json"
STATE = "state/.pulumi/stacks/ciaccess/prod.json"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "state",
        "local",
        "passphrase",
        "local/environment.sh",
        "state/.pulumi",
        "state/.pulumi/locks",
        LOCK,
        STATE,
    ],
)
def test_what_another_user_could_have_planted_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    place = tmp_path / "mine"
    monkeypatch.setenv("CIACCESS_STATE_DIR", str(place))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    environment.prepare()
    target = place / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix:
        target.write_text("export A=1\n", encoding="ascii")
    elif not target.exists():
        target.mkdir()
    environment.prepare()
    place.chmod(0o755)
    target.chmod(0o707)
    with pytest.raises(OSError, match="writable by other users"):
        environment.prepare()
    target.chmod(0o700)
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(OSError, match="belongs to another user"):
        environment.prepare()
    monkeypatch.setattr(os, "getuid", lambda: mine)
    target.rename(tmp_path / "elsewhere")
    target.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="is a symbolic link"):
        environment.prepare()


def test_a_job_with_umask_0_is_not_refused_what_it_made_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CIACCESS_STATE_DIR", str(tmp_path / "mine"))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    before = os.umask(0)
    try:
        environment.prepare()
        environment.prepare()
    finally:
        os.umask(before)


def test_a_named_backend_may_be_a_team_s_but_no_link_and_nothing_that_all_write(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CIACCESS_STATE_DIR", str(tmp_path / "mine"))
    environment.prepare()
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/team?metadata=skip")
    locks = tmp_path / "team" / ".pulumi" / "locks"
    locks.mkdir(parents=True)
    environment.prepare()
    locks.chmod(0o777)
    with pytest.raises(OSError, match="locks is writable by other users"):
        environment.prepare()
    locks.rename(tmp_path / "elsewhere")
    locks.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="locks is a symbolic link"):
        environment.prepare()


def test_an_unsafe_folder_prints_no_command_for_the_shell(tmp_path: Path) -> None:
    (tmp_path / "place").symlink_to(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "ciaccess.environment"],
        env=os.environ | {"CIACCESS_STATE_DIR": str(tmp_path / "place")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "is a symbolic link" in done.stderr
