"""Which policies a token role's caller may ask for."""

from __future__ import annotations

from typing import Any

import pytest

from ciaccess.drift.vault_undeclared import _policies_of, _requestable

REACHING = {"nexus-read-policy", "ops", "root"}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ({}, set()),
        ({"allowed_policies_glob": ["nexus-*"]}, {"nexus-read-policy"}),
        ({"allowed_policies_glob": ["*READ*"]}, {"nexus-read-policy"}),
        ({"allowed_policies_glob": ["nexus-?ead-policy", "nexus"]}, set()),
        ({"disallowed_policies": ["ops"]}, {"nexus-read-policy"}),
        ({"disallowed_policies_glob": ["nexus-*"]}, {"ops"}),
        ({"disallowed_policies": ["Ops"], "allowed_policies": ["ci"]}, set()),
        ({"allowed_policies_glob": ["*"], "disallowed_policies": ["ops", "root"]}, {"nexus-read-policy"}),
    ],
)
def test_a_callers_choice_is_what_the_role_allows_or_does_not_forbid(
    role: dict[str, Any], expected: set[str]
) -> None:
    assert _requestable(role, REACHING) == expected


def test_a_policy_under_another_spelling_is_the_same_policy() -> None:
    assert _policies_of({"token_policies": ["Nexus-Read-Policy"], "policies": None}) == {"nexus-read-policy"}
