"""Other spellings of paths, and each path that writes: what the preview's token gets from the real Vault."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from ciaccess.access.desired import pipeline_identities
from tests.support.own_pipeline.identities import own_secret, own_token
from tests.support.servers.jobs import login

if TYPE_CHECKING:
    import hvac

    from tests.support.project.project import Project

WRITER = "secret/data/ciaccess/gitlab-writer"
# Other spellings of a path, which a policy's comparison and a router may read differently.
SPELLINGS = (
    "secret/data/ciaccess/gitlab-notes/../gitlab-writer", "secret/data/ciaccess/gitlab-notes/%2e%2e/gitlab-writer",
    "secret//data/ciaccess/gitlab-writer", "secret/data//ciaccess/gitlab-writer", "secret/data/ciaccess//gitlab-writer",
    "secret/data/ciaccess/./gitlab-writer", f"{WRITER}/", f"{WRITER}%00", f"{WRITER}%2f", f"{WRITER}?version=1&list=true", f"{WRITER}#x",
    "secret/data/ciaccess/gitlab%2Dwriter", "Secret/data/ciaccess/gitlab-writer", "secret/DATA/ciaccess/gitlab-writer",
    "secret/data/ciaccess/gitlab-writeR", "secret/data/nexus/svc-bench/../../ciaccess/gitlab-writer", "secret/ciaccess/gitlab-writer",
    "secret/subkeys/ciaccess/gitlab-writer", "secret/data/ciaccess/svc-ciaccess-reader/../svc-ciaccess-writer", "sys/raw/logical",
)  # fmt: skip
# What writes, or gives more rights: none is allowed, whatever the method.
WRITES = (
    "auth/token/create", "auth/token/create-orphan", "auth/token/roles/x", "sys/auth/x", "sys/auth/jwt/tune", "sys/mounts/x", "sys/mounts/secret/tune",
    "sys/policies/acl/nexus-read-policy", "sys/policies/acl/ciaccess-preview-policy", "sys/policies/password/x", "sys/audit/x", "sys/seal", "sys/step-down",
    "sys/rotate", "sys/remount", "sys/plugins/catalog/secret/x", "sys/namespaces/x", "sys/leases/revoke-prefix/auth", "auth/jwt/config",
    "auth/jwt/role/nexus-ci", "auth/jwt/role/ciaccess-preview", "identity/entity", "identity/group", "identity/oidc/role/x", "secret/config",
    "secret/data/nexus/svc-bench", "secret/data/nexus/svc-new", "secret/metadata/nexus/svc-bench", "secret/delete/nexus/svc-bench",
    "secret/undelete/nexus/svc-bench", "secret/destroy/nexus/svc-bench", "secret/data/ciaccess/trust-anchors", "secret/metadata/ciaccess/trust-anchors",
    "secret/data/ciaccess/svc-ciaccess-reader", "secret/data/ciaccess/gitlab-notes", "secret/destroy/ciaccess/trust-anchors", "transit/keys/x",
)  # fmt: skip


@pytest.fixture(scope="module")
def as_a_branch(bootstrapped: Project) -> hvac.Client:
    """Vault as a job of a branch has it."""
    claims = {"ref": "feature", "ref_type": "merge_request"}
    return login(bootstrapped, own_token(bootstrapped, **claims), pipeline_identities.PREVIEW)


def raw(vault: hvac.Client, method: str, path: str, body: str = "") -> tuple[int, bytes]:
    """Send a path as it is: clients resolve dots before they send them."""
    place = urlsplit(vault.url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
    connection.putrequest(method, f"/v1/{path}", skip_host=False)
    for name, value in (("X-Vault-Token", vault.token), ("Content-Length", str(len(body)))):
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


@pytest.mark.parametrize("path", SPELLINGS)
def test_no_other_spelling_of_a_path_reads_the_writers_secret(
    bootstrapped: Project, as_a_branch: hvac.Client, path: str
) -> None:
    kept = [
        str(own_secret(bootstrapped, name)[field])  # type: ignore[index] # bootstrap wrote both
        for name, field in (("gitlab-writer", "value"), ("svc-ciaccess-writer", "password"))
    ]
    status, body = raw(as_a_branch, "GET", path)
    assert [each for each in kept if each.encode() in body] == []
    assert status != 200, body


@pytest.mark.parametrize("path", WRITES)
def test_its_token_writes_nothing_and_gives_itself_no_right(as_a_branch: hvac.Client, path: str) -> None:
    capabilities = set(as_a_branch.sys.get_capabilities(paths=[path])["data"][path])
    assert capabilities <= {"deny", "read"}, path
    for method in ("POST", "PUT", "DELETE"):
        assert raw(as_a_branch, method, path, "{}")[0] in (403, 404, 405), (method, path)
