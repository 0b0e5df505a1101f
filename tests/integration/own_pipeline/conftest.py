from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.own_pipeline.identities import bootstrap

if TYPE_CHECKING:
    from tests.support.project.project import Project


@pytest.fixture(scope="module")
def bootstrapped(project: Project) -> Project:
    """A project whose pipeline has everything it needs."""
    bootstrap(project).succeeded()
    return project
