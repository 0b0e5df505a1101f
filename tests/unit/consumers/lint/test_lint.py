from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from ciaccess.consumers.lint import SourceError, apply_fixes, lint
from ciaccess.consumers.templates import TEMPLATES

if TYPE_CHECKING:
    from ciaccess.access import Access

DATA = Path(__file__).parents[3] / "data" / "pipelines"
ID_TOKENS = "id_tokens: {VAULT_ID_TOKEN: {aud: https://gitlab.shared.cwiq.io}}"


def job(line: str) -> str:
    return f"job:\n  {ID_TOKENS}\n  script:\n    - {line}\n"


def found(text: str, access: Access) -> list[tuple[int, str]]:
    return [(finding.line, finding.rule) for finding in lint(text, access)]


def mended(text: str, access: Access) -> str:
    after, _ = apply_fixes(text, access)
    again, nothing = apply_fixes(after, access)
    assert (again, nothing) == (after, []), "mending is idempotent"
    return after


# A line of a job's script, the rule that finds it, and the new line that is suggested; "" where that takes thought.
LINES = [
    ("vault write auth/jwt/login role=nexus-read-policy jwt=$VAULT_ID_TOKEN", "role",
     "vault write auth/jwt/login role=nexus-ci jwt=$VAULT_ID_TOKEN"),
    ("'curl $VAULT_ADDR/v1/auth/jwt/login -d \"{\\\"role\\\": \\\"nexus-read-policy\\\"}\"'", "role",
     'curl $VAULT_ADDR/v1/auth/jwt/login -d "{\\"role\\": \\"nexus-ci\\"}"'),
    ("vault write auth/jwt/login role=nexus-cl jwt=$VAULT_ID_TOKEN", "role", ""),
    ("vault login -method=jwt role=nexus-cl jwt=$VAULT_ID_TOKEN", "role", ""),
    ("vault login --method jwt --path jwt role=nexus-cl jwt=$VAULT_ID_TOKEN", "role", ""),
    ("http POST $VAULT_ADDR/v1/auth/$VAULT_AUTH_PATH/login role=nexus-cl jwt=$VAULT_ID_TOKEN", "role", ""),
    ("jq -n --arg role nexus-cl '{role:$role}' | curl -d @- $VAULT_ADDR/v1/auth/jwt/login", "role", ""),
    ("jq -n --arg r nexus-cl '{role:$r}' | curl -d @- $VAULT_ADDR/v1/auth/jwt/login", "role", ""),
    ("ROLE=nexus-cl; vault write auth/jwt/login role=${ROLE} jwt=$VAULT_ID_TOKEN", "role", ""),
    ("vault write auth/jwt/login role=${ROLE:-nexus-cl} jwt=$VAULT_ID_TOKEN", "role", ""),
    ("echo ${CI_JOB_JWT}", "job-jwt", ""),
    ("echo $CI_JOB_JWT_V1 | cut -d. -f2", "job-jwt", ""),
    ("curl $VAULT_ADDR/v1/secret/nexus/svc-bench", "kv-path", "curl $VAULT_ADDR/v1/secret/data/nexus/svc-bench"),
    ("vault read -field=x secret/nexus/svc-bench", "kv-path", "vault read -field=x secret/data/nexus/svc-bench"),
    ("vault kv get -field password secret/data/nexus/svc-bench", "kv-path",
     "vault kv get -field password secret/nexus/svc-bench"),
    ("curl $VAULT_ADDR/v1/secret/data/nexus/svc-admin", "account", ""),
    ("vault kv get -format=json -mount secret nexus/svc-admin", "account", ""),
    ("export VAULT_ADDR=https://x", "vault-addr", ""),
    ("VAULT_ADDR=https://x vault status", "vault-addr", ""),
    ("env VAULT_ADDR=https://x vault status", "vault-addr", ""),
    ("docker push nexus.shared.cwiq.io:8444/orchestrator/x", "push-registry",
     "docker push nexus.shared.cwiq.io:8443/orchestrator/x"),
    ("docker image push $NEXUS_REGISTRY_PULL/orchestrator/x", "push-registry",
     "docker image push $NEXUS_REGISTRY/orchestrator/x"),
    ("buildah push x docker://${NEXUS_REGISTRY_PULL}/x", "push-registry", "buildah push x docker://${NEXUS_REGISTRY}/x"),
    ("skopeo copy docker://nexus.shared.cwiq.io:8444/x docker://nexus.shared.cwiq.io:8444/y", "push-registry",
     "skopeo copy docker://nexus.shared.cwiq.io:8444/x docker://nexus.shared.cwiq.io:8443/y"),
    ("crane cp a nexus.shared.cwiq.io:8444/y", "push-registry", "crane cp a nexus.shared.cwiq.io:8443/y"),
    ("docker buildx build . --output=type=registry -t $NEXUS_REGISTRY_PULL/x", "push-registry",
     "docker buildx build . --output=type=registry -t $NEXUS_REGISTRY/x"),
    ("docker login x -u y -p $P", "password-argument", "printf '%s' \"$P\" | docker login x -u y --password-stdin"),
    ('docker login -u y --password="${P}" x && echo in', "password-argument",
     "printf '%s' \"${P}\" | docker login -u y --password-stdin x && echo in"),
    ('cd a && podman login -p "$P" x', "password-argument",
     "cd a && printf '%s' \"$P\" | podman login --password-stdin x"),
    ("docker login -p $(echo S3cret) x", "password-argument",
     "printf '%s' '***' | docker login --password-stdin x"),
    ("docker login -p `echo S3cret` x", "password-argument", "printf '%s' '***' | docker login --password-stdin x"),
    ("docker login -p ${P:-S3cret} x", "password-argument", "printf '%s' '***' | docker login --password-stdin x"),
    ("docker login x -p$P", "password-argument", "printf '%s' \"$P\" | docker login x --password-stdin"),
    ("sh -c 'docker login x -p $P'", "password-argument", ""),
    ("helm repo add n https://nexus --username x --password $P", "password-argument",
     "printf '%s' \"$P\" | helm repo add n https://nexus --username x --password-stdin"),
    ("python3 -m twine upload -u x -p $P dist/*", "password-argument", ""),
    ("skopeo copy --dest-creds x:$P docker-archive:a docker://b/c", "password-argument", ""),
    ("npm config set //nexus/:_authToken=$P", "password-argument", ""),
    ("npm config set _auth=$P", "password-argument", ""),
    ("npm publish --_auth=$P", "password-argument", ""),
    ("any-tool --with $NEXUS_PASSWORD", "password-argument", ""),
    ("sudo -E any-tool --with=${NEXUS_PASSWORD}", "password-argument", ""),
    ("curl -u x:$P https://nexus", "curl-user", ""),
    ("curl -sfu $U:$P https://nexus", "curl-user", ""),
    ('curl -sf --user "$U:$P" -T a https://nexus', "curl-user", ""),
    ("git clone https://x:$P@nexus/y", "curl-user", ""),
    ("wget -qO- --post-data=jwt=$VAULT_ID_TOKEN $VAULT_ADDR/v1/auth/jwt/login", "wget-post", ""),
]  # fmt: skip

