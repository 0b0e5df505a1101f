"""docs/runbook-state.md as it stands, on where the state is: moved from a folder to S3 and back, copied, restored, gone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.engine.runbook import Runbook
from tests.support.project.checkout import STACK

if TYPE_CHECKING:
    from tests.support.project.checkout import Checkout
    from tests.support.servers.s3 import S3Server

# The server's program may have to be built first.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def page(s3: S3Server) -> Runbook:
    """The page with the S3 server of the tests."""
    return Runbook("runbook-state.md", {"https://s3.example.org": s3.url})


@pytest.fixture(scope="module")
def deployed(checkout: Checkout, s3: S3Server, page: Runbook) -> Checkout:
    """The checkout after `up`, its state in a folder."""
    page.follow(checkout, "Set the shell up")
    checkout.exported |= s3.credentials()
    checkout.shell(f"pulumi stack init {STACK} --non-interactive").succeeded()
    checkout.up().succeeded()
    checkout.shell(f"git add config && git commit -q -m {STACK}").succeeded()
    return checkout


def move(checkout: Checkout, page: Runbook, place: str) -> None:
    """Have the state in FOLDER or BUCKET; nothing of it is left in the other one."""
    other = {"BUCKET": "FOLDER", "FOLDER": "BUCKET"}[place]
    if checkout.exported["PULUMI_BACKEND_URL"] != checkout.exported[place]:
        page.follow(checkout, "Move it", 0)
        checkout.exported |= {"FROM": checkout.exported[other], "TO": checkout.exported[place]}
        page.follow(checkout, "Move it", 1, 2)
        listed = checkout.shell("pulumi stack ls", PULUMI_BACKEND_URL=checkout.exported[other]).succeeded()
        assert STACK not in listed.out


def go_on(checkout: Checkout, account: str) -> dict[str, dict[str, str]]:
    """Do what the last copy does not know: an account and a JWT role more, another purpose, a rotation. Return all secrets."""
    role = f"{{bound_audiences: [a], bound_claims: {{namespace_path: [b]}}, accounts: [{account}]}}"
    checkout.edit("    nexus-ci:\n", f"    ci-{account}: {role}\n    nexus-ci:\n")
    checkout.edit("\naccounts:\n", f"\naccounts:\n  {account}: {{purpose: New, pull: [raw]}}\n")
    checkout.edit("accounts: [svc-one,", f"accounts: [svc-one, {account},")
    text = checkout.access.read_text(encoding="utf-8")
    count = text.count("purpose: New") + 1
    text = re.sub(r"purpose: [^,]+, push", f"purpose: The {count}th, push", text)
    text = re.sub(r"(purpose: Two, pull: \[raw\])[^}]*", rf"\1, rotation: {count}", text)
    checkout.access.write_text(text, encoding="utf-8")
    checkout.up().succeeded()
    return everything(checkout, account)


def everything(checkout: Checkout, account: str) -> dict[str, dict[str, str]]:
    return {**checkout.secrets(), account: checkout.project.secret(account)}


def test_a_state_is_moved_to_s3_and_back_as_it_is_encrypted(deployed: Checkout, page: Runbook) -> None:
    """By a passphrase on the way there, by a key of transit on the way back: the settings stay as they are."""
    before, settings = deployed.secrets(), deployed.settings()
    move(deployed, page, "BUCKET")
    assert deployed.secrets() == before
    assert deployed.settings() == settings

    deployed.project.vault().sys.enable_secrets_engine("transit")
    change = f"pulumi stack change-secrets-provider {{}} --stack {STACK}"
    deployed.shell(change.format("hashivault://ciaccess")).succeeded()
    settings = deployed.settings()
    move(deployed, page, "FOLDER")
    assert deployed.secrets() == before
    assert deployed.settings() == settings
    assert deployed.state()["deployment"]["secrets_providers"]["type"] == "cloud"
    deployed.is_settled()
    deployed.shell(change.format("passphrase")).succeeded()


def test_a_copy_of_before_the_last_up_is_restored_and_no_password_changes(
    deployed: Checkout, page: Runbook
) -> None:
    move(deployed, page, "BUCKET")
    page.follow(deployed, "Make a copy")
    (copy,) = (deployed.home / "copies").iterdir()
    kept = copy.read_text(encoding="utf-8")
    assert not [each for each in deployed.secrets().values() if each["password"] in kept]
    after = go_on(deployed, "svc-three")
    page.follow(deployed, "Restore a copy")
    deployed.is_settled()
    assert everything(deployed, "svc-three") == after
    copy.unlink()


def test_without_a_copy_what_exists_is_adopted_and_no_password_changes(
    deployed: Checkout, page: Runbook
) -> None:
    move(deployed, page, "FOLDER")
    before = deployed.secrets()
    deployed.shell('rm -rf "$HOME/state/.pulumi"').succeeded()
    page.follow(deployed, "No copy is left", 1)
    deployed.is_settled()
    assert deployed.secrets() == before
