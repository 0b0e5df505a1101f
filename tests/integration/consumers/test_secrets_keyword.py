"""`secrets: vault:` by the runner's own code on a real Vault: what lint-ci finds is what the runner fails at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.consumers.lint import lint
from tests.support.access.organisation import organisation
from tests.support.consumers.runner import read_secret
from tests.support.servers.jobs import id_token

if TYPE_CHECKING:
    from tests.support.project.project import Project

JOB = """\
job:
  id_tokens: {{VAULT_ID_TOKEN: {{aud: https://gitlab.shared.cwiq.io}}}}
  variables: {{VAULT_SERVER_URL: https://vault.shared.cwiq.io{role}{path}}}
  secrets:
    VALUE:
      vault: {{engine: {{name: {engine}, path: {mount}}}, path: {secret}, field: {field}}}
  script: [make]
"""
RIGHT = {"role": "nexus-ci", "path": "jwt", "engine": "kv-v2", "mount": "secret"}
RIGHT |= {"secret": "nexus/svc-bench", "field": "password"}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({}, ""),
        ({"field": "username"}, ""),
        ({"role": "nexus-read-policy"}, "role"),
        ({"role": ""}, "role"),
        ({"path": "gitlab"}, "secrets"),
        ({"path": "auth/jwt"}, "secrets"),
        ({"engine": "kv-v1"}, "secrets"),
        ({"mount": "kv"}, "kv-path"),
        ({"secret": "data/nexus/svc-bench"}, "kv-path"),
        ({"secret": "nexus/svc-admin"}, "account"),
        ({"field": "pass"}, "field"),
    ],
    ids=lambda each: "-".join(f"{key}={value}" for key, value in each.items()) if isinstance(each, dict) else each,
)  # fmt: skip
def test_the_runner_reads_what_lint_ci_finds_clean_and_nothing_else(
    provisioned: Project, wrong: dict[str, str], rule: str
) -> None:
    given = {**RIGHT, **wrong}
    named = f", VAULT_AUTH_ROLE: {given['role']}" if given["role"] else ""
    found = {
        each.rule
        for each in lint(
            JOB.format(**{**given, "role": named, "path": f", VAULT_AUTH_PATH: {given['path']}"}),
            organisation(),
        )
    }
    assert found == ({rule} if rule else set())
    variables = {
        "VAULT_SERVER_URL": provisioned.address("vault"),
        "VAULT_AUTH_ROLE": given["role"],
        "VAULT_AUTH_PATH": given["path"],
        "engine": given["engine"],
    }
    token = id_token(provisioned, "orchestrator/platform")
    done = read_secret(f"{given['secret']}/{given['field']}@{given['mount']}", variables, token)
    if rule:
        assert done.code == 1, done.text
    else:
        assert (done.code, done.out) == (0, provisioned.secret("svc-bench")[given["field"]]), done.err
