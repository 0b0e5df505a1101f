"""The template of Kaniko with the executor itself, which the other tests replace by skopeo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from tests.support.consumers.kaniko import KanikoImage
from tests.support.servers.jobs import id_token

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.consumers.pipeline import Pipeline


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_kaniko_itself_builds_and_pushes_with_busybox_alone(pipeline: Pipeline, tmp_path: Path) -> None:
    """The executor is built from its Go module, some minutes the first time."""
    kaniko = KanikoImage(pipeline.docker_host, tmp_path)
    kaniko.create()
    hidden = YAML(typ="safe").load(
        (pipeline.folder / "ci" / "templates" / "nexus.yml").read_text(encoding="utf-8")
    )
    job = hidden[".nexus_kaniko"]
    lines = [
        line
        for each in job["before_script"] + job["script"]
        for line in ([each] if isinstance(each, str) else each)
    ]
    variables = {
        **pipeline.group_variables(),
        "VAULT_ID_TOKEN": id_token(pipeline.project, pipeline.path),
        "NEXUS_ACCOUNT": "svc-orchestrator",
        "NEXUS_IMAGE": "orchestrator/kaniko:1.0",
        "NEXUS_CONTEXT": "/workspace",
        "NEXUS_DOCKERFILE": "/workspace/Dockerfile",
        "NEXUS_KANIKO_OPTIONS": "--insecure",
    }
    done = kaniko.run("\n".join(lines), variables).succeeded()
    assert "using BusyBox wget" in done.text
    assert pipeline.project.secret("svc-orchestrator")["password"] not in done.text
    pushed = f"{variables['NEXUS_REGISTRY_PULL']}/orchestrator/kaniko:1.0"
    digest = pipeline.digest_of(pushed)
    pipeline.set_write_policy("docker/hosted/docker-dev", "allow_once")
    # Another checkout, at another time.
    touched = "touch -d '2001-02-03 04:05:06' /workspace/content /workspace/Dockerfile /workspace\n"
    kaniko.run(touched + "\n".join(lines), variables).succeeded()
    lost = {"status": 0, "cut": "after", "method": "PUT", "path": "/v2/orchestrator/kaniko/manifests"}
    with pipeline.fault(**lost):
        again = {**variables, "NEXUS_IMAGE": "orchestrator/kaniko:2.0"}
        assert "trying again" in kaniko.run("\n".join(lines), again).succeeded().text
    changed = {**variables, "NEXUS_KANIKO_OPTIONS": "--insecure --label=other=1"}
    other = kaniko.run("\n".join(lines), changed)
    assert (other.code, "Kaniko did not push" in other.text) == (1, True), other.text
    pipeline.set_write_policy("docker/hosted/docker-dev", "allow")
    assert pipeline.digest_of(pushed) == digest
