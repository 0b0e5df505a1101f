"""docs/runbook-state.md as it stands, on what encrypts the state: passphrases, keys of transit, and a lost one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.desired.pipeline_identities import APPLY, DRIFT, PREVIEW
from tests.support.engine.runbook import Runbook
from tests.support.own_pipeline.identities import SCHEDULED, make_tokens, own_token
from tests.support.project.checkout import STACK

if TYPE_CHECKING:
    from tests.support.project.checkout import Checkout
    from tests.support.project.project import Done

PAGE = Runbook("runbook-state.md", {})
_JOB = "env -u VAULT_ADDR -u VAULT_TOKEN -u NEXUS_USERNAME -u NEXUS_PASSWORD_FILE -u GITLAB_TOKEN_FILE -u PULUMI_CONFIG_PASSPHRASE_FILE"


# What else transit does with a key.
_WHAT = ("decrypt", "encrypt", "rewrap", "keys", "export/encryption-key", "datakey/plaintext")


@pytest.fixture(scope="module")
def bootstrapped(checkout: Checkout) -> Checkout:
    """The checkout whose pipeline has all that it needs, its state encrypted by a passphrase."""
    PAGE.follow(checkout, "Set the shell up")
    words = " ".join(make_tokens(checkout.project))
    checkout.shell(f"./ciaccess bootstrap --stack {STACK} --yes {words}").succeeded()
    checkout.shell(f"git add config && git commit -q -m {STACK}").succeeded()
    PAGE.follow(checkout, "Before each of these")
    return checkout


def as_job(checkout: Checkout, identity: str, *words: str, **claims: Any) -> Done:
    """Run `pulumi` as a job of the pipeline does."""
    job = identity.removeprefix("ciaccess-")
    run = f"./ciaccess run-as --stack {STACK} {job} -- pulumi {' '.join(words)} --stack {STACK} --non-interactive"
    return checkout.shell(f"{_JOB} {run}", VAULT_ID_TOKEN=own_token(checkout.project, **claims))


def looks(checkout: Checkout, identity: str = PREVIEW, **claims: Any) -> None:
    """Preview as a job of the pipeline: nothing is to do."""
    as_job(checkout, identity, "preview", "--refresh", "--expect-no-changes", **claims).succeeded()


def transit_rights(checkout: Checkout, identity: str, **claims: Any) -> dict[str, list[str]]:
    """Return what an identity may do with transit's keys."""
    vault = checkout.project.vault()
    token = own_token(checkout.project, **claims)
    held = vault.auth.jwt.jwt_login(role=identity, jwt=token, use_token=False)["auth"]["client_token"]
    asked = [f"transit/{what}/ciaccess" for what in _WHAT] + ["transit/decrypt/other", "transit/keys"]
    rights: Any = vault.write_data("sys/capabilities", data={"token": held, "paths": asked})
    rights = rights["data"]
    return {path: rights[path] for path in asked if rights[path] != ["deny"]}


def test_the_passphrase_is_changed_and_the_old_one_opens_nothing(bootstrapped: Checkout) -> None:
    before = bootstrapped.secrets()
    PAGE.follow(bootstrapped, "Change the passphrase")
    assert bootstrapped.secrets() == before
    looks(bootstrapped)
    old = {"PULUMI_CONFIG_PASSPHRASE_FILE": str(bootstrapped.home / "passphrase.old")}
    for refused in (
        bootstrapped.up(**old),
        bootstrapped.shell(f"pulumi stack export --stack {STACK} --show-secrets", **old),
    ):
        assert refused.code
        assert "incorrect passphrase" in refused.text


def test_a_change_that_was_interrupted_is_taken_back(bootstrapped: Checkout) -> None:
    """The settings have the new passphrase and the state has the old one: what is left by a kill in between."""
    before = bootstrapped.secrets()
    PAGE.follow(bootstrapped, "Before each of these")
    new = bootstrapped.home / "passphrase.new"
    new.write_text("never to be", encoding="ascii")
    change = f"pulumi stack change-secrets-provider passphrase --stack {STACK} --non-interactive"
    bootstrapped.shell(f'{change} < "{new}"').succeeded()
    bootstrapped.shell(f'pulumi stack import --stack {STACK} --file "$HOME/prod.before.json"').succeeded()
    refused = bootstrapped.up(PULUMI_CONFIG_PASSPHRASE_FILE=str(new))
    assert "failed to decrypt: incorrect passphrase" in refused.text
    new.unlink()
    PAGE.follow(bootstrapped, "It was interrupted")
    assert bootstrapped.secrets() == before


