"""An account's parts are made in the order in which they need each other, and its secret only once a login is proved."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from ciaccess.clients.fingerprint import fingerprint
from ciaccess.provider.kinds import nexus_user
from tests.support.provider.account import MARKER, OWNER, STACK, TOKEN
from tests.support.provider.plugin import PluginError, RefusedInputsError, Unknown

if TYPE_CHECKING:
    from tests.support.provider.account import AccountCase

WHOLE = {"X", "role", "privilege", "selector", "secret"}


def test_an_account_is_made_in_the_order_in_which_its_parts_need_each_other(account: AccountCase) -> None:
    assert account.up() == "create"
    assert account.held.id == account.name
    assert account.parts() == WHOLE
    assert account.writes() == [
        "vault POST secret/metadata/nexus/X",
        "nexus POST content-selectors",
        "nexus POST privileges/repository-content-selector",
        "nexus POST roles",
        "nexus POST users",
        "vault POST secret/metadata/nexus/X",
        "vault POST secret/data/nexus/X",
    ]
    asked = account.requests()
    assert "nexus GET /service/rest/v1/status" in asked[asked.index("nexus POST users") : -2], "the proof"


def test_the_secret_hands_out_what_lets_in_and_says_whose_it_is(account: AccountCase) -> None:
    account.up()
    assert set(account.secret()) == {"username", "password"}
    assert account.lets_in()
    assert account.custom() == {
        "rotated_at": "2026-11-01",
        "rotation": "1",
        "nexus_user": account.name,
        "owner": OWNER,
        "stack": STACK,
        "fingerprint": fingerprint(account.secret()["password"]),
    }
    assert account.version() == 1


def test_nothing_is_handed_out_where_the_login_is_not_proved(
    account: AccountCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nexus_user, "PROOF_WAITS_SECONDS", (0.01,))
    account.nexus.fail_next(401, count=2, method="GET", path="/service/rest/v1/status")
    with pytest.raises(PluginError, match="Nexus accepted the new password and refuses the login"):
        account.up()
    assert account.version() == 0
    assert account.up() == "create"
    assert account.lets_in()


def test_the_password_is_in_no_input_and_no_output(account: AccountCase) -> None:
    account.up()
    assert account.held.secrets == set()
    password = account.secret()["password"]
    outputs = account.held.outputs
    assert password not in json.dumps([account.held.inputs, outputs])
    assert outputs["fingerprints"] == {account.name: fingerprint(password)}


def test_a_refresh_finds_nothing_where_nothing_happened_and_a_second_up_asks_nobody(
    account: AccountCase,
) -> None:
    account.up()
    before = (account.held.inputs, account.held.outputs, account.held.secrets)
    assert account.refresh() == set()
    assert (account.held.inputs, account.held.outputs, account.held.secrets) == before
    account.engine.restart()
    account.live()
    assert account.up() == "same"
    assert account.requests() == []


def test_a_refresh_is_the_shared_lists_and_the_metadata_of_the_secret(account: AccountCase) -> None:
    account.up(account.turn(2))
    account.live()
    account.refresh()
    lists = ["content-selectors", "privileges", "roles", "users"]
    assert sorted(account.requests()) == sorted(
        [f"nexus GET {name}" for name in lists] + ["vault GET secret/metadata/nexus/X"]
    )


def test_accounts_that_are_read_at_once_share_the_lists(account: AccountCase) -> None:
    cases = [replace(account, name=f"{account.name}{number}") for number in range(5)]
    for case in cases:
        case.up()
    account.engine.restart()
    account.live()
    answers = account.engine.read_at_once([case.name for case in cases])
    assert all(answer.id for answer in answers)
    asked = Counter(each.rpartition("/")[0] or each for each in account.requests())
    assert asked["vault GET secret/metadata/nexus"] == len(cases)
    assert asked.total() == len(cases) + 4


def test_a_preview_writes_nothing_and_does_not_know_the_passwords(account: AccountCase) -> None:
    assert account.preview() == "create"
    assert account.writes() == []
    assert account.parts() == set()
    checked = account.engine.check(TOKEN, account.name, account.inputs())
    account.engine.is_preview = True
    planned = account.engine.create(TOKEN, account.name, checked)
    assert planned.id == account.name
    assert planned.secrets == set()
    assert UNKNOWN in str(planned.raw_outputs["fingerprints"])


def test_a_preview_of_an_update_writes_nothing(account: AccountCase) -> None:
    account.up()
    account.live()
    assert account.preview(account.turn(2)) == "update"
    assert account.writes() == []


def test_a_role_that_is_not_made_yet_leaves_a_preview_with_unknown_users(account: AccountCase) -> None:
    unknown = account.user_inputs(account.name) | {"roles": [Unknown()]}
    inputs = account.inputs() | {"users": {account.name: unknown}}
    assert account.preview(inputs) == "create"
    account.up()
    assert account.preview(inputs) == "update"
    assert account.writes()[-1] == "vault POST secret/data/nexus/X", "of the up"


def wrong(account: AccountCase, **changes: Any) -> dict[str, str]:
    with pytest.raises(RefusedInputsError) as refused:
        account.up(account.inputs() | changes)
    assert account.requests() == []
    return refused.value.reasons


def test_a_check_names_the_part_and_the_field(account: AccountCase) -> None:
    name = account.name
    user = account.user_inputs(name)
    assert wrong(account, users={name: user | {"roles": []}}) == {
        f'users["{name}"].roles': "[] is not allowed. Allowed: one or more names of roles"
    }
    assert set(wrong(account, users={name: user | {"password_version": 0, "email_address": "x"}})) == {
        f'users["{name}"].password_version',
        f'users["{name}"].email_address',
    }
    assert set(wrong(account, users={name: user | {"user_id": f"{name}-b"}})) == {f'users["{name}"]'}
    assert set(wrong(account, users={})) == {"users"}
    assert set(wrong(account, users={f"{name}-b": user | {"user_id": f"{name}-b"}})) == {"secret.user"}
    role = account.inputs()["role"]
    assert set(wrong(account, role=role | {"role_id": "a/b", "colour": "red"})) == {
        "role.role_id",
        "role.colour",
    }
    privilege = account.inputs()["privileges"][account.privilege_name]
    assert set(wrong(account, privileges={account.privilege_name: privilege | {"actions": []}})) == {
        f'privileges["{account.privilege_name}"].actions'
    }


def test_a_check_names_what_is_wrong_with_the_secret_and_its_metadata(account: AccountCase) -> None:
    assert set(wrong(account, secret={"path": "secret/nexus/x", "user": account.name})) == {"secret.path"}
    assert set(wrong(account, secret={"path": "secret/data/x", "user": account.name, "ttl": "1"})) == {
        "secret.ttl"
    }
    assert set(wrong(account, metadata={"colour": "red", "owner": "x" * 513})) == {
        "metadata.colour",
        "metadata.owner",
    }


def test_a_password_cannot_be_given_and_is_not_shown(account: AccountCase) -> None:
    user = account.user_inputs(account.name) | {"password": "hunter22-hunter22"}
    reasons = wrong(account, users={account.name: user})
    assert set(reasons) == {f'users["{account.name}"].password'}
    assert "hunter22" not in str(reasons)
    assert set(wrong(account, fingerprints={account.name: "hunter22"})) == {"fingerprints"}


def test_a_marker_says_whose_each_part_is(account: AccountCase) -> None:
    account.up()
    for part, field in (
        (account.user(), "lastName"),
        (account.role(), "description"),
        (account.privilege(), "description"),
        (account.selector(), "description"),
    ):
        assert part
        assert part[field].endswith(MARKER)
