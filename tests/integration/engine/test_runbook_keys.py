"""States that are encrypted with a passphrase of their own, or with a key of Vault, go on; docs/runbook-state.md on giving these up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.desired.pipeline_identities import APPLY, DRIFT, PREVIEW
from tests.support.engine.runbook import Runbook
from tests.support.own_pipeline.identities import SCHEDULED, make_tokens, own_secret, own_token
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
    """The checkout whose pipeline has all that it needs, its state encrypted by a passphrase of its own."""
    PAGE.follow(checkout, "Set the shell up")
    words = " ".join(make_tokens(checkout.project))
    checkout.shell(f"./ciaccess bootstrap --stack {STACK} --yes {words}").succeeded()
    checkout.shell(f"git add config && git commit -q -m {STACK}").succeeded()
    return checkout


def as_job(checkout: Checkout, identity: str, *words: str, **claims: Any) -> Done:
    """Run `pulumi` as a job of the pipeline does."""
    job = identity.removeprefix("ciaccess-")
    run = f"./ciaccess run-as --stack {STACK} {job} -- pulumi {' '.join(words)} --stack {STACK} --non-interactive"
    return checkout.shell(f"{_JOB} {run}", VAULT_ID_TOKEN=own_token(checkout.project, **claims))


def previews_cleanly(checkout: Checkout, identity: str = PREVIEW, **claims: Any) -> None:
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


def test_a_passphrase_of_ones_own_reaches_the_jobs_and_is_given_up(bootstrapped: Checkout) -> None:
    before = bootstrapped.secrets()
    previews_cleanly(bootstrapped)
    PAGE.follow(bootstrapped, "What encrypts it", 0)
    bootstrapped.shell(f"./ciaccess bootstrap --stack {STACK} --yes").succeeded()
    assert own_secret(bootstrapped.project, "passphrase") is None
    previews_cleanly(bootstrapped)
    bootstrapped.is_settled()
    assert bootstrapped.secrets() == before


def test_a_key_of_vault_is_used_by_the_jobs_and_is_given_up(bootstrapped: Checkout) -> None:
    before, settings = bootstrapped.secrets(), bootstrapped.settings()
    use_transit(bootstrapped)
    refused = bootstrapped.shell(f"./ciaccess bootstrap --stack {STACK} --yes")
    assert refused.code == 1
    assert "set pipeline.transit_key: ciaccess" in refused.err
    bootstrapped.edit("pipeline:\n", "pipeline:\n  transit_key: ciaccess\n")
    bootstrapped.shell(f"./ciaccess bootstrap --stack {STACK} --yes").succeeded()
    previews_cleanly(bootstrapped)
    previews_cleanly(bootstrapped, DRIFT, **SCHEDULED)
    as_job(bootstrapped, APPLY, "up", "--yes", "--skip-preview", "--expect-no-changes").succeeded()
    for identity, claims in ((PREVIEW, {}), (DRIFT, SCHEDULED), (APPLY, {})):
        assert transit_rights(bootstrapped, identity, **claims) == {"transit/decrypt/ciaccess": ["update"]}

    PAGE.follow(bootstrapped, "What encrypts it", 1)
    bootstrapped.edit("  transit_key: ciaccess\n", "")
    bootstrapped.shell(f"./ciaccess bootstrap --stack {STACK} --yes").succeeded()
    assert bootstrapped.settings().keys() == settings.keys()
    previews_cleanly(bootstrapped)
    assert bootstrapped.secrets() == before


def test_after_the_key_is_lost_a_new_state_adopts_what_exists(bootstrapped: Checkout) -> None:
    before = bootstrapped.secrets()
    use_transit(bootstrapped)
    transit = bootstrapped.project.vault().secrets.transit
    transit.update_key_configuration("ciaccess", deletion_allowed=True)
    transit.delete_key("ciaccess")
    refused = bootstrapped.shell(f"pulumi up --yes --skip-preview --stack {STACK} --non-interactive")
    assert refused.code
    assert "encryption key not found" in refused.text
    PAGE.follow(bootstrapped, "No copy is left")
    bootstrapped.is_settled()
    assert bootstrapped.secrets() == before


def use_transit(checkout: Checkout) -> None:
    """Encrypt the state with a key of Vault, as users of before do."""
    vault = checkout.project.vault()
    if "transit/" not in vault.sys.list_mounted_secrets_engines()["data"]:
        vault.sys.enable_secrets_engine("transit")
    vault.secrets.transit.create_key("ciaccess")
    change = f"pulumi stack change-secrets-provider hashivault://ciaccess --stack {STACK}"
    checkout.shell(change).succeeded()
