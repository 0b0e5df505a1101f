from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.engine import pulumi_cli, state_folder
from ciaccess.errors import CommandError
from ciaccess.recovery import leftovers

if TYPE_CHECKING:
    from pathlib import Path


def lock(folder: Path, pid: int, host: str = "") -> None:
    place = folder / "locks" / "organization" / "ciaccess" / "prod"
    place.mkdir(parents=True, exist_ok=True)
    text = {
        "pid": pid,
        "username": "ci",
        "hostname": host or socket.gethostname(),
        "timestamp": "2026-11-24T10:00:00Z",
    }
    (place / f"{pid}.json").write_text(json.dumps(text), encoding="utf-8")


def ended() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_lock_is_stale_when_its_process_is_gone_or_another_programs_by_now(tmp_path: Path) -> None:
    lock(tmp_path, ended())
    lock(tmp_path, os.getpid())  # this is no engine
    found = state_folder.locks(tmp_path, "ciaccess", "prod")
    assert [each.is_stale for each in found] == [True, True]
    assert [each.kind for each in leftovers.of_the_folder(tmp_path, "ciaccess", "prod")] == ["lock"]


def test_a_lock_of_another_host_or_one_that_cannot_be_read_is_never_stale(tmp_path: Path) -> None:
    lock(tmp_path, ended(), "elsewhere")
    with pytest.raises(CommandError, match="of ci on elsewhere, since 2026-11-24T10:00:00Z"):
        leftovers.of_the_folder(tmp_path, "ciaccess", "prod")
    next((tmp_path / "locks").rglob("*.json")).write_text("")
    with pytest.raises(CommandError, match="cannot be read"):
        leftovers.of_the_folder(tmp_path, "ciaccess", "prod")
    assert leftovers.of_the_folder(tmp_path, "ciaccess", "other") == []


def test_an_empty_attributes_file_is_removed_and_a_whole_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "prod.json.attrs").touch()
    (tmp_path / "other.json.attrs").write_text("{}")
    found = leftovers.of_the_folder(tmp_path, "ciaccess", "prod")
    assert [each.kind for each in found] == ["torn"]
    found[0].repair()
    assert [file.name for file in tmp_path.iterdir()] == ["other.json.attrs"]


def test_a_lock_that_was_torn_while_it_was_written_is_removed_and_a_whole_one_counts(tmp_path: Path) -> None:
    """The engine takes a file that has not got its name yet for a lock; it leaves one where the disk is full."""
    lock(tmp_path, os.getpid(), "elsewhere")
    whole = next((tmp_path / "locks").rglob("*.json"))
    whole.rename(whole.with_name(f"{whole.name}.18eb2c.tmp"))
    with pytest.raises(CommandError, match="of ci on elsewhere"):
        leftovers.of_the_folder(tmp_path, "ciaccess", "prod")
    torn = next((tmp_path / "locks").rglob("*.tmp"))
    torn.write_text("")
    (found,) = leftovers.of_the_folder(tmp_path, "ciaccess", "prod")
    assert found.kind == "torn"
    found.repair()
    assert not torn.exists()


def test_interrupted_operations_are_taken_out_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Any] = []
    monkeypatch.setattr(pulumi_cli, "replace", lambda stack, state: written.append((stack, state)))
    pending = {"type": "creating", "resource": {"urn": "urn:pulumi:prod::ciaccess::a$b:c:D::svc-x-user"}}
    export = {"version": 3, "deployment": {"resources": [1, 2], "pending_operations": [pending]}}
    found = leftovers.of_the_state(export, "prod")
    assert "creating svc-x-user" in found[0].found
    found[0].repair()
    assert written == [
        ("prod", {"version": 3, "deployment": {"resources": [1, 2], "pending_operations": []}})
    ]
    assert leftovers.of_the_state({"deployment": None}, "prod") == []


def test_who_holds_a_stack_in_a_bucket_is_what_the_engine_says() -> None:
    assert [
        state_folder.is_bucket(url) for url in ("s3://a?region=b", "gs://a", "https://x", "file:///a", None)
    ] == [
        True,
        True,
        False,
        False,
        False,
    ]
    said = (
        "error: the stack is currently locked by 2 lock(s). Either wait\n"
        f"  s3://b/x: created by EXAMPLE\\ci user@{socket.gethostname()} (pid {ended()}) at 2026-11-24T11:00:00+01:00\n"
        "  s3://b/y: created by root@job-4711 (pid 12) at 2026-11-24T10:00:00Z"
    )
    here, there = state_folder.parse_locks(said)
    assert here.is_stale
    assert here.holder.startswith("process ")
    assert f"of EXAMPLE\\ci user on {socket.gethostname()}, since 2026-11-24T10:00:00Z" in here.holder
    assert not there.is_stale
    with pytest.raises(CommandError, match="process 12 of root on job-4711"):
        leftovers.of_the_locks([here, there], "prod")
    (unknown,) = state_folder.parse_locks("the stack is currently locked by 1 lock(s)")
    assert not unknown.is_stale
    assert state_folder.parse_locks("") == []
