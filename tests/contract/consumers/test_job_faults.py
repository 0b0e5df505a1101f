"""Every step of a job that sends requests by itself, and every way in which an answer goes wrong: no step hangs, leaks or is left half done."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.consumers.job_shell import IMAGES, Ended
from tests.support.consumers.vault_replies import (
    ID_TOKEN,
    LOGIN,
    PASSWORD,
    SECRET,
    VAULT_TOKEN,
    job,
    logged_in,
    secret,
    shows_no_secret,
)
from tests.support.servers.scripted_server import Reply, ScriptedServer

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"what is uploaded\0\n"
TRIES = 2
# Bounds of the shell, in seconds, as short as a test can wait.
BOUNDS = {
    "--max-time 30": "--max-time 1",
    "speed-time = 60": "speed-time = 1",
    "timeout 30 wget": "timeout 1 wget",
}
ELSEWHERE = "http://elsewhere.invalid/"


@dataclass(frozen=True)
class Step:
    """One request of a job: the call that is answered wrongly, the right answer, and where an upload is read again."""

    account: str
    script: str
    call: str
    right: Reply
    stored: str = ""


PROMOTED = (
    ("NEXUS_FROM", "dev"),
    ("NEXUS_TO", "uat"),
    ("NEXUS_FORMAT", "raw"),
    ("NEXUS_PATHS", "f_1_all.deb"),
)
UPLOADS = {
    "raw": Step("svc-orchestrator", "nexus_upload_raw", "PUT /raw/f_1_all.deb", Reply(201), "GET /raw/f_1_all.deb"),
    "rpm": Step("svc-orchestrator", "nexus_upload_rpm", "PUT /rpm/f_1_all.deb", Reply(200), "GET /rpm/f_1_all.deb"),
    "helm": Step("svc-orchestrator", "nexus_push_helm", "PUT /helm/f_1_all.deb", Reply(200), "GET /helm/f_1_all.deb"),
    "apt": Step("svc-orchestrator", "nexus_upload_apt", "POST /apt/", Reply(201), "GET /apt/pool/f/f/f_1_all.deb"),
}  # fmt: skip
TARGET = "/repository/raw-uat/f_1_all.deb"
PROMOTION = Step("svc-promoter", "nexus_promote_files", f"PUT {TARGET}", Reply(201), f"GET {TARGET}")
READS = {
    "login": Step("svc-executor", "", LOGIN, logged_in()),
    "secret": Step("svc-executor", "", SECRET, secret()),
}
WRITES = {**UPLOADS, "promotion": PROMOTION}


def run(step: Step, image: str, folder: Path, server: ScriptedServer, **variables: str) -> Ended:
    """Run the job with the step in it; what every end has to be is asserted here."""
    shell = job(folder, image, server)
    shell.bounds = BOUNDS
    (folder / "f_1_all.deb").write_bytes(CONTENT)
    repositories = {
        f"NEXUS_{name}": f"{server.url}/{path}/"
        for name, path in (
            ("RAW_REPO", "raw"),
            ("RPM_REPO", "rpm"),
            ("HELM_REPO", "helm"),
            ("APT_REPO", "apt"),
        )
    }
    given = {"NEXUS_URL": server.url, "NEXUS_FILES": "f_1*", "NEXUS_PATH": "/", "NEXUS_ATTEMPTS": str(TRIES)}
    ended = shell.run(
        f"nexus_auth {step.account}\n{step.script}",
        **{**given, **repositories, **dict(PROMOTED), **variables},
    )
    assert ended.code in (0, 1), ended
    assert shows_no_secret(ended)
    assert list((folder / "tmp").iterdir()) == [], "the scratch folder is left"
    return ended


@pytest.fixture
def servers(vault: ScriptedServer) -> ScriptedServer:
    """Vault, and a Nexus in which nothing is stored but what is promoted."""
    for account in ("svc-orchestrator", "svc-promoter"):
        vault.answers(f"GET /v1/secret/data/nexus/{account}", secret())
    vault.answers("GET /repository/raw-dev/f_1_all.deb", Reply(200, CONTENT))
    vault.answers(f"GET {TARGET}", Reply(404), Reply(200, CONTENT))
    return vault


PASSING = {
    "cut": Reply(reset=True),
    "cut in the body": Reply(200, b'{"auth":{"client_token":"hvs.cut', cut_at=20),
    "busy": Reply(429),
    "down": Reply(503, b"<html>down</html>"),
    "bad gateway": Reply(502, b"\x00\x1b[2Jgarbage\xff\n200"),
}  # fmt: skip


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("name", READS)
def test_a_read_of_vault_is_repeated_after_what_may_pass(
    name: str, image: str, fault: str, tmp_path: Path, servers: ScriptedServer
) -> None:
    step = READS[name]
    # BusyBox asks without the token first, and that answer decides nothing.
    servers.answers(step.call, PASSING[fault], step.right)
    ended = run(step, image, tmp_path, servers)
    assert ended.code == 0, ended.err
    assert "trying again" in ended.err
    assert "credentials of svc-executor read" in ended.err


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("name", WRITES)
def test_an_upload_is_repeated_after_what_may_pass(
    name: str, fault: str, tmp_path: Path, servers: ScriptedServer
) -> None:
    step = WRITES[name]
    servers.answers(step.call, PASSING[fault], step.right)
    ended = run(step, "slim", tmp_path, servers)
    assert ended.code == 0, ended.err
    assert "trying again" in ended.err
    assert len(servers.asked(step.call)) == TRIES


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("name", WRITES)
def test_an_upload_that_was_stored_before_its_answer_was_lost_is_a_success(
    name: str, fault: str, tmp_path: Path, servers: ScriptedServer
) -> None:
    """The repository is written once: the second try is refused, and the file that is there decides."""
    step = WRITES[name]
    servers.answers(step.call, PASSING[fault], Reply(400, b"Repository does not allow updating assets"))
    if name != "promotion":
        servers.answers(step.stored, Reply(200, CONTENT))
    assert run(step, "slim", tmp_path, servers).code == 0
    if name != "promotion":
        servers.answers(step.call, PASSING[fault], Reply(400))
        servers.answers(step.stored, Reply(200, b"another"))
        ended = run(step, "slim", tmp_path, servers)
        assert ended.code == 1
        assert "another file is there, in a repository that is written once" in ended.err


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_a_server_that_stays_down_ends_the_job_with_its_status(
    name: str, tmp_path: Path, servers: ScriptedServer
) -> None:
    step = (READS | WRITES)[name]
    servers.answers(step.call, Reply(503, b"<html><body>Repository offline</body></html>"))
    ended = run(step, "slim", tmp_path, servers)
    assert ended.code == 1
    assert len(servers.asked(step.call)) == TRIES
    assert "HTTP 503" in ended.err
    assert "Repository offline" in ended.err
    assert "ask the operators of" in ended.err


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_a_refusal_ends_the_job_at_once(
    name: str, status: int, tmp_path: Path, servers: ScriptedServer
) -> None:
    step = (READS | WRITES)[name]
    servers.answers(step.call, Reply(status))
    ended = run(step, "slim", tmp_path, servers)
    assert ended.code == 1
    assert len(servers.asked(step.call)) == 1
    assert "trying again" not in ended.err
    assert f"HTTP {status}" in ended.err


@pytest.mark.parametrize(
    ("name", "image"),
    [*((name, image) for name in READS for image in IMAGES), *((name, "slim") for name in WRITES)],
)
def test_an_answer_that_drips_is_no_answer(
    name: str, image: str, tmp_path: Path, servers: ScriptedServer
) -> None:
    step = (READS | WRITES)[name]
    servers.answers(step.call, Reply(200, b"{" * 600, trickle_seconds=0.1))
    ended = run(step, image, tmp_path, servers)
    assert ended.code == 1
    assert "no answer: " in ended.err
    assert "trying again" in ended.err


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"\x00\x1b[2J\xff\xfe", b"", b"null"], ids=repr)
def test_garbage_from_vault_is_reported_as_such(
    name: str, image: str, body: bytes, tmp_path: Path, servers: ScriptedServer
) -> None:
    servers.answers(READS[name].call, Reply(200, body))
    ended = run(READS[name], image, tmp_path, servers)
    assert ended.code == 1
    assert "something that is not Vault's" in ended.err
    assert "\x1b" not in ended.err


@pytest.mark.parametrize(
    ("name", "image"),
    [*((name, image) for name in READS for image in IMAGES), *((name, "slim") for name in WRITES)],
)
def test_a_redirect_to_another_host_is_not_followed(
    name: str, image: str, tmp_path: Path, servers: ScriptedServer
) -> None:
    step = (READS | WRITES)[name]
    with ScriptedServer() as other:
        servers.answers(step.call, Reply(307, headers={"Location": f"{other.url}/v1/x"}))
        ended = run(step, image, tmp_path, servers)
        assert ended.code == 1
        assert "redirect" in ended.err
        for request in other.requests:  # BusyBox follows, with nothing
            assert image == "kaniko"
            assert request.body in (b"", b"{}")
            assert "X-Vault-Token" not in request.headers


@pytest.mark.parametrize("name", [*READS, *WRITES])
@pytest.mark.parametrize("status", [400, 500])
def test_a_server_that_repeats_what_it_was_sent_makes_no_log_show_it(
    name: str, status: int, tmp_path: Path, servers: ScriptedServer
) -> None:
    """A proxy that is being debugged answers with the request, over the length at which a text is cut."""
    step = (READS | WRITES)[name]
    basic = b64encode(f"svc-executor:{PASSWORD}".encode()).decode()
    sent = {"login": ID_TOKEN, "secret": VAULT_TOKEN}.get(name, basic)
    servers.answers(step.call, Reply(status, f"you sent {sent} and {sent} {sent}".encode()))
    servers.answers(PROMOTION.stored, Reply(404))
    ended = run(step, "slim", tmp_path, servers)
    assert ended.code == 1
    assert "you sent [MASKED] and" in ended.err
    assert sent[:12] not in ended.err


def test_what_a_promotion_reads_is_never_taken_for_missing_or_half(
    tmp_path: Path, servers: ScriptedServer
) -> None:
    source = "GET /repository/raw-dev/f_1_all.deb"
    for call in (source, PROMOTION.stored):
        for fault in (
            Reply(200, CONTENT, cut_at=4),
            Reply(302, headers={"Location": ELSEWHERE}),
            Reply(401),
            Reply(500),
        ):
            servers.answers(source, Reply(200, CONTENT))
            servers.answers(PROMOTION.stored, Reply(404))
            servers.answers(call, fault)
            ended = run(PROMOTION, "slim", tmp_path, servers)
            assert ended.code == 1
            assert "read " in ended.err
    assert not servers.asked(PROMOTION.call), "nothing is written"


@pytest.mark.parametrize("image", ["slim", "ubi", "alpine"])
def test_a_job_that_is_cancelled_leaves_no_scratch_folder(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    ended = job(tmp_path, image, vault).run("nexus_auth svc-executor; _nexus_scratch; kill -TERM $$; sleep 5")
    assert ended.code != 0
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("image", ["slim", "ubi", "alpine"])
def test_a_program_stays_in_the_group_of_processes_that_a_cancelled_job_ends(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    group = "cut -d' ' -f5 /proc"
    ended = job(tmp_path, image, vault).run(f"_nexus_bounded {group}/self/stat; {group}/$$/stat")
    own, of_the_job = ended.out.split()
    assert own == of_the_job
