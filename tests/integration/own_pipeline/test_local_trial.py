"""What docs/own-pipeline.md has a newcomer try on the local stack works as it stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.engine.runbook import Runbook

if TYPE_CHECKING:
    from tests.support.project.project import Project


def test_bootstrap_and_a_scheduled_job_can_be_tried_on_the_local_stack(project: Project) -> None:
    (block,) = Runbook("own-pipeline.md", {}).blocks("Try it on the local stack")
    done = project.run("bash", "-eu", "-o", "pipefail", "-c", block)
    assert done.code == 0, done.text
    assert "wrote secret/ciaccess/gitlab-writer" in done.text
    assert "Clean: everything is as declared" in done.text
