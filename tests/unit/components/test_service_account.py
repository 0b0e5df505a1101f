from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.recording import GENERATED, Secret

if TYPE_CHECKING:
    from tests.unit.components.conftest import Recorded


def test_an_account_is_a_password_a_user_and_a_secret_in_this_order(recorded: Recorded) -> None:
    recording = recorded()
    assert recording.children("svc-app") == ["svc-app-password", "svc-app-user", "svc-app-secret"]
    assert "svc-app-password" in recording.resources["svc-app-user"].depends_on
    assert "svc-app-user" in recording.resources["svc-app-secret"].depends_on, (
        "the secret changes only after Nexus has taken the new password"
    )


def test_the_secret_is_a_generic_one_that_is_deleted_before_it_is_replaced(recorded: Recorded) -> None:
    recording = recorded()
    secret = recording.resources["svc-app-secret"]
    assert secret.type == "vault:generic/secret:Secret", "kv.SecretV2 is blind to changes (docs/adr/0002)"
    assert secret.delete_before_replace
    assert secret.inputs["path"] == "secret/nexus/svc-app", "data/ is the API's, and this provider puts it in"
    assert len(recording.of_type("vault:generic/secret:Secret")) == 5


def test_the_secret_holds_what_pipelines_look_for(recorded: Recorded) -> None:
    value = recorded().resources["svc-app-secret"].inputs["dataJson"]
    assert isinstance(value, Secret)
    assert json.loads(value.value) == {"username": "svc-app", "password": GENERATED}


def test_a_password_is_a_secret_wherever_it_goes(recorded: Recorded) -> None:
    recording = recorded()
    assert recording.resources["svc-app-user"].inputs["password"] == Secret(GENERATED)
    plain = [
        {**resource.inputs, "password": None, "dataJson": None} for resource in recording.resources.values()
    ]
    assert GENERATED not in json.dumps(plain)
    assert GENERATED not in json.dumps(recording.outputs)


def test_a_password_changes_with_the_rotation_alone(recorded: Recorded) -> None:
    assert recorded().resources["svc-app-password"].inputs == {"version": 1}
    rotated = recorded(("    purpose: Applications\n", "    purpose: Applications\n    rotation: 7\n"))
    assert rotated.resources["svc-app-password"].inputs == {"version": 7}
    assert rotated.resources["svc-tool-password"].inputs == {"version": 1}


def test_a_user_waits_for_the_roles_that_are_ours_and_has_the_others_by_name(recorded: Recorded) -> None:
    recording = recorded()
    user = recording.resources["svc-app-user"]
    assert user.inputs["roles"] == ["ci-svc-app"]
    assert "nexus-role-ci-svc-app" in user.depends_on
    admin = recording.resources["svc-admin-user"]
    assert admin.inputs["roles"] == ["nx-admin"]
    assert admin.depends_on == {"svc-admin-password"}


def test_a_user_says_what_it_is_for(recorded: Recorded) -> None:
    inputs = recorded().resources["svc-app-user"].inputs
    assert inputs["user_id"] == "svc-app"
    assert inputs["first_name"] == "Applications"
    assert inputs["email_address"] == "svc-app@example.org"
    assert inputs["status"] == "active"
    assert inputs["adopt"] is False


def test_an_account_is_adopted_by_its_own_word(recorded: Recorded) -> None:
    recording = recorded(("    purpose: Applications\n", "    purpose: Applications\n    adopt: true\n"))
    assert recording.resources["svc-app-user"].inputs["adopt"] is True
    assert recording.resources["svc-tool-user"].inputs["adopt"] is False