INNOCENT = [
    "vault kv get secret/nexus/svc-bench",
    "curl $VAULT_ADDR/v1/secret/data/nexus/svc-bench",
    "curl $VAULT_ADDR/v1/secret/metadata/nexus/svc-bench",
    "curl -H 'X: y' https://nexus.shared.cwiq.io:8444/v2/",
    "printf '%s' \"$P\" | docker login x -u y --password-stdin",
    "docker pull nexus.shared.cwiq.io:8444/orchestrator/x",
    "docker run -p 80:80 nexus.shared.cwiq.io:8444/orchestrator/x",
    "docker build -t x --build-arg BASE=nexus.shared.cwiq.io:8444/library/alpine .",
    "skopeo copy docker://nexus.shared.cwiq.io:8444/x docker://nexus.shared.cwiq.io:8443/y",
    "mkdir -p a; docker login x --password-stdin <p",
    'curl -u "$TOKEN" https://api.example.org',
    "kubectl create role nexus-read-policy-reader",
    "echo $VAULT_ADDR",
    "curl --url https://x:8443 --user-agent 'a:b' -o out:1",
    "curl $VAULT_ADDR/v1/secret/data/nexus/svc-${TEAM}",
    "vault write auth/jwt/login role=nexus-$KIND jwt=$VAULT_ID_TOKEN",
    "wget -qO- https://x",
    "wget -qO- --post-data=x http://y",
    "export VAULT_ADDR=${VAULT_ADDR%/}",
    "docker run -e VAULT_ADDR=$VAULT_ADDR x",
    "vault kv get -mount=other data/nexus/another-team",
    "vault login -method=userpass username=x",
    "vault write auth/approle/login role_id=nexus-read-policy",
    "curl $VAULT_ADDR/v1/auth/kubernetes/login -d role=other",
    "jq -n --arg j $VAULT_ID_TOKEN --arg r nexus-ci '{jwt:$j,role:$r}' | curl -d @- $VAULT_ADDR/v1/auth/jwt/login",
    "jq -n '{jwt:$ENV.VAULT_ID_TOKEN,role:\"nexus-ci\"}' | curl -d @- $VAULT_ADDR/v1/auth/jwt/login",
    'TWINE_PASSWORD="$NEXUS_PASSWORD" twine upload dist/*',
    'test -n "$NEXUS_PASSWORD" && echo in',
    "docker build --push -t nexus.shared.cwiq.io:8443/x --cache-from nexus.shared.cwiq.io:8444/x .",
    "helm pull oci://nexus.shared.cwiq.io:8444/charts/x",
    "echo docker login -p secret  # docker login -p x",
    "mysqladmin --password-file=x status",
    "npm config delete //nexus/:_authToken",
    "npm config get _auth",
]


