"""An account goes in the order in which nobody is let in with half of it: the secret, the users, and what they were granted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped] # it comes without stubs
from pulumi.runtime import proto

from tests.support.provider.plugin import PluginError

if TYPE_CHECKING:
    from tests.support.provider.account import AccountCase

DISABLE = ["nexus PUT users/X", "nexus PUT users/X-b"]
WRITES = [
    "vault DELETE secret/data/nexus/X",
    "nexus PUT users/X",
    "nexus DELETE users/X",
    "nexus PUT users/X-b",
    "nexus DELETE users/X-b",
    "nexus DELETE roles/ci-X",
    "nexus DELETE privileges/ci-X-files",
    "nexus DELETE content-selectors/ci-X-raw",
]


def test_what_is_handed_out_goes_first_and_each_user_is_disabled_before_it_is_deleted(
    account: AccountCase,
) -> None:
    account.up()
    account.up(account.turn(2))
    account.live()
    account.destroy()
    assert account.writes() == WRITES
    assert account.parts() == set()


def test_the_secret_s_versions_stay_and_can_be_undeleted(account: AccountCase) -> None:
    account.up()
    read = account.secret()
    account.destroy()
    account.vault.client.secrets.kv.v2.undelete_secret_versions(f"nexus/{account.name}", [1])
    assert account.secret() == read
    assert not account.lets_in(read)


def test_with_purge_all_versions_go(account: AccountCase) -> None:
    account.up()
    assert account.up(purge=True) == "update", "said before it happens"
    account.live()
    assert account.refresh() == set()
    account.destroy()
    assert account.writes()[-1] == "vault DELETE secret/metadata/nexus/X", "the claim goes last"
    assert account.version() == 0
    assert account.custom() == {}
    assert account.parts() == set()


def test_purge_alone_touches_nothing(account: AccountCase) -> None:
    account.up()
    account.live()
    assert account.up(purge=True) == "update"
    assert account.writes() == []
    assert account.held.outputs["purge"] is True
    assert account.up() == "update"
    assert account.held.outputs["purge"] is False


def test_parts_that_are_gone_already_are_no_error(account: AccountCase) -> None:
    account.up()
    held = account.held
    account.destroy()
    account.engine.state[account.name] = held
    account.live()
    account.destroy()
    assert "vault DELETE secret/data/nexus/X" not in account.writes()
    assert account.version() == 1


@pytest.mark.parametrize("purge", [False, True], ids=["", "purge"])
def test_a_deletion_that_was_killed_is_finished_by_the_next(account: AccountCase, *, purge: bool) -> None:
    last = len(WRITES) + purge
    for write in range(1, last + 2):
        case = replace(account, name=f"{account.name}{write}")
        case.up(purge=purge)
        case.up(case.turn(2, purge=purge))
        held = case.held
        case.engine.restart()
        case.kill_at(write)
        if write <= last:
            with pytest.raises(PluginError, match=r"killed|Vault answered 500"):
                case.destroy()
        else:
            case.destroy()
        case.live()
        case.engine.state[case.name] = replace(held)
        found = case.refresh()
        if found != {"gone"}:
            case.destroy()
        assert case.parts() == set(), f"killed at {write}"
        assert not purge or case.version() == 0, f"killed at {write}"


def test_an_account_that_was_deleted_can_be_made_again(account: AccountCase) -> None:
    account.up()
    before = account.secret()
    account.destroy()
    account.engine.restart()
    assert account.up() == "create"
    assert account.lets_in()
    assert account.secret() != before
    assert account.version() == 2
    assert account.refresh() == set()


def test_a_user_without_roles_is_deleted_all_the_same(account: AccountCase) -> None:
    account.up(is_scoped=False, has_role=False)
    inputs = account.inputs()
    inputs["users"][account.name]["roles"] = [account.role_id]
    account.up(inputs)
    account.nexus.rest("DELETE", f"/security/roles/{account.role_id}")
    assert (account.user() or {})["roles"] == []
    account.destroy()
    assert account.parts() == set()


def test_a_selector_that_somebody_uses_is_left_and_named(account: AccountCase) -> None:
    account.up()
    privilege = {
        "name": f"x-{account.name}",
        "description": "",
        "format": "raw",
        "repository": "files",
        "contentSelector": account.selector_name,
        "actions": ["READ"],
    }
    account.nexus.rest("POST", "/security/privileges/repository-content-selector", privilege)
    with pytest.raises(PluginError, match=f"delete content selector '{account.selector_name}': .*in use"):
        account.destroy()
    assert account.parts() == {"selector"}
    account.nexus.rest("DELETE", f"/security/privileges/x-{account.name}")
    account.destroy()
    assert account.parts() == set()


def test_a_privilege_that_somebody_moved_to_another_repository_is_deleted_all_the_same(
    account: AccountCase,
) -> None:
    account.up()
    path = f"/security/privileges/repository-content-selector/{account.privilege_name}"
    held = account.held.outputs["privileges"][account.privilege_name]
    moved = {
        "name": account.privilege_name,
        "description": held["description"],
        "format": "raw",
        "repository": "*",
        "contentSelector": account.selector_name,
        "actions": ["READ"],
    }
    account.nexus.rest("PUT", path, moved)
    account.destroy()
    assert account.parts() == set()


def test_other_accounts_are_left_alone(account: AccountCase) -> None:
    other = replace(account, name=f"{account.name}-c")
    other.up()
    account.up()
    account.destroy()
    assert other.lets_in()
    assert other.refresh() == set()


def forge(account: AccountCase, **outputs: object) -> None:
    """Write into the state's entry of the account what somebody made up."""
    forged = Struct()
    forged.update(account.held.outputs | outputs)
    account.engine.state[account.name] = replace(account.held, raw_outputs=forged)
    account.engine.restart()
    account.live()


