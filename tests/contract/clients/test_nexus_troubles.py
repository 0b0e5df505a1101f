"""Nexus's client while the simulator is in trouble: read-only, restarted, gone, raced, with a broken privilege."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ciaccess.clients.errors import (
    ConflictError,
    RefusedError,
    ServerError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ciaccess.clients.nexus import ContentSelector, HttpOptions, Nexus, Privilege, Role, User
from tests.support.servers.nexus import ADMIN, NexusProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

SELECTORS = "/service/rest/v1/security/content-selectors"
SELECTOR = ContentSelector("s", "d", 'format == "raw" and path =^ "/a/"')
ROLE = Role("r", "r", "d", frozenset({"nx-search-read"}), frozenset())
USER = User("u", "F", "L", "u@example.com", "active", frozenset({"nx-anonymous"}))


@pytest.fixture
def own_client(own: NexusProcess) -> Iterator[Nexus]:
    each = Nexus(own.url, ADMIN, own.admin_password, options=HttpOptions(backoff_seconds=0.05))
    yield each
    each.close()


def test_read_only_mode_is_said_and_reading_goes_on(own: NexusProcess, own_client: Nexus) -> None:
    own_client.users.create(USER, "a-password")
    own.rest("POST", "/read-only/freeze")
    for write in (
        lambda: own_client.roles.create(ROLE),
        lambda: own_client.users.replace(USER),
        lambda: own_client.users.change_password("u", "b-password"),
        lambda: own_client.users.delete("u"),
    ):
        with pytest.raises(ServerError, match=r"'[ru]': Nexus is in read-only mode\. Wait until"):
            write()
    assert own_client.users.read("u") == USER
    assert own_client.users.accepts("u", "a-password")
    own.rest("POST", "/read-only/release")
    own_client.roles.create(ROLE)


def test_a_restart_in_between_is_not_noticed(own: NexusProcess, own_client: Nexus) -> None:
    assert own_client.roles.find("r") is None
    own.restart()
    own_client.roles.create(ROLE)
    assert own_client.roles.read("r") == ROLE


def test_a_server_that_is_gone_is_said_within_five_seconds_for_all_who_ask(
    own: NexusProcess, own_client: Nexus
) -> None:
    own.kill()
    started = time.monotonic()

    def failure(_: int) -> str:
        with pytest.raises(UnreachableError) as caught:
            own_client.users.find("u")
        return str(caught.value)

    with ThreadPoolExecutor(8) as pool:
        texts = set(pool.map(failure, range(8)))
    assert time.monotonic() - started < 25, "one after the other they take 32"
    said = f"list users: Nexus at {own.url} is not reachable (connection refused). "
    assert texts == {
        f"{said}Check that it is running and that {own.url} is its address. For the local stack: ./ciaccess local start."
    }
    own.start()
    assert own_client.users.find("u") is None


def test_one_of_many_who_create_the_same_user_succeeds(own_client: Nexus) -> None:
    def create(_: int) -> str:
        try:
            own_client.users.create(USER, "a-password")
        except ConflictError:
            return "conflict"
        return "made"

    with ThreadPoolExecutor(12) as pool:
        answers = sorted(pool.map(create, range(20)))
    assert answers == ["conflict"] * 19 + ["made"]


def test_a_privilege_that_breaks_the_list_is_named_with_a_way_out(
    own: NexusProcess, own_client: Nexus
) -> None:
    broken = {"name": "broken", "description": "d", "pattern": "::"}
    own.ask("POST", "/service/rest/v1/security/privileges/wildcard", json=broken)
    for call in (own_client.privileges.all, lambda: own_client.privileges.delete("broken")):
        with pytest.raises(ServerError, match=r"Wildcard string .*'::'.*Remove it in Nexus's database"):
            call()


def test_a_privilege_is_not_written_over_one_of_another_type(own: NexusProcess, own_client: Nexus) -> None:
    own.add_repository("raw", "files")
    view = Privilege("p", "repository-view", "d", frozenset({"read"}), format="raw", repository="files")
    own_client.privileges.create(view)
    with pytest.raises(RefusedError, match="it is of type repository-view, which cannot become wildcard"):
        own_client.privileges.replace(replace(view, type="wildcard", pattern="nexus:search:read"))
    assert own_client.privileges.read("p") == view


def test_a_user_that_lost_its_last_role_is_read_and_given_one_again(own_client: Nexus) -> None:
    own_client.roles.create(ROLE)
    own_client.users.create(replace(USER, roles=frozenset({"r"})), "a-password")
    own_client.roles.delete("r")
    left = own_client.users.read("u")
    assert left == replace(USER, roles=frozenset())
    with pytest.raises(RefusedError, match="a user without roles"):
        own_client.users.replace(left)
    own_client.users.replace(USER)
    assert own_client.users.read("u") == USER


def test_a_user_created_with_an_unknown_role_is_remembered_as_nexus_answered(own_client: Nexus) -> None:
    own_client.users.all()
    own_client.users.create(replace(USER, roles=frozenset({"later"})), "a-password")
    assert own_client.users.read("u") == replace(USER, roles=frozenset())
    own_client.users.refresh()
    own_client.roles.create(replace(ROLE, role_id="later"))
    assert own_client.users.read("u") == replace(USER, roles=frozenset({"later"}))


def test_an_answer_with_a_body_to_a_delete_is_not_taken_for_done(
    own: NexusProcess, own_client: Nexus
) -> None:
    own_client.roles.create(ROLE)
    own.fail_next(200, method="DELETE", body={"status": "ok"})
    with pytest.raises(UnexpectedAnswerError, match="with a body"):
        own_client.roles.delete("r")
    assert own_client.roles.read("r") == ROLE


NOT_FOUND = {"id": "*", "message": '"No selector found for s"'}


def test_a_selector_that_was_made_although_the_answer_was_404_counts_as_made(
    own: NexusProcess, own_client: Nexus
) -> None:
    own.fail_next(404, method="POST", path=SELECTORS, body=NOT_FOUND, handled=True)
    own.fail_next(404, method="GET", path=f"{SELECTORS}/s", body=NOT_FOUND)
    own_client.content_selectors.create(SELECTOR)
    assert own_client.content_selectors.find("s") == own_client.content_selectors.read("s") == SELECTOR
    assert own.requests()[f"POST {SELECTORS}"] == 1


def test_a_selector_that_was_not_made_with_the_404_is_made_again(
    own: NexusProcess, own_client: Nexus
) -> None:
    own.fail_next(404, method="POST", path=SELECTORS, body=NOT_FOUND)
    own_client.content_selectors.create(SELECTOR)
    assert own_client.content_selectors.read("s") == SELECTOR


def test_another_selector_of_the_name_is_a_conflict_after_the_404(
    own: NexusProcess, own_client: Nexus
) -> None:
    other = replace(SELECTOR, expression='format == "raw"')
    own_client.content_selectors.create(other)
    own.fail_next(404, method="POST", path=SELECTORS, body=NOT_FOUND)
    with pytest.raises(ConflictError):
        own_client.content_selectors.create(SELECTOR)
    assert own_client.content_selectors.read("s") == other
