"""What a job never does: show or lend a secret, follow a redirect with it, run a value of the YAML, leave a file."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from ciaccess.consumers.templates import LIBRARY, render
from tests.support.access.organisation import organisation
from tests.support.consumers.job_shell import IMAGES
from tests.support.consumers.vault_replies import (
    ID_TOKEN,
    LOGIN,
    PASSWORD,
    SECRET,
    SHOW,
    VAULT_TOKEN,
    compact,
    job,
    refused,
)
from tests.support.servers.scripted_server import Reply, ScriptedServer

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access

CURL_SHELLS = ("slim", "ubi", "alpine")
ELSEWHERE = "/elsewhere"
# A value that runs, or ends a word, a case or a script, leaves the file `ran` behind.
FRAGMENTS = [
    "$(touch ran)", "`touch ran`", "';touch ran;'", '";touch ran;"', "\ntouch ran\n", ";touch ran;", "|touch ran", "&touch ran&",
    ") touch ran ;; *", "$[[ inputs.account ]]", "${NEXUS_ACCOUNT:-$(touch ran)}", "\\", "'", '"', "$", "*", "#", "-n", " ", "é", "}", "EOF",
]  # fmt: skip


@pytest.mark.parametrize("image", CURL_SHELLS)
def test_other_programs_get_neither_password_nor_id_token(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    shell = job(tmp_path, image, vault)
    shell.add_program("tool", "#!/bin/sh\nexport -p\n")
    script = "set -a; nexus_auth svc-executor; tool; nexus_run tool"
    ended = shell.run(script, NEXUS_PASSWORD="old", NEXUS_USER="old")
    assert ended.code == 0, ended.err
    assert not any(each in ended.out for each in ("NEXUS_PASSWORD", "NEXUS_USER", PASSWORD, ID_TOKEN))
    exported = shell.run("nexus_auth svc-executor; nexus_export; tool; nexus_run tool").out
    assert exported.count("NEXUS_PASSWORD") == 2
    assert exported.count(PASSWORD) == 1, "masked by nexus_run"
    assert ID_TOKEN not in exported


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("call", [LOGIN, SECRET])
def test_a_redirect_gets_no_secret(call: str, image: str, tmp_path: Path, vault: ScriptedServer) -> None:
    with ScriptedServer() as other:
        vault.answers(call, Reply(307, headers={"Location": f"{other.url}{ELSEWHERE}"}))
        for method in ("GET", "POST"):
            other.answers(f"{method} {ELSEWHERE}", compact({}))
        ended = job(tmp_path, image, vault).run("nexus_auth svc-executor")
        assert ended.code == 1
        assert "HTTP 307" in ended.err
        sent = [repr(request) for request in other.requests]
    assert not any(each in text for text in sent for each in (ID_TOKEN, VAULT_TOKEN)), sent


@pytest.mark.parametrize("image", CURL_SHELLS)
def test_curl_reads_no_configuration_of_the_image(image: str, tmp_path: Path, vault: ScriptedServer) -> None:
    shell = job(tmp_path, image, vault)
    (tmp_path / ".curlrc").write_text('user-agent = "curlrc"\nlocation-trusted\n')
    assert shell.run(SHOW).code == 0
    assert {request.headers["User-Agent"].split("/")[0] for request in vault.requests} == {"curl"}


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("value", ["a\nurl = x", "a\r", "a\tb", "a\x1b[31m", "a\x7f", "a\x00", "a:b\x0bc"])
def test_control_characters_in_a_secret_are_refused(
    value: str, image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    document = {"data": {"data": {"username": "svc-executor", "password": value}}}
    vault.answers(SECRET, compact(document))
    ended = job(tmp_path, image, vault).run("nexus_auth svc-executor; echo not reached")
    assert (ended.code, ended.out) == (1, "")
    assert "no username or password that can be used" in ended.err
    vault.answers(SECRET, compact({"data": {"data": {"username": value, "password": PASSWORD}}}))
    assert job(tmp_path, image, vault).run("nexus_auth svc-executor").code == 1


@pytest.mark.parametrize("image", IMAGES)
def test_a_token_or_namespace_that_would_break_a_header_is_refused(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    shell = job(tmp_path, image, vault)
    ended = shell.run("nexus_auth svc-executor", VAULT_NAMESPACE="admin\nX-Other: 1")
    assert "VAULT_NAMESPACE has a control character" in ended.err
    assert not vault.requests
    vault.answers(LOGIN, Reply(200, b'{"auth":{"client_token":"hvs.\rX-Other: 1"}}', "application/json"))
    assert "something that is not Vault's" in shell.run("nexus_auth svc-executor").err


@pytest.mark.parametrize("image", CURL_SHELLS)
def test_a_servers_text_is_printed_without_control_characters(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    for reply in (
        refused(400, "red \x1b[31m\u009b31m line\rover\x07"),
        Reply(418, b"red \x1b[31m\xc2\x9b\x00\x08text\rover", "text/plain"),
    ):
        vault.answers(LOGIN, reply)
        ended = job(tmp_path, image, vault).run("nexus_auth svc-executor")
        assert ended.code == 1
        assert "red " in ended.err
        assert not any(
            ord(character) < 32 or 127 <= ord(character) < 160 for character in ended.err.replace("\n", "")
        )
    vault.answers(LOGIN, Reply(200, b'{"auth":{"client_token":"hvs.x"}}'))
    printed = job(tmp_path, image, vault).run(
        "nexus_auth svc-executor; tool() { printf 'a\\033[2Jb\\rc\\tok\\n'; }; nexus_run tool"
    )
    assert printed.out == "a[2Jbc\tok\n"


@pytest.mark.parametrize("image", IMAGES)
def test_nothing_is_left_behind_however_the_job_ends(
    image: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    shell = job(tmp_path, image, vault)
    for script in (
        "nexus_run true",
        "nexus_run false",
        "nexus_run true; nexus_fail x",
        "nexus_run true; exit 3",
    ):
        shell.run(f"nexus_auth svc-executor; {script}")
        assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("image", CURL_SHELLS)
def test_names_that_begin_with_a_dash_are_files(image: str, tmp_path: Path, vault: ScriptedServer) -> None:
    shell = job(tmp_path, image, vault)
    names = ["-K", "--config", "-rf.txt"]
    for name in names:
        (tmp_path / name).write_text(name)
        vault.answers(f"PUT /raw/{name}", Reply(201))
    ended = shell.run(
        "nexus_auth svc-executor; nexus_upload_raw",
        NEXUS_FILES="-*",
        NEXUS_RAW_REPO=f"{vault.url}/raw",
        NEXUS_PATH="/",
    )
    assert ended.code == 0, ended.err
    assert sorted(request.body.decode() for request in vault.requests if request.method == "PUT") == sorted(
        names
    )


@pytest.mark.parametrize("image", IMAGES)
def test_a_namespace_is_sent_with_every_request(image: str, tmp_path: Path, vault: ScriptedServer) -> None:
    ended = job(tmp_path, image, vault).run(SHOW, VAULT_NAMESPACE="admin/team")
    assert ended.code == 0, ended.err
    assert {request.headers.get("X-Vault-Namespace") for request in vault.requests} == {"admin/team"}
    vault.requests.clear()
    assert job(tmp_path, image, vault).run(SHOW).code == 0
    assert not any("X-Vault-Namespace" in request.headers for request in vault.requests)


def hostile(value: str) -> Access:
    """Return the organisation's access with the value in every name that access.yaml can give; no rule saw it."""
    access = organisation()
    role = access.vault.roles["nexus-ci"].model_copy(update={"bound_audiences": [value]})
    bench = access.accounts["svc-bench"].model_copy(update={"path": value})
    vault = {
        "namespace": value,
        "kv": access.vault.kv.model_copy(update={"mount": value}),
        "jwt": access.vault.jwt.model_copy(update={"issuer": value, "mount": value}),
        "roles": {value: role.model_copy(update={"accounts": [*role.accounts, value]})},
    }
    formats = {
        name: each.model_copy(update={"dev": value, "uat": value})
        for name, each in access.nexus.repositories.items()
    }
    nexus = {"url": value, "push_registry": value, "pull_registry": f"{value}2", "repositories": formats}
    return access.model_copy(
        update={
            "vault": access.vault.model_copy(update=vault),
            "nexus": access.nexus.model_copy(update=nexus),
            "gitlab": access.gitlab.model_copy(
                update={"groups": {value: access.gitlab.groups["orchestrator"]}}
            ),
            "accounts": {**access.accounts, "svc-bench": bench, value: bench},
            "images": access.images.model_copy(update={"kaniko": f"{value}2/kaniko"}),
        }
    )