def test_another_user_in_a_forged_entry_is_not_deleted_and_nothing_else_is(account: AccountCase) -> None:
    account.up()
    other = f"{account.name}-human"
    account.nexus.add_user(other, "nx-anonymous")
    forge(account, users={other: account.held.outputs["users"][account.name] | {"user_id": other}})
    with pytest.raises(PluginError, match=rf"user '{other}' \(without an owner\).*Nothing was deleted"):
        account.destroy()
    assert account.writes() == []
    assert account.user(other)


def test_a_foreign_role_in_a_forged_entry_is_not_deleted_by_an_update_either(account: AccountCase) -> None:
    account.up()
    account.nexus.rest(
        "POST",
        "/security/roles",
        {"id": f"x-{account.name}", "name": "x", "description": "(managed by other-team)", "privileges": []},
    )
    forge(account, role=account.held.outputs["role"] | {"role_id": f"x-{account.name}"})
    whose = r"role 'x-.*' \(managed by other-team\)"
    with pytest.raises(PluginError, match=whose):
        account.preview(rotation=2)
    with pytest.raises(PluginError, match=whose):
        account.up(rotation=2)
    with pytest.raises(PluginError, match=whose):
        account.destroy()
    assert account.writes() == []


@pytest.mark.parametrize("is_claimed", [True, False], ids=["another stack's", "nobody's"])
def test_a_foreign_secret_in_a_forged_entry_is_not_purged(account: AccountCase, *, is_claimed: bool) -> None:
    account.up()
    victim = replace(account, name=f"{account.name}v")
    victim.write_secret(username="their", password="theirs")
    claim = {"owner": "other-team", "stack": "project/other"}
    if is_claimed:
        victim.describe_secret(**claim)
    secret = account.held.outputs["secret"] | {"path": f"secret/data/nexus/{victim.name}"}
    metadata = account.held.outputs["metadata"] | claim
    forge(
        account, secret=secret, metadata=metadata, users={}, role={}, privileges={}, selectors={}, purge=True
    )
    whose = "claimed by other-team, stack project/other" if is_claimed else "without a claim"
    with pytest.raises(PluginError, match=rf"secret 'secret/nexus/{victim.name}' \({whose}\)"):
        account.destroy()
    assert account.writes() == []
    assert victim.secret() == {"username": "their", "password": "theirs"}


