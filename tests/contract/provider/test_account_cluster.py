"""A clustered Nexus, whose nodes answer from before a write for some seconds: no part is made twice, none is left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.provider.plugin import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.provider.account import AccountCase

WHOLE = {"X", "role", "privilege", "selector", "secret"}


@pytest.fixture
def stale(account: AccountCase) -> Iterator[AccountCase]:
    """Return an account in a Nexus whose reads are a second old."""
    account.nexus.control("PUT", "staleness", {"seconds": 1})
    yield account
    account.nexus.control("PUT", "staleness", {"seconds": 0})


def truth(account: AccountCase) -> None:
    account.nexus.control("PUT", "staleness", {"seconds": 0})


def test_an_account_is_proved_once_all_nodes_know_it(stale: AccountCase) -> None:
    assert stale.up() == "create"
    assert stale.writes().count("nexus POST users") == 1
    assert stale.refresh() == set(), "no false drift"
    assert stale.lets_in()


def test_a_rotation_is_handed_out_once_all_nodes_know_it(stale: AccountCase) -> None:
    stale.up()
    assert stale.up(stale.turn(2)) == "update"
    assert stale.lets_in()
    stale.up(stale.turn(3))
    assert stale.lets_in()
    assert stale.refresh() == set()


@pytest.mark.parametrize("write", [3, 6])
def test_what_a_killed_run_made_is_found_though_no_list_has_it_yet(stale: AccountCase, write: int) -> None:
    stale.kill_at(write)
    with pytest.raises(PluginError):
        stale.up()
    stale.engine.restart()
    stale.live()
    assert stale.up() == "create"
    truth(stale)
    assert stale.parts() == WHOLE
    assert stale.lets_in()
    assert stale.refresh() == set()


def test_a_user_that_no_list_has_yet_is_deleted_all_the_same(stale: AccountCase) -> None:
    truth(stale)
    stale.up()
    stale.nexus.rest("DELETE", f"/security/users/{stale.name}")
    stale.nexus.control("PUT", "staleness", {"seconds": 60})
    stale.nexus.add_user(stale.name, "nx-anonymous")
    assert stale.user() is None, "the nodes do not know it yet"
    stale.destroy()
    truth(stale)
    assert stale.parts() == set()


def test_a_user_of_somebody_else_s_that_no_list_has_yet_is_not_taken_over(stale: AccountCase) -> None:
    stale.nexus.add_user(stale.name, "nx-admin", password="somebody-s-password")
    with pytest.raises(PluginError, match=f"user '{stale.name}' exists already, and not in this stack's"):
        stale.up()
    truth(stale)
    assert stale.logs_in(stale.name, "somebody-s-password")
    assert stale.version() == 0
    stale.engine.restart()
    with pytest.raises(PluginError, match="exists already"):
        stale.up()


def test_a_second_user_of_somebody_else_s_that_no_list_has_yet_stops_a_rotation(stale: AccountCase) -> None:
    stale.up()
    read = stale.secret()
    stale.nexus.add_user(stale.second, "nx-admin", password="somebody-s-password")
    stale.engine.restart()
    with pytest.raises(
        PluginError, match=f"user '{stale.second}' exists already, and not created by this stack"
    ):
        stale.up(stale.turn(2))
    truth(stale)
    assert stale.logs_in(stale.second, "somebody-s-password")
    assert stale.secret() == read