def test_transit_takes_the_place_of_a_passphrase_is_turned_and_makes_room_again(
    bootstrapped: Checkout,
) -> None:
    before = bootstrapped.secrets()
    (line,) = PAGE.blocks("From a passphrase to Vault's transit", "yaml")
    PAGE.follow(bootstrapped, "Before each of these")

    PAGE.follow(bootstrapped, "From a passphrase to Vault's transit", 0)
    bootstrapped.edit("pipeline:\n", f"pipeline:\n{line}")
    PAGE.follow(bootstrapped, "From a passphrase to Vault's transit", 1, 2)
    assert bootstrapped.settings()["secretsprovider"] == "hashivault://ciaccess"
    assert "encryptionsalt" not in bootstrapped.settings()
    assert bootstrapped.secrets() == before
    looks(bootstrapped)
    looks(bootstrapped, DRIFT, **SCHEDULED)
    as_job(bootstrapped, APPLY, "up", "--yes", "--skip-preview", "--expect-no-changes").succeeded()
    for identity, claims in ((PREVIEW, {}), (DRIFT, SCHEDULED), (APPLY, {})):
        assert transit_rights(bootstrapped, identity, **claims) == {"transit/decrypt/ciaccess": ["update"]}

    turned = bootstrapped.settings()["encryptedkey"]
    PAGE.follow(bootstrapped, "Turn the key of transit")
    assert bootstrapped.settings()["encryptedkey"] != turned
    shut = "vault write transit/keys/ciaccess/config min_decryption_version=2"
    bootstrapped.shell(shut).succeeded()
    assert bootstrapped.secrets() == before
    looks(bootstrapped)
    old = bootstrapped.shell(
        f"git show HEAD~1:config/Pulumi.{STACK}.yaml > config/Pulumi.{STACK}.yaml; pulumi up --yes --skip-preview --stack {STACK}"
    )
    assert "disallowed by policy" in old.text, "a copy of before cannot be read any more"
    bootstrapped.shell(f"git checkout -q config/Pulumi.{STACK}.yaml").succeeded()

    PAGE.follow(bootstrapped, "From transit to a passphrase", 0)
    bootstrapped.edit(line, "")
    PAGE.follow(bootstrapped, "From transit to a passphrase", 1)
    assert "secretsprovider" not in bootstrapped.settings()
    assert bootstrapped.secrets() == before
    looks(bootstrapped)


def test_bootstrap_goes_on_with_no_key_that_the_pipeline_may_not_use(bootstrapped: Checkout) -> None:
    settings = bootstrapped.settings()
    bootstrapped.write_settings(settings | {"secretsprovider": "hashivault://ciaccess"})
    refused = bootstrapped.shell(f"./ciaccess bootstrap --stack {STACK} --yes")
    bootstrapped.write_settings(settings)
    assert refused.code == 1
    assert "set pipeline.transit_key: ciaccess" in refused.err


def test_a_lost_key_is_said_and_the_passwords_are_taken_over_as_they_are(bootstrapped: Checkout) -> None:
    before = bootstrapped.secrets()
    vault = bootstrapped.project.vault()
    if "transit/" not in vault.sys.list_mounted_secrets_engines()["data"]:
        vault.sys.enable_secrets_engine("transit")
    vault.secrets.transit.create_key("ciaccess")
    bootstrapped.shell(
        f"pulumi stack change-secrets-provider hashivault://ciaccess --stack {STACK}; git commit -qam transit"
    ).succeeded()
    bootstrapped.shell(f"./ciaccess recover --stack {STACK}").succeeded()
    vault.secrets.transit.update_key_configuration("ciaccess", deletion_allowed=True)
    vault.secrets.transit.delete_key("ciaccess")

    said = bootstrapped.shell(f"./ciaccess recover --stack {STACK}")
    assert said.code == 3
    assert "cannot be decrypted with transit/keys/ciaccess" in said.err
    assert "encryption key not found" in said.err
    assert "The key of transit is lost" in said.err
    for words in ("up --yes --skip-preview", "preview --refresh"):
        refused = bootstrapped.shell(f"pulumi {words} --stack {STACK} --non-interactive")
        assert refused.code == 1
        assert "encryption key not found" in refused.text
    tried = bootstrapped.shell(f"pulumi stack change-secrets-provider passphrase --stack {STACK}")
    assert tried.code
    bootstrapped.shell(f"git checkout -q config/Pulumi.{STACK}.yaml").succeeded()

    PAGE.follow(bootstrapped, "The key of transit is lost")
    assert bootstrapped.settings()["secretsprovider"] == "hashivault://ciaccess-2"
    bootstrapped.is_settled()
    assert bootstrapped.secrets() == before
    bootstrapped.shell(f"./ciaccess recover --stack {STACK}").succeeded()
