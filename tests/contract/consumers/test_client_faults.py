"""twine and npm themselves, where an answer to their upload goes wrong; docker is in tests/e2e, Maven and Helm in tests/real."""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.clients.artifacts import make_npm_package, make_wheel
from tests.support.consumers.job_shell import IMAGES, Ended
from tests.support.consumers.vault_replies import job, secret, shows_no_secret
from tests.support.servers.scripted_server import Reply, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 2
REFUSED = Reply(400, b"Repository does not allow updating assets")


@dataclass(frozen=True)
class Client:
    """A program with its upload: the call, where Nexus has the file after it, and what makes and finds the file."""

    script: str
    call: str
    stored: str
    make: Callable[[Path], object]
    packed: str


CLIENTS = {
    "twine": Client(
        "nexus_publish_pypi", "POST /pypi/", "GET /pypi/packages/cwiq-x/1.0/cwiq_x-1.0-py3-none-any.whl",
        lambda folder: make_wheel(folder, "cwiq_x", "1.0"), "cwiq_x-1.0-py3-none-any.whl",
    ),
    "npm": Client(
        "nexus_publish_npm", "PUT /npm/cwiq-x", "GET /npm/cwiq-x/-/cwiq-x-1.0.0.tgz",
        lambda folder: make_npm_package(folder / "web", "cwiq-x", "1.0.0"), "",
    ),
}  # fmt: skip


def run(name: str, folder: Path, server: ScriptedServer, **variables: str) -> Ended:
    """Publish in an image with the programs; what every end has to be is asserted here."""
    client = CLIENTS[name]
    server.answers("GET /v1/secret/data/nexus/svc-orchestrator", secret())
    if not (folder / client.packed).exists() or not client.packed:
        client.make(folder)  # a wheel has the time in it
    shell = job(folder, "debian", server)
    shell.image = replace(IMAGES["debian"], programs=("curl", "jq", "npm", "node", "env"))
    if not (shell.programs / "twine").exists():
        (shell.programs / "twine").symlink_to(Path(sys.executable).with_name("twine"))
    given = {
        "NEXUS_FILES": "*.whl",
        "NEXUS_PACKAGE": "web",
        "NEXUS_PYPI_PUSH_URL": f"{server.url}/pypi/",
        "NEXUS_NPM_REPO": f"{server.url}/npm/",
        "NEXUS_ATTEMPTS": str(TRIES),
        "NPM_CONFIG_FETCH_RETRIES": "0",  # npm's own, which wait for 10 seconds
        "NPM_CONFIG_UPDATE_NOTIFIER": "false",
    }
    ended = shell.run(f"nexus_auth svc-orchestrator\n{client.script}", **{**given, **variables})
    assert ended.code in (0, 1), ended
    assert shows_no_secret(ended)
    assert list((folder / "tmp").iterdir()) == [], "the scratch folder is left"
    return ended


