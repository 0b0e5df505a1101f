from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.project.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with a started local stack and nothing provisioned; one a test module."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.create()
    project.start()
    yield project
    project.stop()


@pytest.fixture(scope="module")
def provisioned(project: Project) -> Project:
    """The same, after `pulumi up`."""
    project.up().succeeded()
    return project
