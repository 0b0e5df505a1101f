"""What the three identities may not: be had by other jobs, and write anything outside their paths, in Vault and in Nexus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hvac
import hvac.exceptions
import pytest
import requests

from ciaccess.access.desired import pipeline_identities
from tests.support.own_pipeline.identities import PROJECT, SCHEDULED, own_token
from tests.support.servers.jobs import AUDIENCE as CONSUMERS_AUDIENCE
from tests.support.servers.jobs import login

if TYPE_CHECKING:
    from tests.support.project.project import Project

PREVIEW, APPLY, DRIFT = pipeline_identities.PREVIEW, pipeline_identities.APPLY, pipeline_identities.DRIFT
FEATURE = {"ref": "feature"}
MERGE_REQUEST = {"ref": "feature", "ref_type": "merge_request"}
ELSEWHERE = {"path": "orchestrator/executor"}
TAG = {"ref": "main", "ref_type": "tag"}
UNPROTECTED = {"overrides": {"ref_protected": "false"}}
_PATCHED = "application/merge-patch+json"  # the one that PATCH takes; the others do not mind
VERBS = ("POST", "PUT", "PATCH", "DELETE")
# Places of Vault: what ciaccess manages, what lies next to it, and what would give everything away.
PATHS = (
    *(f"secret/data/nexus/{name}" for name in ("svc-bench", "svc-admin", "svc-new", "deeper/svc-bench")),
    *(
        f"secret/data/ciaccess/{name}"
        for name in (
            pipeline_identities.READER,
            pipeline_identities.WRITER,
            "gitlab-writer",
            pipeline_identities.TRUST_ANCHORS,
            "x",
        )
    ),
    *(f"secret/{verb}/nexus/svc-bench" for verb in ("metadata", "delete", "undelete", "destroy")),
    *("secret/config", "secret/data/other", "secret/data/nexus", "secret/metadata/ciaccess/gitlab-reader"),
    *(f"sys/policies/acl/{name}" for name in ("nexus-read-policy", "default", "x")),
    *(f"sys/policies/acl/{name}-policy" for name in pipeline_identities.IDENTITIES),
    *(f"auth/jwt/role/{name}" for name in ("nexus-ci", "x", *pipeline_identities.IDENTITIES)),
    *("auth/jwt/config", "sys/auth/jwt", "sys/auth/x", "sys/mounts/secret", "sys/mounts/x", "sys/remount"),
    *("sys/mounts/secret/tune", "sys/mounts/auth/jwt/tune", "sys/auth/jwt/tune", "sys/policy/x"),
    *("auth/token/create", "auth/token/create-orphan", "auth/token/roles/x", "auth/token/revoke-accessor"),
    *("identity/entity", "identity/group", "identity/group/id/x", "identity/oidc/key/x", "sys/audit/x"),
    *("sys/seal", "sys/step-down", "sys/rotate", "sys/raw/x", "sys/config/cors", "sys/quotas/rate-limit/x"),
)
MAY_WRITE = {
    PREVIEW: set[str](),
    DRIFT: set[str](),
    APPLY: {
        *(f"secret/data/nexus/{name}" for name in ("svc-bench", "svc-admin", "svc-new")),
        *("sys/policies/acl/nexus-read-policy", "auth/jwt/role/nexus-ci", "auth/jwt/config"),
        *("secret/metadata/nexus/svc-bench", "secret/undelete/nexus/svc-bench"),
    },
}
# Nexus's REST API: method, path, body.
NEXUS_WRITES: tuple[tuple[str, str, Any], ...] = (
    ("POST", "security/users", {"userId": "x", "firstName": "x", "lastName": "x", "emailAddress": "x@x.test",
                                "status": "active", "password": "x", "roles": ["nx-admin"]}),
    ("PUT", "security/users/svc-bench", {"userId": "svc-bench", "firstName": "x", "lastName": "x", "source": "default",
                                         "emailAddress": "x@x.test", "status": "active", "roles": ["nx-admin"]}),
    ("PUT", f"security/users/{pipeline_identities.READER}/change-password", "x"),
    ("PUT", "security/users/svc-admin/change-password", "x"),
    ("DELETE", "security/users/svc-bench", None),
    ("POST", "security/roles", {"id": "x", "name": "x", "privileges": ["nx-all"], "roles": []}),
    ("PUT", "security/roles/nx-pull-all", {"id": "nx-pull-all", "name": "x", "privileges": ["nx-all"], "roles": []}),
    ("DELETE", "security/roles/nx-pull-all", None),
    ("POST", "security/privileges/wildcard", {"name": "x", "pattern": "nexus:*"}),
    ("DELETE", "security/privileges/ci-svc-executor-rpm-dev", None),
    ("POST", "security/content-selectors", {"name": "x", "expression": 'format == "raw"'}),
    ("PUT", "security/content-selectors/ci-svc-executor-yum", {"expression": 'format == "raw"'}),
    ("DELETE", "security/content-selectors/ci-svc-executor-yum", None),
    ("PUT", "security/anonymous", {"enabled": True, "userId": "anonymous", "realmName": "NexusAuthorizingRealm"}),
    ("PUT", "security/realms/active", ["NexusAuthenticatingRealm"]),
    ("DELETE", "repositories/rpm-dev", None),
)  # fmt: skip


def token(project: Project, role: str) -> str:
    """Return a token of Vault with which a right job of this role goes on."""
    vault = login(project, own_token(project, **(SCHEDULED if role == DRIFT else {})), role)
    return str(vault.token)


@pytest.mark.parametrize(
    ("role", "claims"),
    [
        (PREVIEW, {}),
        (PREVIEW, FEATURE),
        (PREVIEW, MERGE_REQUEST),
        (PREVIEW, TAG),
        (APPLY, {}),
        (DRIFT, SCHEDULED),
    ],
)
def test_a_job_is_admitted_where_it_should_be(
    bootstrapped: Project, role: str, claims: dict[str, Any]
) -> None:
    own = login(bootstrapped, own_token(bootstrapped, **claims), role).auth.token.lookup_self()["data"]
    assert sorted(own["policies"]) == [f"{role}-policy", "default"]
    assert own["explicit_max_ttl"] == 0
    assert own["creation_ttl"] <= 1800


@pytest.mark.parametrize(
    ("role", "claims"),
    [
        *((role, {**ELSEWHERE, **SCHEDULED}) for role in (PREVIEW, APPLY, DRIFT)),
        *((role, {"path": "elsewhere/other", **SCHEDULED}) for role in (PREVIEW, APPLY, DRIFT)),
        *((role, {"audience": CONSUMERS_AUDIENCE, **SCHEDULED}) for role in (PREVIEW, APPLY, DRIFT)),
        *((role, {"signed_by_other_key": True, **SCHEDULED}) for role in (PREVIEW, APPLY, DRIFT)),
        *((role, {**FEATURE, **SCHEDULED}) for role in (APPLY, DRIFT)),
        *((role, {**MERGE_REQUEST, **SCHEDULED}) for role in (APPLY, DRIFT)),
        *((role, {**TAG, **SCHEDULED}) for role in (APPLY, DRIFT)),
        *((role, {**UNPROTECTED, **SCHEDULED}) for role in (APPLY, DRIFT)),
        *(
            (APPLY, {"pipeline_source": source})
            for source in (
                *("web", "api", "trigger", "schedule", "pipeline", "parent_pipeline", "merge_request_event"),
                *("chat", "webide", "external", "security_orchestration_policy"),
            )
        ),
        *(
            (DRIFT, {"pipeline_source": source})
            for source in ("push", "web", "merge_request_event", "trigger")
        ),
    ],
)
def test_any_other_job_is_refused(bootstrapped: Project, role: str, claims: dict[str, Any]) -> None:
    with pytest.raises(hvac.exceptions.VaultError):
        login(bootstrapped, own_token(bootstrapped, **claims), role)


@pytest.mark.parametrize("role", [PREVIEW, APPLY, DRIFT])
def test_vault_refuses_every_write_outside_the_identitys_paths(bootstrapped: Project, role: str) -> None:
    session = requests.Session()
    session.headers.update({"X-Vault-Token": token(bootstrapped, role), "Content-Type": _PATCHED})
    vault = bootstrapped.address("vault")
    statuses = {
        (verb, path): session.request(verb, f"{vault}/v1/{path}", data="{}", timeout=60).status_code
        for path in PATHS
        if path not in MAY_WRITE[role]
        for verb in VERBS
    }
    # 405: there is no such verb, whoever asks.
    assert {place: status for place, status in statuses.items() if status not in (403, 405)} == {}
    assert sum(status == 403 for status in statuses.values()) > 150


@pytest.mark.parametrize("role", [PREVIEW, APPLY, DRIFT])
def test_vault_itself_says_the_same_of_each_path(bootstrapped: Project, role: str) -> None:
    vault = hvac.Client(url=bootstrapped.address("vault"), token=token(bootstrapped, role))
    rights = vault.sys.get_capabilities(list(PATHS))["data"]
    writing = {
        path for path in PATHS if set(rights[path]) & {"create", "update", "delete", "patch", "sudo", "root"}
    }
    assert writing == MAY_WRITE[role]


@pytest.mark.parametrize(("method", "path", "body"), NEXUS_WRITES, ids=lambda value: str(value)[:50])
def test_nexus_refuses_every_write_of_the_reader(
    bootstrapped: Project, method: str, path: str, body: Any
) -> None:
    kind = (
        {"data": body, "headers": {"Content-Type": "text/plain"}} if isinstance(body, str) else {"json": body}
    )
    answer = bootstrapped.nexus(method, path, auth=reader(bootstrapped), **kind)
    assert answer.status_code == 403, answer.text


def test_nexus_shows_the_reader_no_artifact_that_nobody_else_may_see(bootstrapped: Project) -> None:
    url = f"{bootstrapped.address('nexus')}/repository/raw-dev/x"
    assert requests.put(url, b"x", auth=reader(bootstrapped), timeout=60).status_code == 403
    assert requests.get(url, auth=reader(bootstrapped), timeout=60).status_code in (403, 404)


def reader(project: Project) -> tuple[str, str]:
    """Return the reader's credentials, as its jobs get them."""
    vault = hvac.Client(url=project.address("vault"), token=token(project, PREVIEW))
    path = f"ciaccess/{pipeline_identities.READER}"
    found = vault.secrets.kv.v2.read_secret_version(path, mount_point="secret", raise_on_deleted_version=True)
    secret = found["data"]["data"]
    return secret["username"], secret["password"]


