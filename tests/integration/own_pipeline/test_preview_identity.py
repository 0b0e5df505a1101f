"""What code of a merge request gets, which runs as the preview's identity: it tries everything, and is refused everywhere.

Writes to Vault and Nexus are in test_refused; here is what it could read, what its token of GitLab may, and the state.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import requests

from ciaccess.access import load
from ciaccess.access.desired import pipeline_identities
from tests.support.engine.runbook import Runbook
from tests.support.own_pipeline.identities import PROJECT, bootstrap, engine_as, own_token, run_as
from tests.support.project.project import STACK, Project
from tests.support.servers.jobs import login
from tests.support.servers.s3 import S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import hvac

# The server's program may have to be built first.
pytestmark = pytest.mark.timeout(900)
BUCKET = "ciaccess-state"
OWN = ("svc-ciaccess-reader", "gitlab-notes", "trust-anchors", "passphrase")
FEATURE = {"ref": "feature", "ref_type": "merge_request"}
_STATE = f".pulumi/stacks/ciaccess/{STACK}.json"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server with the bucket of the state."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    server.bucket(BUCKET)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def bootstrapped(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose pipeline has everything it needs, its state in the bucket."""
    backend = {"PULUMI_BACKEND_URL": s3.backend(BUCKET), **s3.credentials()}
    project = Project(tmp_path_factory.mktemp("project"), extra=backend)
    project.create()
    project.start()
    bootstrap(project).succeeded()
    yield project
    project.stop()


@pytest.fixture(scope="module")
def reading(bootstrapped: Project, s3: S3Server) -> Project:
    """The same with the credentials of the bucket that the page gives to previews."""
    (policy,) = Runbook("own-pipeline.md", {}).blocks("State backend", "json")
    return replace(bootstrapped, extra={**bootstrapped.extra, **s3.reader(BUCKET, policy)})


@pytest.fixture(scope="module")
def as_preview(bootstrapped: Project) -> hvac.Client:
    """Vault as a job of a branch has it."""
    return login(bootstrapped, own_token(bootstrapped, **FEATURE), pipeline_identities.PREVIEW)


def read(vault: hvac.Client, path: str, method: str = "GET") -> int:
    headers = {"X-Vault-Token": vault.token}
    return requests.request(method, f"{vault.url}/v1/{path}", headers=headers, timeout=60).status_code


def test_vault_refuses_every_secret_but_the_previews_own(
    bootstrapped: Project, as_preview: hvac.Client
) -> None:
    access = load(bootstrapped.access)
    kept = bootstrapped.vault().secrets.kv.v2.list_secrets("ciaccess", mount_point="secret")["data"]["keys"]
    assert {"svc-ciaccess-writer", "gitlab-reader", "gitlab-writer"} <= set(kept)
    paths = [f"secret/data/nexus/{name}" for name in (*access.accounts, "svc-new")]
    paths += [f"secret/data/ciaccess/{name}" for name in kept if name not in OWN]
    paths += [f"{path}?version=1" for path in paths]
    paths += [path.replace("/data/", "/subkeys/") for path in paths]
    assert {path: status for path in paths if (status := read(as_preview, path)) != 403} == {}
    folders = (
        "secret/metadata",
        "secret/metadata/nexus",
        "secret/metadata/ciaccess",
        "cubbyhole/../sys/mounts",
    )
    assert {read(as_preview, path, "LIST") for path in folders} == {403}
    assert {read(as_preview, f"secret/data/ciaccess/{name}") for name in OWN[:3]} == {200}
    assert read(as_preview, "secret/metadata/nexus/svc-bench") == 200


