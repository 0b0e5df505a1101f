from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.desired.state import Desired
from ciaccess.access.reading.loader import check
from ciaccess.adoption.describing import describe
from ciaccess.adoption.draft import text
from ciaccess.clients.nexus import Privilege, Repository
from tests.support.adoption import worlds
from tests.support.adoption.worlds import (
    READ,
    jwt_role,
    nexus,
    policy,
    privilege,
    role,
    secret,
    user,
    variable,
    vault,
    world,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.adoption.draft import Draft
    from ciaccess.adoption.inventory import Inventory, NexusInventory
    from ciaccess.adoption.vault_reading import VaultInventory


def rules(draft: Draft) -> set[str]:
    return {remark.rule for remark in draft.remarks}


def test_a_world_in_which_all_is_well_has_no_remark_and_its_yaml_is_valid(tmp_path: Path) -> None:
    draft = describe(world())
    assert draft.remarks == []
    assert draft.data["accounts"] == {"svc-a": {"purpose": "Some", "roles": ["reads"]}}
    assert draft.data["gitlab"]["groups"]["team"]["variables"]["VAULT_ADDR"] == "${vault.address}"
    path = tmp_path / "access.yaml"
    path.write_text(text(draft), encoding="utf-8")
    checked = check(path)
    assert checked.access is not None, checked.faults


def with_role(name: str = "ci", **fields: Any) -> VaultInventory:
    return vault(roles={name: jwt_role("reads-a", **fields)})


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        ("role-named-as-policy", vault(roles={"reads-a": jwt_role("reads-a")})),
        ("policy-shared", vault(roles={"ci": jwt_role("reads-a"), "ci-two": jwt_role("reads-a")})),
        ("more-policies", vault(roles={"ci": jwt_role("reads-a", "other")})),
        ("wildcard-policy", vault(policies={"reads-a": policy("secret/data/nexus/*")})),
        ("policy-beyond", vault(policies={"reads-a": policy("secret/data/nexus/svc-a", "sys/mounts")})),
        (
            "policy-writes",
            vault(policies={"reads-a": 'path "secret/*" { capabilities = ["read", "update"] }'}),
        ),
        ("no-bound-audience", with_role(bound_audiences=[])),
        ("no-bound-claim", with_role(bound_claims={"ref": "main"})),
        ("open-claim", with_role(bound_claims={"namespace_path": "team*"})),
        (
            "literal-star",
            with_role(bound_claims={"namespace_path": ["team", "team/*"]}, bound_claims_type="string"),
        ),
        ("token-lifetime", with_role(token_ttl=86400)),
        ("token-lifetime", with_role(token_ttl=0)),
        ("user-claim", with_role(user_claim="user_email")),
        ("role-field", with_role(token_period=600)),
        ("token-lifetime", with_role(token_explicit_max_ttl=86400)),
        ("role-left-out", vault(roles={"ci": jwt_role("reads-a"), "web": jwt_role("web")})),
        (
            "role-oidc",
            vault(roles={"ci": jwt_role("reads-a"), "web": jwt_role("reads-a") | {"role_type": "oidc"}}),
        ),
        (
            "role-writes",
            vault(
                roles={"ci": jwt_role("reads-a"), "w": jwt_role("w")},
                policies={
                    "reads-a": policy("secret/data/nexus/svc-a"),
                    "w": 'path "secret/data/nexus/+" { capabilities = ["create", "update"] }',
                },
            ),
        ),
        ("not-listed", vault(unlisted=("secret",))),
        ("own-pipeline", vault(roles={"ci": jwt_role("reads-a"), "ciaccess-drift": jwt_role("x")})),
        ("no-issuer", vault(backend={"oidc_discovery_url": "https://gitlab.example"})),
        ("default-role", vault(backend={"bound_issuer": "https://gitlab.example", "default_role": "ci"})),
        ("kv-version-1", vault(kv_one=("old",))),
        ("secret-elsewhere", vault(elsewhere=("secret/other/svc-a",))),
        ("secret-without-user", vault(secrets={"svc-a": secret("svc-a"), "gone": secret("gone")})),
        ("secret-holds-more", vault(secrets={"svc-a": secret("svc-a", "url")})),
        ("username-differs", vault(secrets={"svc-a": secret("svc-a", username="other")})),
    ],
)
def test_what_breaks_a_rule_in_vault_is_said(rule: str, seen: VaultInventory) -> None:
    assert rule in rules(describe(world(seen)))


