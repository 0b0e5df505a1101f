"""A printed command takes away the policies that reach the secrets, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.desired.state import Desired
from ciaccess.access.policies.tokens import FIELDS
from ciaccess.drift.manual_commands import without_policies
from ciaccess.drift.vault_holders import Holder
from ciaccess.drift.vault_undeclared import Reach
from tests.support.access.access import GOOD, valid

if TYPE_CHECKING:
    from pathlib import Path

POLICY = "nexus-read-policy"
LOGINS = {"people/": "userpass", "r/": "radius", "l/": "ldap", "token/": "token"}


@pytest.mark.parametrize(
    ("path", "data", "command"),
    [
        (
            "auth/people/users/joe",
            {"token_policies": [POLICY, "web", "status"]},
            "auth/people/users/joe token_policies=web,status",
        ),
        (
            "auth/r/config",
            {"token_policies": ["web"], "unregistered_user_policies": [POLICY, "web"]},
            "auth/r/config unregistered_user_policies=web",
        ),
        (
            "auth/l/users/joe",
            {"policies": [POLICY], "groups": "ops,web"},
            "auth/l/users/joe policies= groups=ops,web",
        ),
        (
            "auth/token/roles/t",
            {"allowed_policies": [POLICY, "web"]},
            "auth/token/roles/t allowed_policies=web",
        ),
        (
            "auth/token/roles/t",
            {"allowed_policies": [POLICY, "web"], "allowed_policies_glob": ["nexus-read*"]},
            f"auth/token/roles/t allowed_policies=web disallowed_policies={POLICY}",
        ),
        (
            "auth/token/roles/t",
            {"allowed_policies": [POLICY], "allowed_policies_glob": ["web*"]},
            "auth/token/roles/t allowed_policies=",
        ),
        (
            "auth/token/roles/t",
            {"allowed_policies": [POLICY], "disallowed_policies": ["x"]},
            f"auth/token/roles/t disallowed_policies=x,{POLICY}",
        ),
    ],
)
def test_a_command_takes_only_what_reaches_the_secrets(
    tmp_path: Path, path: str, data: dict[str, Any], command: str
) -> None:
    """A policy that reads all of sys/ is half of a way: another one with sudo would make it whole."""
    texts = {"web": "", "status": 'path "sys/*" { capabilities = ["read"] }'}
    held = {name for field, names in data.items() if field in FIELDS for name in names}
    joe = Holder(path, path, frozenset(held), data)
    (finding,) = Reach(Desired.of(valid(tmp_path, GOOD)), texts, [joe], LOGINS).holders()
    assert finding.manual_command == f"vault write {command}"
    assert finding.found == f"policies {POLICY}"


def test_a_token_role_gives_the_default_policy_no_more_where_that_reaches_the_secrets() -> None:
    holder = Holder("auth/token/roles/t", "auth/token/roles/t", frozenset({"default"}), {})
    command = "vault write auth/token/roles/t token_no_default_policy=true"
    assert without_policies(holder, frozenset({"default"})) == command
    assert without_policies(holder, frozenset({"web"})) == "", "a command without fields would do nothing"
