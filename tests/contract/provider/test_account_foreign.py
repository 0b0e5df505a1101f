"""What is somebody else's is refused as a whole before anything is written, and taken over only where that is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.support.provider.account import MARKER, OWNER, TOKEN
from tests.support.provider.plugin import PluginError, Unknown
from tests.support.servers.fault_proxy import Fault, Request

if TYPE_CHECKING:
    from tests.support.provider.account import AccountCase

BY_HAND = "a-password-set-by-hand"


def plant(account: AccountCase, password: str = BY_HAND) -> None:
    """Make by hand all that the account is made of, each other than declared."""
    nexus, name = account.nexus, account.name
    selector = {"name": account.selector_name, "description": "mine", "expression": 'format == "raw"'}
    nexus.rest("POST", "/security/content-selectors", selector)
    privilege = {
        "name": account.privilege_name,
        "description": "mine",
        "format": "raw",
        "repository": "files",
        "contentSelector": account.selector_name,
        "actions": ["READ"],
    }
    nexus.rest("POST", "/security/privileges/repository-content-selector", privilege)
    nexus.add_role(account.role_id, "nx-search-read", account.privilege_name)
    nexus.add_user(name, account.role_id, password=password)
    account.write_secret(username=name, password=password)


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_all_that_is_somebody_else_s_is_named_in_one_error_that_says_how_to_go_on(
    account: AccountCase, verb: str
) -> None:
    plant(account)
    with pytest.raises(PluginError) as refused:
        getattr(account, verb)()
    said = str(refused.value)
    assert f"create account '{account.name}': " in said
    for part in (
        f"content selector '{account.selector_name}'",
        f"privilege '{account.privilege_name}'",
        f"role '{account.role_id}'",
        f"user '{account.name}'",
        f"secret 'secret/nexus/{account.name}'",
    ):
        assert part in said
    assert "exist already, and not in this stack's state" in said
    assert "adopt: true" in said
    imported = f"{account.name}@1:secret/data/nexus/{account.name}:{account.role_id}"
    assert f"pulumi import {TOKEN} {account.name} '{imported}'" in said
    assert BY_HAND not in said
    assert account.writes() == []


def test_one_that_is_somebody_else_s_keeps_all_of_the_account_from_being_made(account: AccountCase) -> None:
    account.nexus.add_user(account.name, "nx-admin", password=BY_HAND)
    with pytest.raises(PluginError, match=f"user '{account.name}' exists already"):
        account.up()
    assert account.writes() == []
    assert account.parts() == {"X"}
    assert account.logs_in(account.name, BY_HAND)


def test_a_preview_that_does_not_know_the_users_yet_refuses_the_rest(account: AccountCase) -> None:
    plant(account)
    user = account.user_inputs(account.name) | {"roles": [Unknown()]}
    with pytest.raises(PluginError, match=f"role '{account.role_id}', secret '.*' exist already"):
        account.preview(users={account.name: user})


def test_a_user_that_somebody_makes_meanwhile_is_refused_with_the_account_s_import_id(
    account: AccountCase,
) -> None:
    def make() -> None:
        account.nexus.add_user(account.name, "nx-admin", password=BY_HAND)
        account.change("users", account.name, lastName=MARKER)  # of another stack of the same owner

    post = Request("nexus", "POST", f"{urlsplit(account.nexus.url).path}/service/rest/v1/security/users")
    account.proxy.expect([Fault(request=post, strike=make)])
    with pytest.raises(PluginError) as refused:
        account.up()
    assert f"user '{account.name}' exists already" in str(refused.value)
    assert f"'{account.name}@1:secret/data/nexus/{account.name}:{account.role_id}'" in str(refused.value)
    assert account.logs_in(account.name, BY_HAND)
    assert account.version() == 0


def test_the_marker_alone_makes_nothing_ours(account: AccountCase) -> None:
    account.nexus.add_user(account.name, "nx-anonymous", password=BY_HAND)
    account.change("users", account.name, lastName=MARKER)
    with pytest.raises(PluginError, match=f"user '{account.name}' exists already"):
        account.up()


@pytest.mark.parametrize("other", [{"stack": "ciaccess/other"}, {"owner": "somebody"}], ids=str)
def test_an_account_that_another_stack_has_claimed_is_refused(
    account: AccountCase, other: dict[str, str]
) -> None:
    account.up()
    account.lose_state()
    account.describe_secret(**account.custom() | other)
    account.live()
    with pytest.raises(PluginError) as refused:
        account.up()
    assert f"user '{account.name}', secret 'secret/nexus/{account.name}' exist already" in str(refused.value)
    assert account.writes() == []


def test_what_another_stack_has_claimed_is_not_adopted_until_that_lets_it_go(account: AccountCase) -> None:
    account.up()
    account.lose_state()
    account.describe_secret(**account.custom() | {"stack": "ciaccess/other"})
    account.live()
    with pytest.raises(PluginError, match="the stack ciaccess/other has claimed it"):
        account.up(adopt=True)
    assert account.writes() == []
    account.describe_secret(**{name: text for name, text in account.custom().items() if name != "stack"})
    assert account.up(adopt=True) == "create"


def test_a_claim_of_ours_takes_over_no_part_that_bears_another_marker(account: AccountCase) -> None:
    account.up()
    account.lose_state()
    account.change("roles", account.role_id, description="CI: Executor (managed by somebody)")
    with pytest.raises(PluginError, match=f"role '{account.role_id}' exists already"):
        account.up()


def test_adoption_takes_over_no_part_of_another_owner(account: AccountCase) -> None:
    plant(account)
    account.change("roles", account.role_id, description="CI: Executor (managed by other-team)")
    for attempt in (account.preview, account.up):
        with pytest.raises(PluginError) as refused:
            attempt(adopt=True)
        assert (
            f"adopt account '{account.name}': role '{account.role_id}' (managed by other-team). Release it there"
            in str(refused.value)
        )
    assert account.writes() == []


def test_adoption_takes_all_of_it_over_and_keeps_the_password_that_the_secret_proves(
    account: AccountCase,
) -> None:
    plant(account)
    account.describe_secret(team="bench")
    assert account.preview(adopt=True) == "create"
    assert account.writes() == []
    assert account.up(adopt=True) == "create"
    assert account.writes()[0] == "vault POST secret/metadata/nexus/X", "the claim"
    assert not [each for each in account.writes() if each.endswith("change-password")]
    assert account.secret() == {"username": account.name, "password": BY_HAND}
    assert account.version() == 1, "it is what it was"
    assert account.custom()["team"] == "bench"
    assert account.custom()["owner"] == OWNER
    assert "fingerprint" not in account.custom(), "somebody chose it, so it could be tried out"
    assert account.held.outputs["fingerprints"] == {account.name: ""}
    assert account.refresh() == set()
    assert account.up() == "same", "adopt is no difference"


def test_adoption_keeps_what_somebody_has_rotated_by_hand(account: AccountCase) -> None:
    account.up()
    account.lose_state()
    account.set_password(account.name, BY_HAND)
    account.write_secret(username=account.name, password=BY_HAND)
    assert account.up(adopt=True) == "create"
    assert account.secret()["password"] == BY_HAND
    assert account.lets_in()


def test_adoption_gives_a_new_password_where_the_secret_s_does_not_let_in(account: AccountCase) -> None:
    plant(account)
    account.write_secret(username=account.name, password="a-stale-password")
    assert account.up(adopt=True) == "create"
    assert account.lets_in()
    assert account.secret()["password"] not in (BY_HAND, "a-stale-password")


def test_adoption_drops_what_else_the_secret_held_into_an_earlier_version(account: AccountCase) -> None:
    plant(account)
    account.write_secret(username=account.name, password=BY_HAND, url="https://nexus")
    account.up(adopt=True)
    assert account.secret() == {"username": account.name, "password": BY_HAND}
    assert account.version() == 3


def test_a_second_user_that_is_somebody_else_s_stops_a_rotation_before_it_begins(
    account: AccountCase,
) -> None:
    account.up()
    account.nexus.add_user(account.second, "nx-admin", password=BY_HAND)
    account.engine.restart()
    account.live()
    for verb in (account.preview, account.up):
        with pytest.raises(PluginError) as refused:
            verb(account.turn(2))
        said = str(refused.value)
        assert f"update account '{account.name}': user '{account.second}' exists already" in said
        assert "adopt: true" in said
    assert account.writes() == []
    assert account.lets_in()
    assert account.up(account.turn(2, adopt=True)) == "update"
    assert account.secret()["username"] == account.second
    assert account.lets_in()


def test_a_secret_that_lies_where_ours_is_to_move_is_refused(account: AccountCase) -> None:
    account.up()
    kv = account.vault.client.secrets.kv.v2
    kv.create_or_update_secret(f"moved/{account.name}", {"password": BY_HAND})
    account.engine.restart()
    account.live()
    for verb in (account.preview, account.up):
        with pytest.raises(PluginError, match=f"secret 'secret/moved/{account.name}' exists already"):
            verb(folder="moved")
    assert account.writes() == []
    assert account.secret("moved") == {"password": BY_HAND}
    assert account.lets_in()