def test_the_limits_of_a_role_are_described(tmp_path: Path) -> None:
    limits: dict[str, Any] = {
        "bound_subject": "project_path:team/x:ref_type:branch:ref:main",
        "token_bound_cidrs": ["10.0.0.0/8", "192.0.2.7"],
        "token_explicit_max_ttl": 1800,
        "token_no_default_policy": True,
        "token_num_uses": 3,
    }
    draft = describe(world(with_role(**limits)))
    assert draft.remarks == []
    path = tmp_path / "access.yaml"
    path.write_text(text(draft), encoding="utf-8")
    checked = check(path)
    assert checked.access is not None, checked.faults
    role = Desired.of(checked.access).jwt_roles["ci"]
    assert {**limits, "token_bound_cidrs": frozenset(limits["token_bound_cidrs"])} == {
        field: getattr(role, field) for field in limits
    }


LEFT_OUT = {"svc-a": secret("svc-a"), "svc-b": secret("svc-b", username="other")}


@pytest.mark.parametrize(
    ("paths", "described", "effect"),
    [
        (["secret/data/nexus/svc-b"], [], "left alone"),
        (["secret/data/nexus/svc-a", "secret/data/nexus/svc-b"], ["web"], "up removes that"),
        (["secret/data/+/svc-b"], [], "left alone"),
    ],
)
def test_a_role_that_reads_a_secret_that_is_left_out_is_not_said_to_read_nothing(
    paths: list[str], described: list[str], effect: str
) -> None:
    roles = {"ci": jwt_role("reads-a"), "web": jwt_role("web")}
    texts = {"reads-a": policy("secret/data/nexus/svc-a"), "web": policy(*paths)}
    draft = describe(world(vault(secrets=LEFT_OUT, roles=roles, policies=texts)))
    assert "role-left-out" not in rules(draft)
    assert sorted(draft.data["vault"]["roles"]) == ["ci", *described]
    (remark,) = [each for each in draft.remarks if each.rule == "left-out-readable"]
    assert remark.text.startswith("web: ")
    assert "svc-b: " in remark.text
    assert effect in remark.text


TEMPLATE = 'path "secret/data/nexus/{{identity.entity.metadata.account}}" { capabilities = ["read"] }'
BY_PRIORITY = """
path "secret/data/*" { capabilities = ["read"] }
path "secret/data/nexus/*" { capabilities = ["deny"] }
path "secret/data/nexus/+" { capabilities = ["read"] }
"""


def test_a_role_is_described_by_what_all_its_policies_let_it_read() -> None:
    texts = {"reads-a": BY_PRIORITY, "denies": 'path "secret/data/nexus/+" { capabilities = ["deny"] }'}
    roles = {"ci": jwt_role("Reads-A"), "denied": jwt_role("reads-a", "denies")}
    draft = describe(world(vault(roles=roles, policies=texts)))
    described = draft.data["vault"]["roles"]
    assert set(described) == {"ci"}
    assert (described["ci"]["policy"], described["ci"]["accounts"]) == ("reads-a", ["svc-a"])
    (left_out,) = [remark for remark in draft.remarks if remark.rule == "role-left-out"]
    assert left_out.text.startswith("denied:")


ISSUING = 'path "auth/token/create" { capabilities = ["update", "sudo"] }'


@pytest.mark.parametrize(
    "text", [TEMPLATE, ISSUING, 'path "secret/data/nexus/svc-a" { capabilities = ["reed"] }']
)
def test_a_role_whose_policy_cannot_be_told_is_not_said_to_read_nothing(text: str) -> None:
    roles = {"ci": jwt_role("reads-a"), "by-template": jwt_role("unclear")}
    texts = {"reads-a": policy("secret/data/nexus/svc-a"), "unclear": text}
    draft = describe(world(vault(roles=roles, policies=texts)))
    assert rules(draft) == {"role-unclear"}
    (remark,) = draft.remarks
    assert "svc-a" in remark.text
    assert "by-template" in str(remark)


