from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.project.project import Project
from tests.support.recovery.crash import Site
from tests.support.servers.fault_proxy import FaultProxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def started(folder: Path) -> Iterator[Site]:
    """Start a local stack with nothing provisioned, behind the proxy."""
    project = Project(folder)
    project.create()
    project.start()
    try:
        with FaultProxy({name: project.address(name) for name in ("vault", "nexus", "gitlab")}) as proxy:
            site = Site(project, proxy)
            site.lay_out()
            yield site
    finally:
        project.stop()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site of the test's own."""
    with started(tmp_path / "project") as found:
        yield found


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site for the tests of a module, each of which leaves it as it found it."""
    with started(tmp_path_factory.mktemp("site") / "project") as found:
        yield found
