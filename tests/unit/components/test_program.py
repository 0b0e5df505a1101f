"""The program itself, run as the language host runs it, on the organisation's own access.yaml."""

from __future__ import annotations

import json
import runpy
from typing import TYPE_CHECKING

import pulumi
import pytest

from ciaccess.clients.vault.client import Vault
from ciaccess.engine import settings
from ciaccess.environment import ROOT
from tests.support.access.access import edited
from tests.support.components.recording import GENERATED, Recording, record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CREDENTIALS = {
    "NEXUS_USERNAME": "root",
    "NEXUS_PASSWORD": "planted-nexus-password",
    "GITLAB_TOKEN": "planted-gitlab-token",
    "VAULT_ADDR": "https://vault.shared.cwiq.io",
    "VAULT_TOKEN": "planted-vault-token",
    "PULUMI_CONFIG_PASSPHRASE": "a passphrase of one's own",
}


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)


@pytest.fixture(autouse=True)
def token_lives(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A Vault that accepts the token; and the addresses that were asked."""
    asked: list[str] = []
    monkeypatch.setattr(Vault, "token_lives", lambda vault: asked.append(vault.url))
    return asked


def up(settings: Mapping[str, str] | None = None, stack: str = "prod") -> Recording:
    return record(
        lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"), stack=stack, settings=settings
    )


def test_the_program_declares_the_organisations_eight_accounts_and_the_pipelines_two() -> None:
    recording = up({"protect": "true", "addresses": "{}"})
    accounts = {resource.name for resource in recording.of_type("ciaccess:index:ServiceAccount")}
    names = ["orchestrator", "executor", "datastore", "bench", "fsdb", "promoter", "deployer", "admin"]
    assert accounts == {f"svc-{name}" for name in (*names, "ciaccess-reader", "ciaccess-writer")}
    assert set(recording.outputs["ciaccess-prod"]["accounts"]) == {f"svc-{name}" for name in names}
    protected = {name for name, resource in recording.resources.items() if resource.protect}
    assert protected == {"vault-backend"}, "the mount is the organisation's already"


def test_each_run_asks_vault_whether_it_accepts_the_token(token_lives: list[str]) -> None:
    up()
    assert token_lives == ["https://vault.shared.cwiq.io"]


def test_every_resource_has_a_component_for_its_parent_and_its_provider_named() -> None:
    for resource in up().resources.values():
        if resource.type.startswith("ciaccess:index:"):
            assert resource.parent == "ciaccess-prod"
            continue
        assert resource.parent not in ("", "ciaccess-prod"), resource.name
        assert resource.provider == ("vault" if resource.type.startswith("vault:") else "ciaccess")


def test_the_providers_get_addresses_and_no_credentials() -> None:
    recording = up()
    assert set(recording.providers) == {"vault", "ciaccess"}
    vault, ours = recording.providers["vault"].inputs, recording.providers["ciaccess"].inputs
    assert vault["skipChildToken"] == "true", "a child token is never revoked (facts on Vault's provider)"
    assert not {"token", "authLogin"} & set(vault)
    assert ours["nexus_url"] == "https://nexus.shared.cwiq.io"
    assert ours["gitlab_url"] == "https://gitlab.shared.cwiq.io"
    assert "planted" not in str(recording)


def test_accounts_wait_for_the_look_at_vault_and_for_the_roles_that_they_name() -> None:
    for account in up().of_type("ciaccess:index:ServiceAccount"):
        named = {name for user in account.inputs["users"].values() for name in user["roles"]}
        roles = {name for name in account.depends_on if name.startswith("nexus-role-")}
        assert account.depends_on == {"vault-preconditions"} | roles
        assert {name.removeprefix("nexus-role-") for name in roles} <= named


def test_accounts_are_claimed_by_project_and_stack() -> None:
    (claim,) = {each.inputs["metadata"]["stack"] for each in up().of_type("ciaccess:index:ServiceAccount")}
    assert claim == "ciaccess/prod"


def test_an_account_has_the_provider_that_administers_nexus() -> None:
    for account in up().of_type("ciaccess:index:ServiceAccount"):
        assert account.provider == "ciaccess"


def test_the_outputs_are_few_and_hold_no_secret() -> None:
    outputs = up().outputs["ciaccess-prod"]
    assert set(outputs) == {"login_path", "roles", "accounts"}
    assert outputs["login_path"] == "auth/jwt/login"
    assert "svc-admin" not in outputs["roles"]["nexus-ci"]
    assert "secret/data/nexus/svc-deployer" in json.dumps(outputs["accounts"]["svc-deployer"])
    assert GENERATED not in json.dumps(outputs)


def test_a_stacks_addresses_reach_the_resources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_ADDR", "https://vault.internal.cwiq.io")
    recording = up({"addresses": json.dumps({"vault": "https://vault.internal.cwiq.io"})})
    variable = recording.resources["orchestrator-variable-VAULT_ADDR"]
    assert variable.inputs["value"] == "https://vault.internal.cwiq.io"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"protect": "yes"}, "ciaccess:protect: 'yes' is not allowed"),
        ({"addresses": "nowhere"}, "ciaccess:addresses: 'nowhere' is not allowed"),
        ({"protec": "true"}, 'ciaccess:protec: "protec" is not a setting of a stack'),
        ({"addresses": '{"vualt": "https://x.example.org"}'}, "Did you mean vault?"),
    ],
)
def test_a_bad_setting_ends_the_program_with_its_message(settings: dict[str, str], said: str) -> None:
    with pytest.raises(pulumi.RunError) as raised:
        up(settings)
    assert said in str(raised.value)


def test_every_fault_of_the_file_is_told_before_the_first_resource(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CONFIG_FOLDER", tmp_path)
    bad = edited(("version: 1", "version: 2"), ("[docker, pypi]", "[dcker]"))
    (tmp_path / "access.yaml").write_text(bad, encoding="utf-8")
    with pytest.raises(pulumi.RunError) as raised:
        up()
    first, *faults = str(raised.value).splitlines()
    assert first == "2 faults. Correct them first:"
    assert [line.split(": ")[1] for line in faults] == [
        "version",
        "accounts.svc-app.push[0]",
    ]


def test_missing_credentials_end_the_program_with_all_of_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    with pytest.raises(pulumi.RunError) as raised:
        up()
    for name in ("NEXUS_USERNAME", "NEXUS_PASSWORD", "GITLAB_TOKEN", "VAULT_ADDR", "VAULT_TOKEN"):
        assert name in str(raised.value)


def test_the_look_at_vault_trusts_the_ca_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIACCESS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(pulumi.RunError, match=r"CIACCESS_CA_BUNDLE names /nowhere/ca\.pem, which"):
        up()
