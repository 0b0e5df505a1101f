"""A rotation: the idle user first, proved, then the secret in one new version; what is read meanwhile goes on letting in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ciaccess.clients.fingerprint import fingerprint
from tests.support.provider.plugin import PluginError
from tests.support.servers.fault_proxy import Fault, Request

if TYPE_CHECKING:
    from tests.support.provider.account import AccountCase

PROOF = "nexus GET /service/rest/v1/status"
CHANGE_FIRST = "nexus PUT users/X/change-password"
DESCRIBE, PUBLISH = "vault POST secret/metadata/nexus/X", "vault POST secret/data/nexus/X"


def test_the_first_rotation_makes_the_second_user_and_hands_it_out(account: AccountCase) -> None:
    account.up()
    read = account.secret()
    account.live()
    assert account.up(account.turn(2)) == "update"
    assert account.writes() == ["nexus POST users", DESCRIBE, PUBLISH]
    asked = account.requests()
    assert PROOF in asked[asked.index("nexus POST users") : asked.index(DESCRIBE)]
    assert account.secret()["username"] == account.second
    assert account.lets_in()
    assert account.lets_in(read), "a job that has read the secret before goes on"
    assert account.version() == 2
    assert account.custom()["nexus_user"] == account.second
    assert account.custom()["rotation"] == "2"
    assert account.refresh() == set()


def test_the_next_one_changes_the_password_of_the_user_that_is_idle_by_then(account: AccountCase) -> None:
    account.up()
    before = account.secret()
    account.up(account.turn(2))
    read = account.secret()
    account.live()
    assert account.up(account.turn(3)) == "update"
    assert account.writes() == [CHANGE_FIRST, DESCRIBE, PUBLISH]
    asked = account.requests()
    assert PROOF in asked[asked.index(CHANGE_FIRST) : asked.index(DESCRIBE)]
    assert account.secret()["username"] == account.name
    assert account.lets_in()
    assert account.lets_in(read)
    assert not account.lets_in(before), "its turn is over"
    assert account.version() == 3
    assert account.custom()["fingerprint"] == fingerprint(account.secret()["password"])
    assert account.refresh() == set()


def test_one_user_gets_its_new_password_in_place(account: AccountCase) -> None:
    account.up()
    read = account.secret()
    account.live()
    assert account.up(account.in_place(2)) == "update"
    assert account.writes() == [CHANGE_FIRST, DESCRIBE, PUBLISH]
    assert not account.lets_in(read)
    assert account.lets_in()
    assert account.version() == 2
    assert account.refresh() == set()


def test_a_preview_of_a_rotation_says_what_differs(account: AccountCase) -> None:
    account.up()
    checked = account.engine.check("ciaccess:index:ServiceAccount", account.name, account.turn(3))
    found = account.engine.diff(account.held, checked)
    assert set(found.detailedDiff) == {
        f'users["{account.name}"].password_version',
        f'users["{account.second}"]',
        "metadata.rotation",
    }
    assert not found.replaces


def test_a_new_date_alone_makes_no_new_version(account: AccountCase) -> None:
    account.up()
    inputs = account.inputs()
    inputs["metadata"]["rotated_at"] = "2026-11-24"
    account.live()
    assert account.up(inputs) == "update"
    assert account.writes() == [DESCRIBE]
    assert account.custom()["rotated_at"] == "2026-11-24"
    inputs["metadata"]["rotated_at"] = ""
    assert account.up(inputs) == "update"
    assert "rotated_at" not in account.custom()
    assert account.refresh() == set()


def test_a_rotation_that_is_taken_back_hands_out_the_first_user_again(account: AccountCase) -> None:
    account.up()
    read = account.secret()
    account.up(account.turn(2))
    assert account.up(account.turn(1)) == "update"
    assert account.secret() == read
    assert account.parts() == {"X", "role", "privilege", "selector", "secret"}
    assert account.refresh() == set()


@pytest.mark.parametrize("has_state", [True, False], ids=["old state", "no state"])
def test_a_published_password_that_no_state_knows_of_is_found_again(
    account: AccountCase, *, has_state: bool
) -> None:
    account.up()
    account.up(account.turn(2))
    old = replace(account.held)
    account.up(account.turn(3))
    read = account.secret()
    account.lose_state()
    if has_state:
        account.engine.state[account.name] = old
    account.live()
    assert account.up(account.turn(3)) == ("update" if has_state else "create")
    assert account.writes() == [], "nothing but the state was missing"
    assert account.secret() == read
    assert account.passwords[account.name] == read["password"]
    assert account.refresh() == set()


def test_a_rotation_after_the_state_was_lost_gives_a_new_password(account: AccountCase) -> None:
    account.up()
    leaked = account.secret()
    account.up(account.turn(2))
    kept = account.secret()
    account.lose_state()
    assert account.up(account.turn(3)) == "create"
    assert account.secret()["username"] == account.name
    assert not account.lets_in(leaked)
    assert account.lets_in(kept)
    assert account.lets_in()


def test_of_two_users_that_change_the_one_in_use_comes_last(account: AccountCase) -> None:
    account.up()
    account.live()
    assert account.up(account.turn(3)) == "update"
    assert account.writes() == ["nexus POST users", CHANGE_FIRST, DESCRIBE, PUBLISH]
    assert account.lets_in()


def test_rotations_that_a_lost_state_never_saw_change_every_password(account: AccountCase) -> None:
    account.up()
    account.up(account.turn(2))
    before = dict(account.passwords)
    assert len(before) == 2
    account.lose_state()
    account.up(account.turn(4))
    assert not any(account.logs_in(user, password) for user, password in before.items())
    assert account.lets_in()


@pytest.mark.parametrize("has_metadata", [True, False], ids=["metadata of ours", "no metadata"])
def test_a_secret_that_somebody_forged_is_not_taken_for_a_lost_rotation(
    account: AccountCase, *, has_metadata: bool
) -> None:
    account.up()
    account.up(account.turn(2))
    account.kill_at(3)
    with pytest.raises(PluginError, match="Vault answered 500"):
        account.up(account.turn(3))
    account.live()
    assert account.custom()["rotation"] == "3", "killed between the metadata and the secret"
    forged = {"username": account.name, "password": "f" * 40}
    account.set_password(account.name, forged["password"])
    account.write_secret(**forged)
    if not has_metadata:
        account.describe_secret(owner="ciaccess")
    account.engine.restart()
    assert account.up(account.turn(3)) == "update"
    assert account.secret()["password"] != forged["password"]
    assert not account.lets_in(forged)
    assert account.lets_in()


def test_a_secret_that_somebody_forged_is_not_kept_without_a_state_either(account: AccountCase) -> None:
    account.up()
    forged = {"username": account.name, "password": "f" * 40}
    account.set_password(account.name, forged["password"])
    account.write_secret(**forged)
    account.lose_state()
    assert account.up() == "create"
    assert not account.lets_in(forged)
    assert account.lets_in()
    assert account.refresh() == set()


def test_of_two_who_write_at_once_the_second_is_refused_and_told(account: AccountCase) -> None:
    account.up()
    publish = Request("vault", "POST", f"/v1/secret/data/nexus/{account.name}")
    theirs = {"username": account.name, "password": "theirs-and-theirs-alone"}
    account.proxy.expect([Fault(request=publish, strike=lambda: account.write_secret(**theirs))])
    with pytest.raises(PluginError) as refused:
        account.up(account.turn(2))
    said = str(refused.value)
    assert said.startswith(
        f"write secret 'secret/nexus/{account.name}': it was written by someone else after"
    )
    assert "read at version 1" in said
    assert "theirs" not in said
    assert account.secret() == theirs
    account.live()
    account.engine.restart()
    assert account.up(account.turn(2)) == "update"
    assert account.lets_in()
    assert account.refresh() == set()
