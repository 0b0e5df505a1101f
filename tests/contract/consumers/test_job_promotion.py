"""Promotion where things go wrong: what is there is kept, what arrives is compared, and a lost answer is no failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from ciaccess.access import load
from ciaccess.consumers.templates import LIBRARY, render
from tests.support.access.organisation import edited
from tests.support.consumers.vault_replies import PASSWORD, VAULT_TOKEN, job, secret
from tests.support.servers.scripted_server import Reply, ScriptedServer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.consumers.job_shell import Ended, JobShell

PATH = "orchestrator/x-1.0.rpm"
SOURCE, TARGET = f"/repository/rpm-dev/{PATH}", f"/repository/rpm-uat/{PATH}"
CONTENT = Reply(200, b"what was tested\0\n")
OTHER = Reply(200, b"something else")
MISSING, CREATED = Reply(404, b"<html>no</html>", "text/html"), Reply(201)
# A skopeo whose registries are folders: inspect prints a file, copy copies it, and says what real ones say.
SKOPEO = """#!/bin/sh
for last; do :; done
case $1 in
  inspect)
    file=$(echo "${last#docker://}" | tr ':/' '__')
    if [ -f "$file.error" ]; then cat "$file.error" >&2; exit 1; fi
    [ -f "$file" ] || { echo 'reading manifest 1.0: manifest unknown' >&2; exit 1; }
    cat "$file" ;;
  copy) cat "${COPIED:-dev_x_1.0}" >uat_x_1.0 ;;
