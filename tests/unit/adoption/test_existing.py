"""The existing object for a desired one, and its differences by the names of the engine's inputs."""

from __future__ import annotations

from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from ciaccess.access.desired.objects import JwtBackend, JwtRole, Policy, Variable
from ciaccess.adoption import existing

if TYPE_CHECKING:
    from ciaccess.clients.gitlab.variables import GitLab
    from ciaccess.clients.vault.client import Vault

ROLE = JwtRole("ci", bound_claims={"ref": frozenset({"a", "b"})}, token_policies=frozenset({"ci-policy"}))
TOKEN = Variable("9", "TOKEN", "secret-value", masked=True, description="(managed by ciaccess)")


def vault(**found: Any) -> Vault:
    return cast("Vault", SimpleNamespace(read=lambda _: found or None, kv_version=lambda _: found["version"]))


def gitlab(found: Variable) -> GitLab:
    listing = SimpleNamespace(find=lambda *_: found)
    return cast("GitLab", SimpleNamespace(variables=lambda _: listing))


def test_a_role_as_desired_has_no_differences_whatever_the_order_of_its_lists() -> None:
    answer = asdict(ROLE) | {"bound_claims": {"ref": ["b", "a"]}, "token_policies": ["ci-policy"]}
    answer = {
        name: sorted(value) if isinstance(value, frozenset) else value for name, value in answer.items()
    }
    assert existing.jwt_role("jwt", ROLE, vault(**answer)) == existing.Existing("auth/jwt/role/ci")


def test_differences_of_vault_are_named_as_the_engine_names_its_inputs() -> None:
    found = existing.jwt_role("jwt", ROLE, vault(bound_claims={"ref": ["a"]}, token_policies=["ci-policy"]))
    assert found is not None
    assert found.differences == ("boundClaims",)
    policy = existing.policy(Policy("p", "ours"), vault(policy="# Managed by other-team"))
    assert policy == existing.Existing("p", ("policy",), "other-team")


def test_a_field_that_no_up_changes_is_no_change_of_the_first_up() -> None:
    found = existing.jwt_role("jwt", ROLE, vault(**asdict(ROLE) | {"oidc_scopes": ["x"]}))
    assert found is not None
    assert found.differences == ()
    backend = existing.backend("jwt", JwtBackend(bound_issuer="x"), vault(jwks_ca_pem="PEM"))
    assert backend is not None
    assert backend.differences == ("boundIssuer", "jwksCaPem"), (
        "a write of the backend replaces all its fields"
    )


@pytest.mark.parametrize(("version", "obstacle"), [(1, "it is a KV engine of version 1"), (2, "")])
def test_a_kv_mount_of_another_version_is_an_obstacle(version: int, obstacle: str) -> None:
    found = existing.kv_mount("secret", vault(version=version))
    assert found is not None
    assert found.obstacle == obstacle


def test_another_value_of_a_masked_variable_is_planned_and_not_shown() -> None:
    found = existing.variable(TOKEN, gitlab(replace(TOKEN, value="another-value")))
    assert found == existing.Existing("9:TOKEN:*", ("value",), "ciaccess")
    assert "value" not in repr(found).replace("('value',)", "")


def test_a_hidden_variable_is_an_obstacle() -> None:
    found = existing.variable(TOKEN, gitlab(replace(TOKEN, value="", hidden=True)))
    assert found is not None
    assert "it is hidden" in found.obstacle
