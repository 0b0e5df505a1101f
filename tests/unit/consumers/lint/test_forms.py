"""Less usual forms of commands, and what looks like them and is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.consumers.lint import lint

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
