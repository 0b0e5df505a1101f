"""Which of the things in Vault, that no state knows, a killed run has made: those that say that they are ours, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from ciaccess.access.desired.vault import vault_policies
from ciaccess.recovery.unrecorded import leftovers, unrecorded_objects
from tests.support.access.organisation import edited, organisation

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access
    from ciaccess.clients.vault.client import Vault

POLICY, ROLE, MOUNT = "nexus-read-policy", "auth/jwt/role/nexus-ci", "secret"
NOTHING: dict[str, Any] = {"deployment": None}


class Stored:
    """A Vault by its API paths; a list is what lies one step below."""

    def __init__(self, paths: dict[str, dict[str, Any]]) -> None:
        self.paths = paths

    def read(self, path: str) -> dict[str, Any] | None:
        return self.paths.get(path)

    def keys(self, path: str) -> list[str]:
        below = f"{path}/"
        return [each.removeprefix(below) for each in self.paths if each.startswith(below)]


def vault(access: Access, **changed: dict[str, Any]) -> Vault:
    """Return a Vault as a killed `up` leaves it; `changed` are its `policy`, `role` or `secret`."""
    text = {each.name: each.text for each in vault_policies(access).values()}[POLICY]
    paths = {
        f"sys/policies/acl/{POLICY}": changed.get("policy", {"policy": text}),
        ROLE: changed.get("role", {"token_policies": [POLICY]}),
        f"{MOUNT}/metadata/nexus/svc-bench": changed.get(
            "secret", {"custom_metadata": {"owner": access.owner}}
        ),
    }
    return cast("Vault", Stored(paths))


def identities(access: Access, found: Vault, export: dict[str, Any] | None = None) -> list[str]:
    return [each.identity for each in unrecorded_objects(export or NOTHING, access, found)]


def test_policy_role_and_backend_of_ours_are_found() -> None:
    access = organisation()
    assert identities(access, vault(access)) == ["jwt", POLICY, ROLE]


def test_what_is_in_the_state_is_left_out() -> None:
    access = organisation()
    kinds = {"jwt": "jwt/authBackend:AuthBackend", POLICY: "index/policy:Policy"}
    resources = [
        {"custom": True, "type": f"vault:{kind}", "id": name, "urn": f"urn:{name}"}
        for name, kind in kinds.items()
    ]
    assert identities(access, vault(access), {"deployment": {"resources": resources}}) == [ROLE]


@pytest.mark.parametrize(
    "changed",
    [
        {"policy": {"policy": "# managed by somebody-else\n"}},
        {"policy": {"policy": 'path "secret/data/nexus/*" { capabilities = ["read"] }'}},
    ],
)
def test_a_policy_of_another_s_or_nobody_s_is_not_ours_nor_is_what_hangs_on_it(
    changed: dict[str, Any],
) -> None:
    access = organisation()
    assert identities(access, vault(access, **changed)) == []


@pytest.mark.parametrize("policies", [[], [POLICY, "root-like"], ["other"]])
def test_a_role_with_another_policy_is_not_ours_nor_is_the_backend(policies: list[str]) -> None:
    access = organisation()
    assert identities(access, vault(access, role={"token_policies": policies})) == [POLICY]


def test_a_backend_with_a_role_of_somebody_else_s_is_theirs() -> None:
    access = organisation()
    found = vault(access)
    cast("Stored", found).paths["auth/jwt/role/theirs"] = {"token_policies": ["theirs"]}
    assert identities(access, found) == [POLICY, ROLE]


def test_a_managed_engine_is_ours_where_all_its_secrets_are(tmp_path: Path) -> None:
    access = _managing(tmp_path)
    assert identities(access, vault(access)) == ["jwt", POLICY, ROLE, MOUNT]
    theirs = {"custom_metadata": {"owner": "somebody-else"}}
    assert MOUNT not in identities(access, vault(access, secret=theirs))
    assert MOUNT not in identities(access, vault(access, secret={"custom_metadata": None}))


def _managing(folder: Path) -> Access:
    from ciaccess.access import load  # noqa: PLC0415 one test's

    return load(edited(folder, ("    mount: secret       #", "    mount: secret\n    manage: true       #")))


def test_nothing_to_mend_is_nothing_said() -> None:
    access = organisation()
    assert leftovers(NOTHING, access, cast("Vault", Stored({})), "prod", None) == []
    (found,) = leftovers(NOTHING, access, vault(access), "prod", None)
    assert found.kind == "unrecorded"
    assert f"marked as managed by {access.owner}: jwt, {POLICY}, {ROLE}" in found.found
