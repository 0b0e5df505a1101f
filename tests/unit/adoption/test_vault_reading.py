"""Where the secrets are: found by the names of Nexus's users, or named with --kv."""

from __future__ import annotations

import pytest

from ciaccess.adoption.vault_reading import read_vault
from ciaccess.clients.vault.client import Vault
from ciaccess.errors import CommandError
from tests.support.servers.scripted_server import ScriptedServer, in_json

USERS = frozenset({"svc-a"})


def vault(server: ScriptedServer, *keys: str) -> Vault:
    """Return a Vault with one KV engine at `nexuskv`, whose top has these keys."""
    kv = {"nexuskv/": {"type": "kv", "options": {"version": "2"}}}
    server.answers("GET /v1/sys/mounts", in_json({"data": kv}))
    for path, names in (("", keys), ("/team", ("svc-b",))):
        server.answers(f"GET /v1/nexuskv/metadata{path}", in_json({"data": {"keys": list(names)}}))
    return Vault(server.url, "root-of-the-test")


@pytest.mark.parametrize("kv", [None, "nexuskv", "nexuskv/"])
def test_secrets_at_the_top_of_a_mount_need_a_folder(server: ScriptedServer, kv: str | None) -> None:
    with pytest.raises(CommandError, match="secrets at the top of the mount nexuskv") as raised:
        read_vault(vault(server, "svc-a", "team/"), USERS, kv, None)
    assert "vault.kv.prefix" in str(raised.value)
    assert "the folders are nexuskv/team" in str(raised.value)
    assert "--kv nexuskv/nexus" in str(raised.value)


def test_a_mount_that_is_not_there_is_named_with_those_that_are(server: ScriptedServer) -> None:
    with pytest.raises(CommandError, match=r"--kv other/nexus: not in a KV engine .* are nexuskv"):
        read_vault(vault(server, "svc-a"), USERS, "other/nexus", None)


def test_a_named_folder_is_read_whole_however_many_secrets_are_elsewhere(server: ScriptedServer) -> None:
    found = vault(server, "team/", "zoo/")
    server.answers(
        "GET /v1/nexuskv/metadata/zoo", in_json({"data": {"keys": [f"s{number}" for number in range(5000)]}})
    )
    secret = {"data": {"username": "svc-b", "password": "p"}, "metadata": {"version": 1}}
    server.answers("GET /v1/nexuskv/data/team/svc-b", in_json({"data": secret}))
    server.answers("GET /v1/sys/auth", in_json({"data": {"jwt/": {"type": "jwt"}}}))
    for path in ("auth/jwt/role", "auth/jwt/config"):
        server.answers(f"GET /v1/{path}", in_json({"errors": []}, 404))
    assert list(read_vault(found, USERS, "nexuskv/team", None).secrets) == ["svc-b"]


@pytest.mark.parametrize("count", [4999, 5000, 5001])
def test_a_search_that_does_not_list_everything_asks_for_the_folder(
    server: ScriptedServer, count: int
) -> None:
    keys = [f"s{number}" for number in range(count)]
    found = vault(server, "team/", *keys)
    server.answers("GET /v1/nexuskv/metadata/team", in_json({"data": {"keys": ["svc-a"]}}))
    server.answers("GET /v1/sys/auth", in_json({"data": {}}))
    expected = (
        "JWT backend" if count <= 5000 else "nexuskv has more than 5000 secrets.*Name the folder with --kv"
    )
    with pytest.raises(CommandError, match=expected):
        read_vault(found, USERS, None, None)


def test_folders_that_are_too_deep_are_not_passed_over(server: ScriptedServer) -> None:
    found = vault(server, "svc-a", "a/")
    path = "/a"
    for _ in range(8):
        server.answers(f"GET /v1/nexuskv/metadata{path}", in_json({"data": {"keys": ["b/"]}}))
        path += "/b"
    with pytest.raises(CommandError, match="folders deeper than 6"):
        read_vault(found, USERS, None, None)
