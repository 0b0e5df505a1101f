"""The custom metadata of a secret: four keys of ours beside those of others, and no new version of the secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.plugin import Engine, PluginError, RefusedInputsError
from tests.support.vault import VaultProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "ciaccess:vault:SecretMetadata"


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultProcess]:
    process = VaultProcess(tmp_path_factory.mktemp("vault") / "vault.log")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def engine(vault: VaultProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("VAULT_ADDR", vault.url)
    monkeypatch.setenv("VAULT_TOKEN", vault.token)
    with Engine({}) as engine:
        yield engine


@pytest.fixture
def secret(vault: VaultProcess, unique: str) -> str:
    """Return the name of a secret that is there."""
    vault.client.secrets.kv.v2.create_or_update_secret(f"nexus/{unique}", {"password": "planted-password"})
    return unique


def declared(name: str, **changes: str) -> dict[str, Any]:
    keys = {"rotated_at": "2026-11-01", "rotation": "2", "nexus_user": f"{name}-b", "owner": "ciaccess"}
    return {"path": f"secret/metadata/nexus/{name}"} | keys | changes


def metadata(vault: VaultProcess, name: str) -> dict[str, Any]:
    found: dict[str, Any] = vault.client.secrets.kv.v2.read_secret_metadata(f"nexus/{name}")["data"]
    return found


def test_it_is_written_without_a_new_version_and_a_second_up_asks_nothing(
    engine: Engine, vault: VaultProcess, secret: str
) -> None:
    assert engine.preview(TOKEN, "m", **declared(secret)) == "create"
    assert metadata(vault, secret)["custom_metadata"] is None
    assert engine.up(TOKEN, "m", **declared(secret)) == "create"
    found = metadata(vault, secret)
    assert found["custom_metadata"] == {k: v for k, v in declared(secret).items() if k != "path"}
    assert found["current_version"] == 1
    assert engine.refresh("m") == set()
    assert engine.up(TOKEN, "m", **declared(secret)) == "same"


def test_what_others_noted_stays_and_what_is_empty_is_left_out(
    engine: Engine, vault: VaultProcess, secret: str
) -> None:
    kv = vault.client.secrets.kv.v2
    kv.update_metadata(f"nexus/{secret}", custom_metadata={"team": "platform", "rotation": "9"})
    engine.up(TOKEN, "m", **declared(secret, rotated_at=""))
    expected = {"team": "platform", "rotation": "2", "nexus_user": f"{secret}-b", "owner": "ciaccess"}
    assert metadata(vault, secret)["custom_metadata"] == expected
    engine.destroy("m")
    assert metadata(vault, secret)["custom_metadata"] == {"team": "platform"}


def test_what_somebody_changed_is_found_by_name_and_repaired(
    engine: Engine, vault: VaultProcess, secret: str
) -> None:
    engine.up(TOKEN, "m", **declared(secret))
    vault.client.secrets.kv.v2.update_metadata(f"nexus/{secret}", custom_metadata={"rotation": "7"})
    engine.restart()
    assert engine.refresh("m") == {"rotated_at", "rotation", "nexus_user", "owner"}
    assert engine.up(TOKEN, "m", **declared(secret)) == "update"
    assert engine.refresh("m") == set()


def test_a_rotation_is_an_update_and_another_path_another_object(
    engine: Engine, vault: VaultProcess, secret: str
) -> None:
    engine.up(TOKEN, "m", **declared(secret))
    assert engine.up(TOKEN, "m", **declared(secret, rotation="3", nexus_user=secret)) == "update"
    assert metadata(vault, secret)["custom_metadata"]["rotation"] == "3"
    vault.client.secrets.kv.v2.create_or_update_secret(f"nexus/{secret}-other", {"password": "x"})
    engine.restart()
    assert engine.up(TOKEN, "m", **declared(f"{secret}-other")) == "replace"
    assert metadata(vault, secret)["custom_metadata"] in ({}, None)


def test_a_secret_that_is_gone_is_gone_and_its_end_no_error(
    engine: Engine, vault: VaultProcess, secret: str
) -> None:
    engine.up(TOKEN, "m", **declared(secret))
    vault.client.secrets.kv.v2.delete_metadata_and_all_versions(f"nexus/{secret}")
    engine.restart()
    assert engine.refresh("m") == {"gone"}
    engine.up(TOKEN, "m", **declared(secret))
    vault.client.secrets.kv.v2.delete_metadata_and_all_versions(f"nexus/{secret}")
    engine.destroy("m")


def test_an_import_takes_it_as_it_is(engine: Engine, vault: VaultProcess, secret: str) -> None:
    vault.client.secrets.kv.v2.update_metadata(f"nexus/{secret}", custom_metadata={"rotation": "7"})
    held = engine.import_(TOKEN, "m", f"secret/metadata/nexus/{secret}")
    assert held.outputs["rotation"] == "7"
    assert engine.up(TOKEN, "m", **declared(secret)) == "update"


def test_a_path_that_is_none_of_metadata_is_refused(engine: Engine) -> None:
    with pytest.raises(RefusedInputsError, match="secret/metadata/nexus/svc-x"):
        engine.up(TOKEN, "m", **declared("x", path="secret/data/nexus/x"))


def test_a_token_that_may_not_write_it_says_where(
    engine: Engine, vault: VaultProcess, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = vault.client.auth.token.create(policies=["default"], ttl="5m")["auth"]["client_token"]
    monkeypatch.setenv("VAULT_TOKEN", token)
    engine.restart()
    with pytest.raises(PluginError, match=f"'secret/metadata/nexus/{secret}'.*403"):
        engine.up(TOKEN, "m", **declared(secret))
