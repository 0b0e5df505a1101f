"""On a stack that is as declared, everything is as it must be; nothing is left behind, and no secret is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from tests.support.servers.jobs import id_token

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project.project import Project
    from tests.support.verification.verification import Verified, Verifier

ACCOUNTS = {
    "svc-orchestrator",
    "svc-executor",
    "svc-datastore",
    "svc-bench",
    "svc-fsdb",
    "svc-promoter",
    "svc-deployer",
    "svc-admin",
}
ROLES = ("nexus-ci", "ciaccess-preview", "ciaccess-apply", "ciaccess-drift")
# Nexus answers 404 to every user, so that a refusal proves nothing.
_PYPI = "uploads or deletions of pypi were not checked: docs/verify.md has what can be tried"
REPOSITORIES = [
    f"{format_}-{environment}"
    for format_ in ("docker", "rpm", "raw", "pypi", "npm")
    for environment in ("dev", "uat", "prod")
]
NEGATIVE = {
    "another audience": "invalid audience (aud) claim",
    "another issuer": "invalid issuer (iss) claim",
    "an expired token": "token is expired",
    "a job of elsewhere/other": 'claim "namespace_path" does not match any associated bound claim values',
    "a token with algorithm none": 'unexpected signature algorithm "none"',
    "a token signed by another key": "failed to verify id token signature",
    "a token with a changed signature": "failed to verify id token signature",
    "the policy's name nexus-read-policy used as the role": 'role "nexus-read-policy" could not be found',
}


@pytest.fixture(scope="module")
def verified(verifier: Verifier) -> Verified:
    return verifier.report()


def tokens_of_jobs(project: Project) -> list[str]:
    """Return the display names of the tokens that logins by id_token have left."""
    vault = project.vault()
    listed: Any = vault.list("auth/token/accessors")
    found: list[Any] = [vault.lookup_token(key, accessor=True) for key in listed["data"]["keys"]]
    found = [token["data"] for token in found]
    return [token["display_name"] for token in found if token["path"] == "auth/jwt/login"]


def test_all_accounts_are_as_they_must_be(verified: Verified) -> None:
    assert verified.code == 0, verified.done.text
    assert verified.report["verdict"] == "as_it_must_be"
    assert verified.report["remarks"] == [_PYPI]
    assert {result["subject"] for result in verified.report["results"]} == {
        *ACCOUNTS,
        *(f"role {name}" for name in ROLES),
        "group orchestrator",
    }
    assert not verified.titles("wrong") | verified.titles("could not look")


def test_what_an_account_may_do_is_done_and_the_rest_is_refused(verified: Verified) -> None:
    worked, refused = verified.titles("worked"), verified.titles("refused")
    sibling = "/orchestrator/executor-ciaccess-verify/"
    assert {
        ("svc-executor", "upload rpm-dev under /orchestrator/executor/"),
        ("svc-promoter", "upload docker-prod"),
        ("svc-promoter", "read docker-dev"),
        ("svc-datastore", "read docker-all"),
        ("svc-deployer", "read npm-prod"),
        ("svc-admin", "delete a user"),
    } <= worked
    assert {
        ("svc-executor", f"upload rpm-dev under {sibling}"),
        ("svc-executor", f"read raw-dev under {sibling}"),
        ("svc-orchestrator", "upload docker-uat"),
        ("svc-promoter", "upload npm-dev"),
        ("svc-deployer", "upload raw-dev"),
        ("svc-bench", "delete rpm-dev"),
        ("svc-bench", "read the users"),
        ("svc-admin", "read secret/data/nexus/svc-admin with role nexus-ci"),
    } <= refused
    assert "the same" in verified.said("svc-bench", "upload rpm-dev")
    assert "permission denied" in verified.said(
        "svc-admin", "read secret/data/nexus/svc-admin with role nexus-ci"
    )


@pytest.mark.parametrize("why", NEGATIVE)
def test_a_token_that_must_be_refused_is_with_vaults_reason(verified: Verified, why: str) -> None:
    assert ("role nexus-ci", why) in verified.titles("refused")
    assert NEGATIVE[why] in verified.said("role nexus-ci", why)


@pytest.mark.parametrize("role", ["ciaccess-apply", "ciaccess-drift"])
def test_the_roles_of_our_own_pipeline_refuse_others_too(verified: Verified, role: str) -> None:
    tried = {title for subject, title in verified.titles("refused") if subject == f"role {role}"}
    assert {"another audience", "a job of orchestrator/platform", "a job of an unprotected ref"} <= tried


def test_nothing_is_left_behind(verifier: Verifier, verified: Verified) -> None:
    del verified
    for repository in REPOSITORIES:
        found = verifier.project.nexus("GET", f"assets?repository={repository}").json()["items"]
        assert found == [], repository
    assert tokens_of_jobs(verifier.project) == [], "every token was revoked"


def test_no_secret_is_in_any_output(verifier: Verifier, verified: Verified, tmp_path: Path) -> None:
    project, junit = verifier.project, tmp_path / "verify.xml"
    token = id_token(project, "orchestrator/executor")
    texts = [
        verifier.run("--verbose", "--junit", str(junit)).text,
        verified.done.text,
        verifier.elsewhere(token, "--verbose").text,
        junit.read_text(encoding="utf-8"),
    ]
    secrets = [project.secret(account)["password"] for account in ACCOUNTS]
    secrets += [project.credential(name) for name in ("vault-token", "nexus-password", "gitlab-token")]
    for text in texts:
        assert "svc-bench" in text
        assert not [secret for secret in (*secrets, token) if secret in text]
        assert not re.search(r"eyJ[\w-]+\.[\w-]+|hvs\.\w+", text), "no token of any kind"


def test_the_table_has_a_row_for_each_account_and_the_verdict_last(verifier: Verifier) -> None:
    done = verifier.run("svc-bench", "svc-fsdb")
    assert re.search(r"^svc-bench +✓1 +✓1 ⊘1 +✓1 +⊘5 +✓1 ⊘15 +✓1 ⊘15 +✓1 ⊘14 +⊘12", done.out, re.MULTILINE)
    assert "svc-executor" not in done.out
    assert "checks passed" in done.out.splitlines()[-1]


def test_junit_has_a_case_for_each_try(verifier: Verifier, tmp_path: Path) -> None:
    file = tmp_path / "verify.xml"
    verified = verifier.report("svc-bench", "--junit", str(file))
    suites = ET.fromstring(file.read_text(encoding="utf-8"))  # noqa: S314 our own file
    assert suites.get("failures") == suites.get("errors") == "0"
    assert len(suites.findall(".//testcase")) == len(verified.report["results"])


def test_an_unknown_account_and_a_missing_token_are_errors(verifier: Verifier) -> None:
    unknown = verifier.run("svc-nobody")
    assert (unknown.code, "Declared accounts: svc-orchestrator" in unknown.err) == (1, True)
    without = verifier.elsewhere(None)
    assert (without.code, "no id_token given" in without.err) == (1, True)
    broken = verifier.elsewhere("not-a-token")
    assert (broken.code, "not an id_token" in broken.err, "not-a-token" in broken.text) == (1, True, False)


def test_a_job_elsewhere_only_reads_and_says_so(verifier: Verifier) -> None:
    project = verifier.project
    token = id_token(project, "orchestrator/executor")
    done = verifier.elsewhere(token, "--json", CI_PROJECT_PATH="orchestrator/executor", **_variables(project))
    report = done.json()
    assert done.code == 0, done.text
    kinds = {result["kind"] for result in report["results"]}
    assert "upload" not in kinds
    assert {"login", "secret", "read", "browse", "delete", "variable"} <= kinds
    assert any("uploads were not checked" in remark for remark in report["remarks"])
    assert any("svc-admin" in remark for remark in report["remarks"])
    refused = {result["title"] for result in report["results"] if result["outcome"] == "refused"}
    assert {"a token with algorithm none", "a token signed by another key"} <= refused
    assert "a job of orchestrator/executor on main, which is this one" in refused, (
        "by the pipeline's own roles"
    )


def test_a_job_that_got_another_vault_addr_is_told(verifier: Verifier) -> None:
    token = id_token(verifier.project, "orchestrator/executor")
    variables = _variables(verifier.project) | {"NEXUS_REGISTRY": "elsewhere:8443"}
    done = verifier.elsewhere(
        token, "svc-bench", "--json", CI_PROJECT_PATH="orchestrator/executor", **variables
    )
    assert done.code == 2
    (wrong,) = [result for result in done.json()["results"] if result["outcome"] == "wrong"]
    assert wrong["title"] == "variable NEXUS_REGISTRY, as this job has it"
    assert "elsewhere:8443" not in done.text


def test_a_token_of_a_job_that_no_role_admits_could_not_look(verifier: Verifier) -> None:
    token = id_token(verifier.project, "elsewhere/other")
    done = verifier.elsewhere(token, "svc-bench", "--json")
    assert done.code == 3
    assert "Run this in a job of a project that may read the secret" in done.text


def test_uploads_of_a_job_elsewhere_have_names_of_their_own_and_are_named(verifier: Verifier) -> None:
    token = id_token(verifier.project, "orchestrator/bench")
    done = verifier.elsewhere(token, "svc-bench", "--write", "--json")
    assert done.code == 0, done.text
    (left,) = [remark for remark in done.json()["remarks"] if "left behind" in remark]
    items = verifier.project.nexus("GET", "assets?repository=rpm-dev").json()["items"]
    (path,) = [item["path"] for item in items]
    assert path.split("/")[-1].removesuffix("-1.0.0-1.noarch.rpm") in left
    (identity,) = [item["id"] for item in items]
    assert verifier.project.nexus("DELETE", f"assets/{identity}").ok


def _variables(project: Project) -> dict[str, str]:
    found = project.gitlab("GET", "api/v4/groups/9/variables").json()
    return {variable["key"]: variable["value"] for variable in found}
