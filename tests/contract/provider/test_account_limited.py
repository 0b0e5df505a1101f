"""A plugin that may make and delete users, and not change a password: accounts rotate by making the idle user anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.provider.plugin import PluginError

if TYPE_CHECKING:
    from tests.support.provider.account import AccountCase

RIGHTS = ("users", "roles", "privileges", "selectors")
CHANGE = "nexus PUT users/X/change-password"
ANEW = [CHANGE, "nexus DELETE users/X", "nexus POST users"]
PUBLISH = ["vault POST secret/metadata/nexus/X", "vault POST secret/data/nexus/X"]


@pytest.fixture
def limited(account: AccountCase, monkeypatch: pytest.MonkeyPatch) -> AccountCase:
    """Return the account of a plugin without nexus:*."""
    role_id = f"limited-{account.name}"
    account.nexus.add_role(role_id, *(f"nx-{kind}-all" for kind in RIGHTS), "nx-userschangepw")
    name, password = account.nexus.add_user(role_id, role_id, password="limited-password")
    monkeypatch.setenv("NEXUS_USERNAME", name)
    monkeypatch.setenv("NEXUS_PASSWORD", password)
    account.engine.restart()
    return account


def test_two_users_take_turns_and_the_idle_one_is_made_anew(limited: AccountCase) -> None:
    assert limited.up() == "create"
    assert limited.up(limited.turn(2)) == "update"
    read = limited.secret()
    limited.live()
    assert limited.up(limited.turn(3)) == "update"
    assert limited.writes() == [*ANEW, *PUBLISH]
    assert limited.lets_in()
    assert limited.lets_in(read)
    assert limited.refresh() == set()


@pytest.mark.parametrize("write", range(1, len(ANEW) + len(PUBLISH) + 1))
def test_a_rotation_that_was_killed_goes_on(limited: AccountCase, write: int) -> None:
    limited.up()
    limited.up(limited.turn(2))
    read = limited.secret()
    limited.kill_at(write)
    with pytest.raises(PluginError):
        limited.up(limited.turn(3))
    limited.live()
    limited.engine.restart()
    assert limited.up(limited.turn(3)) == "update"
    assert limited.lets_in()
    assert limited.lets_in(read)
    assert limited.refresh() == set()


@pytest.mark.parametrize("write", range(5, 8))
def test_a_create_that_was_killed_goes_on(limited: AccountCase, write: int) -> None:
    limited.kill_at(write)
    with pytest.raises(PluginError):
        limited.up()
    limited.live()
    limited.engine.restart()
    assert limited.up() == "create"
    assert limited.lets_in()
    assert limited.refresh() == set()


def test_the_user_that_is_handed_out_is_never_made_anew_and_the_403_is_the_error(
    limited: AccountCase,
) -> None:
    limited.up()
    read = limited.secret()
    limited.live()
    with pytest.raises(PluginError, match=r"Changing passwords needs nexus:\*"):
        limited.up(limited.in_place(2))
    assert limited.writes() == [CHANGE]
    assert limited.secret() == read
    assert limited.lets_in()
