from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.errors import CommandError, Exit
from ciaccess.recovery import leftovers, run, truncated_state
from tests.support.access.access import GOOD, valid

if TYPE_CHECKING:
    from pathlib import Path

RESOURCES = [{"urn": f"urn:pulumi:prod::ciaccess::a:b:C::svc-{name}", "type": "a:b:C"} for name in "äbc"]


def checkpoint(minute: int, resources: int) -> bytes:
    """Return a state as the engine writes it, of some minute past ten."""
    latest: dict[str, Any] = {"manifest": {"time": f"2026-11-24T11:{minute:02}:00.123456789+01:00"}}
    if resources:
        latest["resources"] = RESOURCES[:resources]
    latest["metadata"] = {}
    found = {"version": 3, "checkpoint": {"stack": "organization/ciaccess/prod", "latest": latest}}
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state's file, in folders as the engine has them; there is nothing in them."""
    (tmp_path / "stacks" / "ciaccess").mkdir(parents=True)
    (tmp_path / "backups" / "ciaccess" / "prod").mkdir(parents=True)
    return tmp_path / "stacks" / "ciaccess" / "prod.json"


def put(state: Path, *, bak: bytes | None = None, backups: tuple[bytes, ...] = ()) -> None:
    if bak is not None:
        state.with_name("prod.json.bak").write_bytes(bak)
    for number, content in enumerate(backups):
        (state.parents[2] / "backups" / "ciaccess" / "prod" / f"prod.{number}.json").write_bytes(content)


def found(state: Path) -> list[leftovers.Leftover]:
    return leftovers.of_the_folder(state.parents[2], "ciaccess", "prod")


