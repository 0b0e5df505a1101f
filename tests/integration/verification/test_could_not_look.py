"""Where a system gives no answer, verify says so with exit code 3: never that all is well, never that it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.servers.jobs import id_token, login
from tests.support.verification.verification import Verified

if TYPE_CHECKING:
    from tests.support.verification.verification import Verifier

ACCOUNT = "svc-bench"


def assert_nobody_could_look(verified: Verified, cause: str) -> None:
    assert verified.code == 3, verified.done.text
    assert verified.report["verdict"] == "could_not_look"
    assert verified.titles("wrong") == set()
    unseen = [result for result in verified.report["results"] if result["outcome"] == "could not look"]
    assert any(cause in result["said"] for result in unseen), unseen
    assert "Traceback" not in verified.done.text


def test_a_vault_that_is_down(verifier: Verifier) -> None:
    verifier.kill("vault")
    try:
        assert_nobody_could_look(verifier.report(ACCOUNT), "Vault at http://127.0.0.1")
    finally:
        verifier.start()


def test_a_vault_that_is_sealed(verifier: Verifier) -> None:
    verifier.project.vault().sys.seal()
    try:
        verified = verifier.report(ACCOUNT)
        assert_nobody_could_look(verified, "Vault is sealed")
        done = verifier.run(ACCOUNT)
        assert done.code == 3
        assert done.out.count("Vault is sealed. Unseal Vault") == 2, "once at the role, once for all together"
    finally:
        verifier.start()


def test_a_nexus_that_is_down(verifier: Verifier) -> None:
    verifier.kill("nexus")
    try:
        verified = verifier.report(ACCOUNT)
        assert_nobody_could_look(verified, "Nexus at http://127.0.0.1")
        assert ("role nexus-ci", "another audience") in verified.titles("refused"), "Vault was looked at"
    finally:
        verifier.start()


def test_a_nexus_that_is_read_only(verifier: Verifier) -> None:
    project = verifier.project
    assert project.nexus("POST", "read-only/freeze").ok
    try:
        assert_nobody_could_look(verifier.report(ACCOUNT), "503")
    finally:
        assert project.nexus("POST", "read-only/release").ok


@pytest.mark.parametrize("cached", [True, False], ids=["Vault has the keys", "Vault has no keys"])
def test_a_gitlab_that_is_down(verifier: Verifier, *, cached: bool) -> None:
    """Vault keeps the keys that it has, and asks for them again when a signature does not fit."""
    project = verifier.project
    token = id_token(project, "orchestrator/bench")
    login(project, token)
    verifier.kill("gitlab")
    try:
        assert_nobody_could_look(verifier.report(ACCOUNT), "mint an id_token: GitLab at")
        if not cached:
            project.vault().sys.seal()
            project.vault().sys.submit_unseal_key(project.credential("vault-unseal-key"))
        done = verifier.elsewhere(token, ACCOUNT, "--json")
        assert_nobody_could_look(Verified(done, done.json()), "Vault cannot fetch the issuer's keys")
        worked = Verified(done, done.json()).titles("worked")
        assert ((ACCOUNT, "Nexus login") in worked) is cached
    finally:
        verifier.start()


def test_all_is_well_again_afterwards(verifier: Verifier) -> None:
    assert verifier.run().code == 0
