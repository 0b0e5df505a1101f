from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ciaccess.atomic_file import write_beside, write_private
from ciaccess.errors import CommandError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_private_file_replaces_what_is_there_and_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"before")
    path.chmod(0o644)
    (tmp_path / ".state.json.new").write_bytes(b"left by a run that was killed")
    write_private(path, "after")
    assert path.read_bytes() == b"after"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["state.json"]


def test_a_file_beside_another_has_its_mode_and_leaves_it_alone(tmp_path: Path) -> None:
    target = tmp_path / "access.yaml"
    target.write_bytes(b"before")
    target.chmod(0o640)
    made = write_beside(target, b"after", ".new")
    assert (target.read_bytes(), made.read_bytes()) == (b"before", b"after")
    assert made.stat().st_mode & 0o777 == 0o640
    assert made.name.startswith(".access.yaml.")
    assert made.suffix == ".new"


def test_a_failed_write_beside_a_file_names_it_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "access.yaml"
    target.write_bytes(b"before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CommandError, match=r"access\.yaml: No space left on device"):
        write_beside(target, b"after", ".new")
    assert [each.name for each in tmp_path.iterdir()] == ["access.yaml"]
