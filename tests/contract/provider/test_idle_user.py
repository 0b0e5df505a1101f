"""A plugin that may make and delete users, and not change a password: it makes the idle user anew, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.provider.plugin import Engine, PluginError, RefusedInputsError, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.nexus import NexusProcess
    from tests.support.servers.vault import VaultProcess

TOKEN = "ciaccess:nexus:User"
OLD, NEW = "first-password-of-the-account", "another-password-of-the-account"
# The roles, because the plugin looks whether those that it gives exist.
PRIVILEGES = ("nx-users-all", "nx-userschangepw", "nx-roles-read")


@pytest.fixture(scope="module")
def limited(nexus: NexusProcess) -> tuple[str, str]:
    """Who the plugin is in Nexus."""
    nexus.add_role("limited", *PRIVILEGES)
    return nexus.add_user("limited", "limited", password="limited-password")


@pytest.fixture
def engine(
    nexus: NexusProcess, vault: VaultProcess, limited: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    monkeypatch.setenv("NEXUS_USERNAME", limited[0])
    monkeypatch.setenv("NEXUS_PASSWORD", limited[1])
    monkeypatch.setenv("VAULT_ADDR", vault.url)
    monkeypatch.setenv("VAULT_TOKEN", vault.token)
    with Engine({"nexus_url": nexus.url}) as engine:
        yield engine


def declared(user_id: str, password: str, **changes: Any) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "first_name": "Executor",
        "last_name": "(managed)",
        "email_address": "x@example.com",
        "roles": ["nx-anonymous"],
        "password": Secret(password),
        "handed_out_by": f"secret/data/nexus/{user_id}",
    } | changes


def hand_out(vault: VaultProcess, path: str, username: str) -> None:
    fields = {"username": username, "password": "whatever"}
    vault.client.secrets.kv.v2.create_or_update_secret(f"nexus/{path}", fields)


def logs_in(nexus: NexusProcess, user_id: str, password: str) -> bool:
    return nexus.ask("GET", "/service/rest/v1/status", (user_id, password)).ok


def test_the_idle_user_is_made_anew_with_the_new_password(
    engine: Engine, nexus: NexusProcess, vault: VaultProcess, unique: str
) -> None:
    engine.up(TOKEN, "user", **declared(unique, OLD))
    hand_out(vault, unique, f"{unique}-b")
    assert engine.up(TOKEN, "user", **declared(unique, NEW)) == "update"
    assert logs_in(nexus, unique, NEW)
    assert not logs_in(nexus, unique, OLD)
    assert engine.refresh("user") == set()


def test_one_that_was_deleted_and_not_made_anew_is_made_by_the_next_run(
    engine: Engine, nexus: NexusProcess, vault: VaultProcess, unique: str
) -> None:
    engine.up(TOKEN, "user", **declared(unique, OLD))
    hand_out(vault, unique, f"{unique}-b")
    nexus.rest("DELETE", f"/security/users/{unique}")
    engine.restart()
    assert engine.up(TOKEN, "user", **declared(unique, NEW)) == "update"
    assert logs_in(nexus, unique, NEW)


def test_one_that_no_secret_has_ever_handed_out_is_made_anew(
    engine: Engine, nexus: NexusProcess, unique: str
) -> None:
    engine.up(TOKEN, "user", **declared(unique, OLD))
    assert engine.up(TOKEN, "user", **declared(unique, NEW)) == "update"
    assert logs_in(nexus, unique, NEW)


@pytest.mark.parametrize("secret", ["names it", "is deleted", "is not told"])
def test_a_user_that_may_be_in_use_keeps_its_password_and_the_403_is_the_error(
    engine: Engine, nexus: NexusProcess, vault: VaultProcess, unique: str, secret: str
) -> None:
    engine.up(TOKEN, "user", **declared(unique, OLD))
    hand_out(vault, unique, unique)
    if secret == "is deleted":
        vault.client.secrets.kv.v2.delete_latest_version_of_secret(f"nexus/{unique}")
    changes = {"handed_out_by": ""} if secret == "is not told" else {}
    with pytest.raises(PluginError, match=r"Changing passwords needs nexus:\*"):
        engine.up(TOKEN, "user", **declared(unique, NEW, **changes))
    assert logs_in(nexus, unique, OLD)


def test_a_secret_that_may_not_be_read_is_no_reason_to_delete(
    engine: Engine, nexus: NexusProcess, vault: VaultProcess, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.up(TOKEN, "user", **declared(unique, OLD))
    hand_out(vault, unique, f"{unique}-b")
    token = vault.client.auth.token.create(policies=["default"], ttl="5m")["auth"]["client_token"]
    monkeypatch.setenv("VAULT_TOKEN", token)
    engine.restart()
    with pytest.raises(PluginError, match=f"read secret 'secret/nexus/{unique}'.*403"):
        engine.up(TOKEN, "user", **declared(unique, NEW))
    assert logs_in(nexus, unique, OLD)


def test_a_path_that_is_no_secrets_is_refused(engine: Engine, unique: str) -> None:
    with pytest.raises(RefusedInputsError, match="secret/data/nexus/svc-x"):
        engine.up(TOKEN, "user", **declared(unique, OLD, handed_out_by="secret/nexus/svc-x"))