@pytest.mark.parametrize(("line", "rule", "suggested"), LINES)
def test_each_idiom_is_found_with_its_line_and_no_script_is_edited(
    line: str, rule: str, suggested: str, access: Access
) -> None:
    text = job(line)
    (finding,) = lint(text, access)
    assert (finding.line, finding.rule, finding.suggestion) == (4, rule, suggested)
    assert mended(text, access) == text


@pytest.mark.parametrize("line", INNOCENT)
def test_what_is_right_is_left_alone(line: str, access: Access) -> None:
    assert found(job(line), access) == []


def test_a_command_that_yaml_takes_for_a_mapping_is_read_as_it_is_meant(access: Access) -> None:
    line = 'curl -H "X-Vault-Token: $T" $VAULT_ADDR/v1/secret/nexus/svc-admin'
    (lacks, account) = sorted(lint(job(line), access), key=lambda finding: finding.rule, reverse=True)
    assert (lacks.line, lacks.rule, lacks.suggestion) == (
        4, "kv-path", 'curl -H "X-Vault-Token: $T" $VAULT_ADDR/v1/secret/data/nexus/svc-admin'
    )  # fmt: skip
    assert (account.line, account.rule) == (4, "account")


@pytest.mark.parametrize("entry", ["{a: b, c: d}", "{}", "a: [b]"])
def test_another_mapping_in_a_script_is_no_command(entry: str, access: Access) -> None:
    assert found(job(entry), access) == []


def test_a_password_in_an_address_gets_a_remedy_that_its_program_has(access: Access) -> None:
    remedies = {
        finding.remedy for line in ("pip config set global.index-url https://x:$P@nexus/y", "git clone https://x:$P@nexus/y")
        for finding in lint(job(line), access)
    }  # fmt: skip
    assert remedies == {"have them in a netrc file, or the address in the environment"}


def test_our_own_templates_are_clean(access: Access) -> None:
    for path in TEMPLATES.glob("*.yml"):
        assert lint(path.read_text(encoding="utf-8"), access) == [], path.name


LIBRARY = "include: [{project: orchestrator/ciaccess, file: [%s]}]\n"


def test_jobs_of_our_templates_are_clean_where_they_are_included(access: Access) -> None:
    names = sorted(path.name for path in TEMPLATES.glob("*.yml"))
    text = LIBRARY % ", ".join(f"ci/templates/{name}" for name in names)
    assert (
        lint(text + "own: {extends: .nexus_credentials, variables: {NEXUS_ACCOUNT: svc-executor}}\n", access)
        == []
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "include:\n  - project: orchestrator/ciaccess\n    file: ci/templates/rpm-upload.yml\n    inputs: {fles: x}\n",
            ".gitlab-ci.yml:4: the included file has no input fles: GitLab refuses the pipeline. Its inputs: job-name, ",
        ),
        (
            "include:\n  - project: orchestrator/ciaccess\n    file: ci/templates/nexus.yml\n    inputs: {account: svc-executor}\n",
            ".gitlab-ci.yml:4: the included file has no input account: GitLab refuses the pipeline. It has none",
        ),
    ],
)
def test_what_gitlab_refuses_in_the_use_of_a_template_is_refused(
    text: str, fault: str, access: Access
) -> None:
    with pytest.raises(SourceError, match=re.escape(fault)):
        lint(text, access)


def test_the_seed_documents_snippets_work_but_show_passwords(access: Access) -> None:
    rules = {rule for _, rule in found((DATA / "seed.gitlab-ci.yml").read_text(encoding="utf-8"), access)}
    assert rules == {"password-argument", "curl-user", "wget-post"}


