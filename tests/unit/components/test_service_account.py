from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.provider.kinds.table import KINDS
from tests.support.components.recording import GENERATED
from tests.unit.components.conftest import STACK

if TYPE_CHECKING:
    from tests.support.components.recording import Recording
    from tests.unit.components.conftest import Recorded

TOKEN = "ciaccess:index:ServiceAccount"
PURPOSE = "    purpose: Applications\n"
MARKER = "(managed by ciaccess)"


def inputs(recording: Recording, account: str = "svc-app") -> dict[str, Any]:
    return recording.resources[account].inputs


def test_an_account_is_one_resource_of_its_own_name(recorded: Recorded) -> None:
    recording = recorded()
    names = {each.name for each in recording.of_type(TOKEN)}
    assert names == {"svc-app", "svc-tool", "svc-promoter", "svc-deployer", "svc-admin"}
    assert recording.children("svc-app") == []
    assert inputs(recording)["account"] == "svc-app"


def test_the_inputs_are_the_fields_of_the_plugins_kind(recorded: Recorded) -> None:
    fields = {field.name for field in KINDS[TOKEN].fields if not field.computed}
    assert inputs(recorded()).keys() == fields


def test_no_password_is_an_input_or_an_output_of_the_program(recorded: Recorded) -> None:
    recording = recorded()
    assert "passwords" not in inputs(recording)
    assert GENERATED not in json.dumps([each.inputs for each in recording.resources.values()])
    assert GENERATED not in json.dumps(recording.outputs)


def test_a_user_says_what_it_is_for_and_whose_it_is(recorded: Recorded) -> None:
    assert inputs(recorded())["users"] == {
        "svc-app": {
            "user_id": "svc-app",
            "first_name": "Applications",
            "last_name": MARKER,
            "email_address": "svc-app@example.org",
            "roles": ["ci-svc-app"],
            "password_version": 1,
        }
    }


def test_the_role_holds_the_grants_and_every_part_says_whose_it_is(recorded: Recorded) -> None:
    tool = inputs(recorded(), "svc-tool")
    assert tool["role"] == {
        "role_id": "ci-svc-tool",
        "name": "ci-svc-tool",
        "description": f"CI: A tool in a folder of its own {MARKER}",
        "privileges": ["ci-svc-tool-raw-dev", "ci-svc-tool-rpm-dev"],
        "roles": [],
    }
    assert tool["selectors"]["ci-svc-tool-yum"] == {
        "name": "ci-svc-tool-yum",
        "description": f"yum under /orchestrator/tool/ {MARKER}",
        "expression": 'format == "yum" and path =^ "/orchestrator/tool/"',
    }
    assert tool["privileges"]["ci-svc-tool-rpm-dev"] == {
        "type": "repository-content-selector",
        "name": "ci-svc-tool-rpm-dev",
        "description": f"rpm-dev under /orchestrator/tool/ {MARKER}",
        "format": "yum",
        "repository": "rpm-dev",
        "content_selector": "ci-svc-tool-yum",
        "actions": ["add", "browse", "edit", "read"],
    }
    assert set(tool["selectors"]) == {"ci-svc-tool-raw", "ci-svc-tool-yum"}
    assert set(tool["privileges"]) == {"ci-svc-tool-raw-dev", "ci-svc-tool-rpm-dev"}


def test_an_account_without_a_path_has_neither_selectors_nor_privileges(recorded: Recorded) -> None:
    app = inputs(recorded())
    assert (app["selectors"], app["privileges"]) == ({}, {})
    assert "nx-repository-view-docker-docker-dev-edit" in app["role"]["privileges"]


def test_an_account_without_grants_has_no_role_of_its_own(recorded: Recorded) -> None:
    admin = inputs(recorded(), "svc-admin")
    assert admin["role"] == {}
    assert admin["users"]["svc-admin"]["roles"] == ["nx-admin"]


def test_an_account_waits_for_the_roles_that_the_yaml_names_and_for_no_others(recorded: Recorded) -> None:
    recording = recorded()
    deployer = recording.resources["svc-deployer"]
    assert deployer.depends_on == {"nexus-role-nx-pull-all", "nexus-role-nx-search"}
    assert deployer.inputs["users"]["svc-deployer"]["roles"] == ["nx-pull-all", "nx-search"]
    assert recording.resources["svc-app"].depends_on == frozenset(), "its own role is made with it"
    assert recording.resources["svc-admin"].depends_on == frozenset(), "Nexus's own is there already"


@pytest.mark.parametrize(
    ("entry", "versions", "active"),
    [
        ("1", {"svc-app": 1}, "svc-app"),
        ("2", {"svc-app": 1, "svc-app-b": 1}, "svc-app-b"),
        ("3", {"svc-app": 2, "svc-app-b": 1}, "svc-app"),
        ("7", {"svc-app": 4, "svc-app-b": 3}, "svc-app"),
        ("{count: 7, strategy: in-place}", {"svc-app": 7}, "svc-app"),
    ],
)
def test_two_users_take_turns_and_the_secret_hands_out_the_one_whose_turn_it_is(
    recorded: Recorded, entry: str, versions: dict[str, int], active: str
) -> None:
    recording = recorded((PURPOSE, f"{PURPOSE}    rotation: {entry}\n"))
    app = inputs(recording)
    assert {name: user["password_version"] for name, user in app["users"].items()} == versions
    assert app["secret"] == {"path": "secret/data/nexus/svc-app", "user": active}
    assert app["metadata"]["nexus_user"] == active
    assert len({tuple(user["roles"]) for user in app["users"].values()}) == 1
    assert {name: user["email_address"] for name, user in app["users"].items()} == {
        name: f"{name}@example.org" for name in versions
    }
    assert inputs(recording, "svc-tool")["users"]["svc-tool"]["password_version"] == 1


def test_the_metadata_say_which_turn_it_is_since_when_and_whose_the_account_is(recorded: Recorded) -> None:
    edit = (PURPOSE, f"{PURPOSE}    rotation: {{count: 2, date: 2026-11-01}}\n")
    assert inputs(recorded(edit))["metadata"] == {
        "rotated_at": "2026-11-01",
        "rotation": "2",
        "nexus_user": "svc-app-b",
        "owner": "ciaccess",
        "stack": STACK,
    }
    assert inputs(recorded())["metadata"]["rotated_at"] == "", "there always, with a date or without"


@pytest.mark.parametrize("word", ["adopt", "purge"])
def test_an_account_is_adopted_or_purged_by_its_own_word(recorded: Recorded, word: str) -> None:
    recording = recorded((PURPOSE, f"{PURPOSE}    {word}: true\n"))
    assert inputs(recording)[word] is True
    assert inputs(recording, "svc-tool")[word] is False
