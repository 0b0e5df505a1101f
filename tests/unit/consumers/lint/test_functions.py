"""What functions run, whole mounts, and passwords in dotenv artifacts and new lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.consumers.lint import lint

if TYPE_CHECKING:
    from collections.abc import Callable

    from ciaccess.access import Access

ID_TOKENS = "id_tokens: {VAULT_ID_TOKEN: {aud: https://gitlab.shared.cwiq.io}}"


def job(line: str) -> str:
    return f"job:\n  {ID_TOKENS}\n  script:\n    - {line}\n"


def found(text: str, access: Access) -> list[tuple[int, str]]:
    return [(finding.line, finding.rule) for finding in lint(text, access)]


@pytest.mark.parametrize("body", [
    'attempt() { for i in 1 2 3; do "$@" && return; done; }; attempt docker push {}',
    'run() { echo "+ $*"; "$@"; }; run docker push {}',
    'docker() { command docker "$@"; }; docker push {}',
    'retry() { n=$1; shift; timeout 60 "$@"; }; retry 3 docker push {}',
    'a() { b "$@"; }; b() { "$@"; }; a docker push {}',
    'd() { docker "$@"; }; d push {}',
])  # fmt: skip
def test_a_program_that_a_function_runs_with_its_arguments_is_looked_at(body: str, access: Access) -> None:
    script = f"job:\n  script:\n    - |\n      {body}\n"
    assert found(script.replace("{}", "nexus.shared.cwiq.io:8444/x"), access) == [(4, "push-registry")]
    login = script.replace("docker push {}", "docker login -p $P x").replace("d push {}", "d login -p $P x")
    assert found(login, access) == [(4, "password-argument")]
    assert found(script.replace("{}", "nexus.shared.cwiq.io:8443/x"), access) == []


@pytest.mark.parametrize("line", [
    "vault kv get mysecret/nexus/svc-bench",
    "vault kv get -mount=topsecret nexus/svc-bench",
])  # fmt: skip
def test_a_mount_is_compared_as_a_whole(line: str, access: Access) -> None:
    assert found(job(line), access) == [(4, "kv-path")]
    for right in ("vault kv get ns/secret/nexus/svc-bench", "vault read secret/subkeys/nexus/svc-bench"):
        assert found(job(right), access) == []


def test_what_tee_adds_to_a_dotenv_artifact_is_found(access: Access) -> None:
    text = (
        job('echo "NEXUS_PASSWORD=$X" | tee -a build.env') + "  artifacts: {reports: {dotenv: build.env}}\n"
    )
    assert found(text, access) == [(4, "static-credential")]


def test_a_variable_of_windows_is_no_literal_password(access: Access) -> None:
    line = "echo {} | docker login --password-stdin nexus.shared.cwiq.io:8443"
    assert found(job(line.format("%NEXUS_PASSWORD%")), access) == []
    assert found(job(line.format("S3cretPW9")), access) == [(4, "static-credential")]


def test_a_new_line_shows_no_literal_password(access: Access) -> None:
    (finding,) = lint(job("docker login -u y -p S3cretPW9 x"), access)
    assert finding.suggestion == "printf '%s' '***' | docker login -u y --password-stdin x"


@pytest.mark.parametrize("password", [
    "'S3c$$retPW9|1'", '"S3c$$retPW9|1"', r"S3c\$retPW9\|1", "'S3c;retPW9&<>'", "'S3c'\"retPW9$x\"",
])  # fmt: skip
@pytest.mark.parametrize("option", ["-p ", "-p", "--password ", "--password="])
def test_a_new_line_shows_no_password_with_characters_of_the_shell(
    option: str, password: str, access: Access
) -> None:
    text = f"job:\n  script:\n    - |\n      docker login -u y {option}{password} x\n"
    (finding,) = lint(text, access)
    assert finding.suggestion == "printf '%s' '***' | docker login -u y --password-stdin x"


PULL = "nexus.shared.cwiq.io:8444/a"


@pytest.mark.parametrize("line", [
    f"docker login -u y -p S3cretPW9 x && docker push {PULL}",
    f"docker login -u y -pS3cretPW9 x; docker push {PULL}",
    f"tool --token S3cretPW9; docker push {PULL}",
    f"tool --api-key='S3cretPW9' && docker push {PULL}",
    f"NEXUS_PASSWORD=S3cretPW9 docker push {PULL}",
    f"curl -u a:S3cretPW9 https://x.example.org && docker push {PULL}",
    f"git clone https://a:S3cretPW9@x.example.org && docker push {PULL}",
    f"echo S3cretPW9 | docker login -u a --password-stdin x && docker push {PULL}",
    f"docker login -u a --password-stdin x <<< S3cretPW9 && docker push {PULL}",
    f"tool --password 'a$b|S3cretPW9' && docker push {PULL}",
    f"tool --password 'a b$S3cretPW9' && docker push {PULL}",
    f'tool --token="a b;S3cretPW9" && docker push {PULL}',
    f"NEXUS_PASSWORD='a$b&S3cretPW9' docker push {PULL}",
    f"tool '-Dpassword=a$b S3cretPW9' && docker push {PULL}",
    f"docker login -u y -p 'a$b|S3cretPW9' x && docker push {PULL}",
    f"curl -u 'a:b$c|S3cretPW9' https://x.example.org && docker push {PULL}",
    f'curl --user "a:b|S3cretPW9" https://x.example.org && docker push {PULL}',
    f"git clone 'https://a:b$S3cretPW9@x.example.org' && docker push {PULL}",
    f"echo 'a$b|S3cretPW9' | docker login -u a --password-stdin x && docker push {PULL}",
    f"docker login -u a --password-stdin x <<< 'a$b;S3cretPW9' && docker push {PULL}",
])  # fmt: skip
def test_a_new_line_repeats_no_literal_password_of_any_command(line: str, access: Access) -> None:
    shown = [each.suggestion for each in lint(job(line), access) if each.rule == "push-registry"]
    assert shown
    assert all(each and "S3cretPW9" not in each and "***" in each for each in shown)


PRINTS = [
    "$(printf %s S3cretPW9)", "`printf %s S3cretPW9`", "$(echo -n S3cretPW9 | base64 -d)", "$(base64 -d <<< S3cretPW9)",
    "${P:-$(echo S3cretPW9)}", '"$(printf %s S3cretPW9)"', "$(printf '%s)' S3cretPW9)", "$(printf %s $(echo S3cretPW9))",
    '"a$(printf "%s" "S3cretPW9")"', "$(rev <<< 9WP; echo S3cretPW9 || vault x)", "$P'S3cretPW9'", '"$P"S3cretPW9', "'a'\"S3cretPW9$P\"", "'$S3cretPW9'",
    "$(cat f || echo S3cretPW9)", "$(a $(b $(c $(echo S3cretPW9))))", r"\$S3cretPW9",
]  # fmt: skip


@pytest.mark.parametrize("password", PRINTS)
def test_a_new_line_shows_nothing_that_a_substitution_prints(password: str, access: Access) -> None:
    for option in ("-p ", "-p", "--password ", "--password="):
        (finding,) = lint(f"job:\n  script:\n    - |\n      docker login {option}{password} -u y x\n", access)
        assert finding.suggestion == "printf '%s' '***' | docker login --password-stdin -u y x"
    for line in (
        "docker login -u a -p {} x", "docker login --password={} x", "export NEXUS_PASSWORD={}", "tool --token {}",
        "curl --user a:{} https://x.example.org", "echo {} | docker login --password-stdin x",
        "echo {} | base64 -d | docker login --password-stdin x", "docker login --password-stdin x <<< {}",
    ):  # fmt: skip
        text = f"job:\n  script:\n    - |\n      {line.format(password)}; docker push {PULL}\n"
        shown = [each.suggestion for each in lint(text, access) if each.rule == "push-registry"]
        assert shown
        assert all(each and "S3cretPW9" not in each and "***" in each for each in shown), shown


@pytest.mark.parametrize("password", [
    "$(cat /run/p)", "$(< p)", "`cat $FILE`", "${P:?is not set}", "${P:-$Q}", "$(vault kv get -field=password secret/nexus/svc-bench)",
])  # fmt: skip
def test_a_new_line_reads_a_password_where_the_old_one_did(password: str, access: Access) -> None:
    (finding,) = lint(job(f"docker login -u y -p {password} x"), access)
    assert finding.suggestion == f"printf '%s' \"{password}\" | docker login -u y --password-stdin x"


def test_a_new_line_keeps_the_request_that_is_to_be_changed(access: Access) -> None:
    line = 'export VAULT_TOKEN=$(printf {}"role":"ROLE"{} | curl -d @- $VAULT_ADDR/v1/auth/jwt/login | jq -r .auth.client_token)'
    line = line.format("'{", "}'")
    text = f"job:\n  {ID_TOKENS}\n  script:\n    - |\n      {line.replace('ROLE', 'nexus-read-policy')}\n"
    assert [each.suggestion for each in lint(text, access)] == [line.replace("ROLE", "nexus-ci")]


def test_variables_that_multiply_are_not_filled_in_beyond_a_bound(
    access: Access, effort: Callable[[], float]
) -> None:
    text = "variables: {A: " + "$B" * 2_000 + ", B: " + "$C" * 2_000 + ", C: x}\n" + job("echo $A")
    assert found(text.replace("C: x", "C: " + "$A" * 2_000), access) == []
    assert effort() < 100


def test_an_image_in_a_line_has_a_suggestion_beside_a_registry_in_a_variable(access: Access) -> None:
    text = (
        "job:\n  variables: {KO_DOCKER_REPO: nexus.shared.cwiq.io:8444/x}\n  script:\n"
        "    - ko build . && docker push nexus.shared.cwiq.io:8444/x\n"
    )
    suggestions = [each.suggestion for each in lint(text, access) if each.line == 4]
    assert suggestions == ["ko build . && docker push nexus.shared.cwiq.io:8443/x"]
