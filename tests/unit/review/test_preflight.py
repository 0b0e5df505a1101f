"""Whether the systems can be looked at is answered within seconds, whatever they answer or do not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from ciaccess.review.preflight import unreachable
from tests.support.access.access import GOOD, valid
from tests.support.review.looked_at import HEALTH, LOOKUP, TOKEN, USERS, WELL, addresses, systems
from tests.support.servers.scripted_server import Reply, in_json, page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ciaccess.access import Access
    from tests.support.servers.scripted_server import ScriptedServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    with systems(monkeypatch) as found:
        yield found


@pytest.fixture
def access(tmp_path: Path, server: ScriptedServer) -> Access:
    return valid(tmp_path, GOOD, addresses(server))


def seen(access: Access) -> dict[str, str]:
    """Return what cannot be looked at and why, which must be known within five seconds."""
    began = time.monotonic()
    found = unreachable(access)
    assert time.monotonic() - began < 60, "five, and what the rest of the machine takes"
    assert all(spot.remedy for spot in found)
    return {spot.subject: spot.because for spot in found}


def test_what_answers_can_be_looked_at(access: Access) -> None:
    assert seen(access) == {}


@pytest.mark.parametrize(
    ("call", "reply", "system", "because"),
    [
        (HEALTH, in_json(WELL | {"sealed": True}), "Vault", "it is sealed"),
        (HEALTH, in_json(WELL | {"standby": True}), "Vault", "it is a standby"),
        (HEALTH, in_json({"errors": []}, 503), "Vault", "503"),
        (HEALTH, page("Sign in"), "Vault", "Sign in"),
        (LOOKUP, in_json({"errors": ["permission denied"]}, 403), "Vault", "permission denied"),
        (USERS, Reply(401), "Nexus", "401"),
        (USERS, Reply(403), "Nexus", "403"),
        (USERS, page("Service Unavailable", 503), "Nexus", "503"),
        (USERS, page("Sign in"), "Nexus", "Sign in"),
        (TOKEN, in_json({"message": "401 Unauthorized"}, 401), "GitLab", "401"),
        (TOKEN, in_json({"scopes": ["read_user"]}), "GitLab", "scopes read_user"),
        (TOKEN, Reply(reset=True), "GitLab", ""),
        (HEALTH, Reply(delay_seconds=10), "Vault", ""),
        (USERS, Reply(delay_seconds=10), "Nexus", ""),
        (TOKEN, in_json({"scopes": ["api"]}, trickle_seconds=1), "GitLab", ""),
    ],
)
def test_one_that_cannot_be_looked_at_is_named_with_the_reason(
    access: Access, server: ScriptedServer, call: str, reply: Reply, system: str, because: str
) -> None:
    server.answers(call, reply)
    blind = seen(access)
    assert set(blind) == {system}
    assert because in blind[system]


def test_all_that_cannot_be_looked_at_are_named_at_once(access: Access, server: ScriptedServer) -> None:
    for call in (HEALTH, USERS, TOKEN):
        server.answers(call, in_json({}, 503))
    assert list(seen(access)) == ["Vault", "Nexus", "GitLab"]


def test_missing_credentials_are_could_not_look(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    assert "VAULT_TOKEN" in seen(access)["Vault"]


def test_another_vault_than_the_stacks_is_not_looked_at(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_ADDR", "https://elsewhere.example")
    assert "https://elsewhere.example" in seen(access)["Vault"]


def test_a_fine_grained_token_is_judged_by_its_requests_and_not_by_its_scope(
    server: ScriptedServer, access: Access
) -> None:
    server.answers(TOKEN, in_json({"scopes": ["granular"]}))
    assert seen(access) == {}
