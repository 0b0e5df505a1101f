"""ciaccess's own three identities: whom each admits, what it reaches, and that the rest of the YAML does not notice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ciaccess.access.desired import pipeline_identities
from ciaccess.access.desired.state import Desired, DesiredAccount
from ciaccess.access.desired.vault import jwt_role, secret_of, vault_policies
from tests.support.access.access import GOOD, ORGANISATION, valid

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access

OWN = (pipeline_identities.PREVIEW, pipeline_identities.APPLY, pipeline_identities.DRIFT)


def rules(access: Access, role: str) -> dict[str, list[str]]:
    """Return a role's capabilities by path."""
    text = vault_policies(access)[role].text
    found = re.findall(r'path "([^"]+)" \{\n  capabilities = \[([^]]*)\]\n\}', text)
    assert len(found) == text.count("path ")
    return {path: re.findall(r"\w+", words) for path, words in found}


def test_a_preview_is_admitted_from_any_ref_and_the_others_from_the_protected_branch(access: Access) -> None:
    claims = {name: role.bound_claims for name, role in pipeline_identities.own_jwt_roles(access).items()}
    branch = {
        "project_path": ["orchestrator/ciaccess"],
        "ref": ["main"],
        "ref_type": ["branch"],
        "ref_protected": ["true"],
    }
    assert claims == {
        "ciaccess-preview": {"project_path": ["orchestrator/ciaccess"]},
        "ciaccess-apply": {**branch, "pipeline_source": ["push"]},
        "ciaccess-drift": {**branch, "pipeline_source": ["schedule"]},
    }


def test_the_apply_identity_is_bound_to_what_the_pipeline_says_of_its_project_and_environment(
    tmp_path: Path,
) -> None:
    uri = "gitlab.example.org/orchestrator/ci//ciaccess.yml@refs/heads/main"
    more = f"project_id: 12, environment: prod, environment_protected: true, ci_config_ref_uri: {uri}"
    access = valid(tmp_path, f"{GOOD}pipeline: {{project: a/b, audience: x, {more}}}\n")
    claims = {name: role.bound_claims for name, role in pipeline_identities.own_jwt_roles(access).items()}
    everywhere = {"project_path": ["a/b"], "project_id": ["12"], "ci_config_ref_uri": [uri]}
    branch = {**everywhere, "ref": ["main"], "ref_type": ["branch"], "ref_protected": ["true"]}
    assert claims == {
        "ciaccess-preview": everywhere,
        "ciaccess-apply": {
            **branch,
            "pipeline_source": ["push"],
            "environment": ["prod"],
            "environment_protected": ["true"],
        },
        "ciaccess-drift": {**branch, "pipeline_source": ["schedule"]},
    }


def test_the_claims_are_compared_as_they_are_and_the_audience_is_the_same_in_every_stack(
    tmp_path: Path,
) -> None:
    elsewhere = valid(
        tmp_path, ORGANISATION.read_text(encoding="utf-8"), {"vault": "https://vault.other.org"}
    )
    for name, role in pipeline_identities.own_jwt_roles(elsewhere).items():
        made = jwt_role(name, role)
        assert made.bound_claims_type == "string"
        assert made.bound_audiences == {"https://vault.shared.cwiq.io"}
        assert made.token_policies == {f"{name}-policy"}


@pytest.mark.parametrize("role", [pipeline_identities.PREVIEW, pipeline_identities.DRIFT])
def test_a_preview_and_a_drift_check_may_only_look(access: Access, role: str) -> None:
    assert {word for words in rules(access, role).values() for word in words} <= {"read", "list"}


def test_an_apply_may_not_touch_the_identities_themselves(access: Access) -> None:
    writing = {
        path for path, words in rules(access, pipeline_identities.APPLY).items() if set(words) != {"read"}
    }
    assert writing == {
        "auth/jwt/config",
        "auth/jwt/role/nexus-ci",
        "secret/data/nexus/+",
        "secret/metadata/nexus/+",
        "secret/undelete/nexus/+",
        "sys/policies/acl/nexus-read-policy",
    }
    # Who deletes metadata destroys every version of a secret.
    assert "delete" not in rules(access, pipeline_identities.APPLY)["secret/metadata/nexus/+"]


def test_no_identity_reaches_a_path_by_a_star(access: Access) -> None:
    for role in OWN:
        assert not [path for path in rules(access, role) if "*" in path]


def test_each_identity_reads_the_token_of_its_own_and_no_other(access: Access) -> None:
    folder = "secret/data/ciaccess/"
    read = {
        role: {path.removeprefix(folder) for path in rules(access, role) if path.startswith(folder)}
        for role in OWN
    }
    common = {"svc-ciaccess-reader", "passphrase", "trust-anchors"}
    assert read == {
        pipeline_identities.PREVIEW: {*common, "gitlab-notes"},
        pipeline_identities.APPLY: {*common, "svc-ciaccess-writer", "gitlab-writer"},
        pipeline_identities.DRIFT: {*common, "gitlab-notes", "gitlab-reader", "svc-ciaccess-writer"},
    }


def test_a_preview_reads_the_metadata_of_the_accounts_secrets_and_no_value(access: Access) -> None:
    paths = rules(access, pipeline_identities.PREVIEW)
    assert "secret/metadata/nexus/+" in paths
    assert not [path for path in paths if path.startswith("secret/data/nexus")]


def test_a_key_of_transit_decrypts_and_does_no_more(tmp_path: Path) -> None:
    """Nothing is encrypted with the key itself by a run: it holds the one that the state has."""
    text = f"{GOOD}pipeline: {{project: a/b, audience: x, transit_key: state, transit_mount: crypt/ci}}\n"
    for role in OWN:
        reached = {
            path: words for path, words in rules(valid(tmp_path, text), role).items() if "crypt" in path
        }
        assert reached == {"crypt/ci/decrypt/state": ["update"]}


def test_a_managed_mount_is_looked_at_and_tuned(tmp_path: Path) -> None:
    text = GOOD.replace("prefix: nexus}", "prefix: nexus, manage: true}")
    managed = valid(tmp_path, text + "pipeline: {project: a/b, audience: x}\n")
    assert rules(managed, pipeline_identities.PREVIEW)["sys/mounts/secret"] == ["read"]
    assert rules(managed, pipeline_identities.APPLY)["sys/mounts/secret/tune"] == ["read", "update"]


def test_the_accounts_stay_those_of_the_yaml_and_the_pipelines_lie_in_a_folder_of_their_own(
    access: Access,
) -> None:
    assert len(access.accounts) == 8
    assert set(pipeline_identities.service_accounts(access)) - set(access.accounts) == {
        "svc-ciaccess-reader",
        "svc-ciaccess-writer",
    }
    assert secret_of(access, "svc-ciaccess-writer").path == "secret/ciaccess/svc-ciaccess-writer"
    assert secret_of(access, "svc-bench").api_path == "secret/data/nexus/svc-bench"
    (user,) = DesiredAccount.of(access, "svc-ciaccess-reader").users.values()
    assert user.roles == {"ciaccess-reader"}


def test_without_a_pipeline_there_is_nothing_of_it(tmp_path: Path) -> None:
    alone = valid(tmp_path, GOOD)
    assert pipeline_identities.jwt_roles(alone) == alone.vault.roles
    assert pipeline_identities.service_accounts(alone) == alone.accounts
    assert not [policy for policy in vault_policies(alone).values() if "ciaccess" in policy.name]
    assert not [role for role in Desired.of(alone).named_roles if role.startswith("ciaccess")]