def test_mending_keeps_every_other_line(access: Access) -> None:
    before = (DATA / "broken.gitlab-ci.yml").read_text(encoding="utf-8")
    after = mended(before, access)
    assert "# role: nexus-read-policy was here for years" in after, "comments stay"
    assert "SIGSTORE_ID_TOKEN:\n      aud: sigstore" in after, "other tokens stay"
    changed = [line for line in before.splitlines() if line not in after.splitlines()]
    assert len(changed) == 2, "VAULT_ADDR's line and the audience"
    assert {rule for _, rule in found(after, access)} == {
        "account", "curl-user", "field", "job-jwt", "kv-path", "password-argument", "push-registry", "role", "vault-addr", "wget-post"
    }  # fmt: skip


def test_windows_line_ends_stay(access: Access) -> None:
    text = job("make").replace("https://gitlab.shared.cwiq.io", "https://vault").replace("\n", "\r\n")
    assert mended(text, access) == job("make").replace("\n", "\r\n")


def test_a_job_without_id_tokens_gets_them_before_its_first_key(access: Access) -> None:
    text = dedent("""\
        job:   # publishes
            stage: deploy
            script: [curl "$VAULT_ADDR/v1/auth/jwt/login" -d "jwt=$VAULT_ID_TOKEN"]
        """)
    assert found(text, access) == [(1, "id-tokens")]
    assert mended(text, access) == dedent("""\
        job:   # publishes
            id_tokens:
              VAULT_ID_TOKEN:
                aud: https://gitlab.shared.cwiq.io
            stage: deploy
            script: [curl "$VAULT_ADDR/v1/auth/jwt/login" -d "jwt=$VAULT_ID_TOKEN"]
        """)


@pytest.mark.parametrize(
    "user",
    [
        "job:\n  extends: .login\n  TOKENS",
        "job:\n  extends: [.other, .login]\n  TOKENS\n.other: {stage: test}",
        "job:\n  <<: *login\n  TOKENS",
        "job:\n  before_script: *lines\n  TOKENS",
        "job:\n  before_script:\n    - !reference [.login, before_script]\n    - echo\n  TOKENS",
        "default:\n  TOKENS\njob:\n  extends: .login\n",
    ],
)
def test_id_tokens_count_wherever_the_job_has_them_from(user: str, access: Access) -> None:
    login = '.login: &login\n  before_script: &lines\n    - curl "$VAULT_ADDR/v1/auth/jwt/login" -d $VAULT_ID_TOKEN\n'
    assert found(login + user.replace("TOKENS", ID_TOKENS), access) == []
    without = user.replace("\n  TOKENS", "\n  stage: test")
    assert [rule for _, rule in found(login + without, access)] == ["id-tokens"]


def test_a_token_under_a_name_of_its_own_counts(access: Access) -> None:
    text = dedent("""\
        job:
          id_tokens: {VAULT: {aud: [https://gitlab.shared.cwiq.io, other]}, SIGN: {aud: sigstore}}
          script:
            - |
              curl "$VAULT_ADDR/v1/auth/jwt/login" --data "{\\"jwt\\":\\"${VAULT}\\",\\"role\\":\\"nexus-ci\\"}"
        """)
    assert found(text, access) == []
    assert found(text.replace("https://gitlab.shared.cwiq.io", "https://gitlab.com"), access) == [
        (2, "audience")
    ]


def test_the_audience_of_another_receiver_stays(access: Access) -> None:
    text = job("aws sts assume-role-with-web-identity --web-identity-token $VAULT_ID_TOKEN") + (
        "    - vault write auth/jwt/login role=nexus-ci jwt=$VAULT_ID_TOKEN\n"
    )
    text = text.replace("https://gitlab.shared.cwiq.io", "https://sts.example.org")
    (finding,) = lint(text, access)
    assert (finding.rule, finding.remedy) == (
        "audience", "another id_token for Vault, with aud: https://gitlab.shared.cwiq.io"
    )  # fmt: skip
    assert mended(text, access) == text


def test_a_token_that_is_only_shown_does_not_keep_its_audience(access: Access) -> None:
    text = job("echo $VAULT_ID_TOKEN | cut -d. -f2").replace(
        "https://gitlab.shared.cwiq.io", "https://x.example.org"
    )
    assert mended(text, access) == text.replace("https://x.example.org", "https://gitlab.shared.cwiq.io")


