"""What GitLab has merged is whole: nothing is read beside it, and stored passwords can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.consumers.lint import check_merged
from ciaccess.consumers.lint.including import File
from ciaccess.consumers.lint.vocabulary import Vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access
    from ciaccess.consumers.lint import Checked

LOGIN = "id_tokens: {VAULT_ID_TOKEN: {aud: https://gitlab.shared.cwiq.io}}\n  before_script:\n    - vault write auth/jwt/login role=nexus-ci jwt=$VAULT_ID_TOKEN"


class Files:
    """A project's files by path; others cannot be read."""

    def __init__(self, **texts: str) -> None:
        self._texts = {f"{name}.yml": text for name, text in texts.items()}

    def files_for(self, pattern: str) -> list[File]:
        return [File(pattern, lambda: self._texts.get(pattern))]

    def of_project(self, project: str, ref: str) -> None:
        del project, ref


def checked(text: str, access: Access, **files: str) -> Checked:
    return check_merged(text, Vocabulary(access), "orchestrator/app", Files(**files))


def stored(text: str, access: Access) -> list[str]:
    return [each.job for each in checked(text, access).findings if each.rule == "static-credential"]


def test_an_include_in_merged_yaml_names_no_file_of_this_machine(access: Access, tmp_path: Path) -> None:
    part = tmp_path / "part.yml"
    part.write_text("leak: {script: [echo $CI_JOB_JWT]}\n", encoding="utf-8")
    found = checked(f"include: {part}\njob: {{script: [make]}}\n", access)
    assert (found.findings, found.unread) == ([], [])


@pytest.mark.parametrize(
    "line",
    [
        'curl --config - https://nexus.shared.cwiq.io/repository/raw-dev/a <<< "user = x:$NEXUS_PASSWORD"',
        "docker login -u ci --password-stdin nexus.shared.cwiq.io:8443 <<< $DOCKER_PASSWORD",
        "TWINE_PASSWORD=$NEXUS_PASS twine upload dist/*",
    ],
)  # fmt: skip
def test_a_password_that_neither_the_pipeline_nor_vault_gives_is_stored_in_gitlab(
    access: Access, line: str
) -> None:
    assert stored(f"job:\n  script:\n    - >-\n      {line}\n", access) == ["job"]


@pytest.mark.parametrize(
    "body",
    [
        f"{LOGIN}\n  script: [twine upload -u x $NEXUS_PASSWORD]",
        "script:\n    - . ./login.sh\n    - test -n $NEXUS_PASSWORD",
        "script:\n    - NEXUS_PASSWORD=$(cat password)\n    - test -n $NEXUS_PASSWORD",
        "secrets: {NEXUS_PASSWORD: {vault: nexus/svc-bench/password@secret, file: false}}\n  script: [test -n $NEXUS_PASSWORD]",
        "script: [docker login -u x --password-stdin docker.io <<< $DOCKER_PASSWORD]",
        "script: ['test -n $CI_REGISTRY_PASSWORD']",
    ],
)  # fmt: skip
def test_a_password_from_vault_or_of_another_system_is_not(access: Access, body: str) -> None:
    assert stored(f"job:\n  {body}\n", access) == []


TRIGGER = "start:\n  variables: {{ROLE: nexus-read-policy}}\n  trigger: {{include: {}}}\n"
LOGIN_BY_VARIABLE = f"job:\n  {LOGIN.replace('nexus-ci', '$ROLE')}\n  script: [make]\n"


def test_roles_are_named_and_a_role_that_is_not_shown_is_unknown(access: Access) -> None:
    found = checked(f"job:\n  {LOGIN}\n  script: [make]\n", access)
    assert (found.roles, found.has_logins_of_unknown_role) == (("nexus-ci",), False)
    found = checked(LOGIN_BY_VARIABLE, access)
    assert (found.roles, found.has_logins_of_unknown_role) == ((), True)


def test_a_child_pipeline_is_checked_with_the_variables_that_its_parent_passes_on(access: Access) -> None:
    found = checked(TRIGGER.format("child.yml"), access, child=LOGIN_BY_VARIABLE)
    assert ({each.rule for each in found.findings}, found.roles) == ({"role"}, ("nexus-read-policy",))
    kept = TRIGGER.format("child.yml, forward: {yaml_variables: false}")
    assert checked(kept, access, child=LOGIN_BY_VARIABLE).has_logins_of_unknown_role


def test_a_child_of_a_child_and_several_files_of_one_child_are_read(access: Access) -> None:
    grandchild = (
        f"job: {{script: [make], extends: .part}}\n.part:\n  {LOGIN.replace('nexus-ci', 'nexus-cl')}\n"
    )
    child = "again: {trigger: {include: [{local: inner.yml}, {local: other.yml}]}}\n"
    found = checked(
        TRIGGER.format("[{local: child.yml}]"),
        access,
        child=child,
        inner=grandchild,
        other="a: {script: [make]}\n",
    )
    assert [each.source.name for each in found.findings if each.job] == ["orchestrator/app", "inner.yml"]


@pytest.mark.parametrize(
    ("include", "unread"),
    [
        ("missing.yml", "child pipeline of start: local missing.yml"),
        ("[{artifact: made.yml, job: make}]", "child pipeline of start: artifact made.yml make (written by the job)"),
        ("[{project: a/b, file: c.yml}]", "child pipeline of start: project a/b c.yml"),
        ("https://example.org/a.yml", "child pipeline of start: remote https://example.org/a.yml"),
    ],
)  # fmt: skip
def test_a_child_pipeline_that_cannot_be_read_is_named(access: Access, include: str, unread: str) -> None:
    assert checked(TRIGGER.format(include), access).unread == [unread]


def test_a_child_pipeline_that_is_not_one_is_invalid_and_hides_nothing_else(access: Access) -> None:
    found = checked(
        TRIGGER.format("child.yml") + LOGIN_BY_VARIABLE.replace("$ROLE", "nexus-cl"), access, child="- a\n"
    )
    assert len(found.findings) == 2
    assert found.invalid_children == [
        "child pipeline of start: child.yml: line 1: it is a list: a pipeline is a mapping of jobs"
    ]
