"""The shell of the templates in every kind of image, against a server that answers as it is told."""

from __future__ import annotations

import json
import subprocess
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from tests.support.consumers.job_shell import IMAGES, shell_text
from tests.support.consumers.vault_replies import (
    ID_TOKEN,
    LOGIN,
    PASSWORD,
    REVOKE,
    SECRET,
    SHOW,
    VAULT_TOKEN,
    job,
    logged_in,
    refused,
    secret,
    shows_no_secret,
)
from tests.support.servers.scripted_server import Reply, ScriptedServer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("dialect", ["sh", "dash"])
def test_the_shell_is_clean_in_every_dialect(dialect: str) -> None:
    done = subprocess.run(
        ["shellcheck", "-s", dialect, "-"], input=shell_text(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("image", IMAGES)
def test_a_job_gets_the_credentials_as_they_are(image: str, tmp_path: Path, vault: ScriptedServer) -> None:
    ended = job(tmp_path, image, vault).run(SHOW)
    assert ended.code == 0, ended.err
    assert ended.out == f"<svc-executor|{PASSWORD}>"
    *asked_first, login = vault.asked(LOGIN)
    assert [each.body for each in asked_first] == ([b"{}"] if image == "kaniko" else [])
    assert json.loads(login.body) == {"role": "nexus-ci", "jwt": ID_TOKEN}
    assert PASSWORD not in ended.err


@pytest.mark.parametrize("image", IMAGES)
def test_vaults_token_is_revoked_once_the_secret_is_read(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    job(tmp_path, image, vault).run("nexus_auth svc-executor")
    calls = [
        each
        for each in vault.requests
        if VAULT_TOKEN in each.headers.values() or ID_TOKEN in each.body.decode()
    ]
    assert [request.method for request in calls] == ["POST", "GET", "POST"]
    assert vault.asked(REVOKE)[-1].headers["X-Vault-Token"] == VAULT_TOKEN


@pytest.mark.parametrize("image", IMAGES)
def test_a_token_that_cannot_be_revoked_fails_nothing(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    vault.answers(REVOKE, refused(400, "batch tokens cannot be revoked"))
    assert job(tmp_path, image, vault).run("nexus_auth svc-executor").code == 0


@pytest.mark.parametrize("image", IMAGES)
def test_the_token_is_revoked_also_where_the_secret_cannot_be_read(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    vault.answers(SECRET, refused(403, "permission denied"))
    assert job(tmp_path, image, vault).run("nexus_auth svc-executor").code == 1
    assert vault.asked(REVOKE)


@pytest.mark.parametrize("image", IMAGES)
def test_no_secret_stands_on_a_command_line(image: str, tmp_path: Path, vault: ScriptedServer) -> None:
    shell = job(tmp_path, image, vault)
    noted = shell.record()
    assert shell.run("nexus_auth svc-executor; nexus_registry_config config.json a b").code == 0
    lines = noted.read_text(encoding="utf-8")
    assert lines, "nothing was recorded"
    assert PASSWORD not in lines
    assert ID_TOKEN not in lines
    if image != "kaniko":  # BusyBox wget takes headers in no other way
        assert VAULT_TOKEN not in lines


@pytest.mark.parametrize("image", ["debian", "ubi", "alpine"])
def test_no_program_that_publishes_gets_the_password_as_a_word(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    shell = job(tmp_path, image, vault)
    for name in ("twine", "npm", "skopeo"):
        (shell.programs / name).symlink_to("/bin/true")
    # It reads the password, as docker does: one that ends before breaks the pipe, now and then.
    reader = tmp_path / "reader"
    reader.write_text("#!/bin/sh\nexec /bin/cat >/dev/null\n", encoding="ascii")
    reader.chmod(0o755)
    (shell.programs / "docker").symlink_to(reader)
    noted = shell.record()
    vault.answers("PUT /rpm/x.json", Reply(201))
    (tmp_path / "x.json").touch()
    script = "nexus_auth svc-orchestrator; nexus_docker_login; nexus_publish_pypi; nexus_publish_npm; nexus_upload_rpm"
    vault.answers("GET /v1/secret/data/nexus/svc-orchestrator", secret())
    ended = shell.run(script, NEXUS_FILES="x.json", NEXUS_RPM_REPO=f"{vault.url}/rpm")
    assert ended.code == 0, ended.err
    lines = noted.read_text(encoding="utf-8")
    assert {"docker login", "twine upload", "npm publish"} <= {
        " ".join(line.split()[:2]) for line in lines.split("\n")
    }
    assert PASSWORD not in lines
    assert b64encode(f"svc-executor:{PASSWORD}".encode()).decode() not in lines


@pytest.mark.parametrize("image", IMAGES)
def test_a_failing_server_is_asked_again(image: str, tmp_path: Path, vault: ScriptedServer) -> None:
    vault.answers(LOGIN, refused(503, "Vault is sealed"), Reply(502, b"<html>bad</html>"), logged_in())
    vault.answers(SECRET, Reply(reset=True), secret())
    ended = job(tmp_path, image, vault).run(SHOW)
    assert ended.code == 0, ended.err
    assert ended.out == f"<svc-executor|{PASSWORD}>"
    twice = int(image == "kaniko")  # BusyBox wget asks without the token first
    assert (len(vault.asked(LOGIN)), len(vault.asked(SECRET))) == (3 + twice, 2 + twice)
    assert "trying again" in ended.err


@pytest.mark.parametrize("image", IMAGES)
def test_a_server_that_keeps_failing_is_asked_five_times(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    vault.answers(LOGIN, refused(503, "Vault is sealed"))
    ended = job(tmp_path, image, vault).run("nexus_auth svc-executor; echo not reached")
    assert ended.code == 1
    assert ended.out == ""
    assert len(vault.asked(LOGIN)) == 5
    assert "accepts no login: HTTP 503" in ended.err
    assert ("Vault is sealed" in ended.err) == (image != "kaniko")


@pytest.mark.parametrize("image", ["slim", "ubi", "alpine"])
def test_tracing_ends_where_secrets_begin(image: str, tmp_path: Path, vault: ScriptedServer) -> None:
    ended = job(tmp_path, image, vault).run('set -x; nexus_auth svc-executor; : "$NEXUS_PASSWORD"')
    assert ended.code == 0
    assert "tracing" in ended.err
    assert shows_no_secret(ended)


def test_busybox_wget_is_said_and_curl_installed_where_the_image_can(
    tmp_path: Path, vault: ScriptedServer
) -> None:
    curl = subprocess.check_output(["sh", "-c", "command -v curl"], text=True).strip()
    shell = job(tmp_path, "kaniko", vault)
    shell.add_program("apk", f'#!/bin/sh\necho "apk $*" >>apk.log\nln -s {curl} "{shell.programs}/curl"\n')
    ended = shell.run(SHOW, CI_DISPOSABLE_ENVIRONMENT="true")
    assert ended.code == 0, ended.err
    assert "this image has no curl, and BusyBox wget hides" in ended.err
    assert "installing curl with apk" in ended.err
    assert (tmp_path / "apk.log").read_text() == "apk add --no-cache curl\n"
    assert "curl" in vault.asked(LOGIN)[0].headers["User-Agent"]


def test_nothing_is_installed_on_a_machine_that_outlives_the_job(
    tmp_path: Path, vault: ScriptedServer
) -> None:
    shell = job(tmp_path, "kaniko", vault)
    shell.add_program("apk", "#!/bin/sh\necho called >>apk.log\n")
    assert shell.run(SHOW).code == 0
    assert not (tmp_path / "apk.log").exists()


@pytest.mark.parametrize("image", IMAGES)
def test_output_of_other_programs_is_masked_and_their_exit_code_kept(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    ended = job(tmp_path, image, vault).run(
        "nexus_auth svc-executor\n"
        'tool() { echo "login $NEXUS_PASSWORD and $(_nexus_basic) and $NEXUS_PASSWORD"; return 7; }\n'
        "nexus_run tool || echo code $?"
    )
    assert ended.out == "login [MASKED] and [MASKED] and [MASKED]\ncode 7\n"


@pytest.mark.parametrize("image", IMAGES)
def test_only_errors_that_may_pass_are_tried_again(image: str, tmp_path: Path, vault: ScriptedServer) -> None:
    ended = job(tmp_path, image, vault).run(
        "nexus_auth svc-executor\n"
        "passing() { echo x >>tries; [ \"$(wc -l <tries)\" -ge 3 ] || { echo 'HTTP 503 from proxy'; return 1; }; }\n"
        "final() { echo x >>final; echo 'denied: port 5030'; return 1; }\n"
        "wc() { _lines=0; while read -r _; do _lines=$((_lines + 1)); done; echo $_lines; }\n"
        "nexus_run passing && echo passed\n"
        "nexus_run final || echo failed"
    )
    assert ended.out.splitlines()[-3:] == ["passed", "denied: port 5030", "failed"], ended
    assert (tmp_path / "final").read_text() == "x\n"


@pytest.mark.parametrize(
    ("said", "passes"),
    [
        (
            "ConnectionError: ('Connection aborted.', RemoteDisconnected('Remote end closed connection'))",
            True,
        ),
        ("(Caused by SSLError(SSLEOFError(8, '[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred')))", True),
        ("java.io.IOException: Premature EOF", True),
        ("[Errno 101] Network is unreachable", True),
        ("HTTPError: 400 Bad Request: Repository does not allow updating assets: pypi-dev", False),
        ("SSLError: CERTIFICATE_VERIFY_FAILED: unable to get local issuer certificate", False),
    ],
)
def test_a_cut_connection_may_pass_and_a_refusal_does_not(said: str, passes: bool) -> None:  # noqa: FBT001 a parameter
    script = f'{shell_text()}\ngrep -Eiq "$_nexus_temporary"'
    done = subprocess.run(["sh", "-c", script], input=said, text=True, check=False)
    assert (done.returncode == 0) is passes