def test_the_job_has_no_token_of_a_gitlab_owner_and_its_notes_token_reads_and_writes_no_variable(
    bootstrapped: Project,
) -> None:
    shown = run_as(bootstrapped, "preview", "env", **FEATURE).succeeded().out
    given = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    assert "GITLAB_TOKEN" not in given
    project = f"projects/{PROJECT.replace('/', '%2F')}"
    variable = {"key": "X", "value": "https://evil.example"}
    token = {"name": "x", "scopes": ["api"], "access_level": 40}
    tried: list[tuple[str, str, Any]] = [
        *((verb, f"{place}/variables{name}", variable)
          for place in ("groups/9", project)
          for verb, name in (("GET", ""), ("POST", ""), ("GET", "/VAULT_ADDR"), ("PUT", "/VAULT_ADDR"), ("DELETE", "/VAULT_ADDR"))),
        ("POST", f"{project}/access_tokens", token),
        ("DELETE", f"{project}/protected_branches/main", None),
        ("POST", f"{project}/protected_branches", {"name": "feature"}),
        ("DELETE", project, None),
    ]  # fmt: skip
    headers = {"PRIVATE-TOKEN": given["GITLAB_NOTES_TOKEN"]}
    url = bootstrapped.address("gitlab")
    answers = {
        (verb, path): requests.request(
            verb, f"{url}/api/v4/{path}", json=body, headers=headers, timeout=60
        ).status_code
        for verb, path, body in tried
    }
    assert {place: status for place, status in answers.items() if status not in (403, 404)} == {}


def test_a_preview_of_variables_asks_gitlab_nothing_and_reports_so(reading: Project) -> None:
    reading.gitlab("DELETE", "simulator/requests")
    old = "        VAULT_ADDR: ${vault.address}\n"
    reading.edit(old, f"{old}        TEAM: platform\n")
    try:
        settings = ("--config-file", str(reading.folder / f"Pulumi.{STACK}.yaml"))
        words = ("./ciaccess", "preview", "--stack", STACK, *settings, "--json")
        done = run_as(reading, "preview", *words, **FEATURE)
    finally:
        reading.edit("        TEAM: platform\n", "")
    assert done.code == 2, done.text
    report = done.json()
    assert [change["name"] for change in report["changes"]] == ["TEAM"]
    (line,) = [each for each in report["not_checked"] if each.startswith("variables of GitLab")]
    assert "not refreshed" in line
    asked = reading.gitlab("GET", "simulator/requests").json()["routes"]
    assert [route for route in asked if "variables" in route] == []


def test_a_preview_takes_no_lock_and_the_bucket_refuses_every_write_of_its_credentials(
    reading: Project, s3: S3Server
) -> None:
    engine_as(reading, "preview", "preview", "--refresh", "--expect-no-changes", **FEATURE).succeeded()
    bucket = s3.folder / "buckets" / BUCKET
    before = {file: file.read_bytes() for file in bucket.rglob("*") if file.is_file()}
    credentials = {name: value for name, value in reading.extra.items() if name.startswith("AWS_")}
    assert s3.ask("GET", f"{BUCKET}/{_STATE}", credentials) == "200"
    for method, path in (
        ("PUT", f"{BUCKET}/{_STATE}"),
        ("DELETE", f"{BUCKET}/{_STATE}"),
        ("PUT", f"{BUCKET}/.pulumi/locks/organization/ciaccess/{STACK}/x.json"),
        ("PUT", f"{BUCKET}/x"),
        ("PUT", f"{BUCKET}?policy="),
        ("PUT", f"{BUCKET}?versioning="),
        ("DELETE", f"{BUCKET}?policy="),
        ("DELETE", BUCKET),
        ("PUT", "another-bucket"),
    ):
        assert s3.ask(method, path, credentials, "{}") == "403", (method, path)
    for words in (("up", "--yes", "--skip-preview"), ("refresh", "--yes"), ("destroy", "--yes")):
        refused = engine_as(reading, "preview", *words, **FEATURE)
        assert refused.code != 0
        assert "AccessDenied" in refused.text, refused.text
    assert {file: file.read_bytes() for file in bucket.rglob("*") if file.is_file()} == before
