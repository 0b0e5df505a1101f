"""The manifests of `pull-secret` against the custom resource definitions that the operators publish."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.consumers import kubernetes
from tests.support.access.organisation import organisation
from tests.support.consumers.schemas import EXTERNAL_SECRETS, VAULT_SECRETS, Operator, faults

if TYPE_CHECKING:
    from ciaccess.access import Access

NAMES = ("nexus-pull", "orchestrator", "svc-deployer")
LOGINS = (
    kubernetes.Login("kubernetes", "nexus-pull", "vault"),
    kubernetes.Login("k8s", "p", "v", "vault-ca"),
)


def _organisations() -> list[Access]:
    access = organisation()
    inside = access.vault.model_copy(update={"namespace": "team"})
    return [access, access.model_copy(update={"vault": inside})]


def _manifests(operator: Operator) -> list[dict[str, Any]]:
    kind = "external-secret" if operator is EXTERNAL_SECRETS else "vault-static-secret"
    made = [
        each
        for access in _organisations()
        for login in LOGINS
        for each in kubernetes.without_secret(kind, access, *NAMES, login)
    ]
    return [each for each in made if each["kind"] != "ServiceAccount"]


@pytest.mark.parametrize("operator", [EXTERNAL_SECRETS, VAULT_SECRETS], ids=lambda each: each.group)
def test_an_operators_manifest_fits_its_published_definition(operator: Operator) -> None:
    manifests = _manifests(operator)
    assert {each["kind"] for each in manifests} in (
        {"SecretStore", "ExternalSecret"},
        {"VaultConnection", "VaultAuth", "VaultStaticSecret"},
    )
    assert [fault for each in manifests for fault in faults(operator, each)] == []


@pytest.mark.parametrize("operator", [EXTERNAL_SECRETS, VAULT_SECRETS], ids=lambda each: each.group)
def test_the_definitions_would_notice_a_wrong_field_and_a_wrong_type(operator: Operator) -> None:
    for manifest in _manifests(operator):
        unknown = {**manifest, "spec": {**manifest["spec"], "adress": "x"}}
        assert any("'adress' was unexpected" in fault for fault in faults(operator, unknown))
        wrong = copy.deepcopy(manifest)
        wrong["spec"] = [wrong["spec"]]
        assert faults(operator, wrong)
