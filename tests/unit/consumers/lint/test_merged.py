"""What GitLab has merged is whole: nothing is read beside it, and stored passwords can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.consumers.lint import check_merged
from ciaccess.consumers.lint.vocabulary import Vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access
    from ciaccess.consumers.lint import Checked

LOGIN = "id_tokens: {VAULT_ID_TOKEN: {aud: https://gitlab.shared.cwiq.io}}\n  before_script:\n    - vault write auth/jwt/login role=nexus-ci jwt=$VAULT_ID_TOKEN"


def checked(text: str, access: Access) -> Checked:
    return check_merged(text, Vocabulary.of(access), "orchestrator/app")


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


def test_roles_and_child_pipelines_are_named(access: Access) -> None:
    child = "child: {trigger: {include: [{local: child.yml}]}}\n"
    found = checked(f"job:\n  {LOGIN}\n  script: [make]\n{child}", access)
    assert (found.roles, found.child_pipelines) == (("nexus-ci",), ("child",))
