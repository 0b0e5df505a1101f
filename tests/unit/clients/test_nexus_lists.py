"""The lists that all share: asked for once, told to all, true after every write."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.clients.errors import ServerError
from ciaccess.clients.nexus import Nexus, Role, User
from tests.support.servers.scripted_server import Reply, ScriptedServer, in_json, plain
from tests.unit.clients.nexus_objects import (
    PRIVILEGES,
    REST,
    ROLE,
    ROLES,
    SELECTOR,
    SELECTORS,
    USERS,
    WIRE_ROLE,
    WIRE_USER,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future


def test_a_list_is_asked_for_once_by_any_number_of_threads(server: ScriptedServer, nexus: Nexus) -> None:
    server.answers(f"GET {ROLES}", in_json([WIRE_ROLE], delay_seconds=0.1))
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: nexus.roles.find("r"), range(64)))
    assert found == [ROLE] * 64
    assert len(server.requests) == 1


def test_a_list_that_failed_is_told_to_all_who_waited_and_asked_for_again(
    server: ScriptedServer, nexus: Nexus
) -> None:
    server.answers(f"GET {ROLES}", replace(plain("broken", 500), delay_seconds=0.2), in_json([WIRE_ROLE]))

    def failure(_: int) -> str:
        with pytest.raises(ServerError) as caught:
            nexus.roles.all()
        return str(caught.value)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(failure, range(8)))) == 1
    assert len(server.requests) == 1
    assert nexus.roles.find("r") == ROLE


def test_the_caller_s_list_is_its_own(server: ScriptedServer, nexus: Nexus) -> None:
    server.answers(f"GET {ROLES}", in_json([WIRE_ROLE]))
    nexus.roles.all().clear()
    assert nexus.roles.find("r") == ROLE
    assert nexus.roles.find("R") is None


def test_writes_are_in_the_shared_list_without_another_call(server: ScriptedServer, nexus: Nexus) -> None:
    server.answers(f"GET {SELECTORS}", in_json([]))
    server.answers(f"POST {SELECTORS}", Reply(204))
    server.answers(f"PUT {SELECTORS}/s", Reply(204))
    server.answers(f"DELETE {SELECTORS}/s", Reply(204))
    assert nexus.content_selectors.find("s") is None
    nexus.content_selectors.create(SELECTOR)
    assert nexus.content_selectors.find("s") == SELECTOR
    changed = replace(SELECTOR, description="other")
    nexus.content_selectors.replace(changed)
    assert nexus.content_selectors.find("s") == changed
    assert nexus.content_selectors.delete("s") is True
    assert nexus.content_selectors.find("s") is None
    assert len(server.asked(f"GET {SELECTORS}")) == 1
    nexus.content_selectors.refresh()
    nexus.content_selectors.all()
    assert len(server.asked(f"GET {SELECTORS}")) == 2


@contextmanager
def listing(server: ScriptedServer, nexus: Nexus) -> Iterator[Future[dict[str, Role]]]:
    """The list of roles while it is under way: asked for, and not answered yet."""
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(nexus.roles.all)
        while not server.requests:
            time.sleep(0.005)
        yield early


@pytest.mark.parametrize("listed", [[], [WIRE_ROLE]], ids=["missed by the list", "in the list"])
def test_a_write_during_a_list_is_not_lost_and_asks_for_no_other(
    server: ScriptedServer, nexus: Nexus, listed: list[dict[str, Any]]
) -> None:
    server.answers(f"GET {ROLES}", in_json(listed, delay_seconds=0.3))
    server.answers(f"POST {ROLES}", in_json(WIRE_ROLE))
    with listing(server, nexus) as early:
        nexus.roles.create(ROLE)
        assert nexus.roles.find("r") == ROLE
        assert early.result() == {"r": ROLE}
    assert len(server.asked(f"GET {ROLES}")) == 1


def test_a_deletion_during_a_list_is_not_lost(server: ScriptedServer, nexus: Nexus) -> None:
    server.answers(f"GET {ROLES}", in_json([WIRE_ROLE], delay_seconds=0.3))
    server.answers(f"DELETE {ROLES}/r", Reply(204))
    with listing(server, nexus) as early:
        nexus.roles.delete("r")
        assert early.result() == {}
    assert nexus.roles.find("r") is None


def test_a_write_before_a_list_is_forgotten_is_not_put_into_the_next(
    server: ScriptedServer, nexus: Nexus
) -> None:
    server.answers(f"GET {ROLES}", in_json([], delay_seconds=0.3), in_json([]))
    server.answers(f"POST {ROLES}", in_json(WIRE_ROLE))
    with listing(server, nexus) as early:
        nexus.roles.create(ROLE)
        nexus.refresh()
        assert nexus.roles.find("r") is None, "somebody else has deleted it since"
        assert early.result() == {}


def test_a_deleted_role_is_gone_from_users_and_roles_in_the_shared_lists(
    server: ScriptedServer, nexus: Nexus
) -> None:
    server.answers(f"GET {USERS}", in_json([{**WIRE_USER, "roles": ["r", "other"]}]))
    server.answers(f"GET {ROLES}", in_json([WIRE_ROLE, {**WIRE_ROLE, "id": "parent", "roles": ["r"]}]))
    server.answers(f"DELETE {ROLES}/r", Reply(204))
    server.answers(f"DELETE {PRIVILEGES}/nx-search-read", Reply(204))
    nexus.users.all()
    nexus.roles.all()
    nexus.roles.delete("r")
    nexus.privileges.delete("nx-search-read")
    assert nexus.users.all()["u"] == User("u", "F", "L", "u@example.com", "active", frozenset({"other"}))
    assert nexus.roles.all() == {"parent": Role("parent", "r", "d", frozenset(), frozenset())}
    assert len(server.asked(f"GET {USERS}")) == len(server.asked(f"GET {ROLES}")) == 1


def test_repositories_are_listed_once(server: ScriptedServer, nexus: Nexus) -> None:
    wire = {"name": "rpm-dev", "format": "yum", "type": "hosted", "url": "http://n/repository/rpm-dev"}
    server.answers(f"GET {REST}/repositories", in_json([wire | {"attributes": {}, "size": None}]))
    assert nexus.repositories()["rpm-dev"].format == "yum"
    nexus.repositories()
    assert len(server.requests) == 1
    nexus.refresh()
    nexus.repositories()
    assert len(server.requests) == 2
