"""Less usual forms of commands, and what looks like them and is right."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from ciaccess.consumers.lint import apply_fixes, lint
from ciaccess.consumers.lint.shell import read
from ciaccess.consumers.lint.variables import fill_in

if TYPE_CHECKING:
    from ciaccess.access import Access

ID_TOKENS = "id_tokens: {VAULT_ID_TOKEN: {aud: https://gitlab.shared.cwiq.io}}"
PULL, PUSH = "nexus.shared.cwiq.io:8444", "nexus.shared.cwiq.io:8443"


def rules_found(script: str, access: Access, keys: str = "") -> list[str]:
    lines = "".join(f"      {line}\n" for line in script.splitlines())
    return [each.rule for each in lint(f"job:\n  {ID_TOKENS}\n{keys}  script:\n    - |\n{lines}", access)]


@pytest.mark.parametrize("goals", [
    "compile jib:buildTar jib:build", "jib:dockerBuild com.google.cloud.tools:jib-maven-plugin:3.4.0:build", "jib:build@push",
])  # fmt: skip
def test_a_goal_of_jib_that_pushes_is_found_beside_others(goals: str, access: Access) -> None:
    assert rules_found(f"mvn {goals} -Dimage={PULL}/x", access) == ["push-registry"]
    assert rules_found(f"gradle jibBuildTar :app:jib -Djib.to.image={PULL}/x", access) == ["push-registry"]


@pytest.mark.parametrize("goals", [
    "jib:dockerBuild", "jib:buildTar", "com.google.cloud.tools:jib-maven-plugin:3.4.0:dockerBuild",
    "com.google.cloud.tools:jib-maven-plugin:buildTar", "jib:dockerBuild@local", "jibDockerBuild", ":app:jibBuildTar",
])  # fmt: skip
def test_a_goal_of_jib_that_pushes_nothing_is_right(goals: str, access: Access) -> None:
    assert rules_found(f"mvn compile {goals} -Dimage={PULL}/x", access) == []


@pytest.mark.parametrize("form", [
    "%c", "%%c", "%/c", "#a", "##a/", "##", "%", "/b/z", "//b/z", "/b", "//b", "/#a/z", "/%c/z", "/#c/z", "/%a/z", "//#a/z", "/#/z",
    r"//\//-", r"%\/c", r"#\a", r"/\b/z", r"//b/\/", r"/\#a/z", '%"c"', "/'b'/z", "//'/'/-", '/"b"/"z"', "/b/&z", "/*b/z", "%[bc]", "/b/$Y",
    "//b/z/y", "//b//", "///-", "/b*/z", "%\\*",
])  # fmt: skip
def test_a_variable_is_edited_as_by_bash_or_not_known(form: str) -> None:
    for quote in ("", '"'):
        word = f"{quote}${{X{form}}}{quote}"
        text = read(f"echo {word}")[0][0].commands[0].words[1].text
        for value in ("a/b/b/c", "#a/%c", "b", r"\/c"):
            script = f"shopt -u patsub_replacement 2>/dev/null; printf %s {word}"
            environment = {"PATH": os.environ["PATH"], "X": value}
            made = subprocess.run(["bash", "-fc", script], env=environment, capture_output=True, check=True)
            assert fill_in(text, {"X": value}) in (made.stdout.decode(), text), (word, value)


def test_an_edited_name_of_an_image_is_followed(access: Access) -> None:
    name = f"IMAGE={PULL}/x\n"
    assert rules_found(f"{name}docker push ${{IMAGE/#{PULL}/{PUSH}}}", access) == []
    assert rules_found(f"{name}docker push ${{IMAGE/%x/y}}", access) == ["push-registry"]
    assert rules_found(f'{name}docker push "${{IMAGE//\\//-}}"', access) == []
    assert rules_found(f"IMAGE=x.{PULL}/y\ndocker push ${{IMAGE#'x.'}}", access) == ["push-registry"]


SET = "echo VAULT_ADDR=https://x.example.org"


@pytest.mark.parametrize(("script", "report", "rules"), [
    (f"cd sub && {SET} > build.env", "sub/build.env", ["vault-addr"]),
    (f"cd sub\nmake\n{SET} > ../sub/build.env", "sub/build.env", ["vault-addr"]),
    (f"{SET} > vars/build.env", "vars/*.env", ["vault-addr"]),
    (f"cd sub; {SET} > build.env", "sub/*.env", ["vault-addr"]),
    (f"cd sub; {SET} > /tmp/build.env", "sub/build.env", []),
    (f"cd sub; cd $CI_PROJECT_DIR; {SET} > build.env", "sub/build.env", []),
    (f"{SET} > other/build.env", "vars/*.env", []),
    (f"{SET} > build.env", "sub/build.env", []),
])  # fmt: skip
def test_a_dotenv_report_is_known_in_any_folder(
    script: str, report: str, rules: list[str], access: Access
) -> None:
    keys = f"  artifacts: {{reports: {{dotenv: {report}}}}}\n"
    assert rules_found(script, access, keys) == rules


@pytest.mark.parametrize("options", [
    '-o "StrictHostKeyChecking no"', "-i 'my key' -p 22", '-F "a b" -J j -l "x y"', '-vo "SendEnv A B"', '-o"LogLevel no"', "",
])  # fmt: skip
def test_the_script_of_ssh_is_behind_its_options(options: str, access: Access) -> None:
    for registry, rules in ((PULL, ["push-registry"]), (PUSH, [])):
        assert rules_found(f'ssh {options} h "docker push {registry}/x"', access) == rules


@pytest.mark.parametrize(("path", "rules"), [
    ("path='gitlab-team'", []),
    ('path = \\"gitlab-team/\\"', []),
    ("path='jwt'", ["role"]),
    ("path='jwt/'", ["role"]),
    ("path=mount", ["role"]),
    ("use_token=True", ["role"]),
])  # fmt: skip
@pytest.mark.parametrize("token", ["x", "os.environ.get('VAULT_ID_TOKEN')", "f(g())"])
def test_a_login_by_hvac_at_another_mount_is_another_teams(
    path: str, rules: list[str], token: str, access: Access
) -> None:
    call = f"c.auth.jwt.jwt_login(role='team-app', jwt={token}, {path})"
    assert rules_found(f'python3 -c "{call}; d.read(path=1)"', access) == rules
    assert rules_found(f"python3 - <<EOF\n{call}\nEOF", access) == rules


@pytest.mark.parametrize(("line", "rules"), [
    ("make push BASE={PULL}/b:1 REGISTRY={PUSH}", []),
    ("task publish --base {PULL}/b:1 --to=$NEXUS_REGISTRY/x", []),
    ("make push BASE={PULL}/b:1 REGISTRY={PULL}", ["push-registry"]),
    ("make push REGISTRY={PULL}", ["push-registry"]),
    ("docker push {PULL}/x # {PUSH}", ["push-registry"]),
    ("skopeo copy docker://{PUSH}/x docker://{PULL}/x", ["push-registry"]),
    ("oras push {PULL}/x {PUSH}", ["push-registry"]),
])  # fmt: skip
def test_a_program_that_names_both_registries_pushes_to_the_right_one(
    line: str, rules: list[str], access: Access
) -> None:
    script = line.format(PULL=PULL, PUSH=PUSH)
    assert list(dict.fromkeys(rules_found(script, access))) == rules


@pytest.mark.parametrize(("line", "rules"), [
    ("mvn sonar:sonar -Dsonar.token=$SONAR_TOKEN", []),
    ("gradle build -PbuildToken=true", []),
    ("mvn test -Dlexer.token=3 -Dreport.token=x", []),
    ("gradle publish -PnexusToken=$T", ["password-argument"]),
    ("mvn deploy -Drepository.pwd=$T", ["password-argument"]),
    ("mvn deploy -Dtoken=$NEXUS_TOKEN", ["password-argument"]),
    ("mvn deploy -DdeployToken=$T", ["password-argument"]),
    ("mvn deploy -Dpassword=$T", ["password-argument"]),
])  # fmt: skip
def test_a_token_that_is_not_for_nexus_is_no_password(line: str, rules: list[str], access: Access) -> None:
    assert rules_found(line, access) == rules


@pytest.mark.parametrize(("path", "rules"), [
    ("ci/nexus/svc-bench/password@ci", []),
    ("ci/ci/nexus/svc-bench/password@ci", ["kv-path"]),
    ("data/ci/nexus/svc-bench/password@ci", ["kv-path"]),
    ("ci/nexus/svc-bench/password", ["kv-path"]),
    ("ci/nexus/svc-bench/password@other", ["kv-path"]),
])  # fmt: skip
def test_a_prefix_may_begin_with_the_name_of_the_mount(path: str, rules: list[str], access: Access) -> None:
    kv = access.vault.kv.model_copy(update={"mount": "ci", "prefix": "ci/nexus"})
    declared = access.model_copy(update={"vault": access.vault.model_copy(update={"kv": kv})})
    variables = f"{{VAULT_SERVER_URL: {access.vault.address}, VAULT_AUTH_ROLE: nexus-ci}}"
    text = f"job:\n  {ID_TOKENS}\n  variables: {variables}\n  secrets: {{P: {{vault: {path}}}}}\n  script: [make]\n"
    assert [each.rule for each in lint(text, declared)] == rules
    right = "ci/nexus/svc-bench/password@ci"
    after, fixed = apply_fixes(text, declared)
    assert after == (text.replace(path, right) if path.endswith(right) else text)
    assert bool(fixed) == (after != text)


def test_roles_and_audiences_of_a_matrix_are_combined(access: Access) -> None:
    (role,) = access.vault.roles.values()
    roles = {name: role.model_copy(update={"bound_audiences": [f"vault-{name}"]}) for name in "ab"}
    declared = access.model_copy(update={"vault": access.vault.model_copy(update={"roles": roles})})
    text = (
        "job:\n  id_tokens: {VAULT_ID_TOKEN: {aud: $AUD}}\n  parallel: {matrix: [{ROLE: [a, b], AUD: [vault-a, vault-b]}]}\n"
        "  script: [vault write auth/jwt/login role=$ROLE jwt=$VAULT_ID_TOKEN]\n"
    )
    assert {each.why.split(":")[0] for each in lint(text, declared)} == {
        "Vault refuses an id_token with aud vault-a", "Vault refuses an id_token with aud vault-b",
    }  # fmt: skip
    paired = text.replace(
        "{ROLE: [a, b], AUD: [vault-a, vault-b]}", "{ROLE: a, AUD: vault-a}, {ROLE: b, AUD: vault-b}"
    )
    assert lint(paired, declared) == []


@pytest.mark.parametrize(("before", "is_shown"), [
    ("# don't cache\n", True),
    ("make # it's \"new\n", True),
    ("echo \\'a\n", True),
    ("echo 'a # b' \"it's\" ${#A} $#\n", True),
    ("sh -c '\n# it is\n", False),
    ('sh -c "make # x\n', False),
])  # fmt: skip
def test_an_apostrophe_that_quotes_nothing_takes_no_new_line_away(
    before: str, access: Access, *, is_shown: bool
) -> None:
    end = {"'": "\n'", '"': '\n"'}.get("" if is_shown else before[6], "")
    script = f"{before}docker login x -p $P{end}".replace("\n", "\n      ")
    (finding,) = lint(f"job:\n  script:\n    - |\n      {script}\n", access)
    assert finding.suggestion == ("printf '%s' \"$P\" | docker login x --password-stdin" if is_shown else "")
