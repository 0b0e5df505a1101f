"""What the local stack cannot be in, and what other versions of the systems answer."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.desired.difference import different_fields
from ciaccess.access.desired.objects import VariableId
from ciaccess.access.desired.state import Desired, DesiredAccount
from ciaccess.access.desired.vault import jwt_role
from ciaccess.clients.nexus import Nexus
from ciaccess.clients.vault.client import Vault
from ciaccess.drift import vault_auth
from ciaccess.drift.gitlab import variable_findings
from ciaccess.drift.manual_commands import delete_own, delete_variable
from ciaccess.drift.nexus_objects import declared_objects
from components.resources import with_lists
from tests.support.servers.scripted_server import ScriptedServer, in_json

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.access.desired.objects import Variable
    from ciaccess.access.desired.state import DesiredGroup
    from ciaccess.drift.findings import Finding

GROUP = "orchestrator"


def check(access: Access, server: ScriptedServer, subject: str) -> list[Finding]:
    vault = Vault(server.url, "root-of-the-test")
    checks = {each.subject: each for each in vault_auth.checks(Desired.of(access), vault)}
    return list(checks[subject].question())


def role(access: Access, **fields: Any) -> dict[str, Any]:
    declared = with_lists(asdict(jwt_role("nexus-ci", access.vault.roles["nexus-ci"])))
    claims = with_lists(declared["bound_claims"])
    return {"data": {**declared, "bound_claims": claims, **fields}}


def test_fields_that_another_vault_adds_are_no_drift(access: Access, server: ScriptedServer) -> None:
    added = role(access, token_strictly_bind_ip=False, alias_metadata={"a": "b"}, bound_subject=None)
    server.answers("GET /v1/auth/jwt/role/nexus-ci", in_json(added))
    assert check(access, server, "JWT role nexus-ci") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bound_subject", "project_path:elsewhere/x"),
        ("token_bound_cidrs", ["10.0.0.0/8"]),
        ("token_explicit_max_ttl", 99),
        ("token_no_default_policy", True),
        ("token_num_uses", 1),
        ("token_period", 60),
        ("token_type", "batch"),
        ("user_claim", "sub"),
        ("groups_claim", "groups"),
        ("bound_claims_type", "string"),
        ("bound_claims", {"namespace_path": ["*"]}),
        ("token_policies", ["nexus-read-policy", "root"]),
        ("role_type", "oidc"),
        ("verbose_oidc_logging", True),
    ],
)
def test_every_declared_field_of_a_role_counts(
    access: Access, server: ScriptedServer, field: str, value: Any
) -> None:
    server.answers("GET /v1/auth/jwt/role/nexus-ci", in_json(role(access, **{field: value})))
    (finding,) = check(access, server, "JWT role nexus-ci")
    assert finding.id == "vault.role.fields"
    assert f"{field}=" in finding.found
    # Of another type the engine would delete the role before it makes it again.
    assert bool(finding.targets) is (field != "role_type")
    assert bool(finding.manual_command) is (field == "role_type")


def test_a_described_mount_counts_where_it_is_managed(access: Access, server: ScriptedServer) -> None:
    mounted = {"data": {"type": "kv", "options": {"version": "2"}, "description": "by hand"}}
    server.answers("GET /v1/sys/mounts/secret", in_json(mounted))
    server.answers("GET /v1/secret/config", in_json({"data": {"max_versions": 0, "cas_required": False}}))
    assert check(access, server, "the KV engine secret/") == []
    kv = access.vault.kv.model_copy(update={"manage": True})
    managed = access.model_copy(update={"vault": access.vault.model_copy(update={"kv": kv})})
    (finding,) = check(managed, server, "the KV engine secret/")
    assert finding.id == "vault.mount.description"


def test_fields_that_another_nexus_adds_are_no_drift(access: Access, server: ScriptedServer) -> None:
    def user(name: str) -> dict[str, Any]:
        wanted = DesiredAccount.of(access, name).users[name]
        return {
            "userId": name,
            "firstName": wanted.first_name,
            "lastName": wanted.last_name,
            "emailAddress": wanted.email_address,
            "status": "active",
            "source": "default",
            "roles": sorted(wanted.roles, reverse=True),
            "lastLogin": "2026-11-24T00:00:00Z",
            "externalRoles": [],
        }

    names = [*access.accounts, "svc-ciaccess-reader", "svc-ciaccess-writer"]
    server.answers("GET /service/rest/v1/security/users", in_json([user(name) for name in names]))
    users = Nexus(server.url, "admin", "admins-own-word").users.all()
    assert list(declared_objects(Desired.of(access), "user", users)) == []


def group(access: Access) -> DesiredGroup:
    return Desired.of(access).groups[GROUP]


def variables(access: Access) -> dict[VariableId, Variable]:
    return {each.identity: each for each in group(access).variables.values()}


def test_the_same_key_in_another_scope_is_told(access: Access) -> None:
    found = variables(access)
    assert list(variable_findings(group(access), found, "https://gitlab")) == []
    other = replace(found[VariableId("VAULT_ADDR", "*")], environment_scope="production", value="https://x")
    found[other.identity] = other
    (finding,) = variable_findings(group(access), found, "https://gitlab")
    assert finding.id == "gitlab.variable.scope"
    assert "filter[environment_scope]=production" in finding.manual_command


@pytest.mark.parametrize(
    "value", ["https://user:hunter22@old.example", "hunter22 hunter22", "a\nb", "glpat-x=="]
)
def test_a_value_that_may_be_a_credential_is_not_shown(access: Access, value: str) -> None:
    found = variables(access)
    changed = replace(found[VariableId("VAULT_ADDR", "*")], value=value)
    found[changed.identity] = changed
    (finding,) = variable_findings(group(access), found, "https://gitlab")
    assert value not in finding.found
    assert f"another value of {len(value)} characters" in finding.found


def test_a_masked_value_is_shown_on_neither_side(access: Access) -> None:
    found = variables(access)
    changed = replace(found[VariableId("VAULT_ADDR", "*")], value="https://old.example", masked=True)
    found[changed.identity] = changed
    shown = [
        f"{each.expected} {each.found}" for each in variable_findings(group(access), found, "https://gitlab")
    ]
    assert not any("old.example" in text or access.vault.address in text for text in shown)


def test_a_name_cannot_break_out_of_a_command(access: Access) -> None:
    hostile = "x'; rm -rf / #"
    for command in (
        delete_own(access, "users", hostile, "(managed by ciaccess)"),
        delete_variable("https://g", "groups/1", hostile, hostile),
    ):
        assert "rm -rf" not in command
        assert command.count("'") % 2 == 0


@pytest.mark.parametrize(
    ("expected", "found"),
    [([], None), ([], [""]), ("", None), (0, None), (False, None), ({}, None), (["a", "b"], ["b", "a"])],
)
def test_what_servers_give_for_the_same_is_the_same(expected: Any, found: Any) -> None:
    assert different_fields({"field": expected}, {"field": found}) == []


@pytest.mark.parametrize(
    ("expected", "found"), [(["a"], "a,b"), (True, "yes"), ({"a": ["x"]}, {"a": ["x", "y"]})]
)
def test_what_differs_differs(expected: Any, found: Any) -> None:
    assert different_fields({"field": expected}, {"field": found}) == ["field"]