def test_what_vaults_default_policy_reads_counts_unless_a_role_is_without_it() -> None:
    texts = {"default": policy("secret/data/nexus/svc-a"), "web": policy("secret/data/web")}
    roles = {"ci": jwt_role("web"), "without": jwt_role("web", token_no_default_policy=True)}
    draft = describe(world(vault(roles=roles, policies=texts)))
    assert set(draft.data["vault"]["roles"]) == {"ci"}


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        ("password-refused", nexus(accepted_secrets=frozenset())),
        ("user-disabled", nexus(users={"svc-a": user("svc-a", "reads", status="disabled")})),
        ("user-without-roles", nexus(users={"svc-a": user("svc-a")})),
        (
            "user-without-secret",
            nexus(users={"svc-a": user("svc-a", "reads"), "jane": user("jane", "reads")}),
        ),
        ("role-inexpressible", nexus(users={"svc-a": user("svc-a", "not there")})),
        (
            "role-inexpressible",
            nexus(roles={"reads": role("reads", "a privilege with blanks")}),
        ),
        ("administrator-readable", nexus(users={"svc-a": user("svc-a", "nx-admin")})),
        ("wide-role", nexus(roles={"reads": role("reads", "nx-repository-view-raw-raw-dev-delete")})),
        (
            "privilege-by-hand",
            nexus(roles={"reads": role("reads", "own")}, privileges={"own": privilege("own", "s")}),
        ),
        ("wide-role", nexus(roles={"reads": role("reads", "nx-all")})),
        ("repository-left-out", nexus(repositories={"files": Repository("files", "raw", "hosted", "")})),
    ],
)
def test_what_breaks_a_rule_in_nexus_is_said(rule: str, seen: NexusInventory) -> None:
    assert rule in rules(describe(world(None, seen)))


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        ("protected-address", world(None, None, variable("VAULT_ADDR", "https://x", protected=True))),
        ("masked-address", world(None, None, variable("VAULT_ADDR", "https://x", masked=True))),
        ("credential-variable", world(None, None, variable("NEXUS_PASSWORD", "swordfish"))),
        ("credential-variable", world(None, None, variable("NEXUS_X", "", hidden=True))),
        (
            "variable-scopes",
            world(None, None, variable("NEXUS_X", "a"), variable("NEXUS_X", "b", environment_scope="prod")),
        ),
        ("registry-unknown", world(None, None, variable("VAULT_ADDR", "https://vault.example"))),
    ],
)
def test_what_breaks_a_rule_in_gitlab_is_said(rule: str, seen: Inventory) -> None:
    draft = describe(seen)
    assert rule in rules(draft)
    assert "swordfish" not in text(draft)


@pytest.mark.parametrize(
    "seen",
    [
        world(None, nexus(accepted_secrets=frozenset())),
        world(None, nexus(users={"svc-a": user("svc-a", "reads", status="disabled")})),
        world(vault(secrets={"svc-a": secret("svc-a", username="other")})),
        world(vault(secrets={})),
    ],
)
def test_an_account_whose_password_would_change_is_left_out(seen: Inventory) -> None:
    assert describe(seen).data["accounts"] == {}


def test_a_role_named_as_its_policy_keeps_its_name_and_gets_another_policy() -> None:
    seen = vault(
        roles={"nexus-read-policy": jwt_role("nexus-read-policy")},
        policies={"nexus-read-policy": policy("secret/data/nexus/*")},
    )
    found = describe(world(seen)).data["vault"]["roles"]
    assert found["nexus-read-policy"]["policy"] == "nexus-read-secrets"
    assert found["nexus-read-policy"]["accounts"] == ["svc-a"]


def test_a_claim_is_narrowed_and_never_dropped() -> None:
    bound = {"namespace_path": "team*", "project_path": "team/tool*", "ref_protected": "true"}
    found = describe(world(with_role(bound_claims=bound))).data["vault"]["roles"]["ci"]["bound_claims"]
    assert found == {
        "namespace_path": ["team", "team/*"],
        "project_path": ["team/tool/*"],
        "ref_protected": ["true"],
    }


def test_contained_roles_are_declared_too_and_pairs_become_pull() -> None:
    every = ("nx-repository-view-*-*-browse", "nx-repository-view-*-*-read")
    seen = nexus(roles={"reads": role("reads", roles=("all",)), "all": role("all", *every)})
    found = describe(world(None, seen)).data["nexus"]["roles"]
    assert found["all"] == {"description": "By hand", "pull": "all"}
    assert found["reads"]["roles"] == ["all"]


def test_the_words_of_an_owner_are_not_taken_for_a_description() -> None:
    seen = nexus(roles={"reads": role("reads", *worlds.READ, description="Reads (managed by ciaccess)")})
    assert describe(world(None, seen)).data["nexus"]["roles"]["reads"]["description"] == "Reads"


def test_no_password_stands_in_a_draft_or_in_a_repr() -> None:
    seen = world(None, replace(nexus(), accepted_secrets=frozenset()))
    assert worlds.PASSWORD not in text(describe(seen)) + repr(seen)


