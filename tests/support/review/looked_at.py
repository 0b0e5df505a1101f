"""Vault, Nexus and GitLab as far as `./ciaccess preview` asks them before the engine runs: one server for all three."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.servers.scripted_server import ScriptedServer, in_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

HEALTH, LOOKUP = "GET /v1/sys/health", "GET /v1/auth/token/lookup-self"
USERS = "GET /service/rest/v1/security/users"
TOKEN = "GET /api/v4/personal_access_tokens/self"
WELL = {"initialized": True, "sealed": False, "standby": False}
CREDENTIALS = {
    "VAULT_TOKEN": "hvs.planted",
    "NEXUS_USERNAME": "reader",
    "NEXUS_PASSWORD": "planted-password",
    "GITLAB_TOKEN": "glpat-planted",
}


@contextmanager
def systems(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """Start the server, each system answering as it should, with credentials for them in the environment."""
    for name in (
        "VAULT_ADDR",
        "NEXUS_URL",
        "GITLAB_URL",
        "CIACCESS_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        *(f"{name}_FILE" for name in CREDENTIALS),
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with ScriptedServer() as found:
        found.answers(HEALTH, in_json(WELL))
        found.answers(LOOKUP, in_json({"data": {}}))
        found.answers(USERS, in_json([]))
        found.answers(TOKEN, in_json({"scopes": ["read_api"]}))
        yield found


def addresses(server: ScriptedServer) -> dict[str, str]:
    """Return the addresses of a stack on this server."""
    registries = {"push_registry": "registry.example.org:8443", "pull_registry": "registry.example.org:8444"}
    return {"vault": server.url, "nexus": server.url, "gitlab": server.url, **registries}
