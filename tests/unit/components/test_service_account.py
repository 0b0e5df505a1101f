from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.recording import GENERATED, Secret

if TYPE_CHECKING:
    from tests.support.recording import Recording
    from tests.unit.components.conftest import Recorded

BOTH = ["svc-app-password", "svc-app-user", "svc-app-password-b", "svc-app-user-b"]


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
    rotated = rotated_to(recorded, "7")
    assert rotated.resources["svc-app-password"].inputs == {"version": 4}
    assert rotated.resources["svc-app-password-b"].inputs == {"version": 3}
    assert rotated.resources["svc-tool-password"].inputs == {"version": 1}
    in_place = rotated_to(recorded, "{count: 7, strategy: in-place}")
    assert in_place.resources["svc-app-password"].inputs == {"version": 7}
    assert "svc-app-password-b" not in in_place.resources


@pytest.mark.parametrize(
    ("count", "active", "children"),
    [
        (1, "svc-app", ["svc-app-password", "svc-app-user", "svc-app-secret"]),
        (2, "svc-app-b", [*BOTH, "svc-app-secret", "svc-app-metadata"]),
        (3, "svc-app", [*BOTH, "svc-app-secret", "svc-app-metadata"]),
    ],
)
def test_two_users_take_turns_and_the_secret_hands_out_the_one_whose_turn_it_is(
    recorded: Recorded, count: int, active: str, children: list[str]
) -> None:
    recording = rotated_to(recorded, str(count))
    assert sorted(recording.children("svc-app")) == sorted(children)
    value = recording.resources["svc-app-secret"].inputs["dataJson"].value
    assert json.loads(value)["username"] == active
    users = [each.inputs for each in recording.of_type("ciaccess:nexus:User")]
    of_app = [each for each in users if each["user_id"] in ("svc-app", "svc-app-b")]
    assert len({tuple(each["roles"]) for each in of_app}) == 1
    assert {each["handed_out_by"] for each in of_app} == {"secret/data/nexus/svc-app"}
    metadata = recording.resources.get("svc-app-metadata")
    assert metadata is None or metadata.inputs["nexus_user"] == active


def test_the_metadata_tells_of_the_rotation_and_waits_for_the_secret(recorded: Recorded) -> None:
    metadata = rotated_to(recorded, "{count: 2, date: 2026-11-01}").resources["svc-app-metadata"]
    assert metadata.inputs == {
        "path": "secret/metadata/nexus/svc-app",
        "rotated_at": "2026-11-01",
        "rotation": "2",
        "nexus_user": "svc-app-b",
        "owner": "ciaccess",
    }
    assert "svc-app-secret" in metadata.depends_on


def test_a_user_that_takes_no_turns_is_never_made_anew(recorded: Recorded) -> None:
    users = {
        each.inputs["user_id"]: each.inputs["handed_out_by"]
        for each in recorded().of_type("ciaccess:nexus:User")
    }
    assert users["svc-admin"] == ""
    assert users["svc-app"] == "secret/data/nexus/svc-app"


def rotated_to(recorded: Recorded, entry: str) -> Recording:
    return recorded(("    purpose: Applications\n", f"    purpose: Applications\n    rotation: {entry}\n"))


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