def test_gitlab_refuses_every_write_of_the_readers_token(bootstrapped: Project) -> None:
    held = (bootstrapped.folder / "gitlab-reader.txt").read_text(encoding="ascii").strip()
    url = f"{bootstrapped.address('gitlab')}/api/v4/groups/9/variables"
    headers = {"PRIVATE-TOKEN": held}
    assert requests.get(url, headers=headers, timeout=60).ok
    for method, where in (("POST", url), ("PUT", f"{url}/VAULT_ADDR"), ("DELETE", f"{url}/VAULT_ADDR")):
        asked = {"key": "X", "value": "https://evil.example"}
        assert requests.request(method, where, json=asked, headers=headers, timeout=60).status_code == 403


def test_the_token_for_notes_sees_no_variable_of_the_group(bootstrapped: Project) -> None:
    held = (bootstrapped.folder / "gitlab-notes.txt").read_text(encoding="ascii").strip()
    url = f"{bootstrapped.address('gitlab')}/api/v4"
    headers = {"PRIVATE-TOKEN": held}
    assert requests.get(f"{url}/groups/9/variables", headers=headers, timeout=60).status_code in (403, 404)
    project = requests.get(f"{url}/projects/{PROJECT.replace('/', '%2F')}", headers=headers, timeout=60)
    assert project.ok
