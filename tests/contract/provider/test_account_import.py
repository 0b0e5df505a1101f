"""An import finds the parts of an account by its id alone, and takes passwords from the secret, never from the id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.clients.fingerprint import fingerprint
from tests.support.provider.account import TOKEN
from tests.support.provider.plugin import PluginError, RefusedInputsError, Resource

if TYPE_CHECKING:
    from tests.support.provider.account import AccountCase

OTHER = "a-password-set-by-hand"


def imported(account: AccountCase, users: str = "", *, role: bool = True) -> Resource:
    """Lose the state and import the account; `users` are X@1, or `X@1,X-b@1`."""
    account.lose_state()
    account.live()
    role_id = f":{account.role_id}" if role else ""
    identity = f"{users or 'X@1'}:secret/data/nexus/X".replace("X", account.name) + role_id
    return account.engine.import_(TOKEN, account.name, identity)


def test_an_account_of_one_user_is_found_whole(account: AccountCase) -> None:
    account.up()
    before = account.held
    held = imported(account)
    assert account.writes() == []
    assert held.id == account.name
    assert held.secrets == set()
    assert held.outputs == before.outputs
    assert {name: value for name, value in held.inputs.items() if name != "adopt"} == {
        name: value for name, value in before.inputs.items() if name != "adopt"
    }
    assert account.up() == "same"
    assert account.refresh() == set()


def test_the_idle_user_s_password_is_the_one_that_was_handed_out_before(account: AccountCase) -> None:
    account.up()
    account.up(account.turn(2))
    account.up(account.turn(3))
    passwords = account.passwords
    held = imported(account, "X@2,X-b@1")
    assert held.outputs["fingerprints"] == {user: fingerprint(each) for user, each in passwords.items()}
    assert held.outputs["password_versions"] == {account.name: 2, account.second: 1}
    assert held.outputs["secret"] == {
        "path": f"secret/data/nexus/{account.name}",
        "user": account.name,
        "holds": "current",
    }
    assert account.up(account.turn(3)) == "same"


def test_an_account_without_a_role_has_no_privileges_either(account: AccountCase) -> None:
    inputs = account.inputs(has_role=False, is_scoped=False)
    account.up(inputs)
    held = imported(account, role=False)
    assert (held.outputs["role"], held.outputs["privileges"], held.outputs["selectors"]) == ({}, {}, {})
    assert account.up(inputs) == "same"


def test_privileges_of_the_role_that_are_not_named_after_it_are_no_parts(account: AccountCase) -> None:
    account.up()
    selector = {"name": f"x-{account.name}", "description": "", "expression": 'format == "raw"'}
    account.nexus.rest("POST", "/security/content-selectors", selector)
    privilege = {
        "name": f"x-{account.name}",
        "description": "",
        "format": "raw",
        "repository": "files",
        "contentSelector": f"x-{account.name}",
        "actions": ["READ"],
    }
    account.nexus.rest("POST", "/security/privileges/repository-content-selector", privilege)
    held_by_role = ["nx-search-read", account.privilege_name, f"x-{account.name}"]
    account.change("roles", account.role_id, privileges=held_by_role)
    held = imported(account)
    assert set(held.outputs["privileges"]) == {account.privilege_name}
    assert set(held.outputs["selectors"]) == {account.selector_name}
    assert account.up() == "update"
    assert account.role()
    assert set((account.role() or {})["privileges"]) == {"nx-search-read", account.privilege_name}


def test_a_password_that_does_not_let_in_is_none_and_made_anew(account: AccountCase) -> None:
    account.up()
    leaked = account.secret()["password"]
    account.set_password(account.name, OTHER)
    held = imported(account)
    assert held.outputs["fingerprints"] == {account.name: ""}
    checked = account.engine.check(TOKEN, account.name, account.inputs())
    assert set(account.engine.diff(held, checked).detailedDiff) == {f'users["{account.name}"].login'}
    assert account.up() == "update"
    assert account.lets_in()
    assert account.secret()["password"] not in (leaked, OTHER)
    assert account.refresh() == set()


def test_a_user_of_whom_vault_knows_no_password_gets_a_new_one(account: AccountCase) -> None:
    account.up()
    kv = account.vault.client.secrets.kv.v2
    kv.delete_metadata_and_all_versions(f"nexus/{account.name}")
    held = imported(account)
    assert held.outputs["secret"]["holds"] == "none"
    assert account.up() == "update"
    assert account.lets_in()
    assert account.refresh() == set()


def test_a_secret_of_other_fields_is_taken_in_and_put_right(account: AccountCase) -> None:
    account.up()
    read = account.secret()
    account.write_secret(**read, url="https://nexus")
    assert imported(account).outputs["secret"]["holds"] == "other"
    assert account.up() == "update"
    assert account.secret() == read


def test_a_user_that_is_missing_is_made_by_the_next_up(account: AccountCase) -> None:
    account.up()
    account.up(account.turn(2))
    account.nexus.rest("DELETE", f"/security/users/{account.name}")
    held = imported(account, "X@1,X-b@1")
    assert set(held.outputs["users"]) == {account.second}
    assert account.up(account.turn(2)) == "update"
    assert account.lets_in()
    assert account.user(account.name)


def test_a_role_without_a_user_is_an_import_too(account: AccountCase) -> None:
    account.up()
    account.nexus.rest("DELETE", f"/security/users/{account.name}")
    assert imported(account).outputs["users"] == {}
    assert account.up() == "update"
    assert account.lets_in()


def test_an_import_of_what_is_not_there_is_an_error(account: AccountCase) -> None:
    with pytest.raises(PluginError, match=r"not found\. Check the id"):
        imported(account)


@pytest.mark.parametrize(
    "identity",
    [
        "svc-x",
        "svc-x:secret/data/nexus/svc-x",
        "svc-x@one:secret/data/x",
        "svc-x@1:secret/nexus/svc-x",
        "@1:a/data/b",
    ],
)
def test_an_id_of_another_form_says_which_it_takes(account: AccountCase, identity: str) -> None:
    with pytest.raises(
        PluginError, match=r"invalid id. Write USER@VERSION\[,USER@VERSION\]:SECRET_PATH\[:ROLE\]"
    ):
        account.engine.import_(TOKEN, account.name, identity)


def test_a_version_below_one_is_refused(account: AccountCase) -> None:
    account.up()
    with pytest.raises(RefusedInputsError, match="password_version"):
        imported(account, "X@0")