def test_an_account_of_another_owner_is_not_deleted_by_an_entry_that_names_that_owner(
    account: AccountCase,
) -> None:
    """The forger copies the other owner's state, word for word."""
    account.up()
    account.engine.owner = "another-team"
    account.live()
    with pytest.raises(
        PluginError, match=r"user .* \(managed by ciaccess\).*claimed by ciaccess, stack project/test"
    ):
        account.destroy()
    assert account.writes() == []


def test_a_part_of_another_owner_is_not_deleted_where_the_state_names_that_owner(
    account: AccountCase,
) -> None:
    account.up()
    role = f"x-{account.name}"
    account.nexus.rest(
        "POST",
        "/security/roles",
        {"id": role, "name": role, "description": "(managed by other-team)", "privileges": []},
    )
    forge(
        account,
        role=account.held.outputs["role"] | {"role_id": role, "description": "(managed by other-team)"},
        metadata=account.held.outputs["metadata"] | {"owner": "other-team"},
    )
    with pytest.raises(PluginError, match=rf"role '{role}' \(managed by other-team\).*Nothing was deleted"):
        account.up(rotation=2)
    assert account.writes() == []


def test_an_account_of_another_stack_is_not_deleted_by_an_entry_with_that_stack_s_urn(
    account: AccountCase,
) -> None:
    """The URN of an entry and of its provider are the state's, which may be forged; the program's stack is not."""
    account.up()
    account.engine.program_stack = "project/other"
    account.engine.restart()
    account.live()
    with pytest.raises(PluginError, match=r"claimed by ciaccess, stack project/test"):
        account.engine.forget(account.name)
    assert account.writes() == []


def other_stacks(account: AccountCase) -> AccountCase:
    """Return an account of another stack of the same owner, on the same systems."""
    other = replace(account, name=f"{account.name}o")
    other.up()
    other.describe_secret(**other.custom() | {"stack": "project/other"})
    return other


def test_parts_of_another_stack_are_not_deleted_under_a_claim_of_this_one(account: AccountCase) -> None:
    account.up()
    other = other_stacks(account)
    parts = ("users", "role", "selectors", "privileges")
    forge(account, **{name: other.held.outputs[name] for name in parts})
    with pytest.raises(PluginError) as refused:
        account.destroy()
    for part in (
        f"user '{other.name}'",
        f"role '{other.role_id}'",
        f"privilege '{other.privilege_name}'",
        f"content selector '{other.selector_name}'",
    ):
        assert f"{part} (managed by ciaccess)" in str(refused.value)
    assert account.writes() == []
    assert other.lets_in()


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_a_foreign_secret_is_not_deleted_as_the_former_place_of_a_declared_one(
    account: AccountCase, verb: str
) -> None:
    account.up()
    other = other_stacks(account)
    forge(account, secret=account.held.outputs["secret"] | {"path": f"secret/data/nexus/{other.name}"})
    whose = rf"secret 'secret/nexus/{other.name}' \(claimed by ciaccess, stack project/other\)"
    with pytest.raises(PluginError, match=whose):
        getattr(account, verb)()
    assert account.writes() == []
    assert other.lets_in()


def test_a_destroy_deletes_accounts_of_one_stack_even_where_the_state_has_urns_of_another(
    account: AccountCase,
) -> None:
    account.up()
    other = other_stacks(account)
    account.engine.restart()
    account.live()
    account.engine.forget(account.name)
    held = other.held
    forged = proto.DeleteRequest(
        urn=held.urn.replace(":test:", ":other:"), id=held.id, properties=held.raw_outputs
    )
    with pytest.raises(PluginError, match="claimed by ciaccess, stack project/other"):
        account.engine.call("Delete", forged)
    assert other.lets_in()
