"""What a job says when it cannot go on, in every kind of image; docs/troubleshooting.md lists these messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.consumers.job_shell import CURL_IMAGES, IMAGES
from tests.support.consumers.vault_replies import LOGIN, SECRET, SHOW, job, refused, secret, shows_no_secret
from tests.support.servers.scripted_server import Reply, ScriptedServer, make_certificate, page

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("image", IMAGES)
def test_a_refusal_is_final_and_shows_claims_but_no_token(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    vault.answers(LOGIN, refused(400, 'role "nexus-ci" could not be found'))
    ended = job(tmp_path, image, vault).run("nexus_auth svc-executor")
    assert ended.code == 1
    assert len(vault.asked(LOGIN)) == (2 if image == "kaniko" else 1), "BusyBox asks first without the token"
    assert shows_no_secret(ended)
    assert 'aud             ["x", "y"]' in ended.err
    assert 'ref_protected   "true"' in ended.err
    assert "project_path    (none)" in ended.err
    if image != "kaniko":
        assert 'refused the login with role nexus-ci: role "nexus-ci" could not be found' in ended.err
        assert "run pulumi up" in ended.err


@pytest.mark.parametrize("image", ["slim", "alpine"])
@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        (
            "error validating token: invalid audience (aud) claim",
            "need aud: https://gitlab.shared.cwiq.io",
        ),
        ("audience claim found in JWT but no audiences bound to the role", "no bound_audiences"),
        ('claim "ref" does not match any associated bound claim values', "bound_claims of nexus-ci"),
        ("error validating token: token is expired (exp)", "log in at the beginning"),
        ("error verifying token signature: fetching keys https://x", "could not fetch GitLab's keys"),
        ("error verifying token signature: no known key", "not signed by https://gitlab.shared.cwiq.io"),
        ("invalid issuer (iss) claim", "another GitLab's"),
        ("permission denied", "are VAULT_ADDR, set on group 9 (orchestrator), and VAULT_NAMESPACE right?"),
        ("something new", "Compare the claims with the role nexus-ci"),
    ],
)
def test_each_reason_of_vaults_has_its_advice(
    image: str, reason: str, advice: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    vault.answers(LOGIN, refused(400, reason))
    ended = job(tmp_path, image, vault).run("nexus_auth svc-executor")
    assert f"role nexus-ci: {reason}\n" in ended.err
    assert advice in ended.err


@pytest.mark.parametrize("image", IMAGES)
def test_an_empty_vault_addr_says_where_to_set_it(image: str, tmp_path: Path) -> None:
    ended = job(tmp_path, image).run("nexus_auth svc-executor; echo not reached")
    assert ended.code == 1
    assert ended.out == ""
    assert "VAULT_ADDR is empty. Set it on group 9 (orchestrator), not on a project." in ended.err


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"VAULT_ADDR": "vault.shared.cwiq.io"}, "VAULT_ADDR has no http:// or https://"),
        ({"VAULT_ID_TOKEN": ""}, "this job has no id_token. Give it one:"),
        ({"VAULT_ID_TOKEN": "$VAULT_ID_TOKEN"}, "VAULT_ID_TOKEN is not an id_token of GitLab"),
        ({"VAULT_ID_TOKEN": "eyJhbGciOiJ"}, "it does not have three parts"),
    ],
)
@pytest.mark.parametrize("image", ["slim", "ubi", "alpine"])
def test_a_wrong_variable_is_said_before_anybody_is_asked(
    image: str, variables: dict[str, str], message: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    ended = job(tmp_path, image, vault).run("nexus_auth svc-executor", **variables)
    assert ended.code == 1
    assert message in ended.err
    assert not vault.requests


@pytest.mark.parametrize("account", ["", "svc-nobody", "svc-admin"])
def test_an_account_that_no_job_may_have_is_said(account: str, tmp_path: Path, vault: ScriptedServer) -> None:
    ended = job(tmp_path, "slim", vault).run(f"nexus_auth '{account}'")
    assert ended.code == 1
    assert ("no job may read the secret of svc-admin" in ended.err) == (account == "svc-admin")
    assert ("svc-orchestrator svc-executor" in ended.err) == (account != "svc-admin")


def test_a_job_is_done_by_the_only_account_that_may_unless_another_is_named(
    tmp_path: Path, vault: ScriptedServer
) -> None:
    for script, message in (
        ("nexus_auth '' push docker", "several accounts may push docker. Set NEXUS_ACCOUNT"),
        ("nexus_auth svc-bench push docker", "svc-bench may not push docker. These accounts may:"),
        ("nexus_auth svc-nobody push docker", "there is no account svc-nobody"),
        ("nexus_auth '' push npm", "no account may push npm."),
    ):
        ended = job(tmp_path, "slim", vault).run(script)
        assert ended.code == 1
        assert message in ended.err
    assert not vault.requests
    vault.answers("GET /v1/secret/data/nexus/svc-promoter", secret())
    for script in ("nexus_auth '' promote yum", "nexus_auth svc-executor pull docker"):
        assert job(tmp_path, "slim", vault).run(script).code == 0


@pytest.mark.parametrize("image", IMAGES)
def test_a_missing_secret_says_whether_the_path_lacks_data(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    vault.answers(SECRET, refused(404))
    ended = job(tmp_path, image, vault).run("nexus_auth svc-executor")
    assert "there is no secret at secret/data/nexus/svc-executor (HTTP 404); data/ is there" in ended.err
    vault.answers("GET /v1/secret/nexus/svc-executor", refused(404))
    ended = job(tmp_path, image, vault).run(
        "nexus_auth svc-executor", NEXUS_SECRET_PATH="secret/nexus/svc-executor"
    )
    assert "the path lacks data/" in ended.err
    assert "secret/data/nexus/svc-executor" in ended.err


@pytest.mark.parametrize("image", ["wget", "slim", "alpine", "kaniko"])
def test_a_password_that_needs_jq_is_refused_without_it_and_not_cut(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    vault.answers(SECRET, secret(password='quo"ted\\}'))
    ended = job(tmp_path, image, vault).run("nexus_auth svc-executor")
    assert ended.code == 1
    assert "need jq: add it to the image" in ended.err
    assert "ted" not in ended.err.replace("quoted", "")


def test_with_jq_every_password_comes_through(tmp_path: Path, vault: ScriptedServer) -> None:
    vault.answers(SECRET, secret(password="quo\"ted\\} $(x) `y` 'z"))
    assert job(tmp_path, "debian", vault).run(SHOW).out == "<svc-executor|quo\"ted\\} $(x) `y` 'z>"


@pytest.mark.parametrize("image", CURL_IMAGES)
def test_a_page_instead_of_vault_is_said(image: str, tmp_path: Path, vault: ScriptedServer) -> None:
    vault.answers(LOGIN, page("Sign in"))
    ended = job(tmp_path, image, vault).run("nexus_auth svc-executor")
    assert "answered the login with something that is not Vault's" in ended.err
    vault.answers(LOGIN, Reply(307, headers={"Location": "https://elsewhere.example.org/"}))
    assert "redirects elsewhere (HTTP 307)" in job(tmp_path, image, vault).run("nexus_auth svc-executor").err


@pytest.mark.parametrize("image", [*CURL_IMAGES, "wget"])
def test_a_certificate_that_is_not_trusted_is_said_and_not_tried_again(image: str, tmp_path: Path) -> None:
    authority, certificate = make_certificate(tmp_path)
    with ScriptedServer(certificate) as vault:
        vault.answers(LOGIN, refused(400, "so Vault was reached"))
        shell = job(tmp_path / "image", image, vault)
        ended = shell.run("nexus_auth svc-executor", NEXUS_ATTEMPTS="2")
        assert "Its certificate is not trusted: set VAULT_CACERT" in ended.err
        if image != "wget":
            assert "trying again" not in ended.err
        ended = shell.run("nexus_auth svc-executor", VAULT_CACERT=str(authority))
        assert "so Vault was reached" in ended.err


def test_an_image_without_any_client_is_said(tmp_path: Path, vault: ScriptedServer) -> None:
    shell = job(tmp_path, "slim", vault)
    (shell.programs / "curl").unlink()
    ended = shell.run("nexus_auth svc-executor")
    assert ended.code == 1
    assert "neither curl nor wget" in ended.err


def test_the_pull_registry_is_refused_for_pushing(tmp_path: Path, vault: ScriptedServer) -> None:
    ended = job(tmp_path, "slim", vault).run(
        "nexus_auth svc-executor; _nexus_registries", NEXUS_REGISTRY="nexus.shared.cwiq.io:8444"
    )
    assert ended.code == 1
    assert "nexus.shared.cwiq.io:8444 is the registry to pull from" in ended.err
    assert "are nexus.shared.cwiq.io:8443" in ended.err


def test_registries_on_one_host_get_one_credential_and_one_for_both_is_no_mistake(
    tmp_path: Path, vault: ScriptedServer
) -> None:
    both = {"NEXUS_REGISTRY": "n.example.org/docker-dev", "NEXUS_REGISTRY_PULL": "n.example.org/docker-all"}
    script = 'nexus_auth svc-executor; _nexus_registries; nexus_registry_config c.json "$NEXUS_REGISTRY" "$NEXUS_REGISTRY_PULL"'
    assert job(tmp_path, "slim", vault).run(script, **both).code == 0
    assert list(json.loads((tmp_path / "c.json").read_text())["auths"]) == ["n.example.org"]
    one = "_nexus_push_registry=n.example.org _nexus_pull_registry=n.example.org; _nexus_registries"
    assert job(tmp_path, "slim", vault).run(one).code == 0
