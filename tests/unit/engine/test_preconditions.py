"""Which Vault is meant, which passphrase is a stack's own, and whether its pipeline can read the state."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from ciaccess.access import load
from ciaccess.clients.credentials import CredentialsError
from ciaccess.engine import settings
from ciaccess.engine.preconditions import check_transit_key, check_vault, own_passphrase
from ciaccess.engine.settings import StackSettingsError
from ciaccess.environment import PUBLIC_PASSPHRASE, ROOT
from tests.support.access.access import GOOD, valid

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a configuration folder of the test's own."""
    monkeypatch.setattr(settings, "CONFIG_FOLDER", tmp_path)
    return tmp_path


def in_file(folder: Path, passphrase: str) -> dict[str, str]:
    path = folder / "passphrase"
    path.write_text(passphrase, encoding="utf-8")
    return {"PULUMI_CONFIG_PASSPHRASE_FILE": str(path)}


@pytest.mark.parametrize(
    "settings", [None, "config: {}\n", "encryptionsalt: v1:a=\n", "secretsprovider: passphrase\n"]
)
def test_a_passphrase_is_a_stacks_own_unless_it_is_the_public_one(folder: Path, settings: str | None) -> None:
    if settings:
        (folder / "Pulumi.prod.yaml").write_text(settings, encoding="utf-8")
    assert own_passphrase("prod", in_file(folder, "another\n")) == "another"
    variable = {"PULUMI_CONFIG_PASSPHRASE": "a variable, which the engine takes first"}
    assert (
        own_passphrase("prod", in_file(folder, "another") | variable)
        == "a variable, which the engine takes first"
    )
    for public in (PUBLIC_PASSPHRASE, f"{PUBLIC_PASSPHRASE}\n"):
        assert own_passphrase("prod", in_file(folder, public)) is None
    for none in ({}, {"PULUMI_CONFIG_PASSPHRASE_FILE": str(folder / "none")}):
        assert own_passphrase("prod", none) is None


def test_a_stack_with_another_secrets_provider_has_no_passphrase(folder: Path) -> None:
    text = "secretsprovider: hashivault://ciaccess\nencryptedkey: a\n"
    (folder / "Pulumi.prod.yaml").write_text(text, encoding="utf-8")
    assert own_passphrase("prod", {"PULUMI_CONFIG_PASSPHRASE": "another"}) is None


def test_a_state_that_the_pipeline_could_not_decrypt_is_refused(folder: Path, tmp_path: Path) -> None:
    def access(*more: str) -> Access:
        lines = "pipeline: {project: a/b, audience: x" + "".join(f", {line}" for line in more) + "}\n"
        return valid(tmp_path, GOOD + lines)

    (folder / "Pulumi.prod.yaml").write_text(
        "secretsprovider: hashivault://state?engine=crypt\n", encoding="utf-8"
    )
    for more in ((), ("transit_key: state",), ("transit_key: other", "transit_mount: crypt")):
        with pytest.raises(StackSettingsError, match="transit_key: state, and transit_mount: crypt"):
            check_transit_key("prod", access(*more))
    check_transit_key("prod", access("transit_key: state", "transit_mount: crypt"))
    check_transit_key("prod", valid(tmp_path, GOOD))
    for other in ("encryptionsalt: v1:a=\n", "secretsprovider: awskms://alias/state?region=eu-central-1\n"):
        (folder / "Pulumi.prod.yaml").write_text(other, encoding="utf-8")
        check_transit_key("prod", access("transit_key: state"))


def test_a_vault_other_than_the_yamls_is_refused() -> None:
    access = load(ROOT / "config" / "access.yaml")
    good = {"VAULT_ADDR": "https://vault.shared.cwiq.io/", "VAULT_TOKEN": "t"}
    check_vault(access, good)
    with pytest.raises(CredentialsError, match=r"VAULT_ADDR is https://other, but vault.address"):
        check_vault(access, good | {"VAULT_ADDR": "https://other"})


@pytest.mark.parametrize(
    ("value", "is_refused"), [("1", True), ("true", True), ("false", False), ("", False)]
)
def test_a_vault_whose_certificate_would_not_be_checked_is_refused(value: str, *, is_refused: bool) -> None:
    access = load(ROOT / "config" / "access.yaml")
    given = {
        "VAULT_ADDR": "https://vault.shared.cwiq.io",
        "VAULT_TOKEN": "t",
        "VAULT_SKIP_VERIFY": value,
    }
    with pytest.raises(CredentialsError, match="Unset it") if is_refused else nullcontext():
        check_vault(access, given)


def test_a_vault_token_in_a_file_is_refused_because_the_plugin_reads_none() -> None:
    access = load(ROOT / "config" / "access.yaml")
    given = {"VAULT_ADDR": "https://vault.shared.cwiq.io", "VAULT_TOKEN_FILE": "/run/token"}
    with pytest.raises(CredentialsError, match="export VAULT_TOKEN="):
        check_vault(access, given)
