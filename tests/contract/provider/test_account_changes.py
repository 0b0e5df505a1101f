"""What changes in an account's declaration: each part is made before what needs it, and goes after what has used it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.provider.plugin import PluginError

if TYPE_CHECKING:
    from tests.support.provider.account import AccountCase

SELECTOR, PRIVILEGE = "content-selectors/ci-X-raw", "privileges/ci-X-files"


def test_a_path_that_is_added_is_there_before_the_role_grants_it(account: AccountCase) -> None:
    account.up(is_scoped=False)
    account.live()
    assert account.up() == "update"
    assert account.writes() == [
        "nexus POST content-selectors",
        "nexus POST privileges/repository-content-selector",
        "nexus PUT roles/ci-X",
    ]
    assert account.refresh() == set()


def test_a_path_that_is_dropped_goes_after_the_role_lets_go_of_it(account: AccountCase) -> None:
    account.up()
    account.live()
    assert account.up(is_scoped=False) == "update"
    assert account.writes() == [
        "nexus PUT roles/ci-X",
        f"nexus DELETE {PRIVILEGE}",
        f"nexus DELETE {SELECTOR}",
    ]
    assert account.refresh() == set()


def test_an_account_without_grants_keeps_its_user_and_loses_its_role(account: AccountCase) -> None:
    account.up()
    account.live()
    assert account.up(is_scoped=False, has_role=False) == "update"
    assert account.writes() == [
        "nexus PUT users/X",
        "nexus DELETE roles/ci-X",
        f"nexus DELETE {PRIVILEGE}",
        f"nexus DELETE {SELECTOR}",
    ]
    assert account.parts() == {"X", "secret"}
    assert account.lets_in()
    assert account.refresh() == set()
    assert account.up() == "update"
    assert account.parts() == {"X", "role", "privilege", "selector", "secret"}
    assert account.refresh() == set()


def test_an_account_without_grants_can_be_made(account: AccountCase) -> None:
    assert account.up(is_scoped=False, has_role=False) == "create"
    assert account.refresh() == set()
    assert account.lets_in()
    account.destroy()
    assert account.parts() == set()


def test_one_user_instead_of_two_is_handed_out_before_the_other_goes(account: AccountCase) -> None:
    account.up()
    account.up(account.turn(2))
    account.live()
    assert account.up(account.in_place(3)) == "update"
    assert account.writes() == [
        "nexus PUT users/X/change-password",
        "vault POST secret/metadata/nexus/X",
        "vault POST secret/data/nexus/X",
        "nexus PUT users/X-b",
        "nexus DELETE users/X-b",
    ]
    assert account.secret()["username"] == account.name
    assert account.lets_in()
    assert account.refresh() == set()


def test_two_users_instead_of_one_leave_the_first_as_it_is(account: AccountCase) -> None:
    account.up(account.in_place(1))
    read = account.secret()
    assert account.up(account.turn(2)) == "update"
    assert account.lets_in(read)
    assert account.secret()["username"] == account.second
    assert account.lets_in()


def test_a_new_name_for_its_purpose_changes_users_alone(account: AccountCase) -> None:
    account.up()
    account.up(account.turn(2))
    inputs = account.turn(2)
    for user in inputs["users"].values():
        user["first_name"] = "Executor of jobs"
    account.live()
    assert account.up(inputs) == "update"
    assert account.writes() == ["nexus PUT users/X", "nexus PUT users/X-b"], "the one in use last"
    assert account.lets_in()


def test_another_owner_marks_every_part_and_the_secret(account: AccountCase) -> None:
    account.up()
    read = account.secret()
    inputs = account.inputs()
    marked = [*inputs["selectors"].values(), *inputs["privileges"].values(), inputs["role"]]
    for part in marked:
        part["description"] = part["description"].replace("ciaccess)", "platform)")
    inputs["users"][account.name]["last_name"] = "(managed by platform)"
    inputs["metadata"]["owner"] = "platform"
    assert account.up(inputs) == "update"
    assert account.custom()["owner"] == "platform"
    assert account.secret() == read
    assert account.refresh() == set()
    account.lose_state()
    assert account.up(inputs) == "create", "it is claimed and marked alike"


def test_a_secret_that_moves_is_there_before_the_old_one_goes(account: AccountCase) -> None:
    account.up()
    read = account.secret()
    account.live()
    assert account.up(folder="moved") == "update"
    assert account.writes() == [
        "vault POST secret/metadata/moved/X",
        "vault POST secret/data/moved/X",
        "vault DELETE secret/data/nexus/X",
    ]
    assert account.secret("moved") == read, "it is moved, not rotated"
    assert account.secret() == {}
    assert account.refresh() == set()
    assert account.lets_in(account.secret("moved"))


def test_a_secret_that_moves_with_purge_leaves_no_version(account: AccountCase) -> None:
    account.up(purge=True)
    assert account.up(folder="moved", purge=True) == "update"
    assert account.version() == 0


def test_a_change_that_nexus_refuses_leaves_what_was_handed_out(account: AccountCase) -> None:
    account.up()
    read = account.secret()
    inputs = account.turn(2)
    inputs["selectors"][account.selector_name]["expression"] = "path =^"
    with pytest.raises(
        PluginError, match=f"replace content selector '{account.selector_name}': .*Invalid CSEL"
    ):
        account.up(inputs)
    assert account.secret() == read
    assert account.parts() == {"X", "role", "privilege", "selector", "secret"}
    assert account.up() == "same"


def test_a_role_that_nobody_declared_is_refused_before_the_user_is_made(account: AccountCase) -> None:
    inputs = account.inputs()
    inputs["users"][account.name]["roles"] = ["nope"]
    with pytest.raises(PluginError, match="Nexus has no role 'nope'"):
        account.up(inputs)
    assert account.parts() == {"role", "privilege", "selector"}
    assert account.up() == "create", "it goes on where that ended"
    assert account.refresh() == set()