def test_a_wrong_audience_keeps_its_quotes(access: Access) -> None:
    text = 'job:\n  id_tokens:\n    VAULT_ID_TOKEN:\n      aud: "https://vault"   # old\n  script: [a]\n'
    assert found(text, access) == [(4, "audience")]
    assert mended(text, access) == text.replace("https://vault", "https://gitlab.shared.cwiq.io")


def test_a_vault_addr_that_says_something_else_is_found_but_kept(access: Access) -> None:
    text = "variables:\n  VAULT_ADDR: https://old.example.org\n  A: b\njob:\n  script: [a]\n"
    assert found(text, access) == [(2, "vault-addr")]
    assert mended(text, access) == text
    same = text.replace("https://old.example.org", "https://vault.shared.cwiq.io")
    assert mended(same, access) == text.replace("  VAULT_ADDR: https://old.example.org\n", "")
    alone = same.replace("  A: b\n", "")
    assert mended(alone, access) == alone, "a section left empty is for people"


def test_a_variable_that_holds_the_pull_registry_is_traced(access: Access) -> None:
    text = "variables:\n  IMAGE: $NEXUS_REGISTRY_PULL/x\njob:\n  script:\n    - docker push $IMAGE\n"
    (finding,) = lint(text, access)
    assert (finding.line, finding.rule, finding.edit) == (5, "push-registry", None)
    assert "by $IMAGE, set in line 2" in finding.why


def test_the_line_is_that_of_a_continued_commands_fault(access: Access) -> None:
    text = job("|\n      docker login x \\\n        -u y \\\n        -p $P\n      echo")
    assert found(text, access) == [(7, "password-argument")]


@pytest.mark.parametrize("place", ["line", "before"])
def test_a_comment_allows_one_rule(place: str, access: Access) -> None:
    comment = "# lint-ci: allow curl-user"
    line = "curl -u x:$P https://nexus"
    body = f"{line}  {comment}" if place == "line" else f"|\n      {comment}\n      {line}"
    assert found(job(body), access) == []
    assert found(job(body).replace("allow curl-user", "allow role"), access) != []


def test_an_anchor_defined_twice_is_gitlabs_to_judge(access: Access) -> None:
    text = ".a: &a {script: [x]}\n.b: &a {script: [y]}\n" + job("echo $CI_JOB_JWT")
    assert found(text, access) == [(6, "job-jwt")]


def test_an_alias_inside_what_it_stands_for_ends(access: Access) -> None:
    assert found("a: &a\n  script:\n    - *a\n    - echo $CI_JOB_JWT\n", access) == [(4, "job-jwt")]


@given(
    chosen=st.lists(
        st.sampled_from([line for line, _, _ in LINES if not line.startswith(("'", '"'))]), max_size=6
    ),
    style=st.sampled_from(["    - {}\n", "    - |\n      {}\n", "    - >\n      {}\n", "    - 'echo; {}'\n"]),
)
def test_whatever_stands_together_no_script_is_edited(chosen: list[str], style: str, access: Access) -> None:
    lines = [line.replace("'", "''") if "'" in style else line for line in chosen]
    text = f"job:\n  {ID_TOKENS}\n  script:\n    - start\n" + "".join(style.format(line) for line in lines)
    assert mended(text, access) == text
    assert len(YAML(typ="safe").load(text)["job"]["script"]) == 1 + len(chosen)


def test_the_jobs_behind_a_header_of_inputs_are_looked_at(access: Access) -> None:
    text = "spec:\n  inputs: {a: {default: b}}\n---\n" + job("echo $CI_JOB_JWT")
    assert found(text, access) == [(7, "job-jwt")]


@pytest.mark.parametrize(
    "variables",
    [
        "variables: {ACCOUNT: $ACCOUNT}",
        "variables: {ACCOUNT: $OTHER, OTHER: $ACCOUNT}",
        "rules: [{if: $A, variables: {ACCOUNT: $OTHER}}, {if: $B, variables: {ACCOUNT: $ACCOUNT, OTHER: $ACCOUNT}}]",
    ],
)
def test_variables_that_name_each_other_end(variables: str, access: Access) -> None:
    text = job("vault kv get secret/nexus/$ACCOUNT") + f"  {variables}\n"
    assert found(text, access) == []


def test_each_value_of_an_account_is_looked_at_through_other_variables(access: Access) -> None:
    rules = "rules: [{if: $A, variables: {NAME: svc-admin}}, {if: $B, variables: {NAME: svc-bench}}]"
    text = job("vault kv get secret/nexus/$ACCOUNT") + f"  variables: {{ACCOUNT: $NAME}}\n  {rules}\n"
    assert found(text, access) == [(6, "account")]
