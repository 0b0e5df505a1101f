"""Two JWT roles, one of them for protected refs of one project: each is tried for what it binds, and an interruption cleans up."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.project.project import ROOT
from tests.support.servers.jobs import id_token
from tests.support.verification.verification import Verified, Verifier

if TYPE_CHECKING:
    from tests.support.project.project import Project

PROMOTER = """    nexus-promote:
      bound_audiences: [https://gitlab.shared.cwiq.io]
      bound_claims:
        project_path: orchestrator/platform
        ref_protected: true
        environment: production
      token_type: batch
      accounts: [svc-promoter]

nexus:
  url:"""
REPOSITORIES = ("rpm-dev", "raw-dev", "raw-prod", "npm-dev", "pypi-uat", "docker-dev", "docker-prod")


@pytest.fixture(scope="module")
def verifier(project: Project) -> Verifier:
    project.edit("purpose: Bench\n", "purpose: Bench\n    rotation: 2\n")
    project.edit("        - svc-promoter\n", "")
    project.edit("\nnexus:\n  url:", PROMOTER)
    project.up().succeeded()
    return Verifier(project)


def wrong(verified: Verified) -> set[tuple[str, str]]:
    return verified.titles("wrong") | verified.titles("could not look")


def test_each_role_is_tried_for_what_it_binds(verifier: Verifier) -> None:
    verified = verifier.report()
    assert (verified.code, wrong(verified)) == (0, set()), verified.done.text
    refused = verified.titles("refused")
    assert ("role nexus-promote", "a job of an unprotected ref") in refused
    reason = 'claim "ref_protected" does not match any associated bound claim values'
    assert reason in verified.said("role nexus-promote", "a job of an unprotected ref")
    assert ("role nexus-ci", "a job of an unprotected ref") not in refused, "it binds none"
    assert ("role nexus-promote", "the policy's name nexus-promote-policy used as the role") in refused


def test_a_secret_is_tried_with_every_role(verifier: Verifier) -> None:
    verified = verifier.report("svc-promoter", "svc-bench")
    read = "read secret/data/nexus/{} with role {}"
    worked, refused = verified.titles("worked"), verified.titles("refused")
    assert ("svc-promoter", read.format("svc-promoter", "nexus-promote")) in worked
    assert ("svc-promoter", read.format("svc-promoter", "nexus-ci")) in refused
    assert ("svc-bench", read.format("svc-bench", "nexus-ci")) in worked
    assert ("svc-bench", read.format("svc-bench", "nexus-promote")) in refused
    assert ("svc-promoter", "upload raw-prod") in worked


def test_an_account_whose_second_users_turn_it_is_is_proved_by_that_one(verifier: Verifier) -> None:
    assert verifier.project.secret("svc-bench")["username"] == "svc-bench-b"
    assert ("svc-bench", "upload rpm-dev") in verifier.report("svc-bench").titles("worked")


def test_a_given_token_proves_the_accounts_of_the_roles_that_admit_it(verifier: Verifier) -> None:
    token = id_token(verifier.project, "orchestrator/bench")
    done = verifier.elsewhere(token, "svc-bench", "svc-promoter", "--json")
    verified = Verified(done, done.json())
    assert done.code == 3, "nobody looked at svc-promoter"
    assert verified.titles("could not look") == {("svc-promoter", "read its secret")}
    assert verified.titles("wrong") == set()
    assert ("svc-bench", "Nexus login") in verified.titles("worked")
    alone = verifier.elsewhere(token, "svc-bench")
    assert alone.code == 0, alone.text


def test_a_role_that_admits_unprotected_refs_is_found(verifier: Verifier) -> None:
    vault = verifier.project.vault()
    found: Any = vault.read("auth/jwt/role/nexus-promote")
    looser = {"project_path": ["orchestrator/platform"], "environment": ["production"]}
    vault.write_data("auth/jwt/role/nexus-promote", data={**found["data"], "bound_claims": looser})
    try:
        verified = verifier.report("svc-promoter")
    finally:
        vault.write_data("auth/jwt/role/nexus-promote", data=found["data"])
    assert verified.code == 2
    assert wrong(verified) == {("role nexus-promote", "a job of an unprotected ref")}


def test_an_interrupted_run_removes_what_it_uploaded(verifier: Verifier) -> None:
    project = verifier.project
    words = ["./ciaccess", "verify", "--stack", "local", "--file", str(project.access)]
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not uploaded(project, "raw-dev"):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode not in (0, 2, 3), "an interrupted run has no verdict"
    assert "Traceback" not in out + err
    for repository in REPOSITORIES:
        assert uploaded(project, repository) == [], repository


def uploaded(project: Project, repository: str) -> list[Any]:
    found: list[Any] = project.nexus("GET", f"assets?repository={repository}").json()["items"]
    return found
