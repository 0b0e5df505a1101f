"""Each auth method that a real server has: what gives a policy of ours there is found, as the server stores it."""

from __future__ import annotations

import hashlib
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.desired.pipeline_identities import DRIFT
from ciaccess.access.desired.state import Desired
from ciaccess.access.desired.vault import vault_policies
from ciaccess.access.policies.coverage import LISTS, SETTINGS
from ciaccess.access.policies.tokens import FIELDS
from ciaccess.clients.vault.client import Vault
from ciaccess.drift.check_run import CheckRun
from ciaccess.drift.vault_undeclared import check_undeclared
from ciaccess.environment import tool_cache
from tests.support.access.organisation import organisation
from tests.support.project.programs import built
from tests.support.project.project import ROOT
from tests.support.servers.scripted_server import make_certificate
from tests.support.servers.vault import VaultProcess
from tools.recipes import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ciaccess.access import Access

# The Vault of the tests has few methods: `make test-slow` builds the others. Azure's takes an hour, and is left out.
PLUGGED = (
    *("alicloud", "aws", "cf", "gcp", "github", "kerberos"),
    *("kubernetes", "ldap", "oci", "okta", "radius"),
)
PLUGIN = Recipe(
    "auth-methods",
    str(ROOT / "tests" / "auth-methods"),
    "ciaccess/tests/auth-methods",
    ("-tags=minimal", "-ldflags=-s -w"),
)
SLOW = (pytest.mark.slow, pytest.mark.timeout(3600))
POLICY = "nexus-read-policy"
GIVEN = {"token_policies": [POLICY]}
LDAP = {"url": "ldap://127.0.0.1:1", "userdn": "ou=x", "groupdn": "ou=y"}
# What gives the policy, by method: paths below the mount, and their fields. Nothing of it needs a network.
MAPPINGS: dict[str, dict[str, dict[str, Any]]] = {
    "alicloud": {"role/r": {"arn": "acs:ram::5138828231865461:role/r", **GIVEN}},
    "approle": {"role/r": GIVEN},
    "aws": {
        "role/r": {
            "auth_type": "iam",
            "bound_iam_principal_arn": ["arn:aws:iam::123456789012:role/x"],
            "resolve_aws_unique_ids": False,
            **GIVEN,
        }
    },
    "azure": {"role/r": {"bound_subscription_ids": ["s"], **GIVEN}},
    "cert": {"certs/r": GIVEN},
    "cf": {"roles/r": {"bound_application_ids": ["x"], **GIVEN}},
    "gcp": {"role/r": {"type": "iam", "bound_service_accounts": ["a@b.iam.gserviceaccount.com"], **GIVEN}},
    "github": {
        "config": {"organization": "x", "organization_id": 1, "base_url": "http://127.0.0.1:1", **GIVEN},
        "map/teams/dev": {"value": f"web,{POLICY.upper()}"},
        "map/users/jane": {"value": POLICY},
    },
    "jwt": {"role/r": {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["v"], **GIVEN}},
    "kerberos": {"config/ldap": {**LDAP, **GIVEN}, "groups/ops": {"policies": [POLICY]}},
    "kubernetes": {
        "role/r": {
            "bound_service_account_names": ["a"],
            "bound_service_account_namespaces": ["b"],
            "audience": "x",
            **GIVEN,
        }
    },
    "ldap": {
        "config": {**LDAP, **GIVEN},
        "groups/ops": {"policies": [POLICY]},
        "users/jane": {"policies": [POLICY.upper()], "groups": "ops"},
    },
    "oci": {"role/r": {"ocid_list": ["ocid1.group.oc1..a"], **GIVEN}},
    "oidc": {
        "role/r": {
            "role_type": "oidc",
            "user_claim": "sub",
            "allowed_redirect_uris": ["http://127.0.0.1/"],
            **GIVEN,
        }
    },
    "okta": {
        "config": {"org_name": "x", "base_url": "okta.com", **GIVEN},
        "groups/ops": {"policies": [POLICY]},
        "users/jane": {"policies": [POLICY], "groups": "ops,web"},
    },
    "radius": {
        "config": {
            "host": "127.0.0.1",
            "secret": "x",
            "unregistered_user_policies": POLICY,
            "token_policies": ["web"],
        },
        "users/jane": {"policies": POLICY},
    },
    "userpass": {"users/jane": {"password": "by-hand-1", **GIVEN}},
}


def test_every_method_and_setting_that_is_read_has_a_mapping_here() -> None:
    assert MAPPINGS.keys() == LISTS.keys() - {"token"}
    for kind, setting in SETTINGS.items():
        assert setting in MAPPINGS[kind]