WHOLE = checkpoint(9, 3)
TORN = {
    "empty": b"",
    "cut": WHOLE[: len(WHOLE) // 3],
    "cut at the last byte": WHOLE[:-1],
    "zeros": b"\0" * 512,
    "no object": b"null",
    "no checkpoint": b'{"version":3}',
    "nested beyond reading": b"[" * 200_000,
}


@pytest.mark.parametrize("torn", TORN.values(), ids=TORN)
def test_a_truncated_state_is_restored_and_kept_aside(state: Path, torn: bytes) -> None:
    state.write_bytes(torn)
    state.chmod(0o640)
    put(state, bak=checkpoint(2, 2), backups=(checkpoint(1, 1),))
    before = {file: file.read_bytes() for file in state.parents[2].rglob("prod.*")}
    (left,) = found(state)
    assert left.kind == "torn"
    assert "restore prod.json.bak, of 2026-11-24T10:02:00Z, with 2 resources" in left.remedy
    assert {file: file.read_bytes() for file in state.parents[2].rglob("prod.*")} == before
    left.repair()
    assert state.read_bytes() == checkpoint(2, 2)
    assert state.stat().st_mode & 0o777 == 0o640
    (aside,) = state.parent.glob("prod.json.torn-*")
    assert aside.name in left.remedy
    after = {file: file.read_bytes() for file in state.parents[2].rglob("*prod.*")}
    assert after == before | {state: checkpoint(2, 2), aside: torn}
    assert found(state) == []


@pytest.mark.parametrize(
    ("bak", "backups", "expected"),
    [
        (checkpoint(2, 1), (checkpoint(1, 2), checkpoint(3, 2)), "prod.1.json"),
        (WHOLE[:-9], (checkpoint(3, 1), checkpoint(1, 2)), "prod.0.json"),
        (b"", (checkpoint(1, 1), WHOLE[:50]), "prod.0.json"),
        (None, (checkpoint(1, 1),), "prod.0.json"),
        (checkpoint(3, 2), (WHOLE[:-9],), "prod.json.bak"),
        (checkpoint(3, 0), (checkpoint(2, 3),), "prod.json.bak"),
    ],
)
def test_the_newest_whole_copy_is_taken(
    state: Path, bak: bytes | None, backups: tuple[bytes, ...], expected: str
) -> None:
    state.write_bytes(b"")
    put(state, bak=bak, backups=backups)
    # A copy of the whole folder has times of its own, the other way round.
    for number, file in enumerate(sorted(state.parents[2].rglob("prod.*"))):
        os.utime(file, (1000 - number, 1000 - number))
    torn = truncated_state.find(state.parents[2], "ciaccess", "prod")
    assert torn
    assert torn.copy
    assert torn.copy.source.name == expected


@pytest.mark.parametrize("torn", [b"", WHOLE[:60], WHOLE[: WHOLE.index(b"svc-c")]])
def test_a_truncated_state_without_a_copy_is_an_error_that_names_adopt(state: Path, torn: bytes) -> None:
    state.write_bytes(torn)
    put(state, bak=b"", backups=(WHOLE[:40],))
    before = sorted(state.parents[2].rglob("*"))
    with pytest.raises(CommandError) as caught:
        found(state)
    assert caught.value.code == Exit.COULD_NOT_LOOK
    assert "./ciaccess adopt run --stack prod --all" in str(caught.value)
    assert f"mv {state} " in str(caught.value)
    assert sorted(state.parents[2].rglob("*")) == before


def test_a_state_that_is_whole_or_was_removed_is_no_matter(state: Path) -> None:
    put(state, bak=b"", backups=(checkpoint(1, 1),))
    assert found(state) == []
    for whole in (
        WHOLE,
        checkpoint(0, 0),
        b'{"version":0,"checkpoint":{"stack":"organization/ciaccess/prod"}}',
    ):
        state.write_bytes(whole)
        assert found(state) == []


def test_a_state_that_must_not_be_read_is_not_taken_for_torn(state: Path) -> None:
    state.mkdir()  # unreadable for root, too
    with pytest.raises(CommandError, match="Is a directory") as caught:
        found(state)
    assert caught.value.code == Exit.COULD_NOT_LOOK


def test_a_disk_that_is_still_full_leaves_the_state_as_it_was(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.write_bytes(b"")
    put(state, bak=WHOLE)
    (left,) = found(state)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("os.fsync", "shutil.copy2"):
        with monkeypatch.context() as patch:
            patch.setattr(name, full)
            with pytest.raises(CommandError, match="No space left on device"):
                left.repair()
        assert state.read_bytes() == b""
        assert sorted(each.name for each in state.parent.iterdir()) == ["prod.json", "prod.json.bak"]


@pytest.mark.parametrize("yes", [True, False])
def test_what_was_mended_is_said_where_the_rest_cannot_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, yes: bool
) -> None:
    def away(*_: object, **__: object) -> None:
        raise CommandError("Vault is away", Exit.COULD_NOT_LOOK)

    left = [leftovers.Leftover("lock", "a dead run's lock", "lift it", list)]
    access = valid(tmp_path, GOOD)
    monkeypatch.setenv("VAULT_ADDR", access.vault.address)
    monkeypatch.setenv("VAULT_TOKEN", "a-token")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    monkeypatch.setattr(leftovers, "of_the_folder", lambda *_: left)
    monkeypatch.setattr("ciaccess.engine.pulumi_cli.export", away)
    with pytest.raises(CommandError, match="Vault is away"):
        run.recover(access, "prod", None, yes=yes)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert ("done: a dead run's lock: lift it" in printed.err) is yes


def test_what_was_mended_in_the_state_is_said_where_vault_cannot_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(*_: object) -> None:
        raise CommandError("Vault is away", Exit.COULD_NOT_LOOK)

    access = valid(tmp_path, GOOD)
    pending = {"type": "creating", "resource": {"urn": "urn:pulumi:prod::ciaccess::x::svc-app"}}
    monkeypatch.setenv("VAULT_ADDR", access.vault.address)
    monkeypatch.setenv("VAULT_TOKEN", "a-token")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    monkeypatch.setattr(leftovers, "of_the_folder", lambda *_: [])
    export = {"deployment": {"pending_operations": [pending]}}
    monkeypatch.setattr("ciaccess.engine.pulumi_cli.export", lambda _: export)
    monkeypatch.setattr("ciaccess.engine.pulumi_cli.replace", lambda *_: None)
    monkeypatch.setattr(leftovers, "of_vault", away)
    with pytest.raises(CommandError, match="Vault is away"):
        run.recover(access, "prod", None, yes=True)
    assert (
        "done: interrupted operations without a recorded result: creating svc-app" in capsys.readouterr().err
    )