esac
"""


def promotes_files(shell: JobShell, **variables: str) -> Ended:
    given = {"NEXUS_FROM": "dev", "NEXUS_TO": "uat", "NEXUS_FORMAT": "yum", "NEXUS_PATHS": PATH}
    return shell.run("nexus_auth svc-promoter; nexus_promote_files", **{**given, **variables})


def promotes_images(shell: JobShell, **variables: str) -> Ended:
    shell.add_program("skopeo", SKOPEO)
    given = {"NEXUS_FROM": "dev", "NEXUS_TO": "uat", "NEXUS_IMAGES": "x:1.0"}
    registries = {"NEXUS_REGISTRY_DEV": "dev", "NEXUS_REGISTRY_UAT": "uat"}
    return shell.run("nexus_auth svc-promoter; nexus_promote_images", **{**given, **registries, **variables})


@pytest.fixture
def servers(vault: ScriptedServer) -> ScriptedServer:
    """Vault and Nexus on one address."""
    vault.answers("GET /v1/secret/data/nexus/svc-promoter", secret())
    vault.answers(f"GET {SOURCE}", CONTENT)
    vault.answers(f"PUT {TARGET}", CREATED)
    return vault


@pytest.fixture(params=["slim", "ubi", "alpine"])
def shell(request: pytest.FixtureRequest, tmp_path: Path, servers: ScriptedServer) -> JobShell:
    """A job under each shell: dash, bash, BusyBox ash."""
    shell = job(tmp_path, request.param, servers)
    shell.variables["NEXUS_URL"] = servers.url
    return shell


def test_a_file_is_copied_and_what_arrived_compared(shell: JobShell, servers: ScriptedServer) -> None:
    servers.answers(f"GET {TARGET}", MISSING, CONTENT)
    ended = promotes_files(shell)
    assert ended.code == 0, ended.err
    assert f"promoted {PATH} from dev to uat: sha256 " in ended.err
    (put,) = servers.asked(f"PUT {TARGET}")
    assert put.body == CONTENT.body
    assert put.headers["Authorization"].startswith("Basic ")
    assert "X-Vault-Token" not in put.headers


def test_the_same_file_there_already_is_a_success_without_a_write(
    shell: JobShell, servers: ScriptedServer
) -> None:
    servers.answers(f"GET {TARGET}", CONTENT)
    ended = promotes_files(shell)
    assert ended.code == 0
    assert "is in uat already, the same" in ended.err
    assert not servers.asked(f"PUT {TARGET}")


def test_another_file_there_is_never_overwritten(shell: JobShell, servers: ScriptedServer) -> None:
    servers.answers(f"GET {TARGET}", OTHER)
    ended = promotes_files(shell)
    assert ended.code == 1
    assert "uat has another file there. Nothing was overwritten." in ended.err
    assert not servers.asked(f"PUT {TARGET}")


def test_a_file_that_arrives_otherwise_is_an_error(shell: JobShell, servers: ScriptedServer) -> None:
    servers.answers(f"GET {TARGET}", MISSING, OTHER)
    ended = promotes_files(shell)
    assert ended.code == 1
    assert "what arrived is not what was sent" in ended.err


def test_an_upload_whose_answer_was_lost_is_judged_by_what_arrived(
    shell: JobShell, servers: ScriptedServer
) -> None:
    servers.answers(f"GET {TARGET}", MISSING, CONTENT)
    servers.answers(f"PUT {TARGET}", Reply(502), Reply(400, b"cannot be updated"))
    ended = promotes_files(shell)
    assert ended.code == 0, ended.err
    assert len(servers.asked(f"PUT {TARGET}")) == 2


def test_a_refused_upload_says_why(shell: JobShell, servers: ScriptedServer) -> None:
    servers.answers(f"GET {TARGET}", MISSING)
    for reply, words in (
        (Reply(400), "another file is there, in a repository that is written once"),
        (Reply(401), "refuses svc-executor with this password"),
        (Reply(403), "may not write to"),
    ):
        servers.answers(f"PUT {TARGET}", reply)
        ended = promotes_files(shell)
        assert ended.code == 1
        assert words in ended.err


def test_nothing_is_written_where_one_cannot_look(shell: JobShell, servers: ScriptedServer) -> None:
    for reply in (Reply(403), Reply(500), Reply(503)):
        servers.answers(f"GET {TARGET}", reply)
        ended = promotes_files(shell)
        assert ended.code == 1
        assert f"HTTP {reply.status}" in ended.err
    assert not servers.asked(f"PUT {TARGET}")


def test_a_python_package_goes_through_the_form_that_its_client_uses(
    shell: JobShell, servers: ScriptedServer
) -> None:
    path = "packages/x/1.0/x-1.0.whl"
    servers.answers(f"GET /repository/pypi-dev/{path}", CONTENT)
    servers.answers(f"GET /repository/pypi-uat/{path}", MISSING, CONTENT)
    servers.answers("POST /service/rest/v1/components", Reply(204))
    ended = promotes_files(shell, NEXUS_FORMAT="pypi", NEXUS_PATHS=path)
    assert ended.code == 0, ended.err
    (form,) = servers.asked("POST /service/rest/v1/components")
    assert form.target.endswith("?repository=pypi-uat")
    assert b'name="pypi.asset"; filename="x-1.0.whl"' in form.body
    assert CONTENT.body in form.body


@pytest.mark.parametrize(("source", "target"), [("dev", "prod"), ("", "uat")])
def test_stages_are_not_skipped(source: str, target: str, shell: JobShell) -> None:
    for promotes in (promotes_files, promotes_images):
        ended = promotes(shell, NEXUS_FROM=source, NEXUS_TO=target)
        assert ended.code == 1
        assert "is no promotion" in ended.err


def test_an_image_is_copied_by_digest_and_never_overwritten(shell: JobShell) -> None:
    (shell.folder / "dev_x_1.0").write_text("manifest")
    assert "promoted x:1.0 from dev to uat" in promotes_images(shell).err
    assert "is in uat already, with the same digest" in promotes_images(shell).err
    (shell.folder / "dev_x_1.0").write_text("another")
    ended = promotes_images(shell)
    assert ended.code == 1
    assert "uat has another image under this tag. Nothing was overwritten." in ended.err


def test_an_image_that_arrives_otherwise_is_an_error(shell: JobShell) -> None:
    (shell.folder / "dev_x_1.0").write_text("manifest")
    (shell.folder / "wrong").write_text("cut")
    ended = promotes_images(shell, COPIED="wrong")
    assert ended.code == 1
    assert "what arrived is not what was sent" in ended.err


@pytest.mark.parametrize("said", ["unauthorized: access denied", "received unexpected HTTP status: 503"])
def test_a_registry_that_cannot_be_looked_at_is_not_taken_for_empty(said: str, shell: JobShell) -> None:
    (shell.folder / "dev_x_1.0").write_text("manifest")
    (shell.folder / "uat_x_1.0.error").write_text(f"FATA[0000] {said} {PASSWORD}")
    ended = promotes_images(shell)
    assert ended.code == 1
    assert said in ended.err
    assert PASSWORD not in ended.err
    assert not (shell.folder / "uat_x_1.0").exists()
    assert VAULT_TOKEN not in ended.err


@pytest.mark.parametrize(
    ("script", "variables", "allowed"),
    [
        ("nexus_promote_images", {"NEXUS_IMAGES": "x:1"}, {"uat"}),
        ("nexus_promote_files", {"NEXUS_FORMAT": "raw", "NEXUS_PATHS": "x"}, {"prod"}),
        ("nexus_promote_files", {"NEXUS_FORMAT": "yum", "NEXUS_PATHS": "x"}, {"uat", "prod"}),
    ],
    ids=["images to uat", "raw to prod", "yum everywhere"],
)
def test_a_limited_promotion_names_its_targets_before_it_reads_or_writes(
    script: str, variables: dict[str, str], allowed: set[str], tmp_path: Path, servers: ScriptedServer
) -> None:
    limits = "promote: {docker: {to: [uat]}, raw: {to: [prod]}, yum: {}}"
    access = load(edited(tmp_path, ("promote: [docker, yum, raw, pypi, npm]", limits)))
    library = YAML(typ="safe").load(render(access)[LIBRARY])
    shell = job(tmp_path / "job", "slim", servers)
    shell.text = library[".nexus_shell"]["before_script"][0]
    shell.add_program("skopeo", "#!/bin/sh\necho 'manifest unknown' >&2\nexit 1\n")
    for source, target in (("dev", "uat"), ("uat", "prod")):
        servers.requests.clear()
        given = {"NEXUS_URL": servers.url, "NEXUS_FROM": source, "NEXUS_TO": target, **variables}
        ended = shell.run(f"nexus_auth svc-promoter; {script}", **given)
        format_ = variables.get("NEXUS_FORMAT", "docker")
        refused = (
            f"svc-promoter may not promote {format_} to {target}. By access.yaml it may promote:" in ended.err
        )
        assert refused is (target not in allowed)
        assert ended.code == 1, "nothing to promote"
        if refused:
            assert "docker-uat raw-prod yum-uat yum-prod" in ended.err
            assert not [each for each in servers.requests if not each.target.startswith("/v1/")]
