"""A clustered Nexus, whose nodes answer from before a write for some seconds: nothing is made twice, nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.provider.plugin import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.provider.plugin import Engine
    from tests.support.servers.nexus import NexusProcess

ROLE, USER = "ciaccess:nexus:Role", "ciaccess:nexus:User"


@pytest.fixture
def cluster(nexus: NexusProcess) -> Iterator[NexusProcess]:
    """A Nexus whose reads are three seconds old."""
    nexus.control("PUT", "staleness", {"seconds": 3})
    yield nexus
    nexus.control("PUT", "staleness", {"seconds": 0})


def role(unique: str) -> dict[str, object]:
    return {
        "role_id": unique,
        "name": unique,
        "description": "CI (managed by the-tests)",
        "privileges": ["nx-search-read"],
    }


def user(unique: str) -> dict[str, object]:
    names = {"first_name": "CI", "last_name": unique, "email_address": f"{unique}@example.org"}
    return {"user_id": unique, "roles": ["nx-anonymous"], "password": Secret("the-password-of-it"), **names}


def test_a_new_user_is_proved_once_all_nodes_know_it(
    cluster: NexusProcess, nexus_engine: Engine, unique: str
) -> None:
    cluster.forget_requests()
    assert nexus_engine.up(USER, "u", **user(unique)) == "create"
    assert cluster.requests()["POST /service/rest/v1/security/users"] == 1
    assert nexus_engine.refresh("u") == set()


def test_an_object_of_ours_that_only_the_write_knows_of_is_found_and_not_made_twice(
    cluster: NexusProcess, nexus_engine: Engine, unique: str
) -> None:
    assert nexus_engine.up(ROLE, "r", **role(unique)) == "create"
    del nexus_engine.state["r"]
    nexus_engine.restart()  # a run that died, and the next one at once
    assert nexus_engine.up(ROLE, "r", **role(unique)) == "create"
    cluster.control("PUT", "staleness", {"seconds": 0})
    listed = [found for found in cluster.rest("GET", "/security/roles") if found["id"] == unique]
    assert len(listed) == 1
    nexus_engine.restart()
    assert nexus_engine.refresh("r") == set()
