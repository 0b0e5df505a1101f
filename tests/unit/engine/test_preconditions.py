"""The public passphrase encrypts the stack `local` and no other one (docs/adr/0005)."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from ciaccess.access import load
from ciaccess.clients.credentials import CredentialsError
from ciaccess.engine import settings, transit
from ciaccess.engine.preconditions import check_passphrase, check_transit_key, check_vault
from ciaccess.engine.settings import StackSettingsError
from ciaccess.environment import LOCAL_PASSPHRASE, ROOT
from tests.support.access.access import GOOD, valid

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access

PUBLIC = {"PULUMI_CONFIG_PASSPHRASE": LOCAL_PASSPHRASE}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a configuration folder of the test's own."""
    monkeypatch.setattr(settings, "CONFIG_FOLDER", tmp_path)
    return tmp_path


def in_file(folder: Path, passphrase: str) -> dict[str, str]:
    path = folder / "passphrase"
    path.write_text(passphrase, encoding="utf-8")
    return {"PULUMI_CONFIG_PASSPHRASE_FILE": str(path)}


def test_the_stack_local_may_use_it(folder: Path) -> None:
    check_passphrase("local", PUBLIC)
    check_passphrase("local", in_file(folder, LOCAL_PASSPHRASE))


@pytest.mark.parametrize(
    "settings", [None, "config: {}\n", "encryptionsalt: v1:a=\n", "secretsprovider: passphrase\n"]
)
def test_no_other_stack_may_use_it(folder: Path, settings: str | None) -> None:
    if settings:
        (folder / "Pulumi.prod.yaml").write_text(settings, encoding="utf-8")
    for environment in (PUBLIC, in_file(folder, LOCAL_PASSPHRASE), in_file(folder, LOCAL_PASSPHRASE + "\n")):
        with pytest.raises(
            StackSettingsError, match="'prod' would be encrypted with the passphrase of the local stack"
        ):
            check_passphrase("prod", environment)


def test_the_refusal_says_what_to_do_and_not_the_passphrase() -> None:
    with pytest.raises(StackSettingsError) as raised:
        check_passphrase("prod", PUBLIC)
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" in str(raised.value)
    assert LOCAL_PASSPHRASE not in str(raised.value)


def test_a_passphrase_of_ones_own_is_accepted(folder: Path) -> None:
    check_passphrase("prod", {"PULUMI_CONFIG_PASSPHRASE": "another"})
    check_passphrase("prod", in_file(folder, "another"))


def test_the_variable_wins_over_the_file_as_it_does_in_the_engine(folder: Path) -> None:
    check_passphrase("prod", {**in_file(folder, LOCAL_PASSPHRASE), "PULUMI_CONFIG_PASSPHRASE": "another"})


@pytest.mark.parametrize("settings", ["secretsprovider: hashivault://ciaccess\nencryptedkey: a\n"])
def test_a_stack_with_another_secrets_provider_does_not_care(folder: Path, settings: str) -> None:
    (folder / "Pulumi.prod.yaml").write_text(settings, encoding="utf-8")
    check_passphrase("prod", PUBLIC)


def test_a_managed_backend_encrypts_by_itself_unless_the_stack_says_otherwise(folder: Path) -> None:
    environment = {**PUBLIC, "PULUMI_BACKEND_URL": "https://api.pulumi.com"}
    check_passphrase("prod", environment)
    (folder / "Pulumi.prod.yaml").write_text("encryptionsalt: v1:a=\n", encoding="utf-8")
    with pytest.raises(StackSettingsError):
        check_passphrase("prod", environment)


def test_a_passphrase_file_that_is_not_there_is_left_to_the_engine(folder: Path) -> None:
    check_passphrase("prod", {"PULUMI_CONFIG_PASSPHRASE_FILE": str(folder / "none")})
    check_passphrase("prod", {})


def test_a_secrets_provider_names_its_key_as_the_engine_reads_it() -> None:
    assert transit.named_by("hashivault://Key") == ("Key", "transit")
    assert transit.named_by("hashivault://a/b?engine=crypt/ci") == ("a/b", "crypt/ci")
    assert transit.named_by("passphrase") is None
    assert transit.named_by("awskms://alias/Key?region=eu-central-1") is None


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
    (folder / "Pulumi.prod.yaml").write_text("encryptionsalt: v1:a=\n", encoding="utf-8")
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
    with pytest.raises(StackSettingsError, match="Unset it") if is_refused else nullcontext():
        check_vault(access, given)


def test_a_vault_token_in_a_file_is_refused_because_the_plugin_reads_none() -> None:
    access = load(ROOT / "config" / "access.yaml")
    given = {"VAULT_ADDR": "https://vault.shared.cwiq.io", "VAULT_TOKEN_FILE": "/run/token"}
    with pytest.raises(StackSettingsError, match="export VAULT_TOKEN="):
        check_vault(access, given)