def jobs_of(text: str) -> dict[str, Any]:
    return dict(list(YAML(typ="safe").load_all(text))[-1])


@settings(
    derandomize=True,
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(value=st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=4).map("".join))
def test_no_value_of_the_yaml_is_read_as_shell_or_yaml(tmp_path: Path, value: str) -> None:
    rendered = render(hostile(value), library=None)
    library = jobs_of(rendered[LIBRARY])
    assert library[".nexus_job"]["id_tokens"]["VAULT_ID_TOKEN"]["aud"] == value
    assert library[".nexus_kaniko"]["image"]["name"].startswith(f"{value}2/")
    assert (
        jobs_of(rendered["rpm-upload.yml"])["$[[ inputs.job-name ]]"]["id_tokens"]
        == library[".nexus_job"]["id_tokens"]
    )
    assert "$[[ inputs.account ]]" not in rendered["rpm-upload.yml"].replace(
        'NEXUS_ACCOUNT: "$[[ inputs.account ]]"', ""
    )
    script = f"""{library[".nexus_shell"]["before_script"][0]}
printf '%s\\n' "$_nexus_namespace" "$_nexus_url" "$_nexus_push_registry" "$_nexus_issuer" >shown
NEXUS_REGISTRY_UAT='' NEXUS_REGISTRY_DEV=''
_nexus_able push yum; _nexus_repository raw uat; _nexus_environment_registry dev; _nexus_environment_registry uat
_nexus_account "$_nexus_namespace"; printf '%s\\n' "$_nexus_role" "$_nexus_audience" "$_nexus_path" >>shown
(nexus_auth other) || (nexus_auth '') || (nexus_auth svc-fsdb push docker) || (_nexus_repository x y) || :
"""
    for shell in (["bash"], ["dash"], ["busybox", "ash"]):
        done = subprocess.run(
            [*shell, "-eu"], input=script, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "shown").read_text(encoding="utf-8") == f"{value}\n" * 7
        assert [path.name for path in tmp_path.iterdir()] == ["shown"], f"{shell}: {value!r} ran"