def test_a_role_of_an_account_that_another_one_holds_gets_another_name(tmp_path: Path) -> None:
    """Else the role would be declared by two resources, and end without privileges."""
    pushes = (f"nx-repository-view-raw-raw-dev-{action}" for action in ("add", "browse", "edit", "read"))
    seen = nexus(
        users={"svc-a": user("svc-a", "ci-svc-a"), "svc-b": user("svc-b", "reads")},
        roles={"ci-svc-a": role("ci-svc-a", *pushes), "reads": role("reads", roles=("ci-svc-a",))},
        accepted_secrets=frozenset({"svc-a", "svc-b"}),
    )
    both = vault(
        secrets={name: secret(name) for name in ("svc-a", "svc-b")},
        policies={"reads-a": policy("secret/data/nexus/svc-a", "secret/data/nexus/svc-b")},
    )
    draft = describe(world(both, seen))
    assert draft.data["accounts"]["svc-a"] == {"purpose": "Some", "push": ["raw"]}
    named = draft.data["nexus"]["roles"]
    assert named["reads"]["roles"] == ["shared-ci-svc-a"]
    assert len(named["shared-ci-svc-a"]["privileges"]) == 4
    assert "ci-svc-a" not in named
    written = tmp_path / "access.yaml"
    written.write_text(text(draft), encoding="utf-8")
    assert not [fault for fault in check(written).faults if fault.severity == "error"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"NEXUS_USER": "svc-a", "password": "x"}, "no username as text; its keys are NEXUS_USER, password"),
        ({"token": "x", "username": "svc-a"}, "no password as text; its keys are token, username"),
        (
            {"NEXUS_USER": "svc-a", "NEXUS_PASSWORD": "x"},
            "no username and no password as text; its keys are NEXUS_PASSWORD, NEXUS_USER",
        ),
        ({"username": "svc-a", "password": ""}, "no password as text; its keys are password, username"),
    ],
)
def test_a_secret_with_keys_of_its_own_is_described_by_them(fields: dict[str, str], text: str) -> None:
    odd = replace(secret("svc-a"), fields=fields)
    seen = nexus(accepted_secrets=frozenset())
    remarks = [
        each
        for each in describe(world(vault(secrets={"svc-a": odd}), seen)).remarks
        if each.path == ("accounts",)
    ]
    assert [each.rule for each in remarks] == ["username-differs"]
    assert text in str(remarks[0])


def test_fields_of_the_backend_that_are_not_described_are_named() -> None:
    backend = {**vault().backend, "jwt_supported_algs": ["RS256"], "default_role": "ci"}
    draft = describe(world(vault(backend=backend)))
    remarks = {each.rule: str(each) for each in draft.remarks}
    assert "jwt_supported_algs" in remarks["backend-field"]
    assert "up removes it" in remarks["default-role"]


def test_a_private_authority_of_the_backend_is_described_and_the_yaml_is_valid(tmp_path: Path) -> None:
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
    draft = describe(world(vault(backend={**vault().backend, "oidc_discovery_ca_pem": f"{pem}\n"})))
    assert draft.data["vault"]["jwt"]["oidc_discovery_ca_pem"] == pem
    written = tmp_path / "access.yaml"
    written.write_text(text(draft), encoding="utf-8")
    access = check(written).access
    assert access
    assert access.vault.jwt.oidc_discovery_ca_pem == pem
    assert Desired.of(access).backend.oidc_discovery_ca_pem == pem


@pytest.mark.parametrize(
    ("fields", "administers"),
    [
        ({"type": "wildcard", "pattern": "nexus:*"}, True),
        ({"type": "wildcard", "pattern": "nexus:users:*"}, True),
        ({"type": "wildcard", "pattern": "*:roles"}, True),
        ({"type": "wildcard", "pattern": "NEXUS:Privileges,search:Read,Update"}, True),
        ({"type": "wildcard", "pattern": "nexus:script:mine:run"}, True),
        ({"type": "wildcard", "pattern": "nexus:ldap:create"}, True),
        ({"type": "wildcard", "pattern": "nexus:users:read"}, False),
        ({"type": "wildcard", "pattern": "nexus:search:*"}, False),
        ({"type": "application", "domain": "users", "actions": frozenset({"edit"})}, True),
        ({"type": "application", "domain": "users", "actions": frozenset({"read"})}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_administrators_by_any_wildcard_are_seen_however_deep_their_role_is(
    fields: dict[str, Any], depth: int, *, administers: bool
) -> None:
    given = {"actions": frozenset(), **fields}
    by_hand = Privilege("by-hand", description="", **given)
    roles = {"r0": role("r0", *READ, "by-hand")} | {
        f"r{each}": role(f"r{each}", roles=(f"r{each - 1}",)) for each in range(1, depth + 1)
    }
    users = {"svc-a": user("svc-a", f"r{depth}")}
    draft = describe(world(None, nexus(users=users, roles=roles, privileges={"by-hand": by_hand})))
    assert ("administrator-readable" in rules(draft)) is administers
    assert draft.data["vault"]["roles"]["ci"]["accounts"] == ([] if administers else ["svc-a"])


def test_a_role_for_browsers_gives_jobs_neither_its_audience_nor_another_policy() -> None:
    ci, web = jwt_role("web") | {"bound_audiences": []}, jwt_role("x") | {"role_type": "oidc"}
    reads = policy("secret/data/nexus/svc-a")
    roles = {"ci": ci, "web": web | {"bound_audiences": ["client-id-4711"]}}
    draft = describe(world(vault(roles=roles, policies={"web": reads})))
    role = draft.data["vault"]["roles"]["ci"]
    assert (role["bound_audiences"], role["policy"]) == (["https://gitlab.example"], "web")
