from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.support.clients.artifacts import make_image, make_npm_package, make_rpm, make_wheel
from tests.support.consumers.pipeline import Pipeline
from tests.support.project.project import Project
from tests.support.servers.docker_daemon import docker_daemon

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A consumer's project on a local stack that `pulumi up` has provisioned; svc-orchestrator may push npm too."""
    folder = tmp_path_factory.mktemp("pipelines")
    project = Project(folder / "project")
    project.create()
    project.edit("push: [docker, yum, raw, pypi]", "push: [docker, yum, raw, pypi, npm]")
    with ExitStack() as running:
        address = running.enter_context(docker_daemon())
        running.callback(project.stop)
        project.start()
        project.up().succeeded()
        pipeline = Pipeline(folder / "consumer", project, docker_host=address)
        pipeline.create()
        make_image(folder / "image")
        pipeline.write_dockerfile()
        make_rpm(pipeline.folder / "dist", "executor", "1.0")
        make_wheel(pipeline.folder / "wheels", "cwiq_common", "1.0")
        make_npm_package(pipeline.folder / "web", "cwiq-web", "1.0.0")
        yield pipeline
