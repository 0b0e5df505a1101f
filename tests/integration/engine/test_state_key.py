"""Whether a state's key of transit is still there, asked of a real Vault."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.clients.errors import ForbiddenError, UnreachableError
from ciaccess.clients.http.session import HttpOptions
from ciaccess.clients.vault.client import Vault
from ciaccess.errors import CommandError, Exit
from ciaccess.recovery import state_key
from tests.support.servers.simulator import free_port
from tests.support.servers.vault import VaultProcess

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultProcess]:
    """A Vault whose transit engine at crypt/ci has the key `state`."""
    server = VaultProcess(tmp_path_factory.mktemp("vault") / "log")
    server.start()
    server.client.sys.enable_secrets_engine("transit", path="crypt/ci")
    server.client.secrets.transit.create_key("state", mount_point="crypt/ci")
    yield server
    server.stop()


@pytest.fixture
def export(server: VaultProcess) -> dict[str, Any]:
    """A state's export as the engine makes it."""
    plain = base64.b64encode(b"the state's own key").decode()
    made: Any = server.client.secrets.transit.encrypt_data("state", plaintext=plain, mount_point="crypt/ci")
    return exported("hashivault://state?engine=crypt/ci", made["data"]["ciphertext"])


def exported(url: str, ciphertext: str) -> dict[str, Any]:
    state = {"url": url, "encryptedkey": base64.b64encode(ciphertext.encode()).decode()}
    return {"deployment": {"secrets_providers": {"type": "cloud", "state": state}}}


def asked_by(server: VaultProcess, token: str = "") -> Vault:
    return Vault(server.url, token or server.token)


def test_a_key_that_decrypts_is_there_by_the_right_of_the_pipeline_alone(
    server: VaultProcess, export: dict[str, Any]
) -> None:
    state_key.check(export, asked_by(server))
    state_key.check(export, asked_by(server, server.token_for(("crypt/ci/decrypt/state", "update"))))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("hashivault://gone?engine=crypt/ci", "encryption key not found"),
        ("hashivault://state", "no handler for route"),
        ("hashivault://other?engine=crypt/ci", "message authentication failed"),
    ],
)
def test_a_key_that_is_gone_or_another_one_is_said(
    server: VaultProcess, export: dict[str, Any], url: str, said: str
) -> None:
    server.client.secrets.transit.create_key("other", mount_point="crypt/ci")
    export["deployment"]["secrets_providers"]["state"]["url"] = url
    with pytest.raises(CommandError, match=said) as raised:
        state_key.check(export, asked_by(server))
    assert raised.value.code == Exit.COULD_NOT_LOOK
    assert "nothing of the passwords is lost" in str(raised.value)


def test_what_is_no_ciphertext_is_said(server: VaultProcess) -> None:
    for ciphertext in ("", "not vault's", "ü"):
        with pytest.raises(CommandError, match="cannot be decrypted with transit/keys/state"):
            state_key.check(exported("hashivault://state", ciphertext), asked_by(server))


def test_a_token_that_may_not_and_a_vault_that_is_away_are_not_taken_for_a_lost_key(
    server: VaultProcess, export: dict[str, Any]
) -> None:
    with pytest.raises(ForbiddenError):
        state_key.check(export, asked_by(server, server.token_for(("crypt/ci/encrypt/state", "update"))))
    away = Vault(f"http://127.0.0.1:{free_port()}", "t", options=HttpOptions(attempts=1))
    with pytest.raises(UnreachableError):
        state_key.check(export, away)


def test_a_state_that_transit_does_not_encrypt_asks_nobody(server: VaultProcess) -> None:
    nobody = asked_by(server, "not a token")
    for provider in (
        {"type": "passphrase", "state": {"salt": "v1:a"}},
        {"type": "cloud", "state": {"url": "awskms://alias/a", "encryptedkey": "YQ=="}},
        {"type": "service"},
        None,
    ):
        state_key.check({"deployment": {"secrets_providers": provider}}, nobody)
    state_key.check({"deployment": None}, nobody)
