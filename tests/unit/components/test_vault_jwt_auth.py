from __future__ import annotations

from typing import TYPE_CHECKING

import components
from ciaccess.access.desired.state import Desired
from tests.support.access.access import edited, valid

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.components.conftest import Recorded

MANAGED = ("kv: {mount: secret, prefix: nexus}", "kv: {mount: secret, prefix: nexus, manage: true}")
ADOPTED = ("version: 1", "version: 1\nadopt: true")
# Every field by which a token of a role may reach further or live longer, and every one that says whom it admits.
ROLE_FIELDS = {
    "backend", "roleName", "roleType", "boundAudiences", "boundClaims", "boundClaimsType", "boundSubject", "userClaim",
    "groupsClaim", "tokenPolicies", "tokenTtl", "tokenMaxTtl", "tokenExplicitMaxTtl", "tokenPeriod", "tokenNumUses",
    "tokenNoDefaultPolicy", "tokenBoundCidrs", "tokenType", "verboseOidcLogging",
}  # fmt: skip


def test_everything_in_vault_is_a_child_of_the_one_component(recorded: Recorded) -> None:
    assert sorted(recorded().children("vault")) == [
        "vault-backend",
        "vault-policy-nexus-promote-policy",
        "vault-policy-nexus-read-policy",
        "vault-preconditions",
        "vault-role-nexus-ci",
        "vault-role-nexus-promote",
    ]


def test_everything_in_vault_waits_for_the_look_at_it_and_is_deleted_before_it_is_replaced(
    recorded: Recorded,
) -> None:
    recording = recorded(MANAGED)
    for name in recording.children("vault"):
        resource = recording.resources[name]
        if resource.type == "ciaccess:vault:Preconditions":
            continue
        assert "vault-preconditions" in resource.depends_on, name
        assert resource.delete_before_replace, f"{name}: the engine would delete what it has just made"


def test_a_role_waits_for_its_policy_and_the_backend(recorded: Recorded) -> None:
    role = recorded().resources["vault-role-nexus-promote"]
    assert {"vault-policy-nexus-promote-policy", "vault-backend"} <= role.depends_on


def test_a_role_declares_every_field_that_could_be_changed_behind_its_back(recorded: Recorded) -> None:
    for role in recorded().of_type("vault:jwt/authBackendRole:AuthBackendRole"):
        assert set(role.inputs) == ROLE_FIELDS


def test_a_role_says_what_the_yaml_says(recorded: Recorded) -> None:
    recording = recorded()
    first, second = (
        recording.resources[f"vault-role-{name}"].inputs for name in ("nexus-ci", "nexus-promote")
    )
    assert first["boundClaims"] == {"namespace_path": "orchestrator,orchestrator/*"}, "sorted, without blanks"
    assert first["boundClaimsType"] == "glob"
    assert (first["tokenTtl"], first["tokenMaxTtl"], first["tokenType"]) == (600, 600, "service")
    assert first["tokenPolicies"] == ["nexus-read-policy"]
    assert second["boundClaims"] == {"project_path": "orchestrator/promotion", "ref_protected": "true"}
    assert second["boundClaimsType"] == "string"
    assert (second["tokenTtl"], second["tokenMaxTtl"], second["tokenType"]) == (300, 900, "batch")


def test_the_backend_verifies_gitlabs_tokens(recorded: Recorded) -> None:
    inputs = recorded().resources["vault-backend"].inputs
    assert (inputs["path"], inputs["type"]) == ("jwt", "jwt")
    assert inputs["boundIssuer"] == inputs["oidcDiscoveryUrl"] == "https://gitlab.example.org"


def test_the_look_is_at_every_path_that_must_be_vacant(recorded: Recorded) -> None:
    looked = recorded().resources["vault-preconditions"].inputs
    assert looked["kv_mount"] == "secret"
    assert looked["reachable_url"] == "https://gitlab.example.org"
    assert looked["vacant"] == [
        "auth/jwt/role/nexus-ci",
        "auth/jwt/role/nexus-promote",
        "sys/policies/acl/nexus-promote-policy",
        "sys/policies/acl/nexus-read-policy",
    ]


def test_what_is_adopted_need_not_be_vacant(recorded: Recorded) -> None:
    assert recorded(ADOPTED).resources["vault-preconditions"].inputs["vacant"] == []


def test_secrets_are_their_accounts_to_look_at(recorded: Recorded) -> None:
    vacant = recorded().resources["vault-preconditions"].inputs["vacant"]
    assert not [path for path in vacant if path.startswith("secret/")]


def test_the_mount_is_made_only_where_the_yaml_says_so(recorded: Recorded) -> None:
    assert recorded().of_type("vault:index/mount:Mount") == []
    recording = recorded(MANAGED)
    (mount,) = recording.of_type("vault:index/mount:Mount")
    assert (mount.inputs["path"], mount.inputs["type"], mount.inputs["options"]) == (
        "secret",
        "kv",
        {"version": "2"},
    )
    assert recording.resources["vault-preconditions"].inputs["kv_mount"] == "", "there is none to look at yet"


def test_the_mount_and_the_backend_are_protected_where_the_stack_says_so_and_nothing_else_is(
    recorded: Recorded,
) -> None:
    recording = recorded(MANAGED, protect=True)
    protected = {name for name, resource in recording.resources.items() if resource.protect}
    assert protected == {"vault-kv", "vault-backend"}
    assert not any(resource.protect for resource in recorded(MANAGED).resources.values())


def test_only_what_is_there_is_imported(recorded: Recorded, tmp_path: Path) -> None:
    desired = Desired.of(valid(tmp_path, edited(MANAGED, ADOPTED)))
    assert components.paths_to_adopt(desired) == ("secret/config", "auth/jwt/config")
    recording = recorded(MANAGED, ADOPTED, existing=frozenset({"auth/jwt/config"}))
    assert recording.resources["vault-backend"].import_id == "jwt", "auth/jwt would not be found"
    assert recording.resources["vault-kv"].import_id == ""


def test_nothing_is_imported_without_adoption(recorded: Recorded, tmp_path: Path) -> None:
    assert components.paths_to_adopt(Desired.of(valid(tmp_path, edited(MANAGED)))) == ()
    assert not any(resource.import_id for resource in recorded(MANAGED).resources.values())
