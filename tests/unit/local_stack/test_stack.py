from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ciaccess.atomic_file import write_private
from ciaccess.local_stack import stack
from ciaccess.local_stack.id_tokens import LocalIssuer
from ciaccess.local_stack.places import Record, credential_file
from ciaccess.local_stack.processes import StackError, free_port, spawn
from tests.support.cli.commands import ciaccess

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_state_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIACCESS_STATE_DIR", str(tmp_path))


def put(backend: Path, *names: str) -> list[Path]:
    files = [backend / ".pulumi" / name for name in names]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}", encoding="utf-8")
    return files


def test_a_reset_leaves_the_state_of_other_stacks(tmp_path: Path) -> None:
    """Whoever names no backend has the state of every stack there."""
    kept = put(
        tmp_path / "state",
        "meta.yaml",
        "stacks/ciaccess/prod.json",
        "stacks/ciaccess/local-2.json",
        "history/ciaccess/prod/prod-1.history.json",
    )
    gone = put(
        tmp_path / "state",
        "stacks/ciaccess/local.json",
        "stacks/ciaccess/local.json.bak",
        "history/ciaccess/local/local-1.history.json",
        "locks/organization/ciaccess/local/1.json",
    )
    stack.reset()
    assert all(file.exists() for file in kept)
    assert not any(file.exists() for file in gone)


def test_a_reset_takes_the_whole_backend_where_there_is_no_other_stack(tmp_path: Path) -> None:
    put(tmp_path / "state", "meta.yaml", "stacks/ciaccess/local.json")
    stack.reset()
    assert not (tmp_path / "state").exists()


def test_a_stack_that_was_never_started_whole_is_said() -> None:
    Record(ports={"vault": 1, "nexus": 2, "gitlab": 3}).save()
    with pytest.raises(StackError, match="did not finish starting"):
        stack.environment()


def test_a_missing_program_is_said(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="start no-such-vault: it is not on PATH"):
        spawn(["no-such-vault"], tmp_path / "log", {**os.environ})


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CIACCESS_VAULT_SERVER", raising=False)
    return folder


def program(folder: Path, name: str) -> None:
    (folder / name).touch(mode=0o755)


def test_a_new_stack_takes_vault_and_openbao_only_where_there_is_no_vault(
    on_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = []
    for name in ("", "bao", "vault"):
        if name:
            program(on_path, name)
        record = Record()
        stack._choose_vault(record)
        chosen.append(record.vault)
    assert chosen == ["vault", "bao", "vault"]
    program(on_path, "other")
    monkeypatch.setenv("CIACCESS_VAULT_SERVER", f"{on_path}/other")
    record = Record()
    stack._choose_vault(record)
    assert record.vault == f"{on_path}/other"


@pytest.mark.usefixtures("on_path")
def test_an_old_stack_keeps_its_server_and_refuses_another(monkeypatch: pytest.MonkeyPatch) -> None:
    record = Record(ports={"vault": 1}, vault="bao")
    stack._choose_vault(record)
    assert record.vault == "bao"
    monkeypatch.setenv("CIACCESS_VAULT_SERVER", "vault")
    with pytest.raises(StackError, match=r"the local stack has bao, .* local reset --yes"):
        stack._choose_vault(record)


@pytest.mark.usefixtures("on_path")
def test_a_version_or_program_that_does_not_exist_is_refused_with_what_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = Record(ports={"vault": 1}, vault="bao")
    record.save()
    monkeypatch.setenv("CIACCESS_VAULT_SERVER", "banana")
    with pytest.raises(StackError, match=r"start banana: there is no such program\. Allowed: vault, bao"):
        stack._choose_vault(record)
    with pytest.raises(StackError, match=r"install Nexus banana: .* Available: 3.71.0, 3.30.0"):
        stack.choose_nexus("banana")


def test_the_status_of_nexus_names_its_registries() -> None:
    ports = {"vault": 1, "nexus": 2, "nexus_push": 3, "nexus_pull": 4, "gitlab": 5}
    Record(ports=ports).save()
    found = {service.service: service.registries for service in stack.status()}
    registries = {"push": "127.0.0.1:3", "pull": "127.0.0.1:4"}
    assert found == {"vault": {}, "nexus": registries, "gitlab": {}}


@pytest.mark.parametrize("words", [("local", "status"), ("local", "stop")])
def test_a_stopped_stack_names_the_command_that_starts_it(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert "Start it: ./ciaccess local start" in ciaccess(capsys, *words).err


def test_a_stopped_gitlab_issues_no_id_token_and_says_how_to_start_it() -> None:
    Record(ports={"gitlab": free_port()}).save()
    write_private(credential_file("gitlab-token"), "glpat-x")
    with pytest.raises(StackError, match=r"is not reachable \(connection refused\)\. .*ciaccess local start"):
        LocalIssuer().mint("a/b", "main", "x")