PASSING = {
    "cut": Reply(reset=True),
    "cut in the body": Reply(500, b"x" * 100, cut_at=20),
    "down": Reply(503, b"down"),
    "bad gateway": Reply(502, b"\x00\x1b[2Jgarbage\xff\n200"),
    "busy": Reply(429),
}


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("name", CLIENTS)
def test_an_upload_is_repeated_after_what_may_pass(
    name: str, fault: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    vault.answers(CLIENTS[name].call, PASSING[fault], Reply(201, b"{}"))
    ended = run(name, tmp_path, vault)
    assert ended.code == 0, ended
    assert len(vault.asked(CLIENTS[name].call)) == TRIES, "by the job, or by twine itself"


@pytest.mark.parametrize("fault", ["cut", "cut in the body"])
@pytest.mark.parametrize("name", CLIENTS)
def test_an_upload_that_was_stored_before_its_answer_was_lost_is_a_success(
    name: str, fault: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    client = CLIENTS[name]
    vault.answers(client.call, Reply(201, b"{}"))
    run(name, tmp_path, vault)
    content = Path(tmp_path / client.packed).read_bytes() if client.packed else packed_by_npm(vault, client)
    for body, code in ((content, 0), (b"another", 1)):
        vault.answers(client.call, PASSING[fault], REFUSED)
        vault.answers(client.stored, Reply(200, body))
        ended = run(name, tmp_path, vault)
        assert ended.code == code, ended
        assert ("is there already, the same: sha256" in ended.err) is (code == 0)


def packed_by_npm(server: ScriptedServer, client: Client) -> bytes:
    """Return the archive in the document that npm has sent."""
    (attachment,) = json.loads(server.asked(client.call)[-1].body)["_attachments"].values()
    return base64.b64decode(attachment["data"])


@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.parametrize(("status", "tries"), [(503, TRIES), (401, 1), (403, 1)])
def test_a_failure_that_stays_ends_the_job_after_its_tries(
    name: str, status: int, tries: int, tmp_path: Path, vault: ScriptedServer
) -> None:
    vault.answers(CLIENTS[name].call, Reply(status))
    ended = run(name, tmp_path, vault)
    assert ended.code == 1
    assert ended.err.count("trying again") == tries - 1
    assert str(status) in ended.out, "what the client printed"
    assert "did not publish" in ended.err


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("twine", Reply(200, b"{" * 600, trickle_seconds=0.1)),  # npm does not wait for a body
        ("twine", Reply(200, delay_seconds=30)),
        ("npm", Reply(200, delay_seconds=30)),
    ],
    ids=["twine, drips", "twine, hangs", "npm, hangs"],
)
def test_a_server_that_does_not_end_its_answer_holds_up_no_job(
    name: str, reply: Reply, tmp_path: Path, vault: ScriptedServer
) -> None:
    vault.answers(CLIENTS[name].call, reply)
    ended = run(name, tmp_path, vault, NEXUS_TIMEOUT="3")
    assert ended.code == 1
    assert "timed out after 3 s" in ended.out
    assert "a temporary error; trying again" in ended.err


@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.parametrize("status", [302, 307, 308])
def test_a_redirect_to_another_host_takes_no_credential_there(
    name: str, status: int, tmp_path: Path, vault: ScriptedServer
) -> None:
    with ScriptedServer() as other:
        vault.answers(CLIENTS[name].call, Reply(status, headers={"Location": f"{other.url}/x"}))
        ended = run(name, tmp_path, vault)
        assert ended.code == 1, ended
        assert not [each for each in other.requests if "Authorization" in each.headers]


@pytest.mark.parametrize("name", CLIENTS)
def test_garbage_in_an_error_is_shown_without_control_characters(
    name: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    vault.answers(CLIENTS[name].call, Reply(400, b"\x1b[2J\x07<html>no</html>"))
    ended = run(name, tmp_path, vault)
    assert ended.code == 1
    assert "\x1b" not in ended.out + ended.err
    assert "\x07" not in ended.out + ended.err


def test_a_number_in_an_output_is_no_status(tmp_path: Path, vault: ScriptedServer) -> None:
    """Npm prints sizes, docker lines of a build: neither makes a refusal pass."""
    for line in (
        "npm notice unpacked size: 503 B",
        "Step 3/500 : RUN make",
        "429 tests passed in 502 ms",
        "port 5030",
    ):
        ended = job(tmp_path, "slim", vault).run(
            f"nexus_auth svc-executor; tool() {{ echo '{line}'; return 1; }}; nexus_run tool"
        )
        assert "trying again" not in ended.err, line
    for line in (
        "HTTP/1.1 503 Service",
        "npm error code E503",
        "received unexpected HTTP status: 500 Internal Server Error",
        "HTTPError: 502 Bad",
    ):
        ended = job(tmp_path, "slim", vault).run(
            f"nexus_auth svc-executor; tool() {{ echo '{line}'; return 1; }}; nexus_run tool"
        )
        assert "trying again" in ended.err, line
