"""What somebody did to an account by hand is found, each part by its path, and repaired by the next `up`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from pulumi.runtime import proto
from pulumi.runtime.rpc import UNKNOWN

from tests.support.provider.account import TOKEN
from tests.support.provider.plugin import PluginError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.provider.account import AccountCase


@dataclass(frozen=True)
class Deed:
    """What somebody does to the account X, and what a refresh finds of it."""

    name: str
    do: Callable[[AccountCase], object]
    found: set[str]


USER, ROLE = 'users["X"]', "role"
SELECTOR, PRIVILEGE = 'selectors["ci-X-raw"]', 'privileges["ci-X-files"]'
METADATA = {f"metadata.{name}" for name in ("rotated_at", "rotation", "nexus_user", "owner", "stack")}
BY_HAND = "a-password-set-by-hand"


def user(**fields: object) -> Callable[[AccountCase], object]:
    return lambda account: account.change("users", account.name, **fields)


def role(**fields: object) -> Callable[[AccountCase], object]:
    return lambda account: account.change("roles", account.role_id, **fields)


def destroy_secret(account: AccountCase) -> None:
    kv = account.vault.client.secrets.kv.v2
    kv.destroy_secret_versions(f"nexus/{account.name}", [account.version()])


def delete_secret(account: AccountCase) -> None:
    account.vault.client.secrets.kv.v2.delete_latest_version_of_secret(f"nexus/{account.name}")


def purge_secret(account: AccountCase) -> None:
    account.vault.client.secrets.kv.v2.delete_metadata_and_all_versions(f"nexus/{account.name}")


def reclaim(account: AccountCase) -> None:
    account.describe_secret(**(account.custom() | {"stack": "ciaccess/other"}))


def delete(kind: str, attribute: str) -> Callable[[AccountCase], object]:
    return lambda account: account.nexus.rest("DELETE", f"/security/{kind}/{getattr(account, attribute)}")


DEEDS = (
    Deed("user disabled", user(status="disabled"), {f"{USER}.status"}),
    Deed("user's roles", user(roles=["nx-admin"]), {f"{USER}.roles"}),
    Deed("user's mail", user(emailAddress="eve@example.org"), {f"{USER}.email_address"}),
    Deed("user's marker", user(lastName="mine"), {f"{USER}.last_name"}),
    Deed("user deleted", delete("users", "name"), {USER}),
    Deed(
        "role's privilege added",
        lambda account: account.change(
            "roles", account.role_id, privileges=["nx-all", "nx-search-read", account.privilege_name]
        ),
        {f"{ROLE}.privileges"},
    ),
    Deed("role's privileges removed", role(privileges=[]), {f"{ROLE}.privileges"}),
    Deed("role contains another", role(roles=["nx-admin"]), {f"{ROLE}.roles"}),
    Deed("role deleted", delete("roles", "role_id"), {ROLE, f"{USER}.roles"}),
    Deed(
        "privilege's actions",
        lambda account: account.change(
            "privileges", f"repository-content-selector/{account.privilege_name}", actions=["READ", "DELETE"]
        ),
        {f"{PRIVILEGE}.actions"},
    ),
    Deed("privilege deleted", delete("privileges", "privilege_name"), {PRIVILEGE, f"{ROLE}.privileges"}),
    Deed(
        "selector's expression",
        lambda account: account.change(
            "content-selectors", account.selector_name, expression='format == "raw"'
        ),
        {f"{SELECTOR}.expression"},
    ),
    Deed(
        "secret's password",
        lambda account: account.write_secret(username=account.name, password=BY_HAND),
        {"secret.holds"},
    ),
    Deed(
        "secret's user",
        lambda account: account.write_secret(username="eve", password=account.secret()["password"]),
        {"secret.holds"},
    ),
    Deed(
        "secret's extra field",
        lambda account: account.write_secret(**account.secret(), url="https://eve.example.org"),
        {"secret.holds"},
    ),
    Deed("secret deleted", delete_secret, {"secret.holds"}),
    Deed("metadata wiped", lambda account: account.describe_secret(), METADATA),
    Deed("claimed by another stack", reclaim, {"metadata.stack"}),
)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
def test_what_somebody_did_is_found_by_its_path_and_repaired(account: AccountCase, deed: Deed) -> None:
    account.up()
    read = account.secret()
    deed.do(account)
    account.live()
    assert account.refresh() == {path.replace("X", account.name) for path in deed.found}
    assert account.preview() == "update"
    assert account.writes() == [], "nobody repairs in a preview"
    assert account.up() == "update"
    assert account.refresh() == set()
    assert account.up() == "same"
    assert account.secret() == read, "who has read the password goes on with it"
    assert account.lets_in()


GONE = (
    Deed("secret's version destroyed", destroy_secret, {"secret.holds"}),
    Deed("secret purged", purge_secret, {"secret.holds", *METADATA}),
)
LOSSES = [deed for deed in (*DEEDS, *GONE) if "deleted" in deed.name or "purged" in deed.name]


@pytest.mark.parametrize("deed", GONE, ids=lambda deed: deed.name)
def test_a_password_that_no_version_has_any_more_is_replaced_and_the_preview_says_so(
    account: AccountCase, deed: Deed
) -> None:
    account.up()
    read = account.secret()
    deed.do(account)
    assert account.refresh() == deed.found
    assert account.held.outputs["secret"]["holds"] == "lost"
    assert account.preview() == "update"
    checked = account.engine.check(TOKEN, account.name, account.inputs())
    held = account.held
    request = proto.UpdateRequest(urn=held.urn, id=held.id, olds=held.raw_outputs, news=checked, preview=True)
    assert account.engine.call("Update", request).properties["fingerprints"] == UNKNOWN
    assert account.up() == "update"
    assert account.lets_in()
    assert not account.lets_in(read)
    assert account.refresh() == set()


def test_a_password_that_an_earlier_version_has_is_kept_where_the_recorded_one_is_gone(
    account: AccountCase,
) -> None:
    account.up()
    read = account.secret()
    account.write_secret(username=account.name, password=BY_HAND)
    account.refresh()
    account.up()
    account.write_secret(username=account.name, password=BY_HAND)
    kv = account.vault.client.secrets.kv.v2
    kv.destroy_secret_versions(f"nexus/{account.name}", [3])
    account.refresh()
    assert account.up() == "update"
    assert account.secret() == read
    assert account.lets_in()


def test_a_password_changed_in_nexus_is_set_back_by_the_next_up_that_refreshes(account: AccountCase) -> None:
    account.up(account.turn(2))
    account.up(account.turn(3))
    read, idle = account.secret(), account.passwords[account.second]
    account.set_password(account.name, BY_HAND)
    account.set_password(account.second, BY_HAND)
    assert account.refresh() == set(), "no refresh tries a login"
    assert account.preview(account.turn(3)) == "same"
    assert account.up(account.turn(3)) == "update"
    assert account.secret() == read
    assert account.lets_in()
    assert account.logs_in(account.second, idle)
    assert account.refresh() == set()


def test_neither_a_refresh_nor_a_preview_reads_a_value(account: AccountCase) -> None:
    account.up(account.turn(2))
    account.live()
    account.refresh()
    account.preview(account.turn(3))
    account.lose_state()
    account.preview(account.turn(2), adopt=True)
    read = [each for each in account.requests() if "secret/data" in each or "status" in each]
    assert read == []


def test_without_the_right_to_undelete_a_deleted_secret_gets_a_new_password(
    account: AccountCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.up()
    delete_secret(account)
    account.refresh()
    path = f"nexus/{account.name}"
    rights = [
        (f"secret/{kind}/{path}", right)
        for kind in ("data", "metadata")
        for right in ("create", "read", "update")
    ]
    monkeypatch.setenv("VAULT_TOKEN", account.vault.token_for(*rights))
    account.engine.restart()
    account.refresh()
    assert account.up() == "update"
    assert account.lets_in()


@pytest.mark.parametrize("deed", LOSSES, ids=lambda deed: deed.name)
def test_a_second_refresh_finds_the_same_and_no_more(account: AccountCase, deed: Deed) -> None:
    account.up()
    deed.do(account)
    account.refresh()
    assert account.refresh() == set(), "the first one has taken it into the state"
    assert account.up() == "update"
    assert account.refresh() == set()
    assert account.lets_in()


def test_an_account_of_which_nothing_is_left_is_gone_and_made_again(account: AccountCase) -> None:
    account.up()
    delete_secret(account)
    delete("users", "name")(account)
    delete("roles", "role_id")(account)
    delete("privileges", "privilege_name")(account)
    parts = {f'users["{account.name}"]', "role", f'privileges["{account.privilege_name}"]'}
    assert account.refresh() == {*parts, "secret.holds"}, "its selector is left"
    delete("content-selectors", "selector_name")(account)
    assert account.refresh() == {"gone"}
    assert account.up() == "create"
    assert account.lets_in()
    assert account.refresh() == set()


def test_what_was_added_beside_the_declared_parts_is_left_alone(account: AccountCase) -> None:
    account.up()
    account.describe_secret(**account.custom(), team="bench")
    account.nexus.add_user(f"{account.name}-c", "nx-anonymous")
    assert account.refresh() == set()
    account.change("users", account.name, status="disabled")
    account.refresh()
    assert account.up(rotation=2) == "update"
    assert account.custom()["team"] == "bench"
    assert account.user(f"{account.name}-c")


def test_a_change_that_was_not_refreshed_is_told_where_the_update_meets_it(account: AccountCase) -> None:
    account.up()
    account.nexus.rest("DELETE", f"/security/users/{account.name}")
    account.engine.restart()
    inputs = account.inputs()
    inputs["users"][account.name]["first_name"] = "Another"
    with pytest.raises(PluginError, match=r"it is no longer in Nexus\. Run `pulumi up --refresh`"):
        account.up(inputs)
