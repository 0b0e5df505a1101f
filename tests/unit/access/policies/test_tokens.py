"""Which policies a token has, by what it was got with."""

from __future__ import annotations

from typing import Any

import pytest

from ciaccess.access.policies.tokens import policies_at_login, requestable_policies

EVERY = {"nexus-read-policy", "ops", "root"}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ({}, set()),
        ({"allowed_policies": ["Nexus-Read-Policy", "root"]}, {"nexus-read-policy"}),
        ({"allowed_policies_glob": ["nexus-*"]}, {"nexus-read-policy"}),
        ({"allowed_policies_glob": ["*READ*"]}, {"nexus-read-policy"}),
        ({"allowed_policies_glob": ["nexus-?ead-policy", "nexus"]}, set()),
        ({"disallowed_policies": ["ops"]}, {"nexus-read-policy"}),
        ({"disallowed_policies_glob": ["nexus-*"]}, {"ops"}),
        ({"disallowed_policies": ["Ops"], "allowed_policies": ["ci"]}, set()),
        ({"allowed_policies_glob": ["*"], "disallowed_policies": ["ops"]}, {"nexus-read-policy"}),
    ],
)
def test_a_callers_choice_is_what_the_role_allows_or_does_not_forbid(
    role: dict[str, Any], expected: set[str]
) -> None:
    assert requestable_policies(role, EVERY) == expected


@pytest.mark.parametrize(
    ("holder", "expected"),
    [
        ({"token_policies": [" Nexus-Read-Policy"], "policies": None}, {"default", "nexus-read-policy"}),
        ({"policies": ["ops"], "token_no_default_policy": True}, {"ops"}),
        ({}, {"default"}),
        ({"token_policies": ["ops", "Root"]}, set()),
    ],
)
def test_a_login_gives_the_policies_that_are_named_in_any_spelling(
    holder: dict[str, Any], expected: set[str]
) -> None:
    assert policies_at_login(holder) == expected