@pytest.fixture(scope="module", params=["vault", "bao", pytest.param("plugins", marks=SLOW)])
def real_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VaultProcess]:
    folder = tmp_path_factory.mktemp(request.param)
    program = "bao" if request.param == "bao" else "vault"
    process = VaultProcess(folder / "server.log", program=str(tool_cache() / "bin" / program))
    if request.param == "plugins":
        config = folder / "vault.hcl"
        config.write_text(f'plugin_directory = "{built(PLUGIN).parent}"', encoding="utf-8")
        process.options = (f"-config={config}",)
    process.start()
    if request.param == "plugins":
        register(process)
    yield process
    process.stop()


def register(server: VaultProcess) -> None:
    """Register the methods that come as one plugin."""
    digest = hashlib.sha256(built(PLUGIN).read_bytes()).hexdigest()
    for kind in PLUGGED:
        words = {"sha256": digest, "command": PLUGIN.program, "args": [f"--kind={kind}"]}
        server.client.write_data(f"sys/plugins/catalog/auth/{kind}", data=words)


def written(server: VaultProcess, certificate: Path) -> set[str]:
    """Enable each method that the server has, at a mount with a slash; return what gives the policy there."""
    client: Any = server.client
    methods = set(client.list("sys/plugins/catalog/auth")["data"]["keys"])
    assert methods <= MAPPINGS.keys(), "a method that no check reads"
    paths = set()
    for kind in sorted(methods):
        client.sys.enable_auth_method(kind, path=f"team/{kind}")
        for path, fields in MAPPINGS[kind].items():
            more = {"certificate": certificate.read_text(encoding="ascii")} if kind == "cert" else {}
            client.write_data(f"auth/team/{kind}/{path}", data={**fields, **more})
            paths.add(f"auth/team/{kind}/{path}")
    return paths


def found(access: Access, server: VaultProcess) -> CheckRun:
    """Check as ciaccess's own drift identity, with its policy alone."""
    own = vault_policies(access)[DRIFT]
    server.client.sys.create_or_update_policy(own.name, own.text)
    made = server.client.auth.token.create(policies=[own.name], no_parent=True)
    run = CheckRun()
    token = made["auth"]["client_token"]
    check_undeclared(Desired.of(access), Vault(server.url, token), run, lambda _subject, _path: True)
    run.finish()
    run.close()
    assert run.could_not_look == ()
    return run


def other_fields(server: VaultProcess, paths: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return what each path has beside its policies; nothing is nothing, however it is written."""
    client: Any = server.client
    return {
        path: {
            name: value for name, value in client.read(path)["data"].items() if value and name not in FIELDS
        }
        for path in paths
    }


def run_by_hand(server: VaultProcess, command: str) -> None:
    tools = f"{tool_cache() / 'bin'}:{os.environ['PATH']}"
    variables = {"PATH": tools, "VAULT_ADDR": server.url, "VAULT_TOKEN": server.token}
    subprocess.run(["sh", "-ec", command], env=variables, check=True, capture_output=True)


def test_what_gives_the_policy_is_found_whatever_the_method_and_the_command_takes_it_away(
    real_server: VaultProcess, tmp_path: Path
) -> None:
    expected = written(real_server, make_certificate(tmp_path)[0])
    access = organisation()
    run = found(access, real_server)
    findings = run.findings
    assert not [each for each in run.remarks if " of the auth mount team/" in each and "plugin" not in each]
    assert {each.object for each in findings} == expected
    before = other_fields(real_server, expected)
    for each in findings:
        run_by_hand(real_server, each.manual_command)
    assert found(access, real_server).findings == ()
    assert other_fields(real_server, expected) == before, "the commands take nothing else"


@pytest.mark.parametrize("globs", [[], ["web*"], ["nexus-read*"]])
def test_callers_of_a_token_role_still_get_the_rest_of_its_list(
    real_server: VaultProcess, globs: list[str]
) -> None:
    """Whoever asks for no policies gets all that are listed, or an error where the role refuses one of them."""
    client: Any = real_server.client
    role = "auth/token/roles/web"
    client.sys.create_or_update_policy("mint", 'path "auth/token/create/web" { capabilities = ["update"] }')
    caller = client.auth.token.create(policies=["mint"], no_default_policy=True)["auth"]["client_token"]
    try:
        client.write_data(role, data={"allowed_policies": ["web", POLICY], "allowed_policies_glob": globs})
        command = {each.object: each.manual_command for each in found(organisation(), real_server).findings}[
            role
        ]
        run_by_hand(real_server, command)
        assert {each.object for each in found(organisation(), real_server).findings}.isdisjoint(
            {role, "policy mint"}
        )
        client.token = caller
        made = client.write_data("auth/token/create/web", data={})
        assert made["auth"]["token_policies"] == ["default", "web"]
    finally:
        real_server.client.delete(role)
        real_server.client.sys.delete_policy("mint")
