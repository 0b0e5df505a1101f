"""Vault's client against the real Vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.clients.errors import ForbiddenError, ServerError, UnexpectedAnswerError, UnreachableError
from ciaccess.clients.vault.client import Vault
from tests.support.servers.scripted_server import Reply, ScriptedServer, in_json, page
from tests.support.servers.vault import VaultProcess

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultProcess]:
    started = VaultProcess(tmp_path_factory.mktemp("vault") / "vault.log")
    started.start()
    started.client.secrets.kv.v2.create_or_update_secret("nexus/x", {"password": "p", "n": 1})
    started.client.sys.create_or_update_policy("p", 'path "a" { capabilities = ["read"] }')
    started.client.sys.enable_secrets_engine("kv", path="kv-one", options={"version": "1"})
    yield started
    started.stop()


@pytest.fixture
def vault(process: VaultProcess) -> Iterator[Vault]:
    client = Vault(process.url, process.token)
    yield client
    client.close()


@pytest.mark.parametrize(
    ("path", "is_there"),
    [
        ("secret/data/nexus/x", True),
        ("secret/data/nexus/y", False),
        ("sys/policies/acl/p", True),
        ("sys/policies/acl/q", False),
        ("auth/jwt/role/nexus-ci", False),
        ("nowhere/data/x", False),
    ],
)
def test_exists_tells_what_is_there(vault: Vault, path: str, *, is_there: bool) -> None:
    assert vault.exists(path) is is_there


def test_a_path_that_may_not_be_read_is_forbidden_and_not_missing(process: VaultProcess) -> None:
    client = Vault(process.url, process.token_for(("secret/data/nexus/x", "read")))
    assert client.exists("secret/data/nexus/x")
    with pytest.raises(ForbiddenError, match=r"look for 'secret/data/nexus/y': Vault answered 403"):
        client.exists("secret/data/nexus/y")
    client.close()


def test_a_bad_token_is_forbidden_and_not_shown(process: VaultProcess) -> None:
    client = Vault(process.url, "hvs.not-a-token-of-this-vault")
    with pytest.raises(ForbiddenError) as refused:
        client.exists("sys/policies/acl/p")
    assert "not-a-token" not in str(refused.value)
    assert "not-a-token" not in repr(client)
    client.close()


def test_capabilities_are_told_path_by_path(process: VaultProcess, vault: Vault) -> None:
    assert vault.capabilities(["secret/data/x", "sys/mounts"]) == {
        "secret/data/x": {"root"},
        "sys/mounts": {"root"},
    }
    assert vault.capabilities([]) == {}
    rules = ("secret/data/x", "read"), ("sys/capabilities-self", "update")
    client = Vault(process.url, process.token_for(*rules))
    assert client.capabilities(["secret/data/x", "secret/data/y"]) == {
        "secret/data/x": {"read"},
        "secret/data/y": {"deny"},
    }
    client.close()


@pytest.mark.parametrize(("mount", "version"), [("secret", 2), ("kv-one", 1), ("sys", None)])
def test_the_version_of_a_kv_engine_is_told(vault: Vault, mount: str, version: int | None) -> None:
    assert vault.kv_version(mount) == version


def test_a_mount_that_is_not_there_is_not_told_from_one_that_may_not_be_seen(vault: Vault) -> None:
    with pytest.raises(ForbiddenError, match="Vault does not tell which"):
        vault.kv_version("nowhere")


def test_an_issuer_s_keys_or_configuration_answer(vault: Vault) -> None:
    with ScriptedServer() as issuer:
        issuer.answers("GET /keys", in_json({"keys": []}))
        issuer.answers("GET /.well-known/openid-configuration", in_json({"jwks_uri": "x"}))
        vault.url_answers(f"{issuer.url}/keys")
        vault.url_answers(issuer.url)
        assert not [request for request in issuer.requests if "X-Vault-Token" in request.headers]


@pytest.mark.parametrize(
    "reply", [page("Login"), in_json({}, 404), in_json({"a": 1}), in_json([]), Reply(204)]
)
def test_what_is_no_issuer_does_not_answer(vault: Vault, reply: Reply) -> None:
    with ScriptedServer() as issuer:
        issuer.answers("GET /keys", reply)
        issuer.answers("GET /keys/.well-known/openid-configuration", reply)
        with pytest.raises(UnexpectedAnswerError, match="neither keys nor an OpenID configuration"):
            vault.url_answers(f"{issuer.url}/keys")


def test_an_issuer_that_is_not_there_is_unreachable(vault: Vault) -> None:
    with pytest.raises(UnreachableError, match="connection refused"):
        vault.url_answers("http://127.0.0.1:9/keys")


def test_a_sealed_vault_says_so() -> None:
    with ScriptedServer() as server:
        server.answers("GET /v1/secret/data/x", in_json({"errors": ["Vault is sealed"]}, 503))
        client = Vault(server.url, "a-token")
        with pytest.raises(ServerError, match=r"Vault answered 503, Vault is sealed\. Unseal Vault"):
            client.exists("secret/data/x")
        client.close()


@pytest.mark.parametrize(
    "reply",
    [page("Login"), page("Not here", 404), in_json([1]), Reply(200, b'{"data": ', "application/json")],
)
def test_an_answer_that_is_not_vault_s_is_unexpected(reply: Reply) -> None:
    with ScriptedServer() as server:
        server.answers("GET /v1/secret/data/x", reply)
        client = Vault(server.url, "a-token")
        with pytest.raises(UnexpectedAnswerError):
            client.exists("secret/data/x")
        client.close()


def test_a_token_follows_no_redirect_to_another_host() -> None:
    with ScriptedServer() as server, ScriptedServer() as elsewhere:
        server.answers(
            "GET /v1/secret/data/x", Reply(307, headers={"Location": f"{elsewhere.url}/v1/secret/data/x"})
        )
        client = Vault(server.url, "a-token")
        with pytest.raises(UnexpectedAnswerError, match="redirects to"):
            client.exists("secret/data/x")
        client.close()
        assert elsewhere.requests == []


def test_the_namespace_of_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_NAMESPACE", "team-a")
    with ScriptedServer() as server:
        server.answers("GET /v1/secret/data/x", in_json({"data": {}}))
        client = Vault(server.url, "a-token")
        client.exists("secret/data/x")
        client.close()
        assert server.requests[0].headers["X-Vault-Namespace"] == "team-a"
